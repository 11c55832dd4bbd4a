/**
 * Changes of a ZIP by its records: what end record, directory and local headers say, names, methods, extra fields, order, gaps,
 * data; archives in archives. What cannot be read as a ZIP is damaged as bytes.
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  descriptor,
  field,
  type RawZip,
  type RawZipEntry,
  rawZip,
  u16,
  u32,
  u64,
  unicodePath,
} from '../../../test/kit/zip-raw.ts';
import type { Random } from '../random.ts';
import { changedText, damaged, oddNumber } from './bytes.ts';

type Entry = { -readonly [K in keyof RawZipEntry]: RawZipEntry[K] };
type Options = { -readonly [K in keyof RawZip]: RawZip[K] };

interface Archive {
  readonly entries: Entry[];
  readonly options: Options;
}

const MAX_ENTRIES = 60;
const MAX_CONTENT = 64 * 1024;

/** By the central directory, leniently; undefined for what has none. */
function readArchive(bytes: Buffer): Archive | undefined {
  try {
    const end = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1');
    if (end < 0) return undefined;
    const entries: Entry[] = [];
    for (
      let at = bytes.readUInt32LE(end + 16);
      entries.length < MAX_ENTRIES && bytes.readUInt32LE(at) === 0x02014b50;
    ) {
      const [name, extra, comment] = [
        bytes.readUInt16LE(at + 28),
        bytes.readUInt16LE(at + 30),
        bytes.readUInt16LE(at + 32),
      ];
      const local = bytes.readUInt32LE(at + 42);
      const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
      entries.push({
        name: Buffer.from(bytes.subarray(at + 46, at + 46 + name)),
        method: bytes.readUInt16LE(at + 10),
        flags: bytes.readUInt16LE(at + 8) & ~8,
        crc: bytes.readUInt32LE(at + 16),
        bytes: bytes.readUInt32LE(at + 24),
        data: Buffer.from(bytes.subarray(start, start + bytes.readUInt32LE(at + 20))),
        host: bytes.readUInt8(at + 5),
        attributes: bytes.readUInt32LE(at + 38),
        extra: Buffer.from(bytes.subarray(at + 46 + name, at + 46 + name + extra)),
      });
      at += 46 + name + extra + comment;
    }
    return { entries, options: {} };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const NAMES =
  'a.txt|b.csv|a/b.txt|a\\b.txt|../x.txt|/etc/x|C:\\x.txt|a.exe|a.txt.|a .txt|CON.txt|資料.txt|\x83\x7c.txt|a\0.txt|__proto__|.|..|a/|a//b.txt|m.eml|in.zip|a.html|A.TXT|a\u202etxt.exe|\u00e9.txt|e\u0301.txt|very/deep/a/b/c/d/e/f/g.txt|'.split(
    '|',
  );
const CONTENTS: readonly Buffer[] = [
  'text\r\n',
  '',
  'a,b\r\n=1+1,2\r\n',
  '<p>a<script>x</script></p>',
  'From: a@example.com\r\nSubject: b\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nx\r\n',
  '日本語\r\n'.repeat(20),
  'a'.repeat(3000),
].map((text) => Buffer.from(text));

type Change = (random: Random, archive: Archive, other: Archive) => unknown;

const contentOf = ({ method = 0, data }: Entry): Buffer => {
  try {
    const bytes = Buffer.from(data ?? []);
    return method === 8 ? inflateRawSync(bytes, { maxOutputLength: MAX_CONTENT }) : bytes;
  } catch {
    return Buffer.alloc(0);
  }
};

/** All that is said of a content, said truly. */
function fill(entry: Entry, content: Buffer, method = 8): Entry {
  const data = method === 8 ? deflateRawSync(content) : content;
  return Object.assign(entry, { method, data, crc: crc32(content), bytes: content.length });
}

const inEntry =
  (change: (random: Random, entry: Entry) => unknown): Change =>
  (random, { entries }) => {
    if (entries.length > 0) change(random, random.pick(entries));
  };

const CHANGES: readonly Change[] = [
  (random, { entries }) => void entries.splice(random.below(entries.length), 1),
  (random, { entries }) => {
    if (entries.length > 0)
      entries.splice(random.below(entries.length + 1), 0, {
        ...random.pick(entries),
        ...(random.oneIn(2) ? { name: random.pick(NAMES) } : {}),
      });
  },
  (random, { entries }) =>
    void entries.splice(
      random.below(entries.length + 1),
      0,
      fill({ name: random.pick(NAMES) }, random.pick(CONTENTS), random.pick([0, 8])),
    ),
  (random, { entries }, other) => {
    if (other.entries.length > 0)
      entries.splice(random.below(entries.length + 1), 0, { ...random.pick(other.entries) });
  },
  inEntry((random, entry) =>
    Object.assign(entry, {
      name: random.oneIn(2)
        ? random.pick(NAMES)
        : Buffer.from(changedText(random, Buffer.from(entry.name as string).toString('latin1')), 'latin1'),
    }),
  ),
  inEntry(
    (random, entry) =>
      void fill(
        entry,
        Buffer.from(changedText(random, contentOf(entry).toString('latin1').slice(0, 4000), 'text'), 'latin1'),
        random.pick([0, 8, 8]),
      ),
  ),
  inEntry((random, entry) =>
    Object.assign(entry, { flags: random.pick([0, 0x800, 1, 8, 0x40, 0x2000, 0x801, 2, 6, 0x800, oddNumber(random)]) }),
  ),
  inEntry((random, entry) => Object.assign(entry, { method: random.pick([0, 8, 8, 9, 12, 14, 93, 95, 98, 99, 1, 6]) })),
  inEntry((random, entry) => {
    entry.local = {
      ...entry.local,
      ...random.pick([
        { name: random.pick(NAMES) },
        { method: random.pick([0, 8]) },
        { flags: random.pick([0, 8, 1, 0x800]) },
        { crc: oddNumber(random) },
        { bytes: oddNumber(random) },
        { compressedBytes: oddNumber(random) },
      ]),
    };
  }),
  inEntry((random, entry) => {
    const content = contentOf(entry);
    Object.assign(entry, { flags: (entry.flags ?? 0) | 8, local: { crc: 0, bytes: 0, compressedBytes: 0 } });
    entry.behind = descriptor(content, (entry.data ?? []).length, random.oneIn(2));
  }),
  inEntry((random, entry) =>
    Object.assign(
      entry,
      random.pick([
        { crc: oddNumber(random) },
        { bytes: oddNumber(random) },
        { compressedBytes: oddNumber(random) },
        { at: random.below(200) },
        { disk: random.below(3) },
        { host: random.below(20) },
        { attributes: oddNumber(random) * 65_536 },
        { comment: 'c' },
      ]),
    ),
  ),
  inEntry((random, entry) => {
    entry.extra = random.pick([
      unicodePath(entry.name, random.pick(NAMES)),
      field(1, Buffer.concat([u64(random.below(100)), u64(random.below(100))])),
      field(0x9901, Buffer.from([1, 0, 0x41, 0x45, 3, 8, 0])),
      field(0x5455, Buffer.from([1, 0, 0, 0, 0])),
      u16(oddNumber(random)),
      field(oddNumber(random), Buffer.alloc(random.below(20))),
      Buffer.concat([u16(1), u16(oddNumber(random)), u32(0)]),
    ]);
    if (random.oneIn(2)) entry.localExtra = entry.extra;
  }),
  inEntry((random, entry) =>
    Object.assign(entry, { data: damaged(random, Buffer.from(entry.data ?? []), Buffer.from('x'.repeat(50)), 2) }),
  ),
  (random, { entries }) => {
    const inner = rawZip(entries.slice(0, 5));
    if (inner.length < MAX_CONTENT)
      entries.splice(random.below(entries.length + 1), 0, fill({ name: 'in.zip' }, inner, random.pick([0, 8])));
  },
  (random, { options }) =>
    Object.assign(
      options,
      random.pick([
        { comment: 'a comment' },
        { comment: 'PK\x05\x06'.padEnd(30, '\0') },
        { before: Buffer.from('MZ') },
        { before: Buffer.alloc(40), shifted: true },
        { between: Buffer.alloc(3) },
        { beforeEnd: Buffer.from('x') },
        { after: Buffer.alloc(random.below(20)) },
        { entries: oddNumber(random) },
        { entriesHere: oddNumber(random) },
        { disk: 1 },
        { start: oddNumber(random) },
        { size: oddNumber(random) },
      ]),
    ),
  (random, { entries }) => void entries.sort(() => random.below(3) - 1),
  (random, { entries }) => {
    if (random.oneIn(10) && entries[0] !== undefined)
      entries.push(...Array.from({ length: 40 }, (_, i) => ({ ...entries[0], name: `${i}.txt` }) as Entry));
  },
];

export function changedZip(random: Random, input: Buffer, other: Buffer): Buffer {
  const archive = readArchive(input);
  if (archive === undefined || random.oneIn(8)) return damaged(random, input, other);
  const from = readArchive(other) ?? { entries: [], options: {} };
  for (let left = random.few(4); left > 0; left--) random.pick(CHANGES)(random, archive, from);
  const bytes = rawZip(archive.entries, archive.options);
  return random.oneIn(10) ? damaged(random, bytes, other, 2) : bytes;
}

/** With a word in the comment behind the end record, where there is a whole one at the end. */
export function withComment(input: Buffer, word: string): Buffer {
  const end = input.length - 22;
  if (end < 0 || input.toString('latin1', end, end + 4) !== 'PK\x05\x06' || input.readUInt16LE(end + 20) !== 0)
    return input;
  return Buffer.concat([input.subarray(0, end + 20), u16(word.length), Buffer.from(word)]);
}
