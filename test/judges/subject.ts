/** A forwarded message laid out for the judges: body, files, and files of archives, each as a file of its own. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import type { Canary } from '../kit/canary.ts';
import { readForwarded } from '../kit/forwarded.ts';
import type { Leaf, LeafType, Promised, Subject } from './judge.ts';

/** Content-Type and extension of each kind of file that may cross (docs/output-grammar.md §4, §5). */
export const KINDS: Readonly<Record<Exclude<LeafType, 'unknown'>, { readonly media: string; readonly end: string }>> = {
  pdf: { media: 'application/pdf', end: 'pdf' },
  png: { media: 'image/png', end: 'png' },
  jpeg: { media: 'image/jpeg', end: 'jpg' },
  csv: { media: 'text/csv; charset=utf-8', end: 'csv' },
  text: { media: 'text/plain; charset=utf-8', end: 'txt' },
  zip: { media: 'application/zip', end: 'zip' },
};

const isKind = (text: string): text is keyof typeof KINDS => Object.hasOwn(KINDS, text);

const typeOf = (test: (kind: (typeof KINDS)[keyof typeof KINDS]) => boolean): LeafType =>
  Object.keys(KINDS)
    .filter(isKind)
    .find((name) => test(KINDS[name])) ?? 'unknown';

export interface SubjectInput {
  readonly id: string;
  readonly message: Uint8Array;
  readonly promised: readonly Promised[];
  readonly canaries?: readonly Canary[];
  readonly original?: string;
}

/** @param folder of its own, made here. */
export function layOut(folder: string, { id, message, promised, canaries = [], original = '' }: SubjectInput): Subject {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'message.eml');
  const body = join(folder, 'body.txt');
  const mail = readForwarded(Buffer.from(message));
  writeFileSync(file, message);
  writeFileSync(body, mail.text);
  const leaves: Leaf[] = [];
  const put = (name: string, type: LeafType, bytes: Uint8Array, archive: number | undefined): void => {
    const extension = type === 'unknown' ? 'bin' : KINDS[type].end;
    const path = join(folder, `leaf-${leaves.length}.${extension}`);
    writeFileSync(path, bytes);
    leaves.push({ name, type, file: path, archive });
  };
  for (const each of mail.files) {
    const type = typeOf(({ media }) => media.split(';')[0] === each.type);
    put(each.name, type, each.bytes, undefined);
    const archive = leaves.length - 1;
    if (type !== 'zip') continue;
    for (const entry of entriesOf(each.bytes)) {
      const inner = typeOf(({ end }) => entry.name.endsWith(`.${end}`));
      put(entry.name, inner, entry.bytes, archive);
    }
  }
  return { id, file, body, leaves, promised, canaries, original };
}

/**
 * Entries by the central directory. Lenient: whether the archive is one of ours is for the ZIP judge to say; what cannot
 * be read here is missing in the leaves, and that judge says so.
 */
function entriesOf(zip: Buffer): { readonly name: string; readonly bytes: Buffer }[] {
  const entries: { readonly name: string; readonly bytes: Buffer }[] = [];
  try {
    let at = zip.readUInt32LE(zip.lastIndexOf('PK\x05\x06', undefined, 'latin1') + 16);
    while (zip.readUInt32LE(at) === 0x02014b50) {
      const [packed, nameBytes] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28)];
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const data = zip.subarray(start, start + packed);
      const name = zip.toString('utf8', at + 46, at + 46 + nameBytes);
      entries.push({ name, bytes: zip.readUInt16LE(at + 10) === 8 ? inflateRawSync(data) : data });
      at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    }
  } catch {
    // Not one of ours.
  }
  return entries;
}

/** Where no report is at hand: what the message itself holds, so that readers are compared with each other. */
export function promisedByLeaves({ leaves }: Pick<Subject, 'leaves'>): readonly Promised[] {
  return leaves.map(({ name, type, file, archive }) => {
    const bytes = readFileSync(file);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const outer = archive === undefined ? undefined : leaves[archive]?.name;
    const place = outer === undefined ? { name, archivePath: '' } : { name: outer, archivePath: name };
    return { ...place, type, bytes: bytes.length, sha256 };
  });
}

/** What report.json says was written. */
export function promisedBy(report: unknown): readonly Promised[] {
  const { attachments } = report as {
    readonly attachments: readonly {
      readonly outputs: readonly (Omit<Promised, 'archivePath'> & { archivePath?: string })[];
    }[];
  };
  return attachments.flatMap(({ outputs }) =>
    outputs.map(({ name, type, bytes, sha256, archivePath = '' }) => ({ name, type, bytes, sha256, archivePath })),
  );
}

export const bytesOf = ({ file }: { readonly file: string }): Buffer => readFileSync(file);
