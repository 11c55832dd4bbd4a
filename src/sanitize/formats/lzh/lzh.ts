/**
 * LZH (LHA), Japan's archive of the nineties, still met → the files in it, each for itself.
 *
 * Danger: several names for one entry, links, bombs, old decoders full of holes. Method: headers.ts reads every byte or
 * refuses; decoders of our own in JavaScript (engines/lzh), never beyond the announced size, the checksum must be right.
 * Kept: files, names, folders. Lost: times, owners, comments, links, empty folders.
 */
import { type ArchiveFile, archiveOf, ENTRIES_PER_FILE, overBounds } from '../../archive.ts';
import { blocked, type Converter, type Held, type OpenLimits } from '../../converter.ts';
import { LzhRefused } from '../../engines/lzh/bits.ts';
import { unpackDynamic } from '../../engines/lzh/dynamic.ts';
import { unpackLz5, unpackLzs } from '../../engines/lzh/larc.ts';
import { unpackStatic } from '../../engines/lzh/static.ts';
import { crc16 } from './crc.ts';
import { type LzhEntry, readLzh } from './headers.ts';
import { type LzhName, lzhNames } from './names.ts';

export const lzh: Converter = {
  name: 'lzh',
  accepts: ['lzh'],
  documentation: {
    danger: 'several names for one entry, links, bombs, decoders of the nineties',
    method:
      'read strictly and unpacked by our own decoders (-lh0- -lh1- -lh4- to -lh7- -lz4- -lz5- -lzs-), each file made safe for itself',
    kept: 'files that can be made safe, their names and folders',
    lost: 'times, owners, comments, links, empty folders; files that cannot be made safe, each named',
  },

  async convert({ bytes, untrustedName }, { left }) {
    const read = readLzh(bytes, left.files * ENTRIES_PER_FILE);
    if (read.kind === 'refused') return blocked(read.why, read.detail);
    const names = lzhNames(read.entries);
    const files = read.entries
      .map((entry, i) => ({ entry, name: names[i] ?? NAMELESS }))
      .filter(({ entry, name }) => !isFolder(entry, name));
    const total = files.reduce((sum, { entry }) => sum + entry.bytes, 0);
    const over = overBounds(files.length, total, bytes.length, left);
    if (over !== undefined) return over;
    return archiveOf(
      untrustedName,
      files.map(({ entry, name }) => archiveFile(bytes, entry, name)),
      { notes: read.notes, ...(read.hasMore ? { removed: [{ what: 'metadata', count: 1 }] } : {}) },
    );
  },
};

const NAMELESS: LzhName = { untrustedName: '', otherUntrustedNames: [], isLink: false };

const FOLDER = '-lhd-';

const isFolder = ({ method, bytes, compressedBytes }: LzhEntry, { isLink }: LzhName): boolean =>
  method === FOLDER && bytes === 0 && compressedBytes === 0 && !isLink;

const archiveFile = (archive: Uint8Array, entry: LzhEntry, { isLink, ...names }: LzhName): ArchiveFile => ({
  ...names,
  open: (limits) => (isLink ? blocked('unsupported-type', 'symbolic link') : open(archive, entry, limits)),
});

function open(archive: Uint8Array, entry: LzhEntry, { maxBytes, isLate }: OpenLimits): Uint8Array | Held {
  if (entry.method === FOLDER) return blocked('malformed', 'a folder with content');
  if (entry.bytes > maxBytes) return blocked('limit-exceeded', `${entry.bytes} bytes unpacked, at most ${maxBytes}`);
  const data = archive.subarray(entry.start, entry.start + entry.compressedBytes);
  const content = unpacked(entry, data, isLate);
  if (!(content instanceof Uint8Array)) return content;
  return crc16(content) === entry.crc ? content : blocked('malformed', 'wrong checksum');
}

/** Windows of 4, 8, 32 and 64 KiB; how distances are told follows from them. */
const STATIC = {
  '-lh4-': { windowBits: 12, distances: 14, distanceBits: 4 },
  '-lh5-': { windowBits: 13, distances: 14, distanceBits: 4 },
  '-lh6-': { windowBits: 15, distances: 16, distanceBits: 5 },
  '-lh7-': { windowBits: 16, distances: 17, distanceBits: 5 },
} as const;

const isStatic = (method: string): method is keyof typeof STATIC => Object.hasOwn(STATIC, method);

function unpacked({ method, bytes }: LzhEntry, data: Uint8Array, isLate: () => boolean): Uint8Array | Held {
  if (method === '-lh0-' || method === '-lz4-') {
    return data.length === bytes ? data : blocked('malformed', 'a stored entry of two sizes');
  }
  try {
    if (isStatic(method)) return unpackStatic(data, bytes, STATIC[method], isLate);
    if (method === '-lh1-') return unpackDynamic(data, bytes, isLate);
    if (method === '-lzs-') return unpackLzs(data, bytes);
    if (method === '-lz5-') return unpackLz5(data, bytes);
    return blocked('archive', `compression method ${method}`);
  } catch (error) {
    if (error instanceof LzhRefused) return blocked(error.why, `${method}: ${error.message}`);
    throw error;
  }
}
