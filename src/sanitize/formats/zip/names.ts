/**
 * Names of ZIP entries → text.
 *
 * Danger: the format names no charset; the same bytes are one name here and another there, and an extra field may hold a
 * second name (threats.tsv A35). Method: flagged names are UTF-8 or the entry is damaged; unflagged ones are judged together, since one program
 * wrote them all; an Info-ZIP Unicode name counts when it belongs to the raw one and ends in the same extension.
 */
import { crc32 } from 'node:zlib';
import { isUtf8 } from '../../charset/detect.ts';
import { charsetOfNames, decodeName, guessedName, type NameCharset } from '../../charset/entry-names.ts';
import { uint32 } from '../../detect/magic.ts';
import { extraField, FLAG, type RawEntry } from './directory.ts';

export interface EntryName {
  readonly untrustedName: string;
  /** Set when readers would disagree on the name: the entry is not opened. */
  readonly problem?: string;
}

const UNICODE_PATH = 0x7075;

/** One name for each entry, in the same order. */
export function entryNames(entries: readonly RawEntry[]): readonly EntryName[] {
  const charset = charsetOfAll(entries.filter(({ flags }) => (flags & FLAG.utf8) === 0));
  return entries.map((entry) => entryName(entry, charset));
}

function entryName(entry: RawEntry, charset: NameCharset): EntryName {
  const flagged = (entry.flags & FLAG.utf8) !== 0;
  if (flagged && !isUtf8(entry.rawName)) {
    return {
      untrustedName: decodeName(entry.rawName, guessedName(entry.rawName)),
      problem: 'a name that is not UTF-8 as it says',
    };
  }
  const own = decodeName(entry.rawName, flagged ? 'utf-8' : charset);
  if (own.includes('\0')) return { untrustedName: own, problem: 'NUL in a name' };
  const unicode = extraField(entry.extra, UNICODE_PATH);
  return unicode === undefined ? { untrustedName: own } : unicodeName(entry.rawName, own, unicode);
}

/** APPNOTE 4.6.9: version 1, CRC-32 of the raw name, the name in UTF-8. */
function unicodeName(rawName: Uint8Array, own: string, field: Uint8Array): EntryName {
  const text = field.subarray(5);
  const belongs = field[0] === 1 && uint32(field, 1) === crc32(rawName) && isUtf8(text);
  const name = decodeName(text, 'utf-8');
  if (!belongs || extensionOf(name) !== extensionOf(own) || name.includes('\0')) {
    return { untrustedName: own, problem: `two names: ${name}` };
  }
  return { untrustedName: name };
}

const extensionOf = (name: string): string => /\.([^./\\]*)$/.exec(name.normalize('NFKC').toLowerCase())?.[1] ?? '';

function charsetOfAll(entries: readonly RawEntry[]): NameCharset {
  return charsetOfNames(
    entries.map(({ rawName }) => rawName),
    entries.some(({ host }) => host === 3),
  );
}
