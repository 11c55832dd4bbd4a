/**
 * Names of ZIP entries → text.
 *
 * Danger: the format names no charset; the same bytes are one name here and another there, and an extra field may hold a
 * second name (threats.tsv A35). Method: flagged names are UTF-8 or the entry is damaged; unflagged ones are judged together, since one program
 * wrote them all; an Info-ZIP Unicode name counts when it belongs to the raw one and ends in the same extension.
 */
import { crc32 } from 'node:zlib';
import { guessCharset, isUtf8 } from '../../charset/detect.ts';
import { uint32 } from '../../detect/magic.ts';
import { extraField, FLAG, type RawEntry } from './directory.ts';

export interface EntryName {
  readonly untrustedName: string;
  /** Set when readers would disagree on the name: the entry is not opened. */
  readonly problem?: string;
}

const UNICODE_PATH = 0x7075;

/** IBM code page 437 above ASCII: what unflagged names are by the specification (APPNOTE D.1). */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

/** One name for each entry, in the same order. */
export function entryNames(entries: readonly RawEntry[]): readonly EntryName[] {
  const charset = charsetOfAll(entries.filter(({ flags }) => (flags & FLAG.utf8) === 0));
  return entries.map((entry) => entryName(entry, charset));
}

function entryName(entry: RawEntry, charset: Charset): EntryName {
  const flagged = (entry.flags & FLAG.utf8) !== 0;
  if (flagged && !isUtf8(entry.rawName)) {
    return {
      untrustedName: decode(entry.rawName, guessed(entry.rawName)),
      problem: 'a name that is not UTF-8 as it says',
    };
  }
  const own = decode(entry.rawName, flagged ? 'utf-8' : charset);
  if (own.includes('\0')) return { untrustedName: own, problem: 'NUL in a name' };
  const unicode = extraField(entry.extra, UNICODE_PATH);
  return unicode === undefined ? { untrustedName: own } : unicodeName(entry.rawName, own, unicode);
}

/** APPNOTE 4.6.9: version 1, CRC-32 of the raw name, the name in UTF-8. */
function unicodeName(rawName: Uint8Array, own: string, field: Uint8Array): EntryName {
  const text = field.subarray(5);
  const belongs = field[0] === 1 && uint32(field, 1) === crc32(rawName) && isUtf8(text);
  const name = decode(text, 'utf-8');
  if (!belongs || extensionOf(name) !== extensionOf(own) || name.includes('\0')) {
    return { untrustedName: own, problem: `two names: ${name}` };
  }
  return { untrustedName: name };
}

const extensionOf = (name: string): string => /\.([^./\\]*)$/.exec(name.normalize('NFKC').toLowerCase())?.[1] ?? '';

type Charset = 'utf-8' | 'shift_jis' | 'euc-jp' | 'cp437';

function charsetOfAll(entries: readonly RawEntry[]): Charset {
  const names = entries.map(({ rawName }) => rawName).filter((name) => name.some((byte) => byte > 0x7f));
  if (names.length === 0) return 'utf-8';
  // A space between: a name cut in the middle of a character must not swallow the next one's start.
  return guessed(
    Buffer.concat(names.flatMap((name) => [name, Buffer.from(' ')])),
    entries.some(({ host }) => host === 3),
  );
}

/** @param unix EUC-JP was only ever used there; elsewhere two readings of a short name are not equally likely */
function guessed(bytes: Uint8Array, unix = false): Charset {
  if (isUtf8(bytes)) return 'utf-8';
  const fits = (charset: 'shift_jis' | 'euc-jp'): boolean => !decode(bytes, charset).includes('\ufffd');
  const [shiftJis, eucJp] = [fits('shift_jis'), fits('euc-jp')];
  if (shiftJis && eucJp) return unix && guessCharset(bytes) === 'euc-jp' ? 'euc-jp' : 'shift_jis';
  return shiftJis ? 'shift_jis' : eucJp ? 'euc-jp' : 'cp437';
}

function decode(bytes: Uint8Array, charset: Charset): string {
  if (charset !== 'cp437') return new TextDecoder(charset).decode(bytes);
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : (CP437[byte - 0x80] ?? ''))).join('');
}
