/** Character rules (docs/output-grammar.md §6), asked about single characters: nothing else in the text makes the reader look. */
import { expect, test } from 'vitest';
import { forbiddenCharacter } from '../../../src/inspect/characters.ts';

test.each([
  ...['\0', '\x08', '\x0b', '\x1b', '\x7f', '\x80', '\xad', '\u034f', '\u061c', '\u115f', '\u17b4', '\u180b', '\u200b'],
  ...['\u200e', '\u2028', '\u2029', '\u202e', '\u2060', '\u3164', '\ufdd0', '\ufe0e', '\ufe0f', '\ufeff', '\uffa0'],
  ...['\ufff9', '\ufffe', '\uffff', '\ud800', '\udbff', '\udc00', '\udfff', '\u{1d173}', '\u{1fffe}', '\u{e0001}'],
  ...['\u{e0041}', '\u{e01f0}', '\u{f0000}', '\u{10ffff}', '\ufe00', '\ufe0d', '\u{e0100}', '\u{e01ef}'],
])('%j alone is forbidden, and behind a letter', (character) => {
  const name = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  for (const text of [character, `a${character}`, `${character}a`, `表\t${character}\r\n`])
    expect([text, forbiddenCharacter(text)]).toEqual([text, name]);
});

test.each(['', 'a', ' ', '\t', '\r\n', '表', '𩸽', '😀', '\u{e000}', '葛\ufe00', '葛\u{e0100}', '\uf900\ufe0d'])(
  '%j is not',
  (text) => {
    expect(forbiddenCharacter(text)).toBe('');
  },
);
