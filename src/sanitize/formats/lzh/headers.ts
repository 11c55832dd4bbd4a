/**
 * The structure of an LZH archive (LHA header levels 0 to 3), read strictly.
 *
 * Danger: an entry may tell its name three times (header, extended header, Unicode), its size twice; what lies between entries
 * is seen by some programs only. Method: every header is bounded by its own size and its checksum must be right; entries stand
 * one behind the other; all names are kept.
 */
import { latin1, uint16, uint32 } from '../../detect/magic.ts';
import { crc16 } from './crc.ts';

export interface LzhEntry {
  /** Like `-lh5-`. */
  readonly method: string;
  readonly bytes: number;
  readonly compressedBytes: number;
  readonly crc: number;
  readonly start: number;
  /** The name as the header itself has it, folders included; empty where only extended headers tell it. */
  readonly rawName: Uint8Array;
  /** Of the extended headers; they count before the other. */
  readonly rawExtendedName: Uint8Array | undefined;
  readonly rawFolder: Uint8Array | undefined;
  readonly unicodeName: string | undefined;
  readonly unicodeFolder: string | undefined;
  /** Windows code page of the names, 0 when not told. */
  readonly codePage: number;
  /** `U` for Unix, `M` for MS-DOS, `w` for Windows …; '' when not told. */
  readonly system: string;
  /** File type and permissions of Unix, 0 when not told. */
  readonly unixMode: number;
}

export type LzhRead =
  | {
      readonly kind: 'read';
      readonly entries: readonly LzhEntry[];
      readonly hasMore: boolean;
      readonly notes: readonly string[];
    }
  | { readonly kind: 'refused'; readonly why: 'malformed' | 'limit-exceeded'; readonly detail: string };

/** Fields that all levels have: up to the level itself. */
const COMMON_BYTES = 21;
/** Names and comments are some hundred bytes. */
const MAX_HEADER_BYTES = 64 * 1024;

class Refused extends Error {}

/** Never throws for what stands in the file. @param maxEntries more of them, folders included, are refused */
export function readLzh(bytes: Uint8Array, maxEntries: number): LzhRead {
  const notes: string[] = [];
  const entries: LzhEntry[] = [];
  try {
    let at = 0;
    while (at < bytes.length && bytes[at] !== 0) {
      const entry = readEntry(bytes, at);
      entries.push(entry);
      if (entries.length > maxEntries)
        return { kind: 'refused', why: 'limit-exceeded', detail: `more than ${maxEntries} entries` };
      at = entry.start + entry.compressedBytes;
    }
    if (at >= bytes.length) notes.push('no end of the archive');
    // No program reads on behind the zero that ends an archive: what lies there is said and left out.
    const hasMore = !isBlank(bytes.subarray(at));
    if (hasMore) notes.push(`${bytes.length - at - 1} bytes behind the end, left out`);
    return { kind: 'read', entries, hasMore, notes };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', why: 'malformed', detail: error.message };
    throw error;
  }
}

/** What extended headers add. */
type Extended = {
  -readonly [Key in
    | 'rawExtendedName'
    | 'rawFolder'
    | 'unicodeName'
    | 'unicodeFolder'
    | 'codePage'
    | 'unixMode']: LzhEntry[Key];
} & { headerCrc?: number; headerCrcAt?: number; bytes?: number; compressedBytes?: number };

function readEntry(bytes: Uint8Array, at: number): LzhEntry {
  const level = bytes[at + 20];
  if (at + COMMON_BYTES > bytes.length || !/^-[a-z][a-z0-9]{2}-$/.test(latin1(bytes, at + 2, 5)))
    throw new Refused(`no header at ${at}`);
  const entry =
    level === 0 || level === 1
      ? readOld(bytes, at, level)
      : level === 2 || level === 3
        ? readNew(bytes, at, level)
        : undefined;
  if (entry === undefined) throw new Refused(`a header of unknown level at ${at}`);
  if (!(entry.start + entry.compressedBytes <= bytes.length))
    throw new Refused(`data of the header at ${at} runs over the end`);
  return entry;
}

/** Levels 0 and 1: one byte of size, one of checksum, the name inside; level 1 has extended headers behind it. */
function readOld(bytes: Uint8Array, at: number, level: 0 | 1): LzhEntry {
  const size = bytes[at] ?? 0;
  const end = at + 2 + size;
  const nameBytes = bytes[at + 21] ?? 0;
  const name = bytes.subarray(at + 22, at + 22 + nameBytes);
  const behind = at + 22 + nameBytes;
  // Level 1 tells its checksum, system and the size of the next header behind the name; level 0 at least the checksum.
  if (end > bytes.length || behind + (level === 1 ? 5 : 2) > end)
    throw new Refused(`a header at ${at} shorter than its name`);
  const sum = bytes.subarray(at + 2, end).reduce((total, byte) => (total + byte) & 0xff, 0);
  if (sum !== bytes[at + 1]) throw new Refused(`wrong checksum of the header at ${at}`);
  const system = behind + 2 < end ? latin1(bytes, behind + 2, 1) : '';
  const common = { ...commonFields(bytes, at), rawName: name, crc: uint16(bytes, behind), system };
  if (level === 0) {
    // Unix writes its mode into what is left of the header.
    const unixMode = system === 'U' && behind + 10 <= end ? uint16(bytes, behind + 8) : 0;
    return { ...common, ...nothingExtended(), unixMode, start: end };
  }
  const { extended, end: start } = readExtended(bytes, end, uint16(bytes, end - 2), 2, at);
  const compressedBytes = extended.compressedBytes ?? common.compressedBytes + end - start;
  if (compressedBytes < 0) throw new Refused(`extended headers at ${at} longer than they say`);
  return { ...common, ...withoutChecks(extended), compressedBytes, bytes: extended.bytes ?? common.bytes, start };
}

/** Levels 2 and 3: the size of all headers together, names in extended headers only, a checksum over all of it. */
function readNew(bytes: Uint8Array, at: number, level: 2 | 3): LzhEntry {
  const width = level === 2 ? 2 : 4;
  if (level === 3 && uint16(bytes, at) !== 4) throw new Refused(`a header of unknown kind at ${at}`);
  const size = level === 2 ? uint16(bytes, at) : uint32(bytes, at + 24);
  const first = at + (level === 2 ? 24 : 28);
  const end = at + size;
  if (first + width > end || end > bytes.length || size > MAX_HEADER_BYTES)
    throw new Refused(`a header of wrong size at ${at}`);
  const nextBytes = width === 2 ? uint16(bytes, first) : uint32(bytes, first);
  const { extended, end: behind } = readExtended(bytes, first + width, nextBytes, width, at);
  // Level 2 may have one byte of padding, so that its size does not begin with zero.
  if (behind > end || end - behind > 1) throw new Refused(`extended headers at ${at} that do not fill their size`);
  if (extended.headerCrc !== undefined && extended.headerCrcAt !== undefined) {
    const copy = bytes.slice(at, end);
    copy.fill(0, extended.headerCrcAt - at, extended.headerCrcAt - at + 2);
    if (crc16(copy) !== extended.headerCrc) throw new Refused(`wrong checksum of the header at ${at}`);
  }
  const common = commonFields(bytes, at);
  return {
    ...common,
    ...withoutChecks(extended),
    bytes: extended.bytes ?? common.bytes,
    compressedBytes: extended.compressedBytes ?? common.compressedBytes,
    rawName: new Uint8Array(),
    crc: uint16(bytes, at + 21),
    system: latin1(bytes, at + 23, 1),
    start: end,
  };
}

const commonFields = (bytes: Uint8Array, at: number): Pick<LzhEntry, 'method' | 'bytes' | 'compressedBytes'> => ({
  method: latin1(bytes, at + 2, 5),
  compressedBytes: uint32(bytes, at + 7),
  bytes: uint32(bytes, at + 11),
});

const nothingExtended = (): Extended => ({
  rawExtendedName: undefined,
  rawFolder: undefined,
  unicodeName: undefined,
  unicodeFolder: undefined,
  codePage: 0,
  unixMode: 0,
});

const withoutChecks = ({ headerCrc: _, headerCrcAt: __, bytes: ___, compressedBytes: ____, ...rest }: Extended) => rest;

/** A chain: kind, content, size of the next. @param width of the sizes, 2 or 4 */
function readExtended(
  bytes: Uint8Array,
  from: number,
  firstBytes: number,
  width: 2 | 4,
  header: number,
): { readonly extended: Extended; readonly end: number } {
  const extended = nothingExtended();
  let at = from;
  for (let size = firstBytes; size !== 0; ) {
    const end = at + size;
    if (size < 1 + width || end > bytes.length || end - from > MAX_HEADER_BYTES)
      throw new Refused(`an extended header at ${header} of wrong size`);
    extend(extended, bytes[at] ?? 0, bytes.subarray(at + 1, end - width), at + 1);
    size = width === 2 ? uint16(bytes, end - 2) : uint32(bytes, end - 4);
    at = end;
  }
  return { extended, end: at };
}

function extend(extended: Extended, kind: number, content: Uint8Array, at: number): void {
  switch (kind) {
    case 0x00:
      if (content.length < 2) throw new Refused('a header checksum of one byte');
      extended.headerCrc = uint16(content, 0);
      extended.headerCrcAt = at;
      break;
    case 0x01:
      if (extended.rawExtendedName !== undefined) throw new Refused('two names in one header');
      extended.rawExtendedName = content;
      break;
    case 0x02:
      if (extended.rawFolder !== undefined) throw new Refused('two folders in one header');
      extended.rawFolder = content;
      break;
    case 0x42:
      extended.compressedBytes = uint64(content, 0);
      extended.bytes = uint64(content, 8);
      break;
    case 0x44:
      extended.unicodeName = new TextDecoder('utf-16le').decode(content);
      break;
    case 0x45:
      extended.unicodeFolder = new TextDecoder('utf-16le').decode(content);
      break;
    case 0x46:
      extended.codePage = uint32(content, 0);
      break;
    case 0x50:
      extended.unixMode = uint16(content, 0);
      break;
    default:
      // Times, owners, comments.
      break;
  }
}

function uint64(bytes: Uint8Array, at: number): number {
  const value = uint32(bytes, at) + uint32(bytes, at + 4) * 2 ** 32;
  if (at + 8 > bytes.length || !Number.isSafeInteger(value)) throw new Refused('a size beyond 2^53');
  return value;
}

/** What old systems fill their last block with. */
const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0 || byte === 0x1a || byte === 0x20);
