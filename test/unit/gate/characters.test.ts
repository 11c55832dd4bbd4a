/** docs/output-grammar.md §6 for names and subjects, and strict UTF-8. */
import { expect, test } from 'vitest';
import { codePoints, decodeUtf8, hasSelector, isCleanLine } from '../../../src/gate/characters.ts';

test('UTF-8 is read strictly, a byte order mark stays', () => {
  expect(decodeUtf8(Buffer.from('字𩸽a'))).toBe('字𩸽a');
  expect(decodeUtf8(Buffer.from('\uFEFFa'))).toBe('\uFEFFa');
  for (const hex of ['ff', 'c0af', 'e5ad', 'eda080', 'f4908080', '80'])
    expect([hex, decodeUtf8(Buffer.from(hex, 'hex'))]).toEqual([hex, undefined]);
});

test('selectors stand after ideographs only, one each', () => {
  for (const text of ['葛\u{E0100}', '塚\uFE00', '\uFA10\uFE0D', '葛\u{E01EF}城\u{E0100}'])
    expect([text, isCleanLine(text), hasSelector(text)]).toEqual([text, true, true]);
  for (const text of ['a\u{E0100}', '\uFE00', '葛\u{E0100}\u{E0101}', 'あ\uFE0D'])
    expect([text, isCleanLine(text), hasSelector(text)]).toEqual([text, false, true]);
  for (const text of ['字', 'a', '']) expect([text, isCleanLine(text), hasSelector(text)]).toEqual([text, true, false]);
});

test('nothing invisible, nothing that reorders, no control', () => {
  for (const sign of '\0\t\n\r\x1b\x7f\x85\xad\u061c\u200b\u200d\u202e\u2028\u2029\u2066\u3164\ufeff\ufe0e\ufe0f\ufdd0\uffff\u{e0041}\u{f0000}\u{10fffd}\u{1fffe}')
    expect([sign.codePointAt(0), isCleanLine(`a${sign}b`)]).toEqual([sign.codePointAt(0), false]);
  expect(isCleanLine('\ud800')).toBe(false);
  for (const sign of 'a 字か゛\uE000\uF8FF𩸽～—😀') expect([sign, isCleanLine(sign)]).toEqual([sign, true]);
});

test('code points are counted, not units', () => {
  expect([codePoints(''), codePoints('字'), codePoints('𩸽a'), codePoints('葛\u{E0100}')]).toEqual([0, 1, 2, 2]);
});
