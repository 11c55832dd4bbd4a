/**
 * Which charset are these bytes in, when the label is missing or lies (threats.tsv B36)?
 *
 * Only UTF-8, ISO-2022-JP, Shift_JIS and EUC-JP are ever guessed: a wider choice would let a sender pick one that hides
 * markup (UTF-7, UTF-16, HZ). Method: decode with each, judge the characters that come out. Japanese text is full of
 * hiragana and common kanji; the wrong reading is full of half-width katakana, rare kanji and U+FFFD.
 */
import { decodeIso2022Jp, hasJapaneseEscape } from './jis.ts';

export type Guess = 'utf-8' | 'iso-2022-jp' | 'shift_jis' | 'euc-jp' | 'windows-1252';

/** Enough to tell; a charset does not change in the middle. Cut at a line end so that no character is split. */
const SAMPLE_BYTES = 64 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });
const shiftJis = new TextDecoder('shift_jis');
const eucJp = new TextDecoder('euc-jp');

/** True when no byte has the eighth bit. */
export function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte > 0x7f) return false;
  return true;
}

/** The likeliest of the four; 'windows-1252' when none of them makes sense of the bytes. */
export function guessCharset(bytes: Uint8Array): Guess {
  const sample = sampleOf(bytes);
  const ascii = isAscii(sample);
  if (hasJapaneseEscape(sample) && (ascii || score(decodeIso2022Jp(sample)) > 0)) return 'iso-2022-jp';
  if (ascii) return 'utf-8';
  if (isUtf8(sample)) return 'utf-8';
  const scored = [
    ['shift_jis', score(shiftJis.decode(sample))],
    ['euc-jp', score(eucJp.decode(sample))],
    // Mostly UTF-8 with a broken character (cut by a list manager) is still UTF-8.
    ['utf-8', score(new TextDecoder('utf-8').decode(sample))],
  ] as const;
  const best = scored.reduce((a, b) => (b[1] > a[1] ? b : a));
  return best[1] > 0 ? best[0] : 'windows-1252';
}

/** True when the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates). */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** How much a text looks like Japanese; above zero: likely. ASCII counts nothing. */
export function score(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    if (code === 0xfffd) sum -= 30;
    else if (code >= 0x3041 && code <= 0x3096)
      sum += 4; // hiragana
    else if (code >= 0x30a1 && code <= 0x30fc)
      sum += 2; // katakana
    else if (code >= 0x4e00 && code <= 0x9fff) sum += 1;
    else if (code >= 0x3000 && code <= 0x303f) sum += 2;
    else if (code >= 0xff01 && code <= 0xff5e) sum += 1;
    else if (code >= 0xff61 && code <= 0xff9f)
      sum -= 1; // half-width kana: EUC-JP read as Shift_JIS gives little else
    else if (code >= 0xe000 && code <= 0xf8ff) sum -= 10;
    else if (code < 0xa0) sum -= 20;
  }
  return sum;
}

function sampleOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= SAMPLE_BYTES) return bytes;
  const lineEnd = bytes.lastIndexOf(0x0a, SAMPLE_BYTES);
  return bytes.subarray(0, lineEnd > SAMPLE_BYTES / 2 ? lineEnd + 1 : SAMPLE_BYTES);
}
