/**
 * Names of files in archives whose format tells no charset → text.
 *
 * Only UTF-8, Shift_JIS, EUC-JP and, where none of them fits, code page 437 are ever taken. The names of one archive are
 * judged together: one program wrote them all.
 */
import { guessCharset, isUtf8 } from './detect.ts';

export type NameCharset = 'utf-8' | 'shift_jis' | 'euc-jp' | 'cp437';

/** IBM code page 437 above ASCII: what unflagged names are by the specification (APPNOTE D.1). */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

/** @param unix EUC-JP was only ever used there; elsewhere two readings of a short name are not equally likely */
export function charsetOfNames(rawNames: readonly Uint8Array[], unix: boolean): NameCharset {
  const names = rawNames.filter((name) => name.some((byte) => byte > 0x7f));
  if (names.length === 0) return 'utf-8';
  // A space between: a name cut in the middle of a character must not swallow the next one's start.
  return guessedName(Buffer.concat(names.flatMap((name) => [name, Buffer.from(' ')])), unix);
}

/** The charset of one name, or of several with something between. */
export function guessedName(bytes: Uint8Array, unix = false): NameCharset {
  if (isUtf8(bytes)) return 'utf-8';
  const fits = (charset: 'shift_jis' | 'euc-jp'): boolean => !decodeName(bytes, charset).includes('\ufffd');
  const [shiftJis, eucJp] = [fits('shift_jis'), fits('euc-jp')];
  if (shiftJis && eucJp) return unix && guessCharset(bytes) === 'euc-jp' ? 'euc-jp' : 'shift_jis';
  return shiftJis ? 'shift_jis' : eucJp ? 'euc-jp' : 'cp437';
}

export function decodeName(bytes: Uint8Array, charset: NameCharset): string {
  if (charset !== 'cp437') return new TextDecoder(charset).decode(bytes);
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : (CP437[byte - 0x80] ?? ''))).join('');
}
