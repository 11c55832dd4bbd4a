/**
 * Our own table of first bytes. Order matters: what can be executed is asked for first, so that a polyglot counts as the
 * worse of its halves. Containers (ZIP, CFB) are looked into elsewhere.
 */
import type { FileType } from '../../message/file-type.ts';
import { startsLikeTar } from './tar.ts';

interface Magic {
  readonly type: FileType;
  /** Latin-1; `?` stands for any byte. */
  readonly bytes: string;
  readonly at?: number;
}

const TABLE: readonly Magic[] = [
  { type: 'pe', bytes: 'MZ' },
  { type: 'pe', bytes: 'ZM' },
  { type: 'elf', bytes: '\x7fELF' },
  { type: 'macho', bytes: '\xfe\xed\xfa\xce' },
  { type: 'macho', bytes: '\xfe\xed\xfa\xcf' },
  { type: 'macho', bytes: '\xce\xfa\xed\xfe' },
  { type: 'macho', bytes: '\xcf\xfa\xed\xfe' },
  { type: 'lnk', bytes: 'L\x00\x00\x00\x01\x14\x02\x00' },
  { type: 'chm', bytes: 'ITSF' },
  { type: 'swf', bytes: 'FWS' },
  { type: 'swf', bytes: 'CWS' },
  { type: 'swf', bytes: 'ZWS' },
  { type: 'script', bytes: '\x3f_\x03\x00' }, // WinHelp (HLP), which runs macros
  { type: 'msi', bytes: 'MSWIM\x00\x00\x00' },
  { type: 'pdf', bytes: '%PDF-' },
  { type: 'jpeg', bytes: '\xff\xd8\xff' },
  { type: 'png', bytes: '\x89PNG\r\n\x1a\n' },
  { type: 'gif', bytes: 'GIF87a' },
  { type: 'gif', bytes: 'GIF89a' },
  { type: 'tiff', bytes: 'II*\x00' },
  { type: 'tiff', bytes: 'MM\x00*' },
  { type: 'tiff', bytes: 'II+\x00' },
  { type: 'psd', bytes: '8BPS' },
  { type: 'jp2', bytes: '\x00\x00\x00\x0cjP  \r\n\x87\n' },
  { type: 'jp2', bytes: '\xff\x4f\xff\x51' },
  { type: 'jxl', bytes: '\x00\x00\x00\x0cJXL \r\n\x87\n' },
  { type: 'jxl', bytes: '\xff\x0a' },
  { type: 'icns', bytes: 'icns\x00' },
  { type: 'ico', bytes: '\x00\x00\x01\x00' },
  { type: 'ico', bytes: '\x00\x00\x02\x00' },
  { type: 'wmf', bytes: '\xd7\xcd\xc6\x9a' },
  { type: 'emf', bytes: ' EMF', at: 40 },
  { type: 'rtf', bytes: '{\\rt' },
  { type: 'onenote', bytes: '\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3' },
  { type: '7z', bytes: "7z\xbc\xaf'\x1c" },
  { type: 'rar', bytes: 'Rar!\x1a\x07' },
  { type: 'gzip', bytes: '\x1f\x8b' },
  { type: 'bzip2', bytes: 'BZh' },
  { type: 'compress', bytes: '\x1f\x9d' },
  { type: 'zstd', bytes: '\x28\xb5\x2f\xfd' },
  { type: 'xz', bytes: '\xfd7zXZ\x00' },
  { type: 'archive-other', bytes: 'LZIP\x01' },
  { type: 'archive-other', bytes: '\x04\x22\x4d\x18' }, // LZ4
  { type: 'archive-other', bytes: '\x89LZO\x00' },
  { type: 'archive-other', bytes: '\x60\xea' }, // ARJ
  { type: 'archive-other', bytes: '**ACE**', at: 7 },
  { type: 'archive-other', bytes: '070701' }, // cpio
  { type: 'archive-other', bytes: '070702' },
  { type: 'archive-other', bytes: '070707' },
  { type: 'archive-other', bytes: '\xc7\x71' },
  { type: 'archive-other', bytes: '\x71\xc7' },
  { type: 'archive-other', bytes: 'xar!' },
  { type: 'archive-other', bytes: 'egg!' },
  { type: 'archive-other', bytes: 'ALZ\x01' },
  { type: 'archive-other', bytes: 'SZDD\x88\xf0\x27\x33' },
  { type: 'archive-other', bytes: 'StuffIt' },
  { type: 'cab', bytes: 'MSCF' },
  { type: 'cab', bytes: 'ISc(' },
  { type: 'lzh', bytes: '-l??-', at: 2 },
  { type: 'tar', bytes: 'ustar', at: 257 },
  { type: 'iso', bytes: 'CD001', at: 0x8001 },
  { type: 'iso', bytes: 'vhdxfile' },
  { type: 'iso', bytes: 'conectix' },
  { type: 'tnef', bytes: '\x78\x9f\x3e\x22' },
  { type: 'pgp', bytes: '-----BEGIN PGP ' },
  { type: 'pkcs7', bytes: '-----BEGIN ' },
  { type: 'audio', bytes: 'ID3' },
  { type: 'audio', bytes: 'fLaC' },
  { type: 'audio', bytes: 'OggS' },
  { type: 'audio', bytes: 'MThd' },
  { type: 'audio', bytes: '#!AMR' },
  { type: 'video', bytes: '\x1aE\xdf\xa3' },
  { type: 'video', bytes: 'FLV\x01' },
  { type: 'video', bytes: '\x00\x00\x01\xba' },
  { type: 'video', bytes: '\x00\x00\x01\xb3' },
  { type: 'video', bytes: '\x30\x26\xb2\x75\x8e\x66\xcf\x11' },
  { type: 'font', bytes: '\x00\x01\x00\x00\x00?\x00' },
  { type: 'font', bytes: 'OTTO' },
  { type: 'font', bytes: 'ttcf' },
  { type: 'font', bytes: 'wOFF' },
  { type: 'font', bytes: 'wOF2' },
  { type: 'database', bytes: 'SQLite format 3\x00' },
  { type: 'database', bytes: '\x00\x01\x00\x00Standard ' },
  { type: 'cad', bytes: 'JwwData.' },
  { type: 'cad', bytes: 'AC10' },
];

/** The ISO base media brands that are pictures (HEIF, AVIF). */
const PICTURE_BRANDS = /^(?:hei[cfxms]|hev[cx]|mif1|msf1|avi[fs])$/;
/** Sizes of BITMAPINFOHEADER and its variants; «BM» alone begins too many words. */
const BMP_HEADERS: ReadonlySet<number> = new Set([12, 16, 40, 52, 56, 64, 108, 124]);

export const latin1 = (bytes: Uint8Array, start: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
    'latin1',
    start,
    Math.min(start + length, bytes.length),
  );

/** The type its first bytes name; undefined when the table knows none. CFB and ZIP are not in it. */
export function byMagic(bytes: Uint8Array): FileType | undefined {
  const found = TABLE.find(({ bytes: magic, at = 0 }) => matches(bytes, magic, at));
  if (found !== undefined) return refined(found.type, bytes);
  if (matches(bytes, '\xca\xfe\xba\xbe', 0)) return (bytes[7] ?? 0) >= 45 ? 'java-class' : 'macho';
  if (matches(bytes, 'RIFF', 0)) return riff(latin1(bytes, 8, 4));
  // Tars older than the mark; and LZMA without a container: its properties, a dictionary of a whole number of kilobytes, a length.
  if (startsLikeTar(bytes)) return 'tar';
  if (isLzma(bytes)) return 'lzma';
  if (matches(bytes, 'ftyp', 4)) return PICTURE_BRANDS.test(latin1(bytes, 8, 4)) ? 'heic' : 'video';
  if (matches(bytes, 'BM', 0) && BMP_HEADERS.has(uint32(bytes, 14))) return 'bmp';
  if (bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe6) === 0xe2) return 'audio';
  // DER with a PKCS#7 or PKCS#12 object identifier near its start.
  if (bytes[0] === 0x30 && latin1(bytes, 0, 64).includes('\x2a\x86\x48\x86\xf7\x0d\x01\x07')) return 'pkcs7';
  return undefined;
}

/** Text may begin with the letters of a short magic: those need a second sign. */
function refined(type: FileType, bytes: Uint8Array): FileType | undefined {
  switch (type) {
    case 'pe':
      return !isPlainText(bytes) || /DOS mode|This program/i.test(latin1(bytes, 0, 512)) ? 'pe' : undefined;
    case 'swf':
      return (bytes[3] ?? 0xff) < 64 && !isPlainText(bytes) ? 'swf' : undefined;
    case 'bzip2':
      return /^[1-9]1AY&SY|^[1-9]\x17rE8P\x90/.test(latin1(bytes, 3, 7)) ? 'bzip2' : undefined;
    case 'cad':
      return isPlainText(bytes) && !matches(bytes, 'JwwData.', 0) && !/^AC10\d\d/.test(latin1(bytes, 0, 6))
        ? undefined
        : 'cad';
    // At least one picture, at most as many as sizes are usual; the reserved byte of the first is 0.
    case 'ico':
      return (bytes[4] ?? 0) > 0 && (bytes[4] ?? 0) <= 64 && bytes[5] === 0 && bytes[9] === 0 ? 'ico' : undefined;
    case 'jxl':
    case 'audio':
    case 'cab':
    case 'archive-other':
    case 'tnef':
      return isPlainText(bytes) ? undefined : type;
    case 'lzh':
      return /^-l[hz][0-9sdx]-$/.test(latin1(bytes, 2, 5)) && !isPlainText(bytes) ? 'lzh' : undefined;
    default:
      return type;
  }
}

/** No NUL and no other control byte at all in the first kilobyte: «MZ-80 の思い出» is a text. */
const isPlainText = (bytes: Uint8Array): boolean => !/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(latin1(bytes, 0, 1024));

function riff(form: string): FileType {
  if (form === 'WEBP') return 'webp';
  return form === 'WAVE' || form === 'RMID' ? 'audio' : 'video';
}

function matches(bytes: Uint8Array, magic: string, at: number): boolean {
  if (bytes.length < at + magic.length) return false;
  for (let i = 0; i < magic.length; i++) {
    const wanted = magic.charCodeAt(i);
    if (wanted !== 0x3f && bytes[at + i] !== wanted) return false;
  }
  return true;
}

/** Little-endian; 0 past the end. */
export const uint32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;

export const uint16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

/** The old `.lzma`: properties as everybody writes them, a power of two as dictionary, a length that fits or none. */
function isLzma(bytes: Uint8Array): boolean {
  const dictionary = uint32(bytes, 1);
  const isUsual = bytes[0] === 0x5d && dictionary >= 4096 && (dictionary & (dictionary - 1)) === 0;
  const [low, high] = [uint32(bytes, 5), uint32(bytes, 9)];
  return isUsual && bytes[13] === 0 && (high === 0 || (low === 0xffffffff && high === 0xffffffff));
}
