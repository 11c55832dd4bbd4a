/**
 * Columns that a text takes in a fixed-pitch font, East Asian Width (UAX #11) with ambiguous characters wide, as
 * Japanese mail programs show them.
 */

/** Ranges of wide, full-width and ambiguous characters in use; halves are halfwidth forms. */
const WIDE =
  /[\u00A7\u00A8\u00B0\u00B1\u00B4\u00B6\u00D7\u00F7\u0391-\u03C9\u0401-\u0451\u1100-\u115F\u2010-\u2027\u2030-\u203B\u2103-\u2126\u2150-\u2312\u2460-\u26FF\u2E80-\uA4CF\uAC00-\uD7A3\uE000-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1F000}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u;
const ZERO = /[\p{Mn}\p{Me}]/u;

export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (character <= '\x7e') width += 1;
    else if (!ZERO.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

export const padTo = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - widthOf(text)));
