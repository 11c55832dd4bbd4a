/**
 * Strict reader of our text leaves, the body and `.txt` files: docs/output-grammar.md §6.
 *
 * Danger: invisible or reordering characters, terminal escapes, blocks that old readers unpack (uuencode, yEnc, BinHex),
 * and addresses that a mail program makes clickable by itself (http, UNC, `ms-…:` handlers).
 * Grammar: UTF-8, at most one byte order mark at the start, lines ended by CRLF, the character, line and link rules.
 */
import { isUtf8 } from 'node:buffer';
import { forbiddenCharacter } from './characters.ts';

const ENCODED_BLOCK =
  /^[ \t>]*(?:begin(?:-base64|-base64-encoded)?[ \t]+[0-7]{3,4}[ \t]|=ybegin[ \t]|\(this file must be converted with binhex)/im;

/** What stands before the name is what lenient readers overlook. */
const MAIL_FIELD =
  /^[ \t>]*(?![ \t>])[!-9;-~]*?(?:content-(?:type|transfer-encoding|disposition)|mime-version)[ \t]*:/im;

const UNC = /[\\￥¥]{2}(?=[\p{L}\p{N}_.?\-[])/iu;
const WWW = /(?<![a-z0-9])www\.(?=[a-z0-9])/i;
const HANDLER =
  /(?<![a-z0-9+.-])(?:file|smb|javascript|vbscript|livescript|view-source|mhtml|ms-its|search-ms|shell|onenote|onenotedesktop|outlook|skype|callto|msteams|zoommtg|tn3270|telnet|ms-[a-z0-9-]+):(?=\S)/i;
const DATA_URL = /(?<![a-z0-9+.-])data:(?=[a-z]+\/)/i;

/** The spellings with which we show where a link led. */
const DEFANGED = new Set(['hxxp', 'hxxps', 'fxp']);

/** Every problem found; none for a text of ours. A leading byte order mark is allowed: whether it must stand there, the gate knows. */
export function textProblems(bytes: Uint8Array): readonly string[] {
  const text = decodeUtf8(bytes);
  if (text === undefined) return ['text: not UTF-8'];
  const bare = text.startsWith('\uFEFF') ? text.slice(1) : text;
  return [lineEndProblem(bare), characterProblem(bare), lineProblem(bare), linkProblem(bare)]
    .filter((problem) => problem !== '')
    .map((problem) => `text: ${problem}`);
}

/** `undefined` when a byte does not fit. The byte order mark is kept as U+FEFF. */
export const decodeUtf8 = (bytes: Uint8Array): string | undefined =>
  isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString() : undefined;

function lineEndProblem(text: string): string {
  if (!text.endsWith('\r\n')) return 'does not end with CRLF';
  return /\r(?!\n)|(?<!\r)\n/.test(text) ? 'bare CR or LF' : '';
}

function characterProblem(text: string): string {
  const found = forbiddenCharacter(text);
  return found === '' ? '' : `forbidden character ${found}`;
}

/** Line rules, of a text or of a table's cell. */
export function lineProblem(text: string): string {
  if (ENCODED_BLOCK.test(text)) return 'a line that begins an encoded file';
  return MAIL_FIELD.test(text) ? 'a line that is a field of a mail' : '';
}

function linkProblem(text: string): string {
  if (hasLiveScheme(text)) return 'an address with a live scheme';
  if (UNC.test(text)) return 'a UNC path';
  if (WWW.test(text)) return 'an address that begins with www.';
  if (HANDLER.test(text)) return 'a scheme that starts a program';
  return DATA_URL.test(text) ? 'a data: address' : '';
}

/** Looks backwards from each `://`: the longest run of scheme characters before it is one of ours, or empty. */
function hasLiveScheme(text: string): boolean {
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    let from = at;
    while (from > 0 && isSchemeUnit(text.charCodeAt(from - 1))) from--;
    if (from < at && !DEFANGED.has(text.slice(from, at))) return true;
  }
  return false;
}

const isSchemeUnit = (unit: number): boolean =>
  (unit >= 0x61 && unit <= 0x7a) ||
  (unit >= 0x41 && unit <= 0x5a) ||
  (unit >= 0x30 && unit <= 0x39) ||
  unit === 0x2b ||
  unit === 0x2d ||
  unit === 0x2e;
