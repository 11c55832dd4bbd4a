/**
 * One compressed file (gzip, bzip2, xz, Z, LZMA, zstd) → the file in it; a tar in it → its files, as `tar tf` shows them.
 *
 * Danger: bombs (bzip2 reaches 1:45,000), decoders in C++. Method: gzip by our own reader, the others by 7-Zip as WebAssembly;
 * never more bytes than are left for the message, never an improbable ratio. Kept: the file. Lost: time, comment, packing.
 */
import type { FileType } from '../../../message/file-type.ts';
import { archiveOf, isVolumeName, streamBound } from '../../archive.ts';
import { charsetOfNames, decodeName } from '../../charset/entry-names.ts';
import { blocked, type Conversion, type ConvertContext, type Converter, type UntrustedFile } from '../../converter.ts';
import { startsLikeTar } from '../../detect/tar.ts';
import { expandStream, type SevenZipFormat } from '../../engines/sevenzip/archive.ts';
import { tarContainer } from '../tar/tar.ts';
import { gunzip } from './gzip.ts';

type Expanded =
  | {
      readonly kind: 'expanded';
      readonly bytes: Uint8Array;
      readonly untrustedNames: readonly string[];
      readonly notes: readonly string[];
    }
  | {
      readonly kind: 'refused';
      readonly why: 'password' | 'malformed' | 'limit-exceeded' | 'timeout';
      readonly detail: string;
    };

type Expand = (bytes: Uint8Array, maxBytes: number, isLate: () => boolean) => Expanded;

const compressed = (type: FileType, expand: Expand): Converter => ({
  name: type,
  accepts: [type],
  documentation: {
    danger: 'bombs, decoders in C++, data behind the end that only some programs read',
    method:
      'expanded in memory within the limits (gzip by our own decoder, others by 7-Zip as WebAssembly), then like any file',
    kept: 'the file in it; of a tar, its files with names and folders',
    lost: 'time, comment, the packing itself',
  },

  async convert(file, context) {
    return opened(file, context, expand);
  },
});

function opened({ bytes, untrustedName }: UntrustedFile, context: ConvertContext, expand: Expand): Conversion {
  const { left, deadline } = context;
  const expanded = expand(bytes, streamBound(bytes.length, left), () => performance.now() >= deadline);
  if (expanded.kind === 'refused') {
    if (expanded.why === 'password') return { kind: 'waiting-for-password', detail: expanded.detail };
    const isVolume = expanded.why === 'malformed' && isVolumeName(untrustedName);
    return blocked(isVolume ? 'fragment' : expanded.why, expanded.detail);
  }
  if (startsLikeTar(expanded.bytes)) return tarContainer(expanded.bytes, untrustedName, left, 2);
  const [name = innerName(untrustedName), ...others] = [...expanded.untrustedNames, innerName(untrustedName)];
  const file = { untrustedName: name, otherUntrustedNames: others, open: () => expanded.bytes };
  return archiveOf(untrustedName, [file], { notes: expanded.notes });
}

/** `a.txt.gz` holds `a.txt`, `a.tgz` a tar. */
function innerName(untrustedName: string): string {
  const short = /^(.*)\.t(?:gz|bz2?|xz|az|zst|lz)$/i.exec(untrustedName)?.[1];
  return short === undefined ? untrustedName.replace(/\.(?:gz|bz2?|xz|z|lzma|zst|zstd)\s*$/i, '') : `${short}.tar`;
}

const byOwnReader: Expand = (bytes, maxBytes, isLate) => {
  const result = gunzip(bytes, maxBytes, isLate);
  if (result.kind === 'refused') return result;
  const { rawNames, members } = result;
  const charset = charsetOfNames(rawNames, true);
  const untrustedNames = [...new Set(rawNames.map((raw) => decodeName(raw, charset)))].filter((name) => name !== '');
  return { ...result, untrustedNames, notes: members > 1 ? [`${members} members, put together`] : [] };
};

const bySevenZip =
  (format: SevenZipFormat): Expand =>
  (archive, maxBytes, isLate) => {
    const result = expandStream({ archive, format, isLate }, maxBytes);
    return result.kind === 'refused' ? result : { ...result, untrustedNames: [], notes: [] };
  };

export const compressedConverters: readonly Converter[] = [
  compressed('gzip', byOwnReader),
  compressed('bzip2', bySevenZip('bzip2')),
  compressed('xz', bySevenZip('xz')),
  compressed('compress', bySevenZip('z')),
  compressed('lzma', bySevenZip('lzma')),
  compressed('zstd', bySevenZip('zstd')),
];
