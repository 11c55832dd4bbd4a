/**
 * The structure of a tar (POSIX.1-2017 pax §«ustar», GNU tar manual §«Basic Tar Format»), read strictly.
 *
 * Danger: programs differ in how long a file is (header against pax), in what it is called (prefix, long name, pax path) and
 * in where the archive ends, so that one shows what another hides. Method: each header's checksum must be right, numbers must
 * be numbers, a name is told once, and behind the end of the archive there is nothing but zeros.
 */
import { isUtf8 } from '../../charset/detect.ts';
import { charsetOfNames, decodeName } from '../../charset/entry-names.ts';
import { latin1 } from '../../detect/magic.ts';
import { checksumFits, TAR_BLOCK } from '../../detect/tar.ts';

export interface TarEntry {
  readonly untrustedName: string;
  readonly kind: 'file' | 'folder' | 'hard link' | 'symbolic link' | 'special file' | 'sparse file';
  readonly start: number;
  readonly bytes: number;
}

export type TarRead =
  | { readonly kind: 'read'; readonly entries: readonly TarEntry[]; readonly notes: readonly string[] }
  | { readonly kind: 'refused'; readonly why: 'malformed' | 'fragment' | 'limit-exceeded'; readonly detail: string };

/** Names and pax records are some hundred bytes. */
const MAX_EXTENSION_BYTES = 64 * 1024;

class Refused extends Error {
  readonly why: Extract<TarRead, { kind: 'refused' }>['why'];

  constructor(detail: string, why: Refused['why'] = 'malformed') {
    super(detail);
    this.why = why;
  }
}

/** Type flags; what is not here makes the archive unreadable, as every program would treat it otherwise. */
const KINDS: Readonly<Record<string, TarEntry['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hard link',
  '2': 'symbolic link',
  '3': 'special file',
  '4': 'special file',
  '5': 'folder',
  '6': 'special file',
  D: 'folder',
  S: 'sparse file',
};

/** Never throws for what stands in the file. @param maxEntries more of them, folders included, are refused */
export function readTar(bytes: Uint8Array, maxEntries: number): TarRead {
  const notes: string[] = [];
  try {
    const raw = readEntries(bytes, maxEntries, notes);
    const charset = charsetOfNames(
      raw.filter(({ isUnicode }) => !isUnicode).map(({ rawName }) => rawName),
      true,
    );
    const entries = raw.map(({ rawName, isUnicode, ...entry }) => ({
      ...entry,
      untrustedName: decodeName(rawName, isUnicode ? 'utf-8' : charset),
    }));
    return { kind: 'read', entries, notes };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', why: error.why, detail: error.message };
    throw error;
  }
}

interface RawEntry extends Omit<TarEntry, 'untrustedName'> {
  readonly rawName: Uint8Array;
  /** From a pax record, which is UTF-8. */
  readonly isUnicode: boolean;
}

/** What headers before an entry say of it. */
interface Said {
  longName?: Uint8Array;
  paxName?: Uint8Array;
  paxBytes?: number;
  isSparse?: boolean;
}

function readEntries(bytes: Uint8Array, maxEntries: number, notes: string[]): readonly RawEntry[] {
  const entries: RawEntry[] = [];
  let said: Said = {};
  let at = 0;
  while (at < bytes.length && !isZero(bytes.subarray(at, at + TAR_BLOCK))) {
    const header = bytes.subarray(at, at + TAR_BLOCK);
    if (header.length < TAR_BLOCK || !checksumFits(header)) throw new Refused(`no header at ${at}`);
    const type = latin1(header, 156, 1);
    const isExtension = type === 'L' || type === 'K' || type === 'x' || type === 'X' || type === 'g';
    const kind = isExtension ? undefined : kindOf(type, header);
    const size = said.paxBytes !== undefined && !isExtension ? said.paxBytes : number(header.subarray(124, 136), at);
    // Links tell the size of what they point at; nothing of it follows.
    const stored = kind === 'file' || kind === 'sparse file' || isExtension || type === 'D' ? size : 0;
    const start = at + TAR_BLOCK;
    if (!(start + stored <= bytes.length)) throw new Refused(`data of the header at ${at} runs over the end`);
    const data = bytes.subarray(start, start + stored);
    at = start + Math.ceil(stored / TAR_BLOCK) * TAR_BLOCK;
    if (isExtension) {
      extend(said, type, data);
      continue;
    }
    if (type === 'V') {
      notes.push('a volume label');
      said = {};
      continue;
    }
    entries.push(entryOf(header, kind ?? 'special file', start, stored, said));
    said = {};
    if (entries.length > maxEntries) throw new Refused(`more than ${maxEntries} entries`, 'limit-exceeded');
  }
  if (Object.keys(said).length > 0) throw new Refused('a name without its entry');
  if (!isZero(bytes.subarray(at))) throw new Refused('bytes behind the end of the archive');
  if (at >= bytes.length) notes.push('no end of the archive');
  return entries;
}

function kindOf(type: string, header: Uint8Array): TarEntry['kind'] | undefined {
  if (type === 'M' || type === 'N') throw new Refused('one volume of several', 'fragment');
  if (type === 'V') return undefined;
  const kind = KINDS[type];
  if (kind === undefined) throw new Refused('an entry of unknown type');
  // Before POSIX a folder was a file whose name ends in a slash.
  const isOldFolder = kind === 'file' && cut(header.subarray(0, 100)).at(-1) === 0x2f;
  return isOldFolder ? 'folder' : kind;
}

function entryOf(header: Uint8Array, kind: TarEntry['kind'], start: number, bytes: number, said: Said): RawEntry {
  const { longName, paxName } = said;
  const rawName = paxName ?? longName ?? shortName(header);
  if (rawName.length === 0) throw new Refused('an entry without name');
  return {
    rawName,
    isUnicode: paxName !== undefined,
    kind: said.isSparse === true ? 'sparse file' : kind,
    start,
    bytes,
  };
}

/** POSIX puts the folders into a prefix; what GNU calls `ustar  ` has other things there. */
function shortName(header: Uint8Array): Uint8Array {
  const name = cut(header.subarray(0, 100));
  const prefix = latin1(header, 257, 6) === 'ustar\0' ? cut(header.subarray(345, 500)) : new Uint8Array();
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
}

function extend(said: Said, type: string, data: Uint8Array): void {
  if (data.length > MAX_EXTENSION_BYTES) throw new Refused('a name of many kilobytes');
  if (type === 'K') return;
  if (type === 'L') {
    if (said.longName !== undefined) throw new Refused('two long names for one entry');
    said.longName = cut(data);
    return;
  }
  for (const [key, value] of paxRecords(data)) {
    if (key.startsWith('GNU.sparse.')) said.isSparse = true;
    if (key === 'hdrcharset' && Buffer.from(value).toString() === 'BINARY') throw new Refused('names without charset');
    if (key !== 'path' && key !== 'size') continue;
    if (type === 'g') throw new Refused('one name or size for all entries');
    if (key === 'path') {
      if (!isUtf8(value) || value.includes(0)) throw new Refused('a pax name that is not UTF-8');
      if (said.paxName !== undefined) throw new Refused('two pax names for one entry');
      said.paxName = value;
    } else {
      const text = latin1(value, 0, 20);
      if (!/^\d{1,15}$/.test(text)) throw new Refused('a pax size that is no number');
      said.paxBytes = Number(text);
    }
  }
}

/** `LENGTH KEY=VALUE\n`, the length counting all of it. */
function paxRecords(data: Uint8Array): readonly (readonly [string, Uint8Array])[] {
  const records: (readonly [string, Uint8Array])[] = [];
  for (let at = 0; at < data.length && data[at] !== 0; ) {
    const [, digits = ''] = /^(\d{1,6}) /.exec(latin1(data, at, 8)) ?? [];
    const end = at + Number(digits);
    const equals = data.indexOf(0x3d, at);
    if (digits === '' || end > data.length || equals < 0 || equals >= end || data[end - 1] !== 0x0a) {
      throw new Refused('a pax record that does not fit its length');
    }
    records.push([
      latin1(data, at + digits.length + 1, equals - at - digits.length - 1),
      data.subarray(equals + 1, end - 1),
    ]);
    at = end;
  }
  return records;
}

/** Octal digits among blanks; or, with the highest bit set, a binary number (GNU). */
function number(field: Uint8Array, at: number): number {
  if ((field[0] ?? 0) === 0x80) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    if (Number.isSafeInteger(value)) return value;
  }
  const [, digits] = /^[ \0]*([0-7]*)[ \0]*$/.exec(latin1(field, 0, field.length)) ?? [];
  if (digits === undefined) throw new Refused(`a size that is no number in the header at ${at}`);
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** Up to the first NUL. */
function cut(field: Uint8Array): Uint8Array {
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
