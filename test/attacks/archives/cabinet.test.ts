/** Names in cabinets (threats.tsv A31, A35): the engine takes all for UTF-8; Japanese programs write Shift_JIS. */
import { expect, test } from 'vitest';
import { cabRaw } from '../../kit/cab-raw.ts';
import { opened, textOf } from './opened.ts';

const SHIFT_JIS = Buffer.from('975c8e5a2e747874', 'hex');

test.each<readonly [string, Uint8Array | string, number, string]>([
  ['Shift_JIS', SHIFT_JIS, 0x20, '予算.txt'],
  ['Shift_JIS with a backslash in a character', Buffer.from('955c2e747874', 'hex'), 0x20, '表.txt'],
  ['half-width kana', Buffer.from('b6c52e747874', 'hex'), 0x20, 'ｶﾅ.txt'],
  ['a folder in Shift_JIS', Buffer.concat([Buffer.from('955c5c', 'hex'), SHIFT_JIS]), 0x20, '表/予算.txt'],
  ['UTF-8 that says so', Buffer.from('予算.txt'), 0xa0, '予算.txt'],
  ['UTF-8 that does not', Buffer.from('予算.txt'), 0x20, '予算.txt'],
  ['ASCII (benign twin)', 'memo.txt', 0x20, 'memo.txt'],
])('A35: a name in %s is read as what it is', async (_charset, name, attributes, shown) => {
  const { rows, files } = await opened(cabRaw([{ name, content: 'words', attributes }]), {}, 'a.cab');
  expect(rows[1]?.untrustedName).toBe(shown);
  expect(textOf(files[0])).toBe('words');
});

test.each([['../a.txt'], ['..\\..\\a.txt'], ['C:\\a.txt'], ['\\\\host\\share\\a.txt'], ['/etc/a.txt']])(
  'A31: the name %j in a cabinet leads nowhere',
  async (name) => {
    const { files } = await opened(cabRaw([{ name, content: 'words' }]), {}, 'a.cab');
    expect(files.map((file) => file.name)).toEqual(['a.txt']);
  },
);

test('A35: a program under a name in Shift_JIS is a program, its neighbour goes on under its own name', async () => {
  const { told } = await opened(
    cabRaw([
      { name: Buffer.concat([SHIFT_JIS.subarray(0, 4), Buffer.from('.vbs')]), content: 'x = 1' },
      { name: SHIFT_JIS, content: 'words' },
    ]),
    {},
    'a.cab',
  );
  expect(told.slice(1)).toEqual(['1/1 予算.vbs script', '1/2 予算.txt rebuilt']);
});

test('a directory that tells of more files than there are ends as a report', async () => {
  const bytes = cabRaw([{ name: SHIFT_JIS, content: 'words' }]);
  bytes.writeUInt16LE(2, 28);
  const { rows, files } = await opened(bytes, {}, 'a.cab');
  expect(rows.length).toBeGreaterThan(0);
  for (const file of files) expect(textOf(file)).toBe('words');
});
