/**
 * Thirteen ways in which programs that read ZIPs show different things (threats.md §1.6), and rows of threats.tsv that need
 * a case of their own. Whatever the trick: nothing goes on under another name than is reported, and nothing is lost unsaid.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type RawZip, type RawZipEntry, rawZip } from '../../kit/zip-raw.ts';
import { type Opened, opened, textOf } from './opened.ts';

const A: RawZipEntry = { name: 'a.txt', content: 'alpha' };
const B: RawZipEntry = { name: 'b.txt', content: 'beta' };
const EVIL: RawZipEntry = { name: 'evil.txt', content: 'evil' };
const local = (entry: RawZipEntry): Buffer => {
  const whole = rawZip([entry]);
  return whole.subarray(0, whole.indexOf('PK\x01\x02', 0, 'latin1'));
};
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Difference {
  readonly id: string;
  readonly what: string;
  readonly entries: readonly RawZipEntry[];
  readonly options?: RawZip;
  /** Everything that some program finds in it. */
  readonly contents: readonly string[];
  /** The same without the trick: must go on. */
  readonly twin: readonly RawZipEntry[];
  readonly ends: 'held' | 'opened' | 'one held';
}

const DIFFERENCES: readonly Difference[] = [
  {
    id: 'Z01',
    what: 'evil.exe in the local header, safe.txt in the directory',
    entries: [A, { ...B, name: 'safe.txt', local: { name: 'evil.exe' } }],
    contents: ['alpha', 'beta'],
    twin: [A, { ...B, name: 'safe.txt' }],
    ends: 'held',
  },
  {
    id: 'Z02',
    what: 'two archives, one behind the other',
    entries: [A],
    options: { after: rawZip([EVIL]) },
    contents: ['alpha', 'evil'],
    twin: [A],
    ends: 'held',
  },
  {
    id: 'Z03',
    what: 'an archive in the comment',
    entries: [A],
    options: { comment: rawZip([EVIL]) },
    contents: ['alpha', 'evil'],
    twin: [A],
    ends: 'held',
  },
  {
    id: 'Z04',
    what: 'two entries over the same bytes',
    entries: [A, { ...A, name: 'b.txt', at: 0 }],
    contents: ['alpha'],
    twin: [A, { ...A, name: 'b.txt' }],
    ends: 'held',
  },
  {
    id: 'Z05',
    what: 'two entries of one name',
    entries: [A, { ...A, content: 'other' }],
    contents: ['alpha', 'other'],
    twin: [A, B],
    ends: 'opened',
  },
  {
    id: 'Z06',
    what: 'a wrong checksum',
    entries: [A, { ...B, crc: 1 }],
    contents: ['alpha'],
    twin: [A, B],
    ends: 'one held',
  },
  {
    id: 'Z07',
    what: 'an entry called __proto__',
    entries: [A, { ...B, name: '__proto__' }, { ...B, name: 'constructor', content: 'gamma' }],
    contents: ['alpha', 'beta', 'gamma'],
    twin: [A, B],
    ends: 'opened',
  },
  {
    id: 'Z08',
    what: 'a name that leads out of the folder',
    entries: [A, { ...B, name: '../a.txt' }],
    contents: ['alpha', 'beta'],
    twin: [A, { ...B, name: 'x/a.txt' }],
    ends: 'opened',
  },
  {
    id: 'Z09',
    what: 'another size in the local header',
    entries: [A, { ...B, local: { bytes: 2, compressedBytes: 2 } }],
    contents: ['alpha', 'beta'],
    twin: [A, B],
    ends: 'held',
  },
  {
    id: 'Z10',
    what: 'stored in one header, deflated in the other',
    entries: [A, { ...B, local: { method: 8 } }],
    contents: ['alpha', 'beta'],
    twin: [A, { ...B, method: 8 }],
    ends: 'held',
  },
  {
    id: 'Z11',
    what: 'an entry that the directory does not know',
    entries: [{ ...A, behind: local(EVIL) }, B],
    contents: ['alpha', 'beta', 'evil'],
    twin: [A, EVIL, B],
    ends: 'held',
  },
  {
    id: 'Z12',
    what: 'something before the first entry',
    entries: [A, B],
    options: { before: local(EVIL), shifted: true },
    contents: ['alpha', 'beta', 'evil'],
    twin: [EVIL, A, B],
    ends: 'held',
  },
  {
    id: 'Z13',
    what: 'fewer entries counted than there are',
    entries: [A, EVIL],
    options: { entries: 1 },
    contents: ['alpha', 'evil'],
    twin: [A, EVIL],
    ends: 'held',
  },
];

/** Held as a whole and said so; or each content is a row of its own under the name its file goes on with. */
function expectAccounted({ rows, files }: Opened, contents: readonly string[]): void {
  const [whole, ...inner] = rows;
  if (whole?.outcome === 'blocked' && inner.length === 0) {
    expect(files).toEqual([]);
    expect(whole.detail).not.toBe('');
    return;
  }
  const hashes = inner.map((row) => row.sha256);
  for (const content of contents) expect(hashes).toContain(sha256(content));
  const outputs = inner.flatMap((row) => row.outputs.map(({ name }) => ({ name, shown: row.untrustedName })));
  expect(outputs.map(({ name }) => name)).toEqual(files.map(({ name }) => name));
  for (const { name, shown } of outputs) {
    const stem = (text: string): string => (text.split(/[\\/]/).at(-1) ?? '').replace(/(?: \(\d+\))?\.txt$/, '');
    expect(stem(name)).toBe(stem(shown));
  }
  expect(new Set(files.map(({ name }) => name.toLowerCase())).size).toBe(files.length);
}

test.each(DIFFERENCES)('$id: $what', async ({ entries, options, contents, ends }) => {
  const found = await opened(rawZip(entries, options ?? {}));
  expectAccounted(found, contents);
  const held = found.rows.filter(({ outcome }) => outcome === 'blocked').length;
  if (ends === 'held') expect(found.rows).toMatchObject([{ outcome: 'blocked', reason: 'malformed' }]);
  else expect([found.rows.length, held]).toEqual([entries.length + 1, ends === 'one held' ? 1 : 0]);
});

test.each(DIFFERENCES)('$id, the benign twin goes on: $what', async ({ twin }) => {
  const found = await opened(rawZip(twin));
  expect(found.rows.map(({ outcome }) => outcome)).toEqual(['rebuilt', ...twin.map(() => 'rebuilt')]);
  expectAccounted(
    found,
    twin.map(({ content }) => String(content)),
  );
});

test('A26: names that differ in case, width or composition only: each file goes on, none in place of another', async () => {
  const names = ['a.txt', 'A.TXT', 'ａ.txt', 'が.txt', 'が.txt', 'a.txt'];
  const found = await opened(rawZip(names.map((name, i) => ({ name, content: `${i}`, flags: 0x800 }))));
  expect(found.files.map(textOf)).toEqual(names.map((_, i) => `${i}`));
  const folded = found.files.map(({ name }) => name.normalize('NFKC').toLowerCase());
  expect(new Set(folded).size).toBe(names.length);
  const packed = await opened(
    rawZip(names.map((name, i) => ({ name: `d/${name}`, content: `${i}`, flags: 0x800 }))),
    {},
    '資料.zip',
    { maxLooseFiles: 2 },
  );
  const paths = packed.rows
    .flatMap(({ outputs }) => outputs.map(({ archivePath = '' }) => archivePath))
    .filter((path) => path !== '');
  expect(new Set(paths.map((path) => path.normalize('NFKC').toLowerCase())).size).toBe(names.length);
});

test('A34: a file and a folder that differ in a blank only', async () => {
  const PDF = { name: '見積 .txt', content: 'harmless', flags: 0x800 };
  const SCRIPT = { name: '見積 .txt /見積 .txt .cmd', content: 'start calc', flags: 0x800 };
  const { rows, files } = await opened(rawZip([PDF, SCRIPT]));
  expect(rows.map(({ outcome, reason }) => reason ?? outcome)).toEqual(['rebuilt', 'rebuilt', 'script']);
  expect(files.map(textOf)).toEqual(['harmless']);
  for (const { name } of files) expect(name).not.toMatch(/cmd|\s\./);
  const good = await opened(rawZip([PDF, { ...SCRIPT, name: '見積/見積.txt', content: 'note' }]));
  expect(good.files.map(textOf)).toEqual(['harmless', 'note']);
});

test('A32: a self-extracting archive is a program, whatever is behind it', async () => {
  const stub = Buffer.concat([Buffer.from('4d5a900003000000', 'hex'), Buffer.alloc(500)]);
  for (const archive of [rawZip([A]), Buffer.from('377abcaf271c', 'hex'), Buffer.from('Rar!\x1a\x07\x00')]) {
    const { rows, files } = await opened(Buffer.concat([stub, archive]), {}, '資料.exe');
    expect(rows).toMatchObject([{ outcome: 'blocked', reason: 'executable' }]);
    expect(files).toEqual([]);
  }
});

test('A36: more entries than the limit, and comments of full length', async () => {
  const many = rawZip(Array.from({ length: 3000 }, (_, i) => ({ name: `${i}.txt`, content: 'x' })));
  expect((await opened(many)).told).toEqual(['1 資料.zip limit-exceeded']);
  const wordy = rawZip([{ ...A, comment: 'c'.repeat(65_000) }, B], { comment: 'k'.repeat(65_000) });
  expect((await opened(wordy)).files.map(textOf)).toEqual(['alpha', 'beta']);
});

const corpora = join(process.env['SEKISHO_SHARED'] ?? '../shared', 'corpora');
const present = existsSync(join(corpora, 'tika/pkg'));
if (!present) console.log(`skipped: no corpus at ${corpora} (set SEKISHO_SHARED)`);

test.runIf(present).each(['tika/pkg/quine.gz', 'tika/pkg/droste.zip'])(
  'A23: an archive that holds itself ends at the limits (%s)',
  async (path) => {
    const { rows } = await opened(readFileSync(join(corpora, path)));
    expect(rows.length).toBeLessThanOrEqual(500);
    expect(Math.max(...rows.map((row) => row.path.split('/').length))).toBeLessThanOrEqual(22);
    expect(rows.some(({ reason }) => reason === 'limit-exceeded')).toBe(true);
  },
);

test('A23: an archive that holds another of its name is no quine', async () => {
  const inner = rawZip([A]);
  const { files } = await opened(rawZip([{ name: '資料.zip', content: inner, flags: 0x800 }]));
  expect(files.map(textOf)).toEqual(['alpha']);
});
