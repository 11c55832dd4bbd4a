/** Text and CSV leaves (docs/output-grammar.md §6, §7): honest twins at the edge of each rule, limits exactly, reasons exactly. */
import { expect, test } from 'vitest';
import { csvProblems } from '../../../src/inspect/csv.ts';
import { textProblems } from '../../../src/inspect/text.ts';

const text = (content: string) => textProblems(Buffer.from(`${content}\r\n`));
const cell = (content: string) => csvProblems(Buffer.from(`\uFEFF"${content.replaceAll('"', '""')}"\r\n`));
const csv = (content: string) => csvProblems(Buffer.from(`\uFEFF${content}`));

test('several problems are all said, in one order', () => {
  expect(textProblems(Buffer.from('begin 644 a\n\u202Ehttp://x'))).toEqual([
    'text: does not end with CRLF',
    'text: forbidden character U+202E',
    'text: a line that begins an encoded file',
    'text: an address with a live scheme',
  ]);
  expect(textProblems(Buffer.from('\0\r\n'))).toEqual(['text: forbidden character U+0000']);
  expect(textProblems(Buffer.from('\u{E0041}\r\n'))).toEqual(['text: forbidden character U+E0041']);
  expect(textProblems(Buffer.from([0xff, 0x0d, 0x0a]))).toEqual(['text: not UTF-8']);
  expect(csvProblems(Buffer.from([0xff]))).toEqual(['csv: not UTF-8']);
});

test.each<readonly [string, readonly string[]]>([
  ['hxxp://a hxxps://b fxp://c', []],
  ['hxxp://a http://b', ['text: an address with a live scheme']],
  ['hxxps://a/?u=hxxp://b', []],
  ['hxxp://a/x://b', ['text: an address with a live scheme']],
  ['://', []],
  ['日://x', []],
  ['(://x', []],
  ...['a', 'z', 'A', 'Z', '0', '9', '+', '-', '.'].map(
    (sign) => [`${sign}://x`, ['text: an address with a live scheme']] as const,
  ),
  ...['`', '{', '@', '[', '/', ':', ',', '*'].map((sign) => [`${sign}://x`, []] as const),
  ['Ahxxp://x', ['text: an address with a live scheme']],
  ['://a hxxp', []],
  ['www', []],
  ['xwww.a', []],
  ['9www.a', []],
  ['_www.a', ['text: an address that begins with www.']],
  ['www.日', []],
  ['www.9', ['text: an address that begins with www.']],
  ['wwwxa', []],
  ['C:\\a\\b', []],
  ['\\\\ a', []],
  ['\\\\', []],
  ['\\\\a', ['text: a UNC path']],
  ['\\\\-a', ['text: a UNC path']],
  ['￥¥_', ['text: a UNC path']],
  ['file: x', []],
  ['xfile:x', []],
  ['.file:x', []],
  ['+file:x', []],
  ['-file:x', []],
  ['_file:x', ['text: a scheme that starts a program']],
  ['ms-:x', []],
  ['ms-a9-b:x', ['text: a scheme that starts a program']],
  ['data:', []],
  ['data:a', []],
  ['data:9/', []],
  ['xdata:a/', []],
  ['data:ab/', ['text: a data: address']],
  ['begin 64 x', []],
  ['begin 6444 x', ['text: a line that begins an encoded file']],
  ['begin 64444 x', []],
  ['begin 648 x', []],
  ['begin 644', []],
  ['begin644 x', []],
  ['xbegin 644 x', []],
  ['begin-base 644 x', []],
  ['begin \t 644\tx', ['text: a line that begins an encoded file']],
  ['=ybegin', []],
  ['=ybegin x', ['text: a line that begins an encoded file']],
  ['see Content-Type: a/b', []],
  ['表題Content-Type: a/b', []],
  ['a:MIME-Version: 1.0', []],
  ['a.MIME-Version: 1.0', ['text: a line that is a field of a mail']],
])('«%s»', (content, expected) => {
  expect([content, text(content)]).toEqual([content, expected]);
  expect([content, text(`あ\r\n${content}\r\nい`)]).toEqual([content, expected]);
});

test.each([
  '-1',
  '+1',
  '-1,000',
  '-1.5',
  '-1.50',
  '-12,345.678',
  '-1e5',
  '+1E+12',
  '-1e-123',
  '-¥100',
  '-￥1',
  '-\\100',
  '-50%',
  '+5％',
  '－１',
  '＋１２，０００',
  '−１．５',
  '－１．２３',
  '-',
  '--',
  '－−-',
  '---',
  '1+1',
  'a=1',
  '',
  ' ',
  'a\nb',
  "'=1+1",
  '-1234567890',
])('the cell «%s» is inert', (content) => {
  expect([content, cell(content)]).toEqual([content, []]);
});

test.each([
  '=',
  '=1',
  '@a',
  '+',
  '++1',
  '-a',
  '-1-1',
  '-1a',
  '-1.',
  '-1.a',
  '-.5',
  '-1e',
  '-1ee5',
  '-1e1234',
  '-1%%',
  '-1%1',
  '-,1',
  '-¥',
  '-¥¥1',
  '-$1',
  '－1',
  '-１',
  '－１a',
  'x－１'.slice(1).concat('a'),
  // Inert from their middle on, not from their beginning.
  '=1-',
  '=cmd--',
  '@－−',
  '＝Ａ１＋２',
  '=Ａ－１',
  '=-1',
  '－１．',
  '－１．２．３',
  '－a',
  '--a',
  '-－a',
  '-1 ',
  ' =1',
  '\u3000=1',
  '\n=1',
  '\u00A0+a',
  '﹢1',
  '﹣1',
  '﹦1',
  '﹫1',
  '＝1',
  '＋a',
  '＠a',
  '−a',
])('the cell «%s» would start a formula', (content) => {
  expect([content, cell(content)]).toEqual([content, ['csv: a cell that starts a formula']]);
});

test.each([
  ['no row', ''],
  ['a cell without quotes', 'a'],
  ['a cell without quotes', '"a",b\r\n'],
  ['a cell without quotes', '"a",\r\n'],
  ['a cell without its closing quote', '"'],
  ['a cell without its closing quote', '"a'],
  ['a cell without its closing quote', '"a""'],
  ['a cell without its closing quote', '"a""\r\n'],
  ['a row without its end', '"a",'],
  ['neither comma nor CRLF after a cell', '"a"'],
  ['neither comma nor CRLF after a cell', '"a"\n'],
  ['neither comma nor CRLF after a cell', '"a"\r'],
  ['neither comma nor CRLF after a cell', '"a";"b"\r\n'],
  ['neither comma nor CRLF after a cell', '"a" \r\n'],
  ['TAB or CR in a cell', '"a\tb"\r\n'],
  ['TAB or CR in a cell', '"a\r\nb"\r\n'],
])('«%s» of %j', (why, content) => {
  expect(csv(content)).toEqual([`csv: ${why}`]);
});

test('quotes are doubled, empty cells are cells', () => {
  for (const content of [
    '""\r\n',
    '"",""\r\n',
    '"a""b"\r\n',
    '""""\r\n',
    '"""a""",""""""\r\n',
    '"a","b"\r\n"c"\r\n',
    '"\n"\r\n',
  ])
    expect([content, csv(content)]).toEqual([content, []]);
  expect(csv('"""=1"\r\n')).toEqual([]);
  expect(csv('"=""1"\r\n')).toEqual(['csv: a cell that starts a formula']);
  expect(csvProblems(Buffer.from('"a"\r\n'))).toEqual(['csv: no byte order mark']);
});

test('a row has at most 16,384 cells, a cell at most 32,767 units', () => {
  const row = (count: number): string => `${Array(count).fill('""').join(',')}\r\n`;
  expect(csv(row(16_384) + row(16_384))).toEqual([]);
  expect(csv(row(16_385))).toEqual(['csv: too many cells in a row']);
  expect(cell('a'.repeat(32_767))).toEqual([]);
  expect(cell('a'.repeat(32_768))).toEqual(['csv: a cell too long']);
  expect(cell('"'.repeat(32_767))).toEqual([]);
});

test('a file has at most 1,048,576 rows', () => {
  expect(csv('""\r\n'.repeat(1_048_576))).toEqual([]);
  expect(csv('""\r\n'.repeat(1_048_577))).toEqual(['csv: too many rows']);
});
