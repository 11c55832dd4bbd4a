/**
 * Character rules of docs/output-grammar.md §6 for names and subjects. The inspector has its own reading of the same
 * text; the gate judges what it decodes itself and imports nothing from there.
 */
import { isUtf8 } from 'node:buffer';

const FORBIDDEN =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u{F0000}-\u{10FFFF}]--[\uFE00-\uFE0D\u{E0100}-\u{E01EF}]]/v;
const SELECTOR = /[\uFE00-\uFE0D\u{E0100}-\u{E01EF}]/u;
const STRAY_SELECTOR = /(?<![\p{Unified_Ideograph}\uF900-\uFAFF])[\uFE00-\uFE0D\u{E0100}-\u{E01EF}]/u;

/** One line of clean text: no controls (TAB, CR, LF included), nothing invisible or reordering, selectors only after ideographs. */
export const isCleanLine = (text: string): boolean => !FORBIDDEN.test(text) && !STRAY_SELECTOR.test(text);

export const hasSelector = (text: string): boolean => SELECTOR.test(text);

/** Code points, not UTF-16 units. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** `undefined` when a byte does not fit; a byte order mark stays, so that the rules above see it. */
export const decodeUtf8 = (bytes: Uint8Array): string | undefined =>
  isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString() : undefined;
