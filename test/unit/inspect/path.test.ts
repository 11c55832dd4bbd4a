/** Names in our ZIPs (docs/output-grammar.md §9): what is one, at its limits, and why another is not. */
import { expect, test } from 'vitest';
import { pathProblem } from '../../../src/inspect/path.ts';

const folders = (count: number): string => 'a/'.repeat(count);

test.each([
  'a.txt',
  'a.b.txt',
  'あ/い/う.txt',
  'a b/c d.txt',
  'a.b/c.txt',
  'executable.txt',
  'exe.txt',
  'exe/a.txt',
  'a.exec.txt',
  'a.xexe.txt',
  'x.jsx.txt',
  'CONSOLE.txt',
  'a.con.txt',
  'COM.txt',
  'COM10.txt',
  'xNUL.txt',
  'NULx.txt',
  'con x/a.txt',
  '\uE000.txt',
  `${'あ'.repeat(116)}.txt`,
  `${'𩸽'.repeat(116)}.txt`,
  `${'a'.repeat(60)}/a.txt`,
  `${folders(16)}a.txt`,
])('«%s» is a path of ours', (path) => {
  expect(pathProblem(path, 'txt')).toBe('');
});

const EMPTY = 'empty, or dots or spaces at an end';
const SIGN = 'a character that paths give a meaning';
test.each<readonly [string, string]>([
  ['too many folders', `${folders(17)}a.txt`],
  [`folder: ${EMPTY}`, '/a.txt'],
  [`folder: ${EMPTY}`, 'a//b.txt'],
  [`folder: ${EMPTY}`, './a.txt'],
  [`folder: ${EMPTY}`, '../a.txt'],
  [`folder: ${EMPTY}`, 'a./b.txt'],
  [`folder: ${EMPTY}`, 'a /b.txt'],
  [`folder: ${EMPTY}`, ' a/b.txt'],
  [`folder: ${EMPTY}`, '.a/b.txt'],
  [`folder: ${EMPTY}`, 'a  b/c.txt'],
  ['folder: too long', `${'a'.repeat(61)}/a.txt`],
  ['folder: not NFC', 'か\u3099/a.txt'],
  [`folder: ${SIGN}`, 'a:b/c.txt'],
  ['folder: a second extension of a program', 'a.exe/b.txt'],
  ['folder: the name of a device', 'nul/a.txt'],
  ['another extension than the type has', 'a.csv'],
  ['another extension than the type has', 'atxt'],
  ['another extension than the type has', 'a.txt/'],
  ['another extension than the type has', ''],
  [EMPTY, '.txt'],
  [EMPTY, 'a..txt'],
  [EMPTY, 'a .txt'],
  [EMPTY, '.a.txt'],
  [EMPTY, ' a.txt'],
  [EMPTY, 'a  b.txt'],
  ['not NFC', 'か\u3099.txt'],
  ['too long', `${'あ'.repeat(117)}.txt`],
  ...[...'\t\r\n\\:*?"<>|'].map((sign) => [SIGN, `a${sign}b.txt`] as const),
  [SIGN, '葛\u{E0100}.txt'],
  [SIGN, '葛\u{E01EF}.txt'],
  [SIGN, '塚\uFE00.txt'],
  [SIGN, 'a\uFE0F.txt'],
  ['forbidden character U+202E', 'a\u202Eb.txt'],
  ['forbidden character U+0000', 'a\0b.txt'],
  ['the name of a device', 'CON.txt'],
  ['the name of a device', 'con.a.txt'],
  ['the name of a device', 'LPT9.txt'],
  ['the name of a device', 'com².txt'],
  ['the name of a device', 'clock$.txt'],
  ['the name of a device', 'CONIN$.txt'],
  ['the name of a device', 'conout$.txt'],
  ['the name of a device', 'aux .b.txt'],
  ...['prn', 'aux', 'nul', 'com0', 'lpt0', 'com¹', 'lpt³'].map(
    (name) => ['the name of a device', `${name}.txt`] as const,
  ),
  ...'exe com scr pif cpl dll sys drv bat cmd ps1 psm1 vbs vbe js jse wsf wsh sct hta msi msp mst jar lnk url scf reg inf hlp chm iso img vhd vhdx docm xlsm pptm xlam html htm svg py pl sh php'
    .split(' ')
    .flatMap((extension) => [`a.${extension}.txt`, `a.${extension.toUpperCase()}.b.txt`])
    .map((path) => ['a second extension of a program', path] as const),
])('«%s»: «%s»', (why, path) => {
  expect([path, pathProblem(path, 'txt')]).toEqual([path, why]);
});
