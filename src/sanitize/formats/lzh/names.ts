/**
 * Names of LZH entries → text. Programs on Windows write CP932 with backslashes, on Unix slashes; extended headers put 0xFF
 * between folders. Where an entry tells several names, each is handed on: whichever is stricter counts.
 */
import { charsetOfNames, decodeName, type NameCharset } from '../../charset/entry-names.ts';
import type { LzhEntry } from './headers.ts';

export interface LzhName {
  readonly untrustedName: string;
  readonly otherUntrustedNames: readonly string[];
  /** Behind a bar in a name of Unix stands what a link points at. */
  readonly isLink: boolean;
}

const S_IFMT = 0o170000;
const S_IFLNK = 0o120000;

/** One name for each entry, in the same order. */
export function lzhNames(entries: readonly LzhEntry[]): readonly LzhName[] {
  const charset = charsetOfNames(
    entries.flatMap(({ rawName, rawExtendedName, rawFolder }) =>
      [rawName, rawExtendedName, rawFolder].filter((raw) => raw !== undefined).map((raw) => slashed(cut(raw))),
    ),
    entries.some(({ system }) => system === 'U'),
  );
  return entries.map((entry) => nameOf(entry, charset));
}

function nameOf(entry: LzhEntry, guessed: NameCharset): LzhName {
  const charset = entry.codePage === 65001 ? 'utf-8' : entry.codePage === 932 ? 'shift_jis' : guessed;
  const text = (raw: Uint8Array): string => folders(decodeName(slashed(cut(raw)), charset));
  const folder = entry.rawFolder === undefined ? '' : text(entry.rawFolder);
  const wideFolder = unicode(entry.unicodeFolder);
  const wideName = unicode(entry.unicodeName);
  const own = entry.rawExtendedName === undefined ? undefined : text(entry.rawExtendedName);
  const isWide = wideFolder !== undefined || wideName !== undefined;
  const names = [
    ...(isWide ? [joined(wideFolder ?? folder, wideName ?? own ?? text(entry.rawName))] : []),
    ...(own === undefined ? [] : [joined(folder, own)]),
    ...(entry.rawName.length === 0 ? [] : [joined(folder, text(entry.rawName))]),
  ];
  const [untrustedName = joined(folder, ''), ...others] = [...new Set(names)];
  const isLink = (entry.unixMode & S_IFMT) === S_IFLNK || (entry.method === '-lhd-' && untrustedName.includes('|'));
  return { untrustedName, otherUntrustedNames: others, isLink };
}

const unicode = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : folders((name.split('\0', 1)[0] ?? '').replaceAll('\uFFFF', '/'));

const joined = (folder: string, name: string): string =>
  folder === '' || folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;

/** Only once it is text: the second byte of a CP932 character may be a backslash. */
const folders = (name: string): string => name.replaceAll('\\', '/').replaceAll('¥', '/');

const slashed = (raw: Uint8Array): Uint8Array => raw.map((byte) => (byte === 0xff ? 0x2f : byte));

/** Amiga writes a comment behind a NUL. */
function cut(raw: Uint8Array): Uint8Array {
  const end = raw.indexOf(0);
  return end < 0 ? raw : raw.subarray(0, end);
}
