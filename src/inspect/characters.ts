/**
 * Character rules of docs/output-grammar.md §6, read from that text: what no text of ours may hold, because a reader
 * would not see it, or would see the text in another order than it is stored.
 */

/** Controls but TAB, CR, LF (judged apart), format characters, surrogates, separators, invisible ones, non-characters, planes 15 and 16. */
const FORBIDDEN =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u{F0000}-\u{10FFFF}]--[\t\r\n\uFE00-\uFE0D\u{E0100}-\u{E01EF}]]/v;

/** A variation selector that does not stand directly after an ideograph. Names of people need the others. */
const STRAY_SELECTOR = /(?<![\p{Unified_Ideograph}\uF900-\uFAFF])[\uFE00-\uFE0D\u{E0100}-\u{E01EF}]/u;

const SELECTOR = /[\uFE00-\uFE0D\u{E0100}-\u{E01EF}]/u;

/** For each UTF-16 unit whether one of the expressions must look: whatever they name, so both halves of long characters (Cs). */
const toLookAt = (): readonly boolean[] =>
  Array.from({ length: 0x1_0000 }, (_, unit) => {
    const character = String.fromCharCode(unit);
    return FORBIDDEN.test(character) || SELECTOR.test(character);
  });

let looked: readonly boolean[] | undefined;

/** Most texts have no such unit; finding that out this way takes a ninth of the time. */
function hasUnitToLookAt(text: string): boolean {
  looked ??= toLookAt();
  for (let at = 0; at < text.length; at++) if (looked[text.charCodeAt(at)] === true) return true;
  return false;
}

/** What is wrong with the characters of a text, TAB, CR and LF aside; '' when nothing is. */
export function forbiddenCharacter(text: string): string {
  if (!hasUnitToLookAt(text)) return '';
  const found = FORBIDDEN.exec(text) ?? STRAY_SELECTOR.exec(text);
  return found === null ? '' : `U+${(found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
