/** Encoded words (docs/output-grammar.md §3): full words of whole characters, from any column; every other cut or spelling is refused. */
import { expect, test } from 'vitest';
import { isWord, readWords } from '../../../src/gate/words.ts';
import { wordsOf } from './spelling.ts';

const word = (bytes: Buffer | string): string => `=?UTF-8?B?${Buffer.from(bytes as string).toString('base64')}?=`;

/** One, two, three and four octets a character, and mixed. */
const TEXTS = ['a', 'é', '字', '𩸽', 'aé字𩸽', '葛\u{E0100}城'].flatMap((unit) =>
  [1, 2, 7, 14, 15, 16, 40].map((count) => unit.repeat(count)),
);

test.each([1, 4, 6, 9, 10, 20, 50])('reads our spelling from column %i, each further word on a new line', (column) => {
  for (const text of TEXTS) {
    const words = wordsOf(text, column);
    const tokens = words.map((same, i) => ({ text: same, newLine: i > 0 }));
    expect([text, readWords(words, column)]).toEqual([text, { text, tokens }]);
  }
});

test('a word is full: a character more, less, or cut in two is refused', () => {
  for (const text of TEXTS) {
    const bytes = Buffer.from(text);
    for (let cut = 1; cut < bytes.length; cut++) {
      const words = [word(bytes.subarray(0, cut)), word(bytes.subarray(cut))];
      const isOurs = words.join() === wordsOf(text, 9).join();
      expect([text, cut, readWords(words, 9) !== undefined]).toEqual([text, cut, isOurs]);
    }
    const ours = wordsOf(text, 9);
    if (ours.length > 1) expect(readWords([word(bytes)], 9)).toBe(undefined);
    if (ours.length > 2) expect(readWords([ours[1] ?? '', ours[0] ?? '', ...ours.slice(2)], 9)).toBe(undefined);
    expect(readWords([...ours, ...ours], 9)).toBe(undefined);
    expect(readWords([...ours, word('')], 9)).toBe(undefined);
  }
});

test('no room for one character: nothing of ours stands there', () => {
  expect(readWords([word('字')], 62)).toBe(undefined);
  expect(readWords([word('a')], 70)).toBe(undefined);
  expect(readWords(wordsOf('字', 60), 60)).toMatchObject({ text: '字' });
});

test.each([
  ['nothing', []],
  ['an empty word', [word('')]],
  ['bytes that are no UTF-8', [word(Buffer.from([0xe5, 0xb1])), word(Buffer.from([0x80])), word(Buffer.from([0xff]))]],
  ['what does not begin as a word', [`x${word('字')}`, `=${word('字')}`, `\n${word('字')}`]],
  ['what does not end as one', [`${word('字')}x`, `${word('字')}\n`, word('字').slice(0, -1), word('字').slice(0, -2)]],
  ['another charset or encoding', [word('字').replace('UTF-8', 'utf-8'), word('字').replace('?B?', '?b?')]],
  [
    'other base64',
    ['=?UTF-8?B?5a2X5a==?=', '=?UTF-8?B?YQ?=', '=?UTF-8?B?YWI?=', '=?UTF-8?B?YR==?=', '=?UTF-8?B?Y===?='],
  ],
  [
    'base64 of odd length',
    ['=?UTF-8?B?YWJjZ?=', '=?UTF-8?B?YWJjZGVm=?=', '=?UTF-8?B?a=?=', '=?UTF-8?B?a==?=', '=?UTF-8?B?YWI==?='],
  ],
  ['other characters in base64', ['=?UTF-8?B?YW_j?=', '=?UTF-8?B?Y -=?=', '=?UTF-8?B?__==?=', '=?UTF-8?B?---=?=']],
  ['hidden characters', [word('a\u202Eb'), word('\uFEFFa'), word('a\r\nb'), word('a\tb'), word('\u{E0100}')]],
])('refuses %s', (_, words) => {
  if (words.length === 0) expect(readWords([], 9)).toBe(undefined);
  for (const one of words) expect([one, readWords([one], 9)]).toEqual([one, undefined]);
});

test('a word is known by its first two characters', () => {
  expect(['=?', '=?UTF-8?B?YQ==?=', '=x', '?=', 'a=?', ''].map(isWord)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
