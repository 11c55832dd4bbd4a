/** Encoded words (RFC 2047, only UTF-8 and B) as docs/output-grammar.md §3 has them: one value, one spelling. */
import { decodeUtf8, isCleanLine } from './characters.ts';
import type { Token } from './fold.ts';
import { LINE } from './fold.ts';

const BEGIN = '=?UTF-8?B?';
const END = '?=';
const WORD = /^=\?UTF-8\?B\?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)\?=$/;

export const isWord = (text: string): boolean => text.startsWith('=?');

/**
 * Decodes encoded words that stand in a row and writes them again.
 * @param column octets of the line before the first word, with the space before it.
 * @returns the decoded text and its tokens, or `undefined` when any byte differs from our own spelling.
 */
export function readWords(
  words: readonly string[],
  column: number,
): { text: string; tokens: readonly Token[] } | undefined {
  const parts: Buffer[] = [];
  for (const word of words) {
    const content = WORD.exec(word)?.[1];
    if (content === undefined) return undefined;
    parts.push(Buffer.from(content, 'base64'));
  }
  const text = decodeUtf8(Buffer.concat(parts));
  if (text === undefined || text === '' || !isCleanLine(text)) return undefined;
  const again = writeWords(text, column);
  if (again.length !== words.length || again.some((word, i) => word !== words[i])) return undefined;
  return { text, tokens: again.map((word, i) => ({ text: word, newLine: i > 0 })) };
}

/** As many whole code points a word as fit: docs/output-grammar.md §3. */
function writeWords(text: string, column: number): readonly string[] {
  const words: string[] = [];
  const bytes = Buffer.from(text);
  let [at, before] = [0, column];
  while (at < bytes.length) {
    const room = 3 * Math.floor((LINE - before - BEGIN.length - END.length) / 4);
    let end = Math.min(bytes.length, at + room);
    // A byte 10xxxxxx continues a code point: the cut stands before its first byte.
    while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
    if (end <= at) return [];
    words.push(`${BEGIN}${bytes.toString('base64', at, end)}${END}`);
    at = end;
    before = 1;
  }
  return words;
}
