/** tar (threats.tsv A31, A33): what readers tell differently is refused, what is no file is held, the rest goes on. */
import { expect, test } from 'vitest';
import { longName, pax, type RawTarEntry, rawTar } from '../../kit/tar-raw.ts';
import { opened, textOf } from './opened.ts';

const A: RawTarEntry = { name: 'a.txt', content: 'alpha' };
const B: RawTarEntry = { name: 'b.txt', content: 'beta' };
const DEEP = `${'ながい名前の折りたたみ/'.repeat(6)}報告.txt`;
const CP932 = Buffer.from('95f18d908f912e747874', 'hex'); // 報告書.txt
const open = (bytes: Uint8Array, limits = {}) => opened(bytes, limits, '資料.tar');
const names = async (entries: readonly RawTarEntry[]): Promise<readonly string[]> =>
  (await open(rawTar(entries))).rows.slice(1).map(({ untrustedName }) => untrustedName);

test('an everyday tar: each file for itself, folders in the names, folders of their own are none', async () => {
  const { told, files } = await open(rawTar([{ name: 'd/', type: '5' }, { ...A, name: 'd/a.txt' }, B]));
  expect(told).toEqual(['1 資料.tar rebuilt', '1/1 d/a.txt rebuilt', '1/2 b.txt rebuilt']);
  expect(files.map(textOf)).toEqual(['alpha', 'beta']);
});

test('names of every age: before POSIX, with prefix, GNU long names, pax, CP932, EUC-JP', async () => {
  expect(await names([{ ...A, magic: '' }])).toEqual(['a.txt']);
  expect(await names([{ ...A, prefix: 'p/q' }])).toEqual(['p/q/a.txt']);
  expect(await names([longName(DEEP), { ...A, magic: 'ustar ' }])).toEqual([DEEP]);
  expect(await names([pax({ mtime: '1.5', path: DEEP }), A, B])).toEqual([DEEP, 'b.txt']);
  expect(await names([{ ...A, name: CP932 }])).toEqual(['報告書.txt']);
  expect(await names([{ ...A, name: 'テスト.txt' }])).toEqual(['テスト.txt']);
  expect(await names([{ ...A, name: 'd/', magic: '' }])).toEqual([]);
});

test('sizes in binary, as GNU writes large ones, and in a pax record', async () => {
  const binary = Buffer.alloc(12);
  binary[0] = 0x80;
  binary[11] = 5;
  expect((await open(rawTar([{ ...A, sizeField: binary }]))).files.map(textOf)).toEqual(['alpha']);
  expect((await open(rawTar([pax({ size: '5' }), { ...A, size: 0 }]))).files.map(textOf)).toEqual(['alpha']);
});

test('A31: links and devices are listed and held, never followed; a name never leads out', async () => {
  const { told, files } = await open(
    rawTar([
      { name: 'l', type: '2', link: '/etc/passwd' },
      { name: 'h', type: '1', link: 'a.txt' },
      { name: 'c', type: '3' },
      { name: 'p', type: '6' },
      { ...A, name: '../../etc/a.txt' },
      { ...A, name: '/abs/a.txt' },
      { ...A, name: 'C:\\win\\a.txt' },
      A,
      A,
      { ...A, name: 'A.TXT' },
    ]),
  );
  expect(told.slice(1, 5)).toEqual(['l', 'h', 'c', 'p'].map((name, i) => `1/${i + 1} ${name} unsupported-type`));
  expect(told.slice(5, 8)).toEqual([
    '1/5 ../../etc/a.txt rebuilt',
    '1/6 /abs/a.txt rebuilt',
    '1/7 C:\\win\\a.txt rebuilt',
  ]);
  expect(new Set(files.map(({ name }) => name.toLowerCase())).size).toBe(6);
  for (const { name } of files) expect(name).toMatch(/^a(?: \(\d\))?\.txt$/i);
});

const DISPUTED: readonly [string, Uint8Array][] = [
  ['a wrong checksum', rawTar([A, { ...B, checksum: 1 }])],
  ['an archive behind the archive', Buffer.concat([rawTar([A]), rawTar([B])])],
  ['bytes behind the end', Buffer.concat([rawTar([A]), Buffer.from('evil')])],
  ['cut in the data', rawTar([A, { ...B, content: 'x'.repeat(600) }]).subarray(0, 2000)],
  ['cut in a header', rawTar([A, B], Buffer.alloc(0)).subarray(0, 1300)],
  ['a pax size over the end', rawTar([pax({ size: '99999' }), A])],
  ['a size that is no number', rawTar([{ ...A, sizeField: Buffer.from('12x45678901\0') }])],
  ['two names for one entry', rawTar([pax({ path: 'b.exe' }), pax({ path: 'c.txt' }), A])],
  ['two long names', rawTar([longName('b.exe'), longName('c.txt'), A])],
  ['one name for all', rawTar([pax({ path: 'b.exe' }, 'g'), A])],
  ['a record that does not fit its length', rawTar([{ name: 'pax', type: 'x', content: '99 path=b.exe\n' }, A])],
  ['NUL in a pax name', rawTar([pax({ path: 'b.exe\0.txt' }), A])],
  ['a name without its entry', rawTar([A, longName('b.exe')])],
  ['an entry of unknown type', rawTar([A, { ...B, type: 'Z' }])],
];

test.each(DISPUTED)('A31, A38: %s: the whole is held, nothing of it goes on', async (_, bytes) => {
  const { told, files } = await open(bytes);
  expect(told).toEqual(['1 資料.tar malformed']);
  expect(files).toEqual([]);
});

test('A32: a volume of several, a sparse file', async () => {
  expect((await open(rawTar([{ ...A, type: 'M' }]))).told).toEqual(['1 資料.tar fragment']);
  expect((await open(rawTar([pax({ 'GNU.sparse.major': '1' }), A]))).told.at(-1)).toBe('1/1 a.txt unsupported-type');
});

test('A36, A39: the message’s limits count', async () => {
  const many = rawTar(Array.from({ length: 30 }, (_, i) => ({ name: `${i}.txt`, content: 'x' })));
  expect((await open(many, { maxParts: 20 })).told).toEqual(['1 資料.tar limit-exceeded']);
  expect((await open(many, { maxParts: 31 })).rows).toHaveLength(31);
  expect((await open(rawTar([A, B]), { maxInnerBytes: 8 })).told).toEqual(['1 資料.tar limit-exceeded']);
  expect((await open(rawTar([A, B]), { maxInnerBytes: 9 })).told.at(-1)).toBe('1/2 b.txt rebuilt');
});

test('a tar without end, as some programs leave it, is whole; one without files is told as empty', async () => {
  expect((await open(rawTar([A], Buffer.alloc(0)))).told.at(-1)).toBe('1/1 a.txt rebuilt');
  const none = await open(rawTar([{ name: 'd/', type: '5' }]));
  expect(none.rows[0]).toMatchObject({ outcome: 'rebuilt', removed: [{ what: 'empty-file', count: 1 }] });
});
