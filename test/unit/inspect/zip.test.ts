/** ZIP (docs/output-grammar.md §9): archives at each limit are taken, one more is refused, and for that reason. */
import { expect, test } from 'vitest';
import { zipProblems } from '../../../src/inspect/zip.ts';
import { field, type RawZipEntry, rawZip } from '../../kit/zip-raw.ts';

const OURS = { flags: 0x800, host: 3, attributes: 0o100644 * 0x1_0000, method: 8, content: 'a' } as const;
const named = (name: string | Uint8Array): RawZipEntry => ({ ...OURS, name });
/** What stands in the files is others' matter. */
const problems = (bytes: Uint8Array) => zipProblems(bytes, () => []);
const found = (...entries: readonly RawZipEntry[]) => problems(rawZip(entries));

test('5,000 files, not one more', () => {
  const files = Array.from({ length: 5_001 }, (_, i) => named(`${i}.txt`));
  expect(found(...files.slice(0, 5_000))).toEqual([]);
  expect(found(...files)).toEqual(['zip: too many files']);
});

test('all files together unpack to 512 MiB at most', () => {
  const most = 512 * 1024 * 1024;
  const first: RawZipEntry = { ...named('a.txt'), content: 'a'.repeat(1_000) };
  const claims = (name: string, bytes: number): RawZipEntry => ({ ...named(name), bytes });
  const [over, within] = [['zip: unpacked too large'], ['zip: size or checksum of a file']];
  expect(found(first, named('b.txt'))).toEqual([]);
  expect(found(claims('a.txt', most))).toEqual(within);
  expect(found(claims('a.txt', most + 1))).toEqual(over);
  expect(found(first, claims('b.txt', most - 1_000))).toEqual(within);
  expect(found(first, claims('b.txt', most - 999))).toEqual(over);
});

test('a local header of another form, or one that the file’s end cuts', () => {
  const form = ['zip: a local header of another form'];
  const whole = rawZip([named('a.txt')]);
  expect(problems(whole)).toEqual([]);
  for (let length = 4; length < 30; length++)
    expect([length, problems(whole.subarray(0, length))]).toEqual([length, form]);
  expect(problems(whole.subarray(0, 30))).toEqual(['zip: lengths that do not fit the file']);
  for (const place of [4, 5, 6, 7, 10, 11, 12, 13, 28, 29]) {
    const changed = Buffer.from(whole);
    changed[place] = (changed[place] ?? 0) ^ 1;
    expect([place, problems(changed)]).toEqual([place, form]);
  }
  const extra = field(0x7075, Buffer.from('x'));
  expect(found({ ...named('a.txt'), extra, localExtra: extra })).toEqual(form);
});

test('names have 1 to 4,400 bytes, and the data end in the file', () => {
  const lengths = ['zip: lengths that do not fit the file'];
  expect(found(named(''))).toEqual(lengths);
  expect(found(named('a'))).toEqual(['zip: a file of none of our types']);
  expect(found(named('a'.repeat(4_400)))).toEqual(['zip: a file of none of our types']);
  expect(found(named('a'.repeat(4_401)))).toEqual(lengths);
  const whole = rawZip([named('a.txt')]);
  const directory = whole.indexOf('PK\x01\x02', 0, 'latin1');
  expect(problems(whole.subarray(0, directory - 1))).toEqual(lengths);
  expect(problems(whole.subarray(0, directory))).toEqual(['zip: a directory entry that differs from its file']);
  expect(found(named(Buffer.from('\xff.txt', 'latin1')))).toEqual(['zip: a name that is not UTF-8']);
});

test('names are one when only case or width differs, and a file is no folder', () => {
  const same = ['zip: two files of one name'];
  for (const [one, other] of [
    ['a.txt', 'A.txt'],
    ['ａ.txt', 'a.txt'],
    ['a/é.txt', 'A/É.txt'],
    ['ǆ.txt', 'Ǆ.txt'],
  ] as const)
    expect([one, found(named(one), named(other))]).toEqual([one, same]);
  // Two files on every system that we know, however they look in capitals.
  expect(found(named('straße.txt'), named('strasse.txt'))).toEqual([]);
  const folder = ['zip: a file and a folder of one name'];
  expect(found(named('a.txt/b/c.txt'), named('b.txt'))).toEqual([]);
  expect(found(named('a.txt/b/c.txt'), named('a.txt'))).toEqual(folder);
  expect(found(named('a/b.txt/c/d.txt'), named('A/Ｂ.txt'))).toEqual(folder);
});
