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
import type { AttachmentReport } from '../message/report.ts';
import type { Policy } from '../policy/policy.ts';
import { cleanLine } from './body/characters.ts';
import { blocked, type Conversion, type Held, type InnerFile, type SafeFile } from './converter.ts';
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

/** How a part ended. */
type Ended = Exclude<Conversion, { kind: 'container' }>;

export interface ConvertedPart {
  readonly part: Part;
  readonly detectedType: FileType;
  readonly conversion: Ended;
  /** Files that were in it, when it was opened as a container. Each has a row of its own. */
  readonly members?: number;
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
  /** How often libraries may still be asked what an unknown file is. */
  opinionsLeft: number;
}

/** 60 ms of CPU each (detect/opinions.ts), for nothing but a better word; an archive may hold hundreds of unknown files. */
const MAX_OPINIONS = 20;

/** @param parts of the message already, the files in them not counted */
export const budgetOf = (
  { policy, passwords }: { readonly policy: Policy; readonly passwords: readonly string[] },
  holdParts: Budget['holdParts'],
  deadline: number,
  parts: number,
): Budget => ({
  policy,
  passwords,
  holdParts,
  deadline,
  outputBytesLeft: policy.limits.maxOutputBytes,
  innerBytesLeft: policy.limits.maxInnerBytes,
  filesLeft: Math.max(0, policy.limits.maxParts - parts),
  opinionsLeft: MAX_OPINIONS,
});

/** A path names a part between processes: jail/protocol.ts, PART. */
const MAX_PATH = 200;

const registry = createRegistry(converters);

/**
 * The part itself first, then whatever was in it, each behind the file that held it.
 * @param onPart called right before a file is opened, so that the parent knows what killed us
 */
export async function convertPart(
  part: Part,
  budget: Budget,
  onPart: (path: string) => void,
): Promise<readonly ConvertedPart[]> {
  const { detectedType, conversion } = await convertOne(part, budget, onPart);
  if (conversion.kind !== 'container') return [{ part, detectedType, conversion }];
  const rows: ConvertedPart[] = [];
  const ends: Ended[] = [];
  for (const [i, entry] of conversion.entries.entries()) {
    const [first, ...inside] = await convertInner(entry, `${part.path}/${i + 1}`, part, budget, onPart);
    if (first === undefined) continue;
    rows.push(first, ...inside);
    ends.push(first.conversion);
  }
  return [{ part, detectedType, conversion: endOf(conversion, ends), members: conversion.entries.length }, ...rows];
}

async function convertOne(
  part: Part,
  budget: Budget,
  onPart: (path: string) => void,
): Promise<{ readonly detectedType: FileType; readonly conversion: Conversion }> {
  const held = heldBefore(part, budget);
  if (held !== undefined) return { detectedType: 'unknown', conversion: held };
  onPart(part.path);
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
    { policy, passwords, deadline, left },
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
  if (part.depth > policy.limits.maxDepth || part.path.length > MAX_PATH) return blocked('limit-exceeded', 'maxDepth');
  return performance.now() < deadline ? undefined : blocked('timeout', 'messageMs: no time left for this file');
}

/** Opens a file inside another, within what is left, and sends it round again. */
async function convertInner(
  entry: InnerFile,
  path: string,
  outer: Part,
  budget: Budget,
  onPart: (path: string) => void,
): Promise<readonly ConvertedPart[]> {
  const { untrustedName, otherUntrustedNames, untrustedCharset, declaredType } = entry;
  const names = { path, untrustedName, otherUntrustedNames, untrustedCharset, declaredType };
  const unopened: Part = { ...names, depth: outer.depth + entry.levels, bytes: new Uint8Array() };
  const held = heldBefore(unopened, budget);
  if (held !== undefined) return convertPart({ ...unopened, heldFor: held }, budget, onPart);
  onPart(path);
  const opened = registry.openInner(entry, {
    maxBytes: Math.min(budget.policy.limits.maxFileBytes, budget.innerBytesLeft),
    isLate: () => performance.now() >= budget.deadline,
  });
  if (!(opened instanceof Uint8Array)) return convertPart({ ...unopened, heldFor: opened }, budget, onPart);
  budget.innerBytesLeft -= opened.length;
  return convertPart({ ...unopened, bytes: opened }, budget, onPart);
}

/** A container goes on when something of it does; otherwise it ends as what was in it did. */
function endOf(container: Extract<Conversion, { kind: 'container' }>, ends: readonly Ended[]): Ended {
  const { files, outcome, removed, limits, detail } = container;
  if (files.length > 0 || ends.some(({ kind }) => kind === 'converted')) {
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
  if (bytes > budget.outputBytesLeft) return blocked('limit-exceeded', 'maxOutputBytes of the whole message');
  if (conversion.kind === 'container') {
    if (conversion.entries.length > budget.filesLeft) return blocked('limit-exceeded', 'maxParts of the whole message');
    budget.filesLeft -= conversion.entries.length;
  }
  budget.outputBytesLeft -= bytes;
  return conversion;
}

/** @param names final names of this part's files, in order */
export function partReport(
  { part, detectedType, conversion, members }: ConvertedPart,
  names: readonly string[],
): AttachmentReport {
  const files = filesOf(conversion);
  return {
    path: part.path,
    untrustedName: cleanLine(part.untrustedName, 500),
    declaredType: cleanLine(part.declaredType, 200),
    detectedType,
    bytes: part.bytes.length,
    sha256: sha256(part.bytes),
    outcome: conversion.kind === 'converted' ? conversion.outcome : conversion.kind,
    ...(conversion.kind === 'blocked' ? { reason: conversion.reason } : {}),
    ...(conversion.detail === undefined ? {} : { detail: cleanLine(conversion.detail, 500) }),
    outputs: files.map((file, i) => ({
      name: names[i] ?? '',
      type: file.type,
      bytes: file.bytes.length,
      sha256: sha256(file.bytes),
      ...(file.pages === undefined ? {} : { pages: file.pages }),
    })),
    ...(members === undefined ? {} : { members }),
    removed: conversion.kind === 'converted' ? conversion.removed : [],
  };
}

export const filesOf = (conversion: Ended): readonly SafeFile[] =>
  conversion.kind === 'converted' ? conversion.files : [];

/** Names of the limits that the files met. */
export const limitsOf = (parts: readonly ConvertedPart[]): readonly string[] =>
  parts.flatMap(({ conversion }) => (conversion.kind === 'converted' ? (conversion.limits ?? []) : []));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
