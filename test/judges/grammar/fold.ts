/** Header lines by docs/output-grammar.md §1–§3: where lines break, and how values are spelled in encoded words. */
import { forbiddenCharacter } from './characters.ts';

const WIDTH = 76;
const WORD = /^=\?UTF-8\?B\?([A-Za-z0-9+/]+={0,2})\?=$/;

/**
 * The field as it must stand, from the tokens of its value. Tokens hold no space, so they can be read off the unfolded
 * value; only one spelling is right, so it is compared as a whole.
 */
export function foldedField(name: string, tokens: readonly string[]): string {
  let line = `${name}:`;
  const lines: string[] = [];
  tokens.forEach((token, i) => {
    const before = tokens[i - 1] ?? '';
    const fresh = (WORD.test(token) && WORD.test(before)) || before.endsWith('>,');
    if (!fresh && line.length + 1 + token.length <= WIDTH) line += ` ${token}`;
    else {
      lines.push(line);
      line = ` ${token}`;
    }
  });
  return [...lines, line].join('\r\n');
}

export interface Phrase {
  /** Decoded. */
  readonly value: string;
  readonly faults: readonly string[];
}

/**
 * A display name or a subject, spelled plainly or in encoded words.
 * @param at octets of the line before the first word, with the space
 */
export function phraseOf(tokens: readonly string[], plain: RegExp, at: number): Phrase {
  const encoded = tokens.some((token) => token.startsWith('=?'));
  if (!encoded) {
    const odd = tokens.find((token) => !plain.test(token) || token.includes('=?'));
    return { value: tokens.join(' '), faults: odd === undefined ? [] : [`word «${odd.slice(0, 40)}»`] };
  }
  const faults: string[] = [];
  const pieces = tokens.map((token) => {
    const text = WORD.exec(token)?.[1];
    if (text === undefined) {
      faults.push(`«${token.slice(0, 40)}» among encoded words`);
      return '';
    }
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text) faults.push('base64 of an encoded word is not canonical');
    const piece = bytes.toString();
    if (!Buffer.from(piece).equals(bytes)) faults.push('an encoded word does not hold whole characters');
    return piece;
  });
  const value = pieces.join('');
  const character = /[\t\r\n]/.test(value) ? 'TAB or line end' : forbiddenCharacter(value);
  if (character !== '') faults.push(`character ${character} in an encoded word`);
  if (isPlain(value, plain)) faults.push('encoded without need');
  const expected = encodedWords(value, at);
  if (faults.length === 0 && expected.join(' ') !== tokens.join(' ')) faults.push('encoded words are not filled up');
  return { value, faults };
}

const isPlain = (value: string, plain: RegExp): boolean =>
  value !== '' && !value.includes('=?') && value.split(' ').every((word) => plain.test(word));

function encodedWords(value: string, at: number): readonly string[] {
  const words: string[] = [];
  let [piece, room] = ['', roomAt(at)];
  for (const character of value) {
    if (Buffer.byteLength(piece + character) > room) {
      words.push(piece);
      [piece, room] = ['', roomAt(1)];
    }
    piece += character;
  }
  return [...words, piece].map((each) => `=?UTF-8?B?${Buffer.from(each).toString('base64')}?=`);
}

/** Octets of UTF-8 that an encoded word holds when `at` octets of its line are taken. */
const roomAt = (at: number): number => 3 * Math.floor((WIDTH - at - 12) / 4);
