/** Folding (docs/output-grammar.md §1): greedy, at 76 octets, between tokens only. */
import { expect, test } from 'vitest';
import { fold, token, tokensOf } from '../../../src/gate/fold.ts';
import { foldedField } from './spelling.ts';

test('a line takes a token as long as it has 76 octets with it', () => {
  for (let length = 1; length < 200; length++) {
    const tokens = ['a'.repeat(length), 'b'.repeat(60), 'c', 'd'.repeat(13), 'e'];
    expect([length, fold('To', tokens.map(token))]).toEqual([length, foldedField('To', tokens)]);
  }
  expect(fold('To', ['a'.repeat(72)].map(token))).toBe(`To: ${'a'.repeat(72)}`);
  expect(fold('To', ['a'.repeat(73)].map(token))).toBe(`To:\r\n ${'a'.repeat(73)}`);
});

test('what must begin a line does', () => {
  expect(fold('To', [token('a'), { text: 'b', newLine: true }, token('c')])).toBe('To: a\r\n b c');
});

test('a field comes apart into what stood between its spaces and folds', () => {
  expect(tokensOf('To', 'To: a b\r\n c')).toEqual(['a', 'b', 'c']);
  expect(tokensOf('To', 'To:\r\n a')).toEqual(['a']);
});

test.each([
  ['no space behind the colon', 'To:a b'],
  ['no space and one word', 'To:ab'],
  ['two spaces', 'To: a  b'],
  ['two spaces in front', 'To:  a'],
  ['a space at the end', 'To: a '],
  ['nothing', 'To:'],
  ['nothing but a space', 'To: '],
  ['a fold and nothing', 'To: a\r\n '],
  ['two folds', 'To: a\r\n \r\n b'],
  ['a tab in front', 'To: \ta b'],
  ['a tab at the end', 'To: a b\t'],
  ['a tab in the middle', 'To: a\tb c'],
  ['a fold with a tab', 'To: a\r\n\tb'],
  ['a letter of eight bits', 'To: é'],
  ['a letter of eight bits first', 'To: éa b'],
  ['a letter of eight bits last', 'To: b aé'],
  ['a bare LF', 'To: a\n b'],
  ['DEL', 'To: a\x7f'],
])('refused: %s', (_, field) => {
  expect(tokensOf('To', field)).toBe(undefined);
});
