/** File names (docs/output-grammar.md §5): honest names at every length and limit, and what is refused with its reason. */
import { expect, test } from 'vitest';
import { readFileName } from '../../../src/gate/filename.ts';
import { nameLines } from './spelling.ts';

const read = (name: string, extension = 'txt') => readFileName(nameLines(name), extension);
const misfit = (why: string) => ({ problem: `file name: ${why}` });

test('names of every length, in one line and in several', () => {
  for (const unit of ['a', 'é', '字', '𩸽', 'a字', '.-_']) {
    for (let count = 1; count <= 116; count++) {
      const stem = [...unit.repeat(count)]
        .slice(0, 116)
        .join('')
        .replace(/^[._]+|\.+$/g, 'x');
      expect([count, read(`${stem}.txt`)]).toEqual([count, `${stem}.txt`]);
    }
  }
  expect(nameLines(`${'a'.repeat(54)}.txt`)[0]?.length).toBe(76);
  expect(nameLines(`${'a'.repeat(55)}.txt`).length).toBe(2);
  expect(read(`${'字'.repeat(116)}.txt`)).toBe(`${'字'.repeat(116)}.txt`);
  expect(read(`${'字'.repeat(117)}.txt`)).toEqual(misfit('too long'));
});

test.each([
  'memo.txt',
  'a b.txt',
  'a.b.c.txt',
  'a;b.txt',
  "it's.txt",
  "UTF-8''x.txt",
  'CONSOLE.txt',
  'xCON.txt',
  'a.CON.txt',
  'COM.txt',
  'COM10.txt',
  'com 1.txt',
  'executable.txt',
  'exe.txt',
  'a.exec.txt',
  'x (1).txt',
  'x+y=z,&%.txt',
  '議事録 第1回.txt',
  'が.txt',
  '\uE000.txt',
  '１．ｅｘｅ.txt',
])('«%s» is a name of ours', (name) => {
  expect(read(name)).toBe(name);
});

test.each([
  ['not NFC', ['か\u3099.txt', 'e\u0301.txt']],
  ['a forbidden character', ['a\u202Eb.txt', 'a\tb.txt', '葛\u{E0100}.txt', 'a\u200Bb.txt', 'a\0.txt', '\uFEFFa.txt']],
  [
    'a character that paths give a meaning',
    [...'\\/:*?"<>|'].map((sign) => `a${sign}b.txt`).concat('.a.txt', ' a.txt', 'a.txt ', 'a.txt.', 'a  b.txt'),
  ],
  ['another extension than the type has', ['a.TXT', 'atxt', 'a.txtx', 'a.pdf', 'a', 'txt']],
  ['the stem ends in a dot or space', ['a..txt', 'a .txt', 'a.b .txt']],
  ['a second extension of a program', ['a.exe.txt', 'a.EXE.b.txt', 'a.b.Scr.txt', 'a.html.txt']],
  [
    'the name of a device',
    ['CON.txt', 'nul.b.txt', 'COM1.txt', 'lpt².txt', 'CLOCK$.txt', 'conin$.txt', 'AUX  .txt'.replace('  ', ' ')],
  ],
])('refused: %s', (why, names) => {
  for (const name of names) {
    const expected =
      why === 'the name of a device' && name === 'AUX .txt' ? misfit('the stem ends in a dot or space') : misfit(why);
    expect([name, read(name)]).toEqual([name, expected]);
  }
});

test('a device is one also with spaces behind it', () => {
  expect(read('NUL .b.txt')).toEqual(misfit('the name of a device'));
  expect(read('NUL x.txt')).toBe('NUL x.txt');
});

test('the stem of a long extension is measured right', () => {
  expect(read('a.csv', 'csv')).toBe('a.csv');
  expect(read('.csv', 'csv')).toEqual(misfit('a character that paths give a meaning'));
});

const MISREAD = misfit('not in the grammar');
const MISSPELLED = misfit('spelled in another way');

test.each([
  ['no line', []],
  ['no value', [" filename*=UTF-8''"]],
  ['half an escape', [" filename*=UTF-8''a%.txt"]],
  ['half an escape at the end', [" filename*=UTF-8''a.txt%4"]],
  ['small digits', [" filename*=UTF-8''%e4%b8%80.txt"]],
  ['a space', [" filename*=UTF-8''a b.txt"]],
  ['a space at the end', [" filename*=UTF-8''a.txt "]],
  ['a sign in front', [" filename*=UTF-8''+a.txt"]],
  ['a quote', [" filename*='a.txt"]],
  ['bytes that are no UTF-8', [" filename*=UTF-8''%FF.txt"]],
  ['half a character', [" filename*=UTF-8''%E4%B8.txt"]],
  ['another charset', [" filename*=utf-8''a.txt"]],
  ['a semicolon at the end', [" filename*=UTF-8''a.txt;"]],
  ['a semicolon in the middle', [" filename*0*=UTF-8''a;b;", ' filename*1*=.txt']],
])('not in the grammar: %s', (_, lines) => {
  expect(readFileName(lines, 'txt')).toEqual(MISREAD);
});

const LONG = `${'字'.repeat(20)}.txt`;

test.each<readonly [string, object, readonly string[]]>([
  ['escaped without need', MISSPELLED, [" filename*=UTF-8''%61.txt"]],
  ['another parameter', MISSPELLED, [" filename=UTF-8''a.txt"]],
  ['without the charset', MISSPELLED, [' filename*=a.txt']],
  ['in one line though too long', MISSPELLED, [` filename*=UTF-8''${encodeURIComponent(LONG)}`]],
  ['in two lines though short', MISSPELLED, [" filename*0*=UTF-8''a;", ' filename*1*=.txt']],
  ['without semicolons', MISSPELLED, nameLines(LONG).map((line) => line.replace(/;$/, ''))],
  ['with a line more', MISSPELLED, [...nameLines(LONG), ' filename*9*=']],
  [
    'with the charset twice',
    MISREAD,
    nameLines(LONG).map((line, i) => (i === 1 ? line.replace('=', "=UTF-8''") : line)),
  ],
  ['with the charset last', MISREAD, [...nameLines(LONG)].reverse()],
])('refused though it decodes, or does not: %s', (_, why, lines) => {
  expect(readFileName(lines, 'txt')).toEqual(why);
});
