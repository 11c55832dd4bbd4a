/**
 * What all archives share: how much may be in them before anything is unpacked, and how their files are handed on.
 *
 * Names stay as the sender wrote them: nothing is ever written to a disk by a name, and what goes on is named anew
 * (names.ts). Whatever is no plain file (links, devices, second streams) is listed and held, never followed.
 */
import type { Removal } from '../message/outcome.ts';
import { blocked, type Conversion, type Held, type InnerFile, type Left, type OpenLimits } from './converter.ts';
import { stemOf } from './names.ts';

/**
 * A24: more than this many bytes out of one, once it is more than the size below. Deflate cannot do more than 1,032; scans of
 * white pages reach some hundred, but not in such sizes.
 */
const MAX_RATIO = 200;
const RATIO_FROM_BYTES = 32 * 1024 * 1024;

/** Folders are entries too: an archive of as many files as a message may hold has at most a few folders for each. */
export const ENTRIES_PER_FILE = 4;

/** Why an archive of so many files and bytes is not opened; undefined when it may be. */
export function overBounds(files: number, unpacked: number, packed: number, left: Left): Held | undefined {
  if (files > left.files) return blocked('limit-exceeded', `maxParts: ${files} files, ${left.files} left`);
  // Written so that NaN blocks.
  if (!(unpacked <= left.bytes)) {
    return blocked('limit-exceeded', `maxInnerBytes: ${unpacked} bytes unpacked, ${left.bytes} left`);
  }
  if (unpacked > RATIO_FROM_BYTES && unpacked > packed * MAX_RATIO) {
    return blocked('limit-exceeded', `${unpacked} bytes out of ${packed}`);
  }
  return undefined;
}

/** How much may come out of a stream that does not tell: what is left, and no bomb. */
export const streamBound = (packed: number, left: Left): number =>
  Math.min(left.bytes, Math.max(RATIO_FROM_BYTES, packed * MAX_RATIO));

/** A file in an archive: its bytes, or why they cannot be had, when they are asked for. */
export interface ArchiveFile {
  readonly untrustedName: string;
  /** Where it is named differently in several places: the others. */
  readonly otherUntrustedNames?: readonly string[];
  readonly open: (limits: OpenLimits) => Uint8Array | Held;
}

/** @param levels how much deeper the files lie: 2 where one file holds two wrappings, like a .tar.gz */
const innerFile = ({ untrustedName, otherUntrustedNames = [], open }: ArchiveFile, levels = 1): InnerFile => ({
  untrustedName,
  otherUntrustedNames,
  untrustedCharset: '',
  declaredType: '',
  levels,
  open,
});

/** The archive as a container of its files. @param notes what was looked over, for the report */
export const archiveOf = (
  untrustedName: string,
  files: readonly ArchiveFile[],
  said: { readonly removed?: readonly Removal[]; readonly notes?: readonly string[]; readonly levels?: number } = {},
): Conversion => ({
  kind: 'container',
  entries: files.map((file) => innerFile(file, said.levels)),
  files: [],
  outcome: 'rebuilt',
  untrustedStem: stemOf(untrustedName),
  // An archive without a file in it is told like a file without a byte.
  removed: said.removed ?? (files.length === 0 ? [{ what: 'empty-file', count: 1 }] : []),
  ...(said.notes !== undefined && said.notes.length > 0 ? { detail: said.notes.join(', ') } : {}),
});

/** `a.7z.001`, `a.z01`, `a.r00`, `a.part2.rar`: what volumes of one archive are called. */
export const isVolumeName = (untrustedName: string): boolean =>
  /\.(?:\d{3}|[rz]\d{2}|part\d{1,4}\.(?:rar|exe|7z|zip))\s*$/i.test(untrustedName);
