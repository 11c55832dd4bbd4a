/**
 * The structure of a ZIP (PKWARE APPNOTE 6.3.10), read strictly: which byte belongs to what.
 *
 * Danger: programs differ in which of a ZIP's three tellings they believe (end record, central directory, local headers),
 * so that one shows what another hides (threats.tsv A22, A25–A28). Method: all three are read and must say the same; headers
 * and data tile the file from its first byte to its last, so nothing overlaps and nothing lies in between. Nothing is
 * inflated here.
 */
import { latin1, uint16, uint32 } from '../../detect/magic.ts';

/** One entry, as the central directory and its local header say alike. */
export interface RawEntry {
  readonly rawName: Uint8Array;
  /** General purpose bits of the central directory. */
  readonly flags: number;
  /** «Version made by», upper byte: 0 MS-DOS, 3 Unix, 19 macOS. */
  readonly host: number;
  readonly externalAttributes: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  /** Extra field of the central directory. */
  readonly extra: Uint8Array;
  /** Where the data begins in the file. */
  readonly dataStart: number;
}

export type Directory =
  | {
      readonly kind: 'read';
      readonly entries: readonly RawEntry[];
      readonly hasComment: boolean;
      /** What was looked over, for the report: like '2 blank bytes behind the end'. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'refused'; readonly why: 'malformed' | 'fragment' | 'limit-exceeded'; readonly detail: string };

const LOCAL = 'PK\x03\x04';
const CENTRAL = 'PK\x01\x02';
const END = 'PK\x05\x06';
const END_64 = 'PK\x06\x06';
const LOCATOR_64 = 'PK\x06\x07';
const DESCRIPTOR = 'PK\x07\x08';

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const END_64_BYTES = 56;
const LOCATOR_64_BYTES = 20;
const MAX_COMMENT = 0xffff;
/** Blank bytes behind the end that mail programs add; more is something else. */
const MAX_TAIL = 1024;

const M16 = 0xffff;
const M32 = 0xffffffff;

export const FLAG = {
  encrypted: 1,
  descriptor: 8,
  strongEncryption: 0x40,
  utf8: 0x800,
  maskedHeaders: 0x2000,
} as const;

class Refused extends Error {
  readonly why: Extract<Directory, { kind: 'refused' }>['why'];

  constructor(detail: string, why: Refused['why'] = 'malformed') {
    super(detail);
    this.why = why;
  }
}

/** Never throws for what stands in the file. @param maxEntries more of them, folders included, are refused */
export function readDirectory(bytes: Uint8Array, maxEntries: number): Directory {
  const notes: string[] = [];
  try {
    const end = findEnd(bytes, notes);
    if (end.entries > maxEntries) throw new Refused(`${end.entries} entries, at most ${maxEntries}`, 'limit-exceeded');
    const central = readCentral(bytes, end);
    const located = central.map((entry) => ({ ...entry, ...readLocal(bytes, entry, end.start) }));
    requireTiling(bytes, located, end.start, notes);
    return { kind: 'read', entries: located, hasComment: end.hasComment, notes };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', why: error.why, detail: error.message };
    throw error;
  }
}

interface End {
  /** Range of the central directory. */
  readonly start: number;
  readonly end: number;
  readonly entries: number;
  readonly hasComment: boolean;
}

/** §4.3.16. Exactly one end record may claim to be the last thing in the file (A27). */
function findEnd(bytes: Uint8Array, notes: string[]): End {
  if (latin1(bytes, 0, 4) === DESCRIPTOR) throw new Refused('first volume of several', 'fragment');
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = Math.max(0, bytes.length - END_BYTES - MAX_COMMENT - MAX_TAIL);
  const claims: number[] = [];
  let last = -1;
  for (let at = file.indexOf(END, from, 'latin1'); at >= 0; at = file.indexOf(END, at + 1, 'latin1')) {
    last = at;
    if (at + END_BYTES > bytes.length) continue;
    const behind = at + END_BYTES + uint16(bytes, at + 20);
    if (behind <= bytes.length && bytes.length - behind <= MAX_TAIL && isBlank(bytes.subarray(behind))) claims.push(at);
  }
  const [at, second] = claims;
  if (at === undefined) throw new Refused('no end of the directory where the file ends');
  if (second !== undefined || last !== at) throw new Refused('more than one end of the directory');
  const behind = at + END_BYTES + uint16(bytes, at + 20);
  if (behind < bytes.length) notes.push(`${bytes.length - behind} blank bytes behind the end`);

  const small = {
    disk: uint16(bytes, at + 4),
    startDisk: uint16(bytes, at + 6),
    here: uint16(bytes, at + 8),
    entries: uint16(bytes, at + 10),
    size: uint32(bytes, at + 12),
    start: uint32(bytes, at + 16),
  };
  const large = readEnd64(bytes, at);
  const value = (name: 'entries' | 'size' | 'start', masked: number): number => {
    if (small[name] === masked && large !== undefined) return large[name];
    if (large !== undefined && large[name] !== small[name]) throw new Refused('two end records that differ');
    return small[name];
  };
  const disks = large ?? small;
  const [disk, startDisk] = [
    small.disk === M16 ? disks.disk : small.disk,
    small.startDisk === M16 ? disks.startDisk : small.startDisk,
  ];
  const entries = value('entries', M16);
  const here = small.here === M16 && large !== undefined ? large.here : small.here;
  if (disk !== 0 || startDisk !== 0 || here !== entries) throw new Refused('one volume of several', 'fragment');
  const [start, size] = [value('start', M32), value('size', M32)];
  const expected = large === undefined ? at : large.at;
  if (start + size !== expected) throw new Refused('the directory does not lie where the end record says');
  return { start, end: expected, entries, hasComment: behind > at + END_BYTES };
}

/** §4.3.14, §4.3.15: the large end record, when a locator stands directly before the small one. */
function readEnd64(bytes: Uint8Array, end: number): (End64 & { readonly at: number }) | undefined {
  const locator = end - LOCATOR_64_BYTES;
  if (locator < 0 || latin1(bytes, locator, 4) !== LOCATOR_64) return undefined;
  const at = uint64(bytes, locator + 8);
  if (uint32(bytes, locator + 4) !== 0 || uint32(bytes, locator + 16) > 1)
    throw new Refused('one volume of several', 'fragment');
  if (at + END_64_BYTES > locator || latin1(bytes, at, 4) !== END_64)
    throw new Refused('no large end record at its place');
  if (uint64(bytes, at + 4) + 12 !== locator - at) throw new Refused('large end record of another length');
  return {
    at,
    disk: uint32(bytes, at + 16),
    startDisk: uint32(bytes, at + 20),
    here: uint64(bytes, at + 24),
    entries: uint64(bytes, at + 32),
    size: uint64(bytes, at + 40),
    start: uint64(bytes, at + 48),
  };
}

interface End64 {
  readonly disk: number;
  readonly startDisk: number;
  readonly here: number;
  readonly entries: number;
  readonly size: number;
  readonly start: number;
}

interface CentralEntry extends Omit<RawEntry, 'dataStart'> {
  readonly localStart: number;
}

/** §4.3.12 */
function readCentral(bytes: Uint8Array, { start, end, entries }: End): readonly CentralEntry[] {
  const found: CentralEntry[] = [];
  let at = start;
  while (at < end && latin1(bytes, at, 4) === CENTRAL && found.length < entries) {
    const [name, extra, comment] = [uint16(bytes, at + 28), uint16(bytes, at + 30), uint16(bytes, at + 32)];
    const behind = at + CENTRAL_BYTES + name + extra + comment;
    if (behind > end) throw new Refused('a directory entry longer than the directory');
    found.push(centralEntry(bytes, at, name, extra));
    at = behind;
  }
  if (at !== end || found.length !== entries) throw new Refused('the directory holds more or less than its entries');
  return found;
}

function centralEntry(bytes: Uint8Array, at: number, name: number, extraBytes: number): CentralEntry {
  const extra = bytes.subarray(at + CENTRAL_BYTES + name, at + CENTRAL_BYTES + name + extraBytes);
  const small = {
    bytes: uint32(bytes, at + 24),
    compressedBytes: uint32(bytes, at + 20),
    localStart: uint32(bytes, at + 42),
  };
  const diskStart = uint16(bytes, at + 34);
  const large = zip64Values(extra);
  const take = (value: number): number =>
    value === M32 && large !== undefined ? (large.shift() ?? tooShort()) : value;
  const [size, compressedBytes, localStart] = [take(small.bytes), take(small.compressedBytes), take(small.localStart)];
  if (diskStart !== 0 && diskStart !== M16) throw new Refused('an entry on another volume', 'fragment');
  return {
    rawName: bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + name),
    flags: uint16(bytes, at + 8),
    host: bytes[at + 5] ?? 0,
    externalAttributes: uint32(bytes, at + 38),
    method: uint16(bytes, at + 10),
    crc: uint32(bytes, at + 16),
    compressedBytes,
    bytes: size,
    extra,
    localStart,
  };
}

const tooShort = (): never => {
  throw new Refused('zip64 field too short');
};

/** §4.5.3: 8-byte values in the order of the fields that are masked. */
function zip64Values(extra: Uint8Array): number[] | undefined {
  const field = extraField(extra, 0x0001);
  if (field === undefined) return undefined;
  return Array.from({ length: field.length >> 3 }, (_, i) => uint64(field, i * 8));
}

/** Content of the first extra field with this id; undefined when there is none. */
export function extraField(extra: Uint8Array, id: number): Uint8Array | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = uint16(extra, at + 2);
    if (at + 4 + length > extra.length) return undefined;
    if (uint16(extra, at) === id) return extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return undefined;
}

interface Located {
  readonly localStart: number;
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly hasDescriptor: boolean;
  readonly crc: number;
  readonly compressedBytes: number;
  readonly bytes: number;
}

/** §4.3.7, compared with the directory word by word. Details name the entry by its number: a name could be anything. */
function readLocal(
  bytes: Uint8Array,
  entry: CentralEntry,
  directory: number,
): Pick<Located, 'dataStart' | 'dataEnd' | 'hasDescriptor'> {
  const at = entry.localStart;
  if (at + LOCAL_BYTES > directory || latin1(bytes, at, 4) !== LOCAL) throw new Refused(`no local header at ${at}`);
  const differs = (what: string): never => {
    throw new Refused(`${what} differs between directory and local header at ${at}`);
  };
  const flags = uint16(bytes, at + 6);
  const name = bytes.subarray(at + LOCAL_BYTES, at + LOCAL_BYTES + uint16(bytes, at + 26));
  const extra = bytes.subarray(at + LOCAL_BYTES + name.length, at + LOCAL_BYTES + name.length + uint16(bytes, at + 28));
  if (!isSameName(name, entry.rawName)) differs('name');
  if (uint16(bytes, at + 8) !== entry.method) differs('method');
  const changed = flags ^ entry.flags;
  if ((changed & (FLAG.encrypted | FLAG.strongEncryption)) !== 0) differs('encryption');
  if ((changed & FLAG.utf8) !== 0 && name.some((byte) => byte > 0x7f)) differs('charset of the name');
  const hasDescriptor = (flags & FLAG.descriptor) !== 0;
  const large = zip64Values(extra) ?? [];
  const local = { crc: uint32(bytes, at + 14), compressedBytes: uint32(bytes, at + 18), bytes: uint32(bytes, at + 22) };
  // §4.5.3: in a local header both values stand there, or neither.
  const values = {
    bytes: local.bytes === M32 && large[0] !== undefined ? large[0] : local.bytes,
    compressedBytes: local.compressedBytes === M32 && large[1] !== undefined ? large[1] : local.compressedBytes,
    crc: local.crc,
  };
  for (const what of ['crc', 'compressedBytes', 'bytes'] as const) {
    // §4.4.4 bit 3: zero here, told behind the data. Some writers mask the sizes instead.
    const open = hasDescriptor && (values[what] === 0 || values[what] === M32);
    if (values[what] !== entry[what] && !open) differs(what);
  }
  const dataStart = at + LOCAL_BYTES + name.length + extra.length;
  const dataEnd = dataStart + entry.compressedBytes;
  if (!(dataEnd <= directory)) throw new Refused(`data of the entry at ${at} runs into the directory`);
  return { dataStart, dataEnd, hasDescriptor };
}

/** Equal; or plain ASCII where one has `/` and the other a backslash, as IZArc writes: both mean a folder to everybody. */
function isSameName(a: Uint8Array, b: Uint8Array): boolean {
  if (Buffer.compare(a, b) === 0) return true;
  const slashed = (byte: number): number => (byte === 0x5c ? 0x2f : byte);
  return a.length === b.length && a.every((byte, i) => byte < 0x80 && slashed(byte) === slashed(b[i] ?? 0));
}

/** Entries in the order of their places cover the file from byte 0 to the directory: no overlap (A22), no gap (A28). */
function requireTiling(bytes: Uint8Array, entries: readonly Located[], directory: number, notes: string[]): void {
  const ordered = [...entries].sort((a, b) => a.localStart - b.localStart);
  let at = 0;
  for (const [i, entry] of ordered.entries()) {
    const next = ordered[i + 1]?.localStart ?? directory;
    requireBlank(bytes, at, entry.localStart, i === 0 ? 'before the first entry' : 'between entries', notes);
    at = entry.hasDescriptor ? descriptorEnd(bytes, entry, next) : entry.dataEnd;
  }
  requireBlank(bytes, at, directory, 'before the directory', notes);
}

/** Padding of zeros hides nothing from anybody; anything else could be an entry that only some programs see. */
function requireBlank(bytes: Uint8Array, from: number, to: number, where: string, notes: string[]): void {
  if (from > to) throw new Refused('entries overlap');
  if (from === to) return;
  if (where === 'before the first entry' || bytes.subarray(from, to).some((byte) => byte !== 0)) {
    throw new Refused(`${to - from} unexplained bytes ${where}`);
  }
  notes.push(`${to - from} zero bytes ${where}`);
}

/** §4.3.9: with or without signature, sizes of 4 or 8 bytes; the one form that says what the directory says. */
function descriptorEnd(bytes: Uint8Array, entry: Located, next: number): number {
  const at = entry.dataEnd;
  for (const signature of [4, 0]) {
    if (signature === 4 && latin1(bytes, at, 4) !== DESCRIPTOR) continue;
    for (const width of [4, 8]) {
      const end = at + signature + 4 + 2 * width;
      if (end > next) continue;
      const size = (from: number): number => (width === 4 ? uint32(bytes, from) : uint64(bytes, from));
      const first = at + signature + 4;
      if (uint32(bytes, at + signature) !== entry.crc) continue;
      if (size(first) === entry.compressedBytes && size(first + width) === entry.bytes) return end;
    }
  }
  throw new Refused(`no data descriptor behind the entry at ${entry.localStart} that fits the directory`);
}

function uint64(bytes: Uint8Array, at: number): number {
  const value = uint32(bytes, at) + uint32(bytes, at + 4) * 2 ** 32;
  if (!Number.isSafeInteger(value)) throw new Refused('a number beyond 2^53');
  return value;
}

const isBlank = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte === 0 || byte === 0x20 || byte === 0x0d || byte === 0x0a || byte === 0x1a);
