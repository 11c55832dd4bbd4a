/** LZH (threats.tsv A33): every method and header level; what is damaged, named twice or no file is held. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { meaning, packLz5, packLzs, packStatic, type RawLzhEntry, rawLzh, type Token } from '../../kit/lzh-raw.ts';
import { opened, textOf } from './opened.ts';

const A: RawLzhEntry = { name: 'a.txt', content: Buffer.from('alpha') };
const open = (bytes: Uint8Array, limits = {}) => opened(bytes, limits, '資料.lzh');
const CP932 = Buffer.from('95f18d908f912e747874', 'hex'); // 報告書.txt
const SO = Buffer.from('835c5c2e747874', 'hex'); // ソ\.txt: the second byte of ソ is a backslash

test.each([0, 1, 2] as const)('header level %i: names in CP932, folders, content', async (level) => {
  const folder = Buffer.from('9640ff', 'hex'); // 法 and the mark between folders
  const extended = level === 0 ? [] : ([[2, folder]] as const);
  const { told, files } = await open(
    rawLzh([
      { ...A, name: CP932, level, extended },
      { ...A, level },
    ]),
  );
  const path = level === 0 ? '報告書.txt' : '法/報告書.txt';
  expect(told).toEqual(['1 資料.lzh rebuilt', `1/1 ${path} rebuilt`, '1/2 a.txt rebuilt']);
  expect(files.map(textOf)).toEqual(['alpha', 'alpha']);
});

test('a backslash inside a character is none, one behind it is a folder', async () => {
  const { rows } = await open(rawLzh([{ ...A, name: Buffer.concat([SO, Buffer.from('\\b.txt')]) }]));
  expect(rows[1]?.untrustedName).toBe('ソ/.txt/b.txt');
});

/** 40,000 tokens that any generator would make again: literals of a few letters, matches of all lengths and distances. */
function tokensFor(maxDistance: number, minLength: number, maxLength: number): readonly Token[] {
  const tokens: Token[] = [];
  let state = 7;
  const next = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (let at = 0; at < 40_000; ) {
    const isMatch = at > 0 && next(3) === 0;
    const length = isMatch ? minLength + next(maxLength - minLength + 1) : 1;
    tokens.push(isMatch ? [1 + next(Math.min(at, maxDistance)), length] : 0x61 + next(20));
    at += length;
  }
  return tokens;
}

const STATIC = (['-lh4-', '-lh5-', '-lh6-', '-lh7-'] as const).map((method, i) => {
  const tokens = tokensFor([4096, 8192, 32768, 65536][i] ?? 0, 3, 256);
  return [method, packStatic(tokens, method), meaning(tokens)] as const;
});
const LZS = tokensFor(2048, 2, 17);
const LZ5 = tokensFor(4096, 3, 18);
const METHODS = [...STATIC, ['-lzs-', packLzs(LZS), meaning(LZS)], ['-lz5-', packLz5(LZ5), meaning(LZ5)]] as const;

test.each(METHODS)('%s unpacks; any damage is seen', async (method, data, content) => {
  const good = await open(rawLzh([{ ...A, method, data, content }]));
  expect(good.rows.at(-1)).toMatchObject({ outcome: 'rebuilt', bytes: content.length });
  expect(textOf(good.files[0])).toBe(content.toString());
  for (let i = 0; i < 40; i++) {
    const damaged = Buffer.from(data);
    const at = (i * 7919) % data.length;
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (i % 8));
    const { rows, files } = await open(rawLzh([{ ...A, method, data: damaged, content }]));
    // A bit behind the last code says nothing.
    if (files.length > 0) expect(textOf(files[0])).toBe(content.toString());
    else expect(rows.at(-1)?.reason).toBe('malformed');
  }
  expect((await open(rawLzh([{ ...A, method, data: data.subarray(0, -9), content }]))).rows.at(-1)?.reason).toBe(
    'malformed',
  );
});

const lhasa = existsSync('/usr/bin/lhasa') || process.env['SEKISHO_SERVICES'] === '1';
if (!lhasa) console.log('skipped: lhasa is not installed');

test.runIf(lhasa)('lhasa reads the same out of the archives of these tests', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-lzh-'));
  try {
    for (const [method, data, content] of METHODS) {
      writeFileSync(join(folder, 'a.lzh'), rawLzh([{ ...A, method, data, content }]));
      const ran = spawnSync('lhasa', ['efq', 'a.lzh'], { cwd: folder });
      expect([method, ran.status]).toEqual([method, 0]);
      expect(readFileSync(join(folder, 'a.txt')).equals(content)).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const corpora = join(process.env['SEKISHO_SHARED'] ?? '../shared', 'corpora');
const present = existsSync(join(corpora, 'lhasa'));
if (!present) console.log(`skipped: no corpus at ${corpora} (set SEKISHO_SHARED)`);

test.runIf(present).each(['lha_os2_208/lh1.lzh', 'lha_osk_201/h1_lh1.lzh', 'morphos_lha_2717/h0_lh1.lzh'])(
  '-lh1- of LHarc (%s)',
  async (path) => {
    const { rows, files } = await open(readFileSync(join(corpora, 'lhasa/test/archives', path)));
    expect(rows[1]).toMatchObject({ outcome: 'rebuilt', bytes: 18_092 });
    expect(textOf(files[0])).toContain('GNU GENERAL PUBLIC LICENSE');
  },
);

test('several names: the strictest counts; links are held', async () => {
  const wide = Buffer.from('b.txt', 'utf16le');
  const script: RawLzhEntry = { name: 'a.vbs', content: Buffer.from('MsgBox 1'), level: 2, extended: [[0x44, wide]] };
  expect((await open(rawLzh([script]))).told.at(-1)).toBe('1/1 b.txt script');
  const link = { name: 'l|/etc/passwd', content: Buffer.alloc(0), method: '-lhd-' };
  expect((await open(rawLzh([A, link]))).told.at(-1)).toBe('1/2 l|/etc/passwd unsupported-type');
  const folder = { name: 'd\\', content: Buffer.alloc(0), method: '-lhd-' };
  expect((await open(rawLzh([folder, A]))).told.at(-1)).toBe('1/1 a.txt rebuilt');
});

const HEADER = rawLzh([A], Buffer.alloc(0));
test.each<[string, Uint8Array]>([
  ['a wrong checksum of a header', Buffer.from(HEADER).fill(9, 1, 2)],
  ['cut in the data', HEADER.subarray(0, -2)],
  ['garbage where the next header should be', Buffer.concat([HEADER, Buffer.from('x'.repeat(40))])],
  [
    'an extended header that runs over the end',
    rawLzh([{ ...A, level: 2, extended: [[2, Buffer.alloc(3)]] }]).fill(0xff, 33, 34),
  ],
  ['two names in one header', rawLzh([{ ...A, level: 2, extended: [[1, Buffer.from('b.exe')]] }])],
  ['a header checksum that is wrong', rawLzh([{ ...A, level: 2, extended: [[0, Buffer.from('zz')]] }])],
])('%s: the whole is held', async (_, bytes) => {
  const { told, files } = await open(bytes);
  expect(told).toEqual(['1 資料.lzh malformed']);
  expect(files).toEqual([]);
});

test('bytes behind the end are left out, and that is said', async () => {
  const { told, rows } = await open(rawLzh([A], Buffer.from('\0junk')));
  expect(told).toEqual(['1 資料.lzh rebuilt', '1/1 a.txt rebuilt']);
  expect(rows[0]).toMatchObject({
    detail: '4 bytes behind the end, left out',
    removed: [{ what: 'metadata', count: 1 }],
  });
  expect((await open(rawLzh([A], Buffer.alloc(100)))).rows[0]?.removed).toEqual([]);
});

test('a wrong checksum of one file, a lying size, a method nobody knows: that file is held, the others go on', async () => {
  const entries = [{ ...A, crc: 1 }, { ...A, bytes: 9 }, { ...A, method: '-lhx-' }, { ...A, method: '-pm2-' }, A];
  const { rows } = await open(rawLzh(entries));
  expect(rows.map(({ outcome, reason }) => reason ?? outcome)).toEqual([
    'rebuilt',
    ...['malformed', 'malformed', 'archive', 'archive', 'rebuilt'],
  ]);
});

test('A24, A36: limits', async () => {
  expect((await open(rawLzh([{ ...A, method: '-lh5-', bytes: 0xfffffff0 }]))).told).toEqual([
    '1 資料.lzh limit-exceeded',
  ]);
  expect((await open(rawLzh([A, A, A]), { maxParts: 3 })).told).toEqual(['1 資料.lzh limit-exceeded']);
  const zeros: readonly Token[] = [0x61, ...Array.from({ length: 200_000 }, () => [1, 256] as const)];
  const bomb = rawLzh([
    { ...A, method: '-lh5-', data: packStatic(zeros, '-lh5-'), content: Buffer.alloc(1), bytes: 51_200_001 },
  ]);
  expect((await open(bomb, { maxFileBytes: 1_000_000 })).rows[1]?.reason).toBe('limit-exceeded');
});
