/**
 * Bytes with a charset label → text.
 *
 * Danger: a label that our reader and the receiver's understand differently shows two different texts (threats.tsv M61,
 * B31–B36); UTF-7 and friends write markup in harmless letters. Method: an allow list of labels; decode first, look at
 * the text afterwards; what is labelled otherwise, or is not what it says, is one of UTF-8, ISO-2022-JP, Shift_JIS and
 * EUC-JP by its own bytes. The result goes on as UTF-8, whatever it was, so the reader has nothing to guess.
 */
import { guessCharset, isAscii, isUtf8, score } from './detect.ts';
import { decodeIso2022Jp, hasJapaneseEscape } from './jis.ts';

export interface DecodedText {
  readonly text: string;
  /** The charset that was used, as a lower-case WHATWG name. */
  readonly charset: string;
  /** How many characters could not be read and are U+FFFD now. */
  readonly replaced: number;
  /** True when the label was missing, unknown, refused or wrong, and the bytes decided. */
  readonly guessed: boolean;
}

const JAPANESE_ALIASES: Readonly<Record<string, string>> = {
  'iso-2022-jp': 'iso-2022-jp',
  'iso-2022-jp-1': 'iso-2022-jp',
  'iso-2022-jp-2': 'iso-2022-jp',
  'iso-2022-jp-3': 'iso-2022-jp',
  'iso-2022-jp-2004': 'iso-2022-jp',
  'iso-2022-jp-ms': 'iso-2022-jp',
  iso2022jp: 'iso-2022-jp',
  'iso2022-jp': 'iso-2022-jp',
  csiso2022jp: 'iso-2022-jp',
  'x-iso-2022-jp': 'iso-2022-jp',
  jis: 'iso-2022-jp',
  jis7: 'iso-2022-jp',
  'x-jis': 'iso-2022-jp',
  cp50220: 'iso-2022-jp',
  cp50221: 'iso-2022-jp',
  cp50222: 'iso-2022-jp',
  shift_jis: 'shift_jis',
  'shift-jis': 'shift_jis',
  shiftjis: 'shift_jis',
  sjis: 'shift_jis',
  's-jis': 'shift_jis',
  'x-sjis': 'shift_jis',
  'x-shift-jis': 'shift_jis',
  x_sjis: 'shift_jis',
  ms_kanji: 'shift_jis',
  mskanji: 'shift_jis',
  csshiftjis: 'shift_jis',
  cp932: 'shift_jis',
  ms932: 'shift_jis',
  'windows-31j': 'shift_jis',
  'windows-932': 'shift_jis',
  cswindows31j: 'shift_jis',
  'shift_jis-2004': 'shift_jis',
  'euc-jp': 'euc-jp',
  eucjp: 'euc-jp',
  euc_jp: 'euc-jp',
  'x-euc-jp': 'euc-jp',
  'x-euc': 'euc-jp',
  ujis: 'euc-jp',
  'eucjp-ms': 'euc-jp',
  'eucjp-win': 'euc-jp',
  cp51932: 'euc-jp',
  cseucpkdfmtjapanese: 'euc-jp',
  utf8: 'utf-8',
  'utf-8': 'utf-8',
  'unicode-1-1-utf-8': 'utf-8',
  'utf-8n': 'utf-8',
  utf8mb4: 'utf-8',
  'us-ascii': 'us-ascii',
  ascii: 'us-ascii',
  'ansi_x3.4-1968': 'us-ascii',
  'iso646-us': 'us-ascii',
  'x-unknown': '',
  unknown: '',
  'unknown-8bit': '',
  default: '',
  default_charset: '',
};

/** Other labels that TextDecoder may take. Not here, on purpose: UTF-7, UTF-32, HZ, ISO-2022-CN/KR, x-user-defined. */
const ALLOWED =
  /^(?:iso-?8859-\d{1,2}(?:-[ie])?|latin[1-6]|windows-125\d|windows-874|x?-?cp125\d|koi8-[ru]|macintosh|x-mac-cyrillic|ibm866|tis-620|gb2312|gbk|gb18030|gb_2312-80|x-gbk|big5|big5-hkscs|euc-kr|ks_c_5601-1987|ks_c_5601-1989|utf-16|utf-16le|utf-16be)$/;

/** The four among which a wrong label is corrected, plus the ones that accept any bytes. */
const ACCEPTS_ANYTHING = /^(?:iso-?8859|latin|windows-12|x?-?cp125|macintosh|koi8|ibm866)/;

/** Canonical name of a label; '' when it is missing or not one of those we trust. */
export function charsetOf(label: string): string {
  const name = label
    .trim()
    .replace(/^["']+|["'\s;,]+$/g, '')
    .replace(/\*[a-z-]+$/i, '') // RFC 2231 §5: a language behind the charset
    .toLowerCase();
  const alias = JAPANESE_ALIASES[name];
  if (alias !== undefined && Object.hasOwn(JAPANESE_ALIASES, name)) return alias;
  return ALLOWED.test(name) ? name : '';
}

/**
 * @param label charset as the sender wrote it, '' when missing
 * @param hint what the rest of the message is in; used only when the bytes alone cannot tell
 */
export function decodeText(bytes: Uint8Array, label: string, hint = ''): DecodedText {
  const named = charsetOf(label);
  const charset = named === '' ? guessCharset(bytes) : trusted(bytes, named);
  const decoded = decodeAs(bytes, charset);
  if (decoded.replaced > 0 && named === '' && charsetOf(hint) !== '') {
    const hinted = decodeAs(bytes, charsetOf(hint));
    if (hinted.replaced < decoded.replaced) return { ...hinted, guessed: true };
  }
  // Plain ASCII reads the same in all of them: nothing was guessed.
  const guessed = charset !== named && !(charset === 'utf-8' && isAscii(bytes));
  return { ...decoded, guessed };
}

/** The charset to use for bytes labelled `named`: the label's, unless the bytes say clearly that it lies. */
function trusted(bytes: Uint8Array, named: string): string {
  if (named.startsWith('utf-16')) return named;
  const ascii = isAscii(bytes);
  if (ascii && named !== 'iso-2022-jp')
    return hasJapaneseEscape(bytes) ? 'iso-2022-jp' : named === 'us-ascii' ? 'utf-8' : named;
  if (named === 'us-ascii') return guessCharset(bytes);
  if (named === 'utf-8') return isUtf8(bytes) ? named : better(bytes, named);
  if (named === 'iso-2022-jp') return ascii ? named : better(bytes, named);
  if (named === 'shift_jis' || named === 'euc-jp') return better(bytes, named);
  if (ACCEPTS_ANYTHING.test(named)) return isUtf8(bytes) ? 'utf-8' : (clearlyJapanese(bytes) ?? named);
  return isUtf8(bytes) ? 'utf-8' : named;
}

/** The guess, when it reads every byte and the label does not, or reads clearly better Japanese. */
function better(bytes: Uint8Array, named: string): string {
  const own = decodeAs(bytes, named);
  const guess = guessCharset(bytes);
  if (guess === named || guess === 'windows-1252') return named;
  const other = decodeAs(bytes, guess);
  if (other.replaced < own.replaced) return guess;
  return other.replaced === own.replaced && score(other.text) > 2 * score(own.text) + 8 ? guess : named;
}

/** Labelled Latin but full of hiragana when read otherwise: sent by a program set up for Western languages. */
function clearlyJapanese(bytes: Uint8Array): string | undefined {
  const guess = guessCharset(bytes);
  if (guess !== 'shift_jis' && guess !== 'euc-jp' && guess !== 'iso-2022-jp') return undefined;
  const { text, replaced } = decodeAs(bytes, guess);
  return replaced === 0 && /[\u3041-\u3096\u30a1-\u30fa]{2}/.test(text) ? guess : undefined;
}

function decodeAs(bytes: Uint8Array, charset: string): { text: string; charset: string; replaced: number } {
  const text = charset === 'iso-2022-jp' ? decodeIso2022Jp(bytes) : new TextDecoder(charset).decode(bytes);
  let replaced = 0;
  // U+FFFD in well-formed UTF-8 stood there: it was read.
  if (charset === 'utf-8' && isUtf8(bytes)) return { text, charset, replaced };
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) replaced++;
  return { text, charset, replaced };
}
