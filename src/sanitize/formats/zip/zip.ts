/**
 * ZIP → the files in it, each for itself.
 *
 * Danger: names that lead out of a folder, links, entries that only some programs see, bombs (threats.tsv A20–A36).
 * Method: directory.ts explains every byte or refuses; entries are inflated one at a time by our own decoder, never beyond
 * the size they announce, and their checksum must be right. Kept: files, names, folders. Lost: times, rights, comments,
 * extra fields, links, empty folders, the packing itself.
 */
import { crc32 } from 'node:zlib';
import { type ArchiveFile, archiveOf, ENTRIES_PER_FILE, overBounds } from '../../archive.ts';
import { blocked, type Converter, type Held, type OpenLimits } from '../../converter.ts';
import { inflateRaw } from '../../engines/inflate.ts';
import { FLAG, type RawEntry, readDirectory } from './directory.ts';
import { isOtherMethod, unpackOther } from './methods.ts';
import { type EntryName, entryNames } from './names.ts';

const STORED = 0;
const DEFLATED = 8;
/** WinZip AES (APPNOTE of AE-x): the true method stands in an extra field. */
const AES = 99;

export const zip: Converter = {
  name: 'zip',
  accepts: ['zip'],
  documentation: {
    danger: 'names that lead out of a folder, links, entries that only some programs see, bombs, programs inside',
    method:
      'read strictly, unpacked in memory by our own decoder, each file made safe for itself, packed anew when there are many',
    kept: 'files that can be made safe, their names and folders',
    lost: 'times, rights, comments, links, empty folders; files that cannot be made safe, each named',
  },

  async convert({ bytes, untrustedName }, { left }) {
    const directory = readDirectory(bytes, left.files * ENTRIES_PER_FILE);
    if (directory.kind === 'refused') return blocked(directory.why, directory.detail);
    const names = entryNames(directory.entries);
    const files = directory.entries
      .map((entry, i) => ({ entry, name: names[i] ?? { untrustedName: '' } }))
      .filter(({ entry, name }) => !isFolder(entry, name));
    const total = files.reduce((sum, { entry }) => sum + entry.bytes, 0);
    const over = overBounds(files.length, total, bytes.length, left);
    if (over !== undefined) return over;
    if (files.length > 0 && files.every(({ entry }) => isEncrypted(entry))) {
      return { kind: 'waiting-for-password', detail: `${files.length} encrypted files` };
    }
    return archiveOf(
      untrustedName,
      files.map(({ entry, name }) => archiveFile(bytes, entry, name)),
      {
        notes: directory.notes,
        ...(directory.hasComment && files.length > 0 ? { removed: [{ what: 'metadata', count: 1 }] } : {}),
      },
    );
  },
};

const isEncrypted = ({ flags, method }: RawEntry): boolean =>
  (flags & (FLAG.encrypted | FLAG.strongEncryption | FLAG.maskedHeaders)) !== 0 || method === AES;

/** A folder that holds data is a file that pretends. Programs on Windows end folders in a backslash. */
const isFolder = (
  { bytes, compressedBytes, externalAttributes, host }: RawEntry,
  { untrustedName }: EntryName,
): boolean =>
  bytes === 0 &&
  compressedBytes <= 2 && // an empty deflate stream
  (/[\\/]$/.test(untrustedName) || ((host === 0 || host === 11) && (externalAttributes & 0x10) !== 0));

const archiveFile = (file: Uint8Array, entry: RawEntry, name: EntryName): ArchiveFile => ({
  untrustedName: name.untrustedName,
  open: (limits) => open(file, entry, name, limits),
});

function open(
  file: Uint8Array,
  entry: RawEntry,
  { untrustedName, problem }: EntryName,
  { maxBytes, isLate }: OpenLimits,
): Uint8Array | Held {
  if (problem !== undefined) return blocked('malformed', problem);
  if (/[\\/]$/.test(untrustedName)) return blocked('malformed', 'a folder with content');
  const special = specialFile(entry);
  if (special !== '') return blocked('unsupported-type', special);
  if (isEncrypted(entry)) return { kind: 'waiting-for-password', detail: 'encrypted entry' };
  if (entry.method !== STORED && entry.method !== DEFLATED && !isOtherMethod(entry.method))
    return blocked('archive', `compression method ${entry.method}`);
  if (entry.bytes > maxBytes) return blocked('limit-exceeded', `${entry.bytes} bytes unpacked, at most ${maxBytes}`);
  const data = file.subarray(entry.dataStart, entry.dataStart + entry.compressedBytes);
  const content = unpacked(data, entry, isLate);
  if (!(content instanceof Uint8Array)) return content;
  return crc32(content) === entry.crc ? content : blocked('malformed', 'wrong checksum');
}

function unpacked(data: Uint8Array, entry: RawEntry, isLate: () => boolean): Uint8Array | Held {
  if (entry.method === STORED) return stored(data, entry);
  return entry.method === DEFLATED ? inflated(data, entry, isLate) : unpackOther(data, entry, isLate);
}

const stored = (data: Uint8Array, entry: RawEntry): Uint8Array | Held =>
  data.length === entry.bytes ? data : blocked('malformed', 'a stored entry of two sizes');

function inflated(data: Uint8Array, entry: RawEntry, isLate: () => boolean): Uint8Array | Held {
  const result = inflateRaw(data, entry.bytes, isLate);
  if (result.kind === 'failed') {
    return blocked(result.why === 'timeout' ? 'timeout' : 'malformed', `deflate: ${result.detail}`);
  }
  return result.read === data.length ? result.bytes : blocked('malformed', 'bytes behind the end of a deflate stream');
}

/** Unix file types in the upper half of the attributes (stat(2)): only plain files, or none stated, are files. */
function specialFile({ externalAttributes }: RawEntry): string {
  const type = (externalAttributes >>> 28) & 0xf;
  if (type === 0xa) return 'symbolic link';
  return type === 0 || type === 8 || type === 4 ? '' : 'special file';
}
