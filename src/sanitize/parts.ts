/**
 * One file of a message through detect, decide and convert, the files inside it likewise, and what the report says of each.
 *
 * Every way this can end is a value: a converter's failure is caught in the registry, what killed a child before is not
 * opened again, and the budgets of the whole message (time, depth, number of files, bytes unpacked and written) are
 * looked at before each file, however deep it lies (threats.tsv A39).
 */
import { createHash } from 'node:crypto';
import type { FileType } from '../message/file-type.ts';
import type { BlockReason } from '../message/outcome.ts';
import type { AttachmentReport, OutputReport } from '../message/report.ts';
import type { Policy } from '../policy/policy.ts';
import { cleanLine } from './body/characters.ts';
import { bundle, foldersOf } from './bundle.ts';
import { blocked, type Conversion, type Held, type Helper, type InnerFile, type SafeFile } from './converter.ts';
import { detectNow } from './detect/detect.ts';
import { opinion } from './detect/opinions.ts';
import { converters } from './formats/index.ts';
import { createRegistry } from './registry.ts';

/** A file as it stands in the message or in another file, or the one document of an offline run. */
export interface Part {
  /** Position in the MIME tree; behind each `/` a number in the file that holds it: `2`, `2/3`, `2.1/3/1`. */
  readonly path: string;
  readonly untrustedName: string;
  /** Where the part's fields name it differently: the others. */
  readonly otherUntrustedNames: readonly string[];
  readonly untrustedCharset: string;
  readonly declaredType: string;
  readonly bytes: Uint8Array;
  /** Multiparts and files around it. */
  readonly depth: number;
  /** Set when the file must not be opened, whatever it is. */
  readonly heldFor?: Held;
}

type Container = Extract<Conversion, { kind: 'container' }>;
type Converted = Extract<Conversion, { kind: 'converted' }>;

/** How a part ended. */
type Ended = Omit<Converted, 'entries'> | Exclude<Conversion, Container | Converted>;

/** What remains of a part once it is converted: an archive's files need not stay in memory together. */
interface Seen extends Omit<Part, 'bytes'> {
  readonly size: number;
  readonly sha256: string;
}

const seen = ({ bytes, ...part }: Part): Seen => ({ ...part, size: bytes.length, sha256: sha256(bytes) });

export interface ConvertedPart {
  readonly part: Seen;
  readonly detectedType: FileType;
  readonly conversion: Ended;
  /** Files that go on as attachments of their own. */
  readonly files: readonly SafeFile[];
  /** Files that go on inside the archive of the outermost container, and where in it. */
  readonly packed?: readonly { readonly path: string; readonly file: SafeFile }[];
  /** Where its files lie in that container, as the sender named the folders. */
  readonly untrustedFolders: readonly string[];
  /** Of a container: how many files were in it, and what names an archive made of it. */
  readonly members?: number;
  readonly untrustedStem?: string;
}

/** What all files of one message share. */
export interface Budget {
  readonly policy: Policy;
  readonly passwords: readonly string[];
  /** Parts that killed a child before, by path. */
  readonly holdParts: Readonly<Record<string, BlockReason>>;
  /** performance.now() at which the message's time is up. */
  readonly deadline: number;
  /** Bytes that may still be written, and unpacked. */
  outputBytesLeft: number;
  innerBytesLeft: number;
  /** Files inside others that may still come. */
  filesLeft: number;
  /** Attachments that the message may still get: docs/output-grammar.md §4. */
  attachmentsLeft: number;
  readonly helper?: Helper;
  /** How often libraries may still be asked what an unknown file is. */
  opinionsLeft: number;
}

/** 60 ms of CPU each (detect/opinions.ts), for nothing but a better word; an archive may hold hundreds of unknown files. */
const MAX_OPINIONS = 20;

/** docs/output-grammar.md §4 has 500; a few are for what the composer adds itself. */
const MAX_ATTACHMENTS = 490;

/** @param parts of the message already, the files in them not counted */
export const budgetOf = (
  { policy, passwords }: { readonly policy: Policy; readonly passwords: readonly string[] },
  holdParts: Budget['holdParts'],
  deadline: number,
  parts: number,
  helper?: Helper,
): Budget => ({
  ...(helper === undefined ? {} : { helper }),
  policy,
  passwords,
  holdParts,
  deadline,
  outputBytesLeft: policy.limits.maxOutputBytes,
  innerBytesLeft: policy.limits.maxInnerBytes,
  filesLeft: Math.max(0, policy.limits.maxParts - parts),
  attachmentsLeft: MAX_ATTACHMENTS,
  opinionsLeft: MAX_OPINIONS,
});

/** A path names a part between processes: jail/protocol.ts, PART. */
const MAX_PATH = 200;

const registry = createRegistry(converters);

/**
 * The part itself first, then whatever was in it, each behind the file that held it. When more comes out of it than a reader
 * wants as loose files, all of it goes on in one archive of ours.
 * @param onPart called right before a file is opened, so that the parent knows what killed us
 */
export async function convertPart(
  part: Part,
  budget: Budget,
  onPart: (path: string) => void,
): Promise<readonly ConvertedPart[]> {
  const rows = await expanded(part, [], budget, onPart);
  const count = rows.reduce((sum, { files }) => sum + files.length, 0);
  const packed = count > Math.min(budget.policy.maxLooseFiles, budget.attachmentsLeft) ? bundled(rows) : rows;
  const attachments = packed.reduce((sum, { files }) => sum + files.length, 0);
  if (attachments > budget.attachmentsLeft) {
    return rows.map((row) => ({ ...row, conversion: blocked('limit-exceeded', 'too many files'), files: [] }));
  }
  budget.attachmentsLeft -= attachments;
  return packed;
}

/** @param untrustedFolders where the part lies in the outermost container */
async function expanded(
  part: Part,
  untrustedFolders: readonly string[],
  budget: Budget,
  onPart: (path: string) => void,
): Promise<readonly ConvertedPart[]> {
  const { detectedType, conversion } = await convertOne(part, budget, onPart);
  if (conversion.kind !== 'container' && conversion.kind !== 'converted') {
    return [{ part: seen(part), detectedType, conversion, files: [], untrustedFolders }];
  }
  const { files, entries = [] } = conversion;
  const untrustedStem = conversion.kind === 'container' ? conversion.untrustedStem : (files[0]?.untrustedStem ?? '');
  const isOutermost = !part.path.includes('/');
  const inside = isOutermost ? [] : [...untrustedFolders, untrustedStem];
  const rows: ConvertedPart[] = [];
  const ends: Ended[] = [];
  for (const [i, entry] of entries.entries()) {
    const opened = openInner(entry, `${part.path}/${i + 1}`, part, budget, onPart);
    const folders = [...inside, ...foldersOf(entry.untrustedName)];
    const [first, ...deeper] = await expanded(opened, folders, budget, onPart);
    if (first === undefined) continue;
    rows.push(first, ...deeper);
    ends.push(first.conversion);
  }
  const own = { part: seen(part), detectedType, files };
  if (conversion.kind === 'container') {
    const container = { untrustedFolders: inside, untrustedStem, members: entries.length };
    return [{ ...own, conversion: endOf(conversion, ends), ...container }, ...rows];
  }
  // Whatever becomes of the files in it, what it shows goes on.
  const holding = rows.length > 0 ? { untrustedStem, members: entries.length } : {};
  return [{ ...own, conversion: withoutEntries(conversion), untrustedFolders, ...holding }, ...rows];
}

/** What opens them holds the whole file's bytes; a row stays until the message is written. */
function withoutEntries({ entries: _, ...conversion }: Converted): Ended {
  return conversion;
}

/** The same rows, their files inside one archive that the first row hands on. */
function bundled(rows: readonly ConvertedPart[]): readonly ConvertedPart[] {
  const [container, ...inner] = rows;
  if (container?.untrustedStem === undefined) return rows;
  const placed = rows.flatMap(({ files, untrustedFolders }) => files.map((file) => ({ ...file, untrustedFolders })));
  const { file, paths } = bundle(container.untrustedStem, placed);
  let at = 0;
  const packed = (row: ConvertedPart): NonNullable<ConvertedPart['packed']> =>
    row.files.map((inside) => ({ path: paths[at++] ?? '', file: inside }));
  return [
    { ...container, packed: packed(container), files: [file] },
    ...inner.map((row) => ({ ...row, packed: packed(row), files: [] })),
  ];
}

async function convertOne(
  part: Part,
  budget: Budget,
  onPart: (path: string) => void,
): Promise<{ readonly detectedType: FileType; readonly conversion: Conversion }> {
  const held = heldBefore(part, budget);
  if (held !== undefined) return { detectedType: 'unknown', conversion: held };
  // A file inside another was announced before it was unpacked.
  if (!part.path.includes('/')) onPart(part.path);
  const { policy, passwords } = budget;
  const { untrustedName, untrustedCharset, bytes } = part;
  const type = await typeOf(part, budget);
  const deadline = Math.min(budget.deadline, performance.now() + policy.limits.documentMs);
  const left = {
    files: budget.filesLeft,
    bytes: budget.innerBytesLeft,
    depth: policy.limits.maxDepth - part.depth,
  };
  const conversion = await registry.convertFile(
    { type, untrustedName, untrustedCharset, bytes },
    { policy, passwords, deadline, left, ...(budget.helper === undefined ? {} : { helper: budget.helper }) },
  );
  return { detectedType: type, conversion: withinBudget(conversion, budget) };
}

async function typeOf({ bytes, ...hints }: Part, budget: Budget): Promise<FileType> {
  const known = detectNow(bytes, hints);
  if (known !== undefined) return known;
  budget.opinionsLeft -= 1;
  return budget.opinionsLeft < 0 ? 'unknown' : ((await opinion(bytes)) ?? 'unknown');
}

function heldBefore(part: Part, { policy, deadline, holdParts }: Budget): Held | undefined {
  if (part.heldFor !== undefined) return part.heldFor;
  const reason = Object.hasOwn(holdParts, part.path) ? holdParts[part.path] : undefined;
  if (reason !== undefined) return blocked(reason, 'killed a process before');
  if (part.depth > policy.limits.maxDepth || part.path.length > MAX_PATH)
    return blocked('limit-exceeded', 'maxDepth: nested deeper');
  return performance.now() < deadline ? undefined : blocked('timeout', 'messageMs: no time left for this file');
}

/** A file inside another as a part of its own, opened within what is left; or held, with the reason. */
function openInner(entry: InnerFile, path: string, outer: Part, budget: Budget, onPart: (path: string) => void): Part {
  const { untrustedName, otherUntrustedNames, untrustedCharset, declaredType } = entry;
  const names = { path, untrustedName, otherUntrustedNames, untrustedCharset, declaredType };
  const unopened: Part = { ...names, depth: outer.depth + entry.levels, bytes: new Uint8Array() };
  const held = heldBefore(unopened, budget);
  if (held !== undefined) return { ...unopened, heldFor: held };
  onPart(path);
  const opened = registry.openInner(entry, {
    maxBytes: Math.min(budget.policy.limits.maxFileBytes, budget.innerBytesLeft),
    isLate: () => performance.now() >= budget.deadline,
  });
  if (!(opened instanceof Uint8Array)) return { ...unopened, heldFor: opened };
  budget.innerBytesLeft -= opened.length;
  return { ...unopened, bytes: opened };
}

/**
 * A container goes on when something of it does, or when there was nothing in it but what was taken out and counted;
 * otherwise it ends as what was in it did.
 */
function endOf(container: Container, ends: readonly Ended[]): Ended {
  const { files, outcome, removed, limits, detail } = container;
  const isOnlyRemoved = ends.length === 0 && removed.length > 0;
  if (files.length > 0 || isOnlyRemoved || ends.some(({ kind }) => kind === 'converted')) {
    const said = { ...(limits === undefined ? {} : { limits }), ...(detail === undefined ? {} : { detail }) };
    return { kind: 'converted', outcome, files, removed, ...said };
  }
  const first = ends.find(({ kind }) => kind === 'waiting-for-password') ?? ends[0];
  if (first === undefined || first.kind === 'converted') return blocked('unsupported-type', 'no file inside');
  return { ...first, detail: 'nothing in it goes on' };
}

function withinBudget(conversion: Conversion, budget: Budget): Conversion {
  if (conversion.kind !== 'converted' && conversion.kind !== 'container') return conversion;
  const bytes = conversion.files.reduce((sum, file) => sum + file.bytes.length, 0);
  if (bytes > budget.outputBytesLeft) return blocked('limit-exceeded', 'maxOutputBytes: of the whole message');
  const inside = conversion.entries?.length ?? 0;
  if (inside > budget.filesLeft) return blocked('limit-exceeded', 'maxParts: of the whole message');
  budget.filesLeft -= inside;
  budget.outputBytesLeft -= bytes;
  return conversion;
}

/** @param names final names of this part's attachments, in order */
export function partReport(row: ConvertedPart, names: readonly string[]): AttachmentReport {
  const { part, detectedType, conversion, files, packed = [], members } = row;
  return {
    path: part.path,
    untrustedName: cleanLine(part.untrustedName, 500),
    declaredType: cleanLine(part.declaredType, 200),
    detectedType,
    bytes: part.size,
    sha256: part.sha256,
    outcome: conversion.kind === 'converted' ? conversion.outcome : conversion.kind,
    ...(conversion.kind === 'blocked' ? { reason: conversion.reason } : {}),
    ...(conversion.detail === undefined ? {} : { detail: cleanLine(conversion.detail, 500) }),
    ...(members === undefined ? {} : { members }),
    outputs: [
      ...files.map((file, i) => outputReport(file, names[i] ?? '')),
      ...packed.map(({ path, file }) => ({
        ...outputReport(file, path.slice(path.lastIndexOf('/') + 1)),
        archivePath: path,
      })),
    ],
    removed: conversion.kind === 'converted' ? conversion.removed : [],
    ...(conversion.kind === 'converted' && (conversion.links?.length ?? 0) > 0 ? { links: conversion.links } : {}),
  };
}

const outputReport = (file: SafeFile, name: string): OutputReport => ({
  name,
  type: file.type,
  bytes: file.bytes.length,
  sha256: sha256(file.bytes),
  ...(file.pages === undefined ? {} : { pages: file.pages }),
});

/** Names of the limits that the files met: those of their converters, and those that stand in front of a reason. */
export const limitsOf = (parts: readonly ConvertedPart[]): readonly string[] =>
  parts.flatMap(({ conversion }) => {
    if (conversion.kind === 'converted') return conversion.limits ?? [];
    const limit = /^(max[A-Za-z]+|messageMs):/.exec(conversion.detail)?.[1];
    return limit === undefined ? [] : [limit];
  });

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
