/** Archives through 7-Zip as WebAssembly (threats.tsv A24, A29–A33): listed first, bounded, compared with the listing. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { extractArchive, listArchive } from '../../../src/sanitize/engines/sevenzip/archive.ts';
import { membersOf } from '../../../src/sanitize/engines/sevenzip/listing.ts';
import { renamed7z } from '../../kit/sevenzip-raw.ts';
import { opened, textOf } from './opened.ts';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../../fixtures/archives/7z/${name}`, import.meta.url));
const open = (name: string, limits = {}) => opened(fixture(name), limits, name);

test('7z: names, folders and content; folders of their own are none', async () => {
  const { told, files } = await open('plain.7z');
  expect(told).toEqual([
    '1 plain.7z rebuilt',
    '1/1 会議/空.txt rebuilt',
    '1/2 会議/議事録.txt rebuilt',
    '1/3 名簿.csv rebuilt',
  ]);
  expect(textOf(files[0])).toBe('alpha');
});

test('A29, A30: encrypted files and names wait for the password, what is open goes on', async () => {
  expect((await open('encrypted.7z')).told).toEqual(['1 encrypted.7z waiting-for-password']);
  expect((await open('encrypted-names.7z')).told).toEqual(['1 encrypted-names.7z waiting-for-password']);
  expect((await open('partly-encrypted.7z')).told).toEqual([
    '1 partly-encrypted.7z rebuilt',
    '1/1 名簿.csv rebuilt',
    '1/2 会議/議事録.txt waiting-for-password',
  ]);
});

test.each(['../a.x', '/a.csv', 'C:\\a.x', '..\\a.x', 'a\nb.cs', 'con.cs', 'a\u202E.vsc'])(
  'A31: the name %j leads nowhere, its file goes on under a clean one',
  async (name) => {
    const { rows, files } = await opened(renamed7z(fixture('stored.7z'), '名簿.csv', name), {}, 'a.7z');
    expect(rows.map(({ outcome }) => outcome)).toEqual(['rebuilt', 'rebuilt']);
    expect(rows[1]).toMatchObject({ bytes: 8 });
    for (const file of files) expect(file.name).not.toMatch(/[\\/:\u202E\n]|^\.\.|^con\./i);
  },
);

test('A31: a link is listed and held', async () => {
  expect((await open('link.7z')).told.toSorted()).toEqual([
    '1 link.7z rebuilt',
    '1/1 名簿.csv rebuilt',
    '1/2 近道 unsupported-type',
  ]);
});

test('A32: the first of several volumes', async () => {
  expect((await open('volume.7z.001')).told).toEqual(['1 volume.7z.001 fragment']);
  const random = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 73 + 11) % 256));
  expect((await opened(random, {}, 'volume.7z.002')).rows).toMatchObject([
    { detectedType: 'volume', reason: 'fragment' },
  ]);
  expect((await opened(random, {}, 'volume.bin')).rows).toMatchObject([{ reason: 'unsupported-type' }]);
});

test('A24: a bomb ends before it is unpacked', async () => {
  expect((await open('bomb.7z')).told).toEqual(['1 bomb.7z limit-exceeded']);
  expect((await open('plain.7z', { maxParts: 3 })).told).toEqual(['1 plain.7z limit-exceeded']);
  expect((await open('plain.7z', { maxInnerBytes: 10 })).told).toEqual(['1 plain.7z limit-exceeded']);
  expect((await open('plain.7z', { maxFileBytes: 4 })).told).toEqual(['1 plain.7z limit-exceeded']);
});

test('a damaged archive gives up what is whole, and nothing that is not', async () => {
  const bytes = fixture('plain.7z');
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 0x55;
    const { files } = await opened(damaged, {}, 'a.7z');
    for (const file of files) if (file.name.startsWith('議事録')) expect(textOf(file)).toBe('alpha');
  }
});

const task = (name: string) => ({ archive: fixture(name), format: '7z', isLate: () => false }) as const;

test('what comes out must be what was listed, in number, order and name', () => {
  const listing = listArchive(task('plain.7z'), 100);
  if (listing.kind !== 'listed') throw new Error(listing.detail);
  const limits = { maxBytes: 1000, maxFileBytes: 1000 };
  expect(extractArchive(task('plain.7z'), listing.members, limits)).toMatchObject({ kind: 'extracted' });
  const one = extractArchive(task('plain.7z'), listing.members.slice(0, -1), limits);
  expect(one).toMatchObject({ kind: 'refused', why: 'malformed' });
  const other = listing.members.map((member) => ({ ...member, untrustedName: `x${member.untrustedName}` }));
  expect(extractArchive(task('plain.7z'), other, limits)).toMatchObject({ kind: 'refused', why: 'malformed' });
  expect(extractArchive(task('plain.7z'), listing.members, { ...limits, maxBytes: 4 })).toMatchObject({
    why: 'limit-exceeded',
  });
});

test('the clock ends a run', () => {
  expect(listArchive({ ...task('plain.7z'), isLate: () => true }, 100)).toMatchObject({
    kind: 'refused',
    why: 'timeout',
  });
});

test('a comment cannot add an entry to the listing that the files do not bear out', () => {
  const members = membersOf('Path = a.txt\nSize = 1\nComment = x\n\nPath = evil.txt\nSize = 9\n', 10);
  expect(members?.map(({ untrustedName }) => untrustedName)).toEqual(['a.txt', 'evil.txt']);
  expect(membersOf('Size = 4\nPath = a\nSize = 5\nSize = 9\n', 10)).toMatchObject([{ untrustedName: 'a', bytes: 5 }]);
  expect(membersOf('Path = a\nPath = b\n', 1)).toBeUndefined();
});
