/** One compressed file (threats.tsv A24, A33, A38): what is in it, and nothing behind it. */
import { crc32, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { rawTar } from '../../kit/tar-raw.ts';
import { u32 } from '../../kit/zip-raw.ts';
import { opened, textOf } from './opened.ts';

interface Member {
  readonly name?: string | Uint8Array;
  readonly flags?: number;
  readonly crc?: number;
  readonly size?: number;
}

function gzip(content: string | Uint8Array, { name, flags = 0, crc, size }: Member = {}): Buffer {
  const bytes = Buffer.from(content as string);
  const header = Buffer.from([0x1f, 0x8b, 8, flags | (name === undefined ? 0 : 8), 0, 0, 0, 0, 0, 3]);
  return Buffer.concat([
    header,
    ...(name === undefined ? [] : [Buffer.from(name as string), Buffer.alloc(1)]),
    deflateRawSync(bytes),
    u32(crc ?? crc32(bytes)),
    u32(size ?? bytes.length),
  ]);
}

const open = (bytes: Uint8Array, name = '報告.txt.gz', limits = {}) => opened(bytes, limits, name);

test('gzip: called by the name it tells, else by its own without the extension', async () => {
  expect((await open(gzip('alpha'))).told).toEqual(['1 報告.txt.gz rebuilt', '1/1 報告.txt rebuilt']);
  const named = await open(gzip('alpha', { name: Buffer.from('95f18d908f912e747874', 'hex') }));
  expect(named.told.at(-1)).toBe('1/1 報告書.txt rebuilt');
  expect(named.files.map(textOf)).toEqual(['alpha']);
  expect((await open(gzipSync('alpha'))).files.map(textOf)).toEqual(['alpha']);
});

test('A38: a program under either of two names is a program', async () => {
  expect((await open(gzip('MsgBox 1', { name: 'a.vbs' }))).told.at(-1)).toBe('1/1 a.vbs script');
  expect((await open(gzip('MsgBox 1', { name: 'a.txt' }), 'a.vbs.gz')).told.at(-1)).toBe('1/1 a.txt script');
});

test('A38: members behind the first are read like gunzip reads them', async () => {
  const { files, rows } = await open(Buffer.concat([gzip('al', { name: 'a.txt' }), gzip('pha', { name: 'a.txt' })]));
  expect(files.map(textOf)).toEqual(['alpha']);
  expect(rows[0]?.detail).toBe('2 members, put together');
});

const GOOD = gzip('alpha');
test.each<[string, Uint8Array]>([
  ['something behind the end', Buffer.concat([GOOD, Buffer.from('PK\x03\x04')])],
  ['half a member behind the end', Buffer.concat([GOOD, GOOD.subarray(0, 12)])],
  ['a wrong checksum', gzip('alpha', { crc: 1 })],
  ['a wrong length', gzip('alpha', { size: 6 })],
  ['a flag nobody knows', gzip('alpha', { flags: 0x80 })],
  ['cut', GOOD.subarray(0, -6)],
  ['a name without end', gzip('', { name: Buffer.alloc(0) }).subarray(0, 10)],
])('A38: gzip with %s is held', async (_, bytes) => {
  const { told, files } = await open(bytes);
  expect(told).toEqual(['1 報告.txt.gz malformed']);
  expect(files).toEqual([]);
});

test('zeros behind the end, as tapes have them, are no secret', async () => {
  expect((await open(Buffer.concat([GOOD, Buffer.alloc(100)]))).told.at(-1)).toBe('1/1 報告.txt rebuilt');
});

const TAR = rawTar([
  { name: 'd/a.txt', content: 'alpha' },
  { name: 'b.csv', content: '1,2' },
]);

// By Debian's xz, bzip2 and `xz --format=lzma`, of the text «alpha».
const XZ = '/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAEYWxwaGEAAAAAWCfV6URuhJkAAR0FuC2Arx+2830BAAAAAARZWg==';
const BZIP2 = 'QlpoOTFBWSZTWVnVmPwAAACBgCBEQAAgACGaaDNNAR4u5IpwoSCzqzH4';
const LZMA = 'XQAAgAD//////////wAwmwpnJJUQZl///NHQAA==';

test.each([
  ['xz', 'a.txt.xz', Buffer.from(XZ, 'base64')],
  ['bzip2', 'a.txt.bz2', Buffer.from(BZIP2, 'base64')],
  ['lzma', 'a.txt.lzma', Buffer.from(LZMA, 'base64')],
  ['zstd', 'a.txt.zst', zstdCompressSync('alpha')],
])('A33: %s is expanded; cut, it is held', async (type, name, bytes) => {
  const { told, files, rows } = await open(bytes, name);
  expect([rows[0]?.detectedType, ...told]).toEqual([type, `1 ${name} rebuilt`, '1/1 a.txt rebuilt']);
  expect(files.map(textOf)).toEqual(['alpha']);
  expect((await open(bytes.subarray(0, -4), name)).told).toEqual([`1 ${name} malformed`]);
});

test.each([
  ['資料.tgz', gzipSync(TAR)],
  ['資料.tar.zst', zstdCompressSync(TAR)],
])('A33: %s has the paths that `tar tf` shows', async (name, bytes) => {
  const { told } = await open(bytes, name);
  expect(told).toEqual([`1 ${name} rebuilt`, '1/1 d/a.txt rebuilt', '1/2 b.csv rebuilt']);
});

test('A24: bombs end at the limits, before they cost memory', async () => {
  const zeros = Buffer.alloc(50_000_000);
  expect((await open(gzipSync(zeros))).told).toEqual(['1 報告.txt.gz limit-exceeded']);
  expect((await open(gzipSync(zeros.subarray(0, 100_000)), 'a.gz', { maxInnerBytes: 99_999 })).rows[0]?.reason).toBe(
    'limit-exceeded',
  );
  expect((await open(gzipSync(zeros.subarray(0, 100_000)), 'a.gz', { maxFileBytes: 99_999 })).rows[1]?.reason).toBe(
    'limit-exceeded',
  );
  expect((await open(zstdCompressSync(zeros), 'a.zst')).told).toEqual(['1 a.zst limit-exceeded']);
});

test('A38: gzip in gzip ends at the depth limit', async () => {
  let bytes: Buffer = gzip('alpha');
  for (let i = 0; i < 8; i++) bytes = gzip(bytes);
  expect((await open(bytes, 'a', { maxDepth: 20 })).files.map(textOf)).toEqual(['alpha']);
  expect((await open(bytes, 'a', { maxDepth: 5 })).rows.at(-1)?.reason).toBe('limit-exceeded');
});

test.each([
  ['LZIP\x01\x0c\x00\x00', 'archive'],
  ['\x04\x22\x4d\x18\x64\x40', 'archive'],
  ['\x60\xea\x1c\x00\x1e', 'archive'],
  ['\x00\x01\x02\x03\x04\x05\x06**ACE**\x00', 'archive'],
  ['070701\x00\x00', 'archive'],
])('A33: what nothing here opens is known and held (%j)', async (start, reason) => {
  const bytes = Buffer.concat([Buffer.from(start, 'latin1'), Buffer.alloc(64, 7)]);
  const { rows } = await open(bytes, 'x.txt');
  expect(rows).toMatchObject([{ detectedType: 'archive-other', reason }]);
});

test('an empty file is told as one, and frightens nobody', async () => {
  const { rows, files } = await open(gzip(''));
  expect(rows.map(({ outcome }) => outcome)).toEqual(['rebuilt', 'rebuilt']);
  expect(rows[1]).toMatchObject({ detectedType: 'empty', outputs: [], removed: [{ what: 'empty-file', count: 1 }] });
  expect(files).toEqual([]);
});
