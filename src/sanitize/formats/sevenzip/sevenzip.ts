/**
 * 7z, RAR, CAB and disc images → the files in them, each for itself.
 *
 * Danger: large C++ decoders; bombs; names that lead out of a folder; links; volumes of which the rest is elsewhere.
 * Method: 7-Zip as WebAssembly without a file system (engines/sevenzip); listed first, unpacked only within what is left for
 * the message, each file compared with the listing. Kept: files, names, folders. Lost: times, rights, comments, links,
 * empty folders, the packing itself.
 */
import type { FileType } from '../../../message/file-type.ts';
import { type ArchiveFile, archiveOf, ENTRIES_PER_FILE, isVolumeName, overBounds } from '../../archive.ts';
import {
  blocked,
  type Conversion,
  type ConvertContext,
  type Converter,
  type Held,
  type UntrustedFile,
} from '../../converter.ts';
import { latin1 } from '../../detect/magic.ts';
import {
  type Extracted,
  extractArchive,
  listArchive,
  type Refusal,
  type SevenZipFormat,
} from '../../engines/sevenzip/archive.ts';
import type { Member } from '../../engines/sevenzip/listing.ts';
import { cabinetNames } from './cabinet-names.ts';

/** What the first bytes say: the engine's name of the format, or why it is not asked. */
type Choose = (file: UntrustedFile) => SevenZipFormat | Held;

/** Names of the files where the engine's are not the best that can be had; undefined: they are. */
type NamesOf = (bytes: Uint8Array, files: readonly Member[]) => readonly string[] | undefined;

const throughSevenZip = (type: FileType, choose: Choose, namesOf: NamesOf = () => undefined): Converter => ({
  name: type,
  accepts: [type],
  documentation: {
    danger: 'decoders in C++, names that lead out of a folder, links, bombs, volumes of which the rest is elsewhere',
    method:
      '7-Zip as WebAssembly without a file system: listed first, unpacked in memory within the limits, each file made safe for itself',
    kept: 'files that can be made safe, their names and folders',
    lost: 'times, rights, comments, links, empty folders; files that cannot be made safe, each named',
  },

  async convert(file, context) {
    const format = choose(file);
    return typeof format === 'string' ? unpack(file, format, context, namesOf) : format;
  },
});

function unpack(
  { bytes, untrustedName }: UntrustedFile,
  format: SevenZipFormat,
  context: ConvertContext,
  namesOf: NamesOf,
): Conversion {
  const { left, deadline, policy } = context;
  const task = { archive: bytes, format, isLate: () => performance.now() >= deadline };
  const listing = listArchive(task, left.files * ENTRIES_PER_FILE);
  if (listing.kind === 'refused') return held(listing, untrustedName);
  const files = listing.members.filter(({ isFolder }) => !isFolder);
  if (files.some(({ isSplit }) => isSplit)) return blocked('fragment', 'one volume of several');
  const total = files.reduce((sum, { bytes: size = 0 }) => sum + size, 0);
  const over = overBounds(files.length, total, bytes.length, left);
  if (over !== undefined) return over;
  if (files.length > 0 && files.every(({ isEncrypted }) => isEncrypted)) {
    return { kind: 'waiting-for-password', detail: `${files.length} encrypted files` };
  }
  const extraction = extractArchive(task, listing.members, {
    maxBytes: left.bytes,
    maxFileBytes: policy.limits.maxFileBytes,
  });
  if (extraction.kind === 'refused') return held(extraction, untrustedName);
  const names = namesOf(bytes, files);
  return archiveOf(
    untrustedName,
    extraction.files.map((extracted, i) => archiveFile(extracted, policy.limits.maxFileBytes, names?.[i])),
  );
}

function held({ why, detail }: Refusal, untrustedName: string): Held {
  if (why === 'password') return { kind: 'waiting-for-password', detail };
  // The first of several volumes begins like an archive and ends too early.
  return why === 'malformed' && isVolumeName(untrustedName) ? blocked('fragment', detail) : blocked(why, detail);
}

function archiveFile({ member, bytes }: Extracted, maxFileBytes: number, name = member.untrustedName): ArchiveFile {
  const problem = problemOf(member, bytes, maxFileBytes);
  let content = bytes;
  return {
    untrustedName: name,
    open: () => {
      const once = content;
      // Opened once: what was handed on must not stay in memory until the last file is done.
      content = undefined;
      return problem ?? once ?? blocked('sanitizer-failed', 'opened twice');
    },
  };
}

function problemOf(member: Member, bytes: Uint8Array | undefined, maxFileBytes: number): Held | undefined {
  if (member.special !== '') return blocked('unsupported-type', member.special);
  if (member.isEncrypted) return { kind: 'waiting-for-password', detail: 'encrypted entry' };
  if ((member.bytes ?? 0) > maxFileBytes) {
    return blocked('limit-exceeded', `maxFileBytes: ${member.bytes} bytes unpacked, at most ${maxFileBytes}`);
  }
  return bytes === undefined ? blocked('malformed', 'damaged entry') : undefined;
}

const sevenZip = throughSevenZip('7z', () => '7z');

/** RAR 5 has one more byte in its mark. Volumes say so in the archive header (flag 1), which an encrypted one hides. */
const rar = throughSevenZip('rar', ({ bytes }) => (bytes[6] === 1 ? 'rar5' : 'rar'));

/** MS-CAB §2.1: flags 1 and 2 say that a cabinet before or behind it belongs to it. */
const cab = throughSevenZip(
  'cab',
  ({ bytes }) => {
    if (latin1(bytes, 0, 4) !== 'MSCF') return blocked('archive', 'InstallShield cabinet');
    return ((bytes[30] ?? 0) & 3) === 0 ? 'cab' : blocked('fragment', 'one cabinet of several');
  },
  cabinetNames,
);

/** ECMA-119 §8.1. Images of hard disks (VHD, DMG) have the same type and are not opened: they hold whole systems. */
const iso = throughSevenZip('iso', ({ bytes }) => {
  return latin1(bytes, 0x8001, 5) === 'CD001' ? 'iso' : blocked('archive', 'disk image');
});

export const sevenZipConverters: readonly Converter[] = [sevenZip, rar, cab, iso];
