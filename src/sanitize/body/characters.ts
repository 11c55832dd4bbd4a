/**
 * The character rules of docs/output-grammar.md §6: what may stand in text that we write.
 *
 * Danger: controls drive terminals and log viewers, bidi controls show `fdp.exe` as `exe.pdf` (CVE-2021-42574 class), zero-width
 * characters hide words from filters and instructions from people. Method: everything with no visible form is taken out.
 * Kept: every visible character, gaiji of the private use area, the variation selectors that people's names need.
 */

export interface Cleaned {
  readonly text: string;
  /** Invisible and control characters taken out; what every mail program sprinkles over harmless text is not counted. */
  readonly controls: number;
  readonly bidi: number;
}

/** Ways to end a line in use anywhere: CR, NEL, VT, FF and Unicode's own separators besides LF. */
const LINE_ENDS = /\r\n?|[\v\f\x85\u2028\u2029]/g;
const FORBIDDEN =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u{F0000}-\u{10FFFF}]--[\t\n]]/v;
const FORBIDDEN_ALL = new RegExp(
  `(?<=[\\p{Unified_Ideograph}\\uF900-\\uFAFF])[\\uFE00-\\uFE0D\\u{E0100}-\\u{E01EF}]|${FORBIDDEN.source}`,
  'gv',
);
const KEPT_SELECTOR = /[\uFE00-\uFE0D\u{E0100}-\u{E01EF}]/u;
const BIDI = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/;
/** Emoji joiners and selectors, soft hyphens, byte order marks: no one hides anything with a few of them. */
const EVERYDAY: ReadonlySet<string> = new Set(['\u00AD', '\u200D', '\uFE0E', '\uFE0F', '\uFEFF']);

/** By UTF-16 unit, 1: a rule above speaks of it; of halves of characters (Cs) and of all LINE_ENDS one does. */
const UNITS_WITH_RULES = Uint8Array.from({ length: 0x1_0000 }, (_, unit) =>
  FORBIDDEN.test(String.fromCharCode(unit)) ? 1 : 0,
);

/** No rule speaks of any of its units: nearly all mail, in a ninth of the expressions' time. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (UNITS_WITH_RULES[text.charCodeAt(i)] !== 0) return false;
  return true;
}

/** Text of several lines: LF line ends, TAB allowed. Never throws; cleaning twice is cleaning once. */
export function cleanText(untrusted: string): Cleaned {
  const joined = untrusted.replaceAll('\r\n', '\n');
  if (isPlain(joined)) return { text: joined, controls: 0, bidi: 0 };
  const text = untrusted.replace(LINE_ENDS, '\n');
  if (!FORBIDDEN.test(text)) return { text, controls: 0, bidi: 0 };
  let controls = 0;
  let bidi = 0;
  const cleaned = text.replace(FORBIDDEN_ALL, (found, offset: number) => {
    if (KEPT_SELECTOR.test(found) && followsIdeograph(text, offset)) return found;
    if (BIDI.test(found)) bidi += 1;
    else if (!EVERYDAY.has(found)) controls += 1;
    return '';
  });
  return { text: cleaned, controls, bidi };
}

/** One line: runs of blanks and line ends become one space (a full-width one stays), ends trimmed, cut to a number of code points (`…` marks the cut). */
export function cleanLine(untrusted: string, maxCodePoints: number): string {
  // Before the expensive steps: nobody needs more than this to make up the line.
  const bounded = untrusted.length > maxCodePoints * 8 ? untrusted.slice(0, maxCodePoints * 8) : untrusted;
  const line = cleanText(bounded)
    .text.replace(/[ \t\n\u00A0]+/g, ' ')
    .trim();
  if (line.length <= maxCodePoints) return line;
  const points = [...line];
  if (points.length <= maxCodePoints) return line;
  return cleanText(`${points.slice(0, maxCodePoints - 1).join('')}…`).text;
}

const IDEOGRAPH = /[\p{Unified_Ideograph}\uF900-\uFAFF]/u;

function followsIdeograph(text: string, offset: number): boolean {
  const low = text.charCodeAt(offset - 1);
  const before = low >= 0xdc00 && low <= 0xdfff ? text.slice(offset - 2, offset) : text.charAt(offset - 1);
  return IDEOGRAPH.test(before);
}
