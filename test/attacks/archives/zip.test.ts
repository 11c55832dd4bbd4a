/** threats.tsv A20–A36 for ZIPs: what readers tell differently is refused, what is dangerous is held, the rest goes on. */
import { deflateRawSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  descriptor,
  end64,
  field,
  type RawZip,
  type RawZipEntry,
  rawZip,
  u32,
  u64,
  unicodePath,
} from '../../kit/zip-raw.ts';
import { opened, textOf } from './opened.ts';

const A = { name: 'a.txt', content: 'alpha' } as const;
const B = { name: 'b.txt', content: 'beta' } as const;
const GOOD = ['1 資料.zip rebuilt', '1/1 a.txt rebuilt', '1/2 b.txt rebuilt'];
const HIDDEN = rawZip([{ name: 'evil.txt', content: 'evil' }]);
const local = (entry: RawZipEntry): Buffer => {
  const whole = rawZip([entry]);
  return whole.subarray(0, whole.indexOf('PK\x01\x02', 0, 'latin1'));
};
const deflated = (content: string): Buffer => deflateRawSync(Buffer.from(content));
const CP932 = Buffer.from('95f18d908f91', 'hex'); // 報告書

test('an everyday ZIP: each file is made safe for itself and announced before it is opened', async () => {
  const { told, files, announced, rows } = await opened(rawZip([A, { ...B, method: 8 }]));
  expect(told).toEqual(GOOD);
  expect(files.map(({ name }) => name)).toEqual(['a.txt', 'b.txt']);
  expect(files.map(textOf)).toEqual(['alpha', 'beta']);
  expect([...new Set(announced)]).toEqual(['1', '1/1', '1/2']);
  expect(rows[0]).toMatchObject({ members: 2, outputs: [] });
  expect(rows[1]).toMatchObject({ detectedType: 'text', bytes: 5, outputs: [{ name: 'a.txt' }] });
});

const TOO_LONG_DIRECTORY = rawZip([A, B]);
const DISPUTED: readonly [string, Uint8Array][] = [
  ['A25: another name in the local header', rawZip([A, { ...B, local: { name: 'c.txt' } }])],
  ['A25: another method in the local header', rawZip([A, { ...B, method: 8, local: { method: 0 } }])],
  ['A25: another size in the local header', rawZip([A, { ...B, local: { bytes: 3, compressedBytes: 3 } }])],
  ['A25: another checksum in the local header', rawZip([A, { ...B, local: { crc: 1 } }])],
  ['A25: encrypted in one header only', rawZip([A, { ...B, local: { flags: 1 } }])],
  [
    'A25, A35: UTF-8 in one header only',
    rawZip([A, { name: 'テ.txt', content: 'x', flags: 0x800, local: { flags: 0 } }]),
  ],
  ['A22: two entries share their data', rawZip([A, { ...A, name: 'a.txt', at: 0 }])],
  [
    'A22: an entry inside the data of another',
    rawZip([
      { name: 'a.txt', content: local(B) },
      { ...B, at: 35 },
    ]),
  ],
  ['A27: a second archive behind the first', Buffer.concat([rawZip([A]), HIDDEN])],
  ['A27: a whole archive in the comment', rawZip([A, B], { comment: HIDDEN })],
  ['A27: an end record in the comment', rawZip([A, B], { comment: rawZip([]) })],
  ['A27: bytes before the first entry', rawZip([A, B], { before: local({ name: 'evil.txt', content: 'evil' }) })],
  [
    'A27: bytes before the first entry, offsets shifted',
    rawZip([A, B], { before: local({ name: 'evil.txt' }), shifted: true }),
  ],
  ['A27: bytes behind the end', rawZip([A, B], { after: local({ name: 'evil.txt', content: 'evil' }) })],
  ['A27: the comment is longer than it says', rawZip([A, B], { after: Buffer.from('comment') })],
  [
    'A28: an entry between entries that the directory does not know',
    rawZip([{ ...A, behind: local({ name: 'evil.txt' }) }, B]),
  ],
  ['A28: an entry behind the last one', rawZip([A, B], { between: local({ name: 'evil.txt' }) })],
  [
    'A28: a descriptor that says something else',
    rawZip([{ ...A, flags: 8, local: { crc: 0, bytes: 0, compressedBytes: 0 }, behind: descriptor('other', 5) }, B]),
  ],
  [
    'A28: no descriptor where one was announced',
    rawZip([{ ...A, flags: 8, local: { crc: 0, bytes: 0, compressedBytes: 0 } }, B]),
  ],
  ['fewer entries than the directory has', rawZip([A, B], { entries: 1 })],
  ['more entries than the directory has', rawZip([A, B], { entries: 3 })],
  ['a directory that begins elsewhere', rawZip([A, B], { start: 0 })],
  ['a directory that is shorter', rawZip([A, B], { size: 51 })],
  ['bytes between directory and end', rawZip([A, B], { beforeEnd: Buffer.from('xxxx') })],
  [
    'a large end record that differs',
    rawZip([A, B], { beforeEnd: end64({ entries: 1, size: 51, start: 74, at: 176 }) }),
  ],
  ['a locator without its record', rawZip([A, B], { beforeEnd: end64({ entries: 2, size: 102, start: 74, at: 1 }) })],
  ['no end at all', TOO_LONG_DIRECTORY.subarray(0, -22)],
  ['cut in the middle', TOO_LONG_DIRECTORY.subarray(0, 90)],
  ['data that runs into the directory', rawZip([A, { ...B, bytes: 500, compressedBytes: 500 }])],
  [
    'a name longer than the file',
    Buffer.from(`PK\x03\x04${'\xff'.repeat(60)}PK\x05\x06${'\xff'.repeat(18)}`, 'latin1'),
  ],
];

test.each(DISPUTED)('%s: the whole is held, nothing of it goes on', async (_, bytes) => {
  const { told, files, rows } = await opened(bytes);
  expect(told).toEqual(['1 資料.zip malformed']);
  expect(rows[0]?.detail).not.toBe('');
  expect(files).toEqual([]);
});

const at = 31 + A.name.length + A.content.length;
const BENIGN: readonly [string, Uint8Array][] = [
  [
    'data descriptors, as streams have them',
    rawZip([
      { ...A, flags: 8, local: { crc: 0, bytes: 0, compressedBytes: 0 }, behind: descriptor('alpha', 5) },
      {
        ...B,
        method: 8,
        flags: 8,
        local: { crc: 0, bytes: 0, compressedBytes: 0 },
        behind: descriptor('beta', deflated('beta').length, false),
      },
    ]),
  ],
  ['line ends that a mail program added', rawZip([A, B], { after: Buffer.from('\r\n\r\n') })],
  ['a comment', rawZip([A, B], { comment: 'ご確認ください' })],
  ['zeros between entries', rawZip([{ ...A, behind: Buffer.alloc(7) }, B])],
  [
    'a backslash in one header where the other has a slash',
    rawZip([{ ...A, name: 'd/a.txt', local: { name: 'd\\a.txt' } }, B]),
  ],
  ['folders of their own', rawZip([{ name: 'dir/', attributes: 0x10 }, A, B])],
  [
    'extra fields and a comment of an entry',
    rawZip([
      { ...A, extra: field(0x5455, Buffer.alloc(5)), localExtra: field(0x5455, Buffer.alloc(9)), comment: 'x' },
      B,
    ]),
  ],
  [
    'zip64 in the directory',
    rawZip([
      A,
      {
        ...B,
        bytes: 0xffffffff,
        compressedBytes: 0xffffffff,
        extra: field(1, Buffer.concat([u64(4), u64(4)])),
        localExtra: field(1, Buffer.concat([u64(4), u64(4)])),
      },
    ]),
  ],
  [
    'zip64 at the end',
    rawZip([A, B], {
      beforeEnd: end64({ entries: 2, size: 102, start: 79, at: 181 }),
      entries: 0xffff,
      size: 0xffffffff,
      start: 0xffffffff,
    } satisfies RawZip),
  ],
];

test.each(BENIGN)('benign: %s', async (_, bytes) => {
  expect(at).toBe(41);
  const { files } = await opened(bytes);
  expect(files.map(textOf)).toEqual(['alpha', 'beta']);
});

const SINGLE: readonly [string, RawZipEntry, string][] = [
  ['A24: bzip2 that is none', { ...B, method: 12 }, 'malformed'],
  ['A24: deflate64 that is none', { ...B, method: 9 }, 'malformed'],
  ['A24: zstd that is none', { ...B, method: 93 }, 'malformed'],
  ['A24: a method nobody knows', { ...B, method: 97 }, 'archive'],
  ['A24: implode, of the eighties', { ...B, method: 6 }, 'archive'],
  ['a wrong checksum', { ...B, crc: 5 }, 'malformed'],
  [
    'a deflate stream with bytes behind its end',
    { ...B, data: Buffer.concat([deflated('beta'), Buffer.from('evil')]), method: 8 },
    'malformed',
  ],
  ['a deflate stream that yields more', { ...B, data: deflated('beta and more'), method: 8 }, 'malformed'],
  ['a deflate stream that yields less', { ...B, data: deflated('be'), method: 8 }, 'malformed'],
  ['a stored entry of two sizes', { ...B, bytes: 3 }, 'malformed'],
  ['A31: a symbolic link', { ...B, content: '/etc/passwd', host: 3, attributes: 0xa1ff0000 }, 'unsupported-type'],
  ['A31: a device', { ...B, host: 3, attributes: 0x61ff0000 }, 'unsupported-type'],
  ['a folder with content', { name: 'b.txt/', content: 'evil' }, 'malformed'],
  ['NUL in a name', { name: 'b.exe\0.txt', content: 'x' }, 'malformed'],
  [
    'A35: a name that is not UTF-8 as it says',
    { name: Buffer.concat([CP932, Buffer.from('.txt')]), content: 'x', flags: 0x800 },
    'malformed',
  ],
  ['A35: a second name of another kind', { ...B, extra: unicodePath('b.txt', 'b.exe') }, 'malformed'],
  ['A35: a second name that belongs to another first', { ...B, extra: unicodePath('b.txt', 'c.txt', 7) }, 'malformed'],
  ['A29, A30: an encrypted entry', { ...B, flags: 1 }, 'waiting-for-password'],
  ['A29: WinZip AES', { ...B, flags: 1, method: 99 }, 'waiting-for-password'],
  ['A20: a program', { name: 'b.exe', content: Buffer.from('4d5a90000300000004000000ffff', 'hex') }, 'executable'],
  ['A34: a folder named like a file, with a script', { name: 'a.txt /a.txt .cmd', content: 'start calc' }, 'script'],
];

test.each(SINGLE)('%s is held, its neighbour goes on', async (_, entry, reason) => {
  const { rows, files } = await opened(rawZip([A, entry]));
  expect(rows.map((row) => row.reason ?? row.outcome)).toEqual(['rebuilt', 'rebuilt', reason]);
  expect(rows[2]?.detail).not.toBe('');
  expect(files.map(textOf)).toEqual(['alpha']);
});

test('A31: names that lead out of a folder lead nowhere, and are told', async () => {
  const names = ['../../a.txt', '/etc/b.txt', 'C:\\Windows\\c.txt', '\\\\server\\share\\d.txt', 'x/./../e.txt'];
  const { rows, files } = await opened(rawZip(names.map((name) => ({ name, content: 'x' }))));
  expect(rows.slice(1).map(({ untrustedName }) => untrustedName)).toEqual(names);
  expect(files.map(({ name }) => name)).toEqual(['a.txt', 'b.txt', 'c.txt', 'd.txt', 'e.txt']);
});

test('A26: of two files of one name both go on, under two names', async () => {
  const { told, files } = await opened(
    rawZip([A, { ...A, content: 'second' }, { ...A, name: 'A.TXT', content: 'third' }]),
  );
  expect(told.slice(1)).toEqual(['1/1 a.txt rebuilt', '1/2 a.txt rebuilt', '1/3 A.TXT rebuilt']);
  expect(files.map(({ name }) => name)).toEqual(['a.txt', 'a (2).txt', 'A (3).txt']);
  expect(files.map(textOf)).toEqual(['alpha', 'second', 'third']);
});

test.each([
  ['CP932', Buffer.from('95f18d908f912e747874', 'hex'), 0, '報告書.txt'],
  ['CP932 with a backslash in a character', Buffer.from('955c8e862f835c815b83672e747874', 'hex'), 0, '表紙/ソート.txt'],
  ['CP932, NEC row 13', Buffer.from('87402e747874', 'hex'), 0, '①.txt'],
  ['CP932, half-width kana', Buffer.from('c3bdc42e747874', 'hex'), 0, 'ﾃｽﾄ.txt'],
  ['EUC-JP, from Unix', Buffer.from('caf3b9f0bdf12e747874', 'hex'), 3, '報告書.txt'],
  ['UTF-8 without its flag', Buffer.from('報告書.txt'), 3, '報告書.txt'],
])('A35: names in %s', async (_, name, host, expected) => {
  const { rows } = await opened(rawZip([{ name, host, content: 'x' }]));
  expect(rows[1]?.untrustedName).toBe(expected);
});

test('A35: a Unicode name that belongs to the raw one is shown', async () => {
  const raw = Buffer.from('95f18d902e747874', 'hex');
  const { rows } = await opened(rawZip([{ name: raw, content: 'x', extra: unicodePath(raw, '報告𠮟.txt') }]));
  expect(rows[1]?.untrustedName).toBe('報告𠮟.txt');
});

test('A29: an encrypted ZIP waits for its password as a whole', async () => {
  const { told } = await opened(
    rawZip([
      { ...A, flags: 1 },
      { ...B, flags: 9, behind: descriptor('beta', 4) },
    ]),
  );
  expect(told).toEqual(['1 資料.zip waiting-for-password']);
});

test('A32: volumes of a split archive are held as fragments', async () => {
  const volumes = [
    rawZip([A, B], { disk: 1 }),
    rawZip([A, B], { entriesHere: 1 }),
    rawZip([A, { ...B, disk: 1 }]),
    Buffer.concat([Buffer.from('PK\x07\x08', 'latin1'), rawZip([A])]),
  ];
  for (const volume of volumes) expect((await opened(volume)).told).toEqual(['1 資料.zip fragment']);
});

test('an archive without files, and one of which nothing goes on', async () => {
  const told = { outcome: 'rebuilt', outputs: [], removed: [{ what: 'empty-file', count: 1 }] };
  expect((await opened(rawZip([]))).rows).toMatchObject([told]);
  expect((await opened(rawZip([{ name: 'dir/' }]))).rows).toMatchObject([told]);
  expect((await opened(rawZip([A, { name: 'b.txt' }]))).rows[2]).toMatchObject({ detectedType: 'empty', ...told });
  const program = { name: 'b.exe', content: Buffer.from('4d5a90000300000004000000ffff', 'hex') };
  expect((await opened(rawZip([program]))).told).toEqual(['1 資料.zip executable', '1/1 b.exe executable']);
});

/** «alpha » twenty times, packed by Debian's 7-Zip: method, flags, data. */
const OTHER_METHODS: readonly [string, number, number, string][] = [
  ['Deflate64', 9, 0, 'vcQhAQAAAMKwKlS7QyDor2jBxEiN/g8='],
  ['BZip2', 12, 0, 'QlpoOTFBWSZTWVUGQIgAABQRgEAAIERAACAAMMDBSppniYTCaT5NJwu5IpwoSCqDIEQA'],
  ['LZMA', 14, 2, 'GgIFAF0AEAAAADCbCmckjvJ2WBEJ3///zeIAAA=='],
  ['PPMd', 98, 0, 'BwBhDT9i3RKMYB/5avQA'],
  ['xz', 95, 0, '/Td6WFoAAAFpIt42AgAhAQAAAAA3J5fW4AB3AA1dADCbCmckjvJ2V6ZwAAAAAAAAj5H/fAABJXjCnKuWkEKZDQEAAAAAAVla'],
];

test.each([...OTHER_METHODS, ['Zstandard', 93, 0, zstdCompressSync('alpha '.repeat(20)).toString('base64')] as const])(
  'A24: %s is unpacked; a lying size or checksum is seen',
  async (_, method, flags, packed) => {
    const entry = { name: 'b.txt', content: 'alpha '.repeat(20), data: Buffer.from(packed, 'base64'), method, flags };
    const { told, files } = await opened(rawZip([A, entry]));
    expect(told).toEqual(GOOD);
    expect(textOf(files[1])).toBe('alpha '.repeat(20).trimEnd());
    for (const lie of [{ crc: 1 }, { bytes: 119 }, { bytes: 121 }]) {
      expect((await opened(rawZip([A, { ...entry, ...lie }]))).told.at(-1)).toBe('1/2 b.txt malformed');
    }
  },
);

const APPLE_DOUBLE = Buffer.concat([Buffer.from('0005160700020000', 'hex'), Buffer.alloc(60)]);

test('what macOS puts beside files is taken out and counted; called otherwise it is a file', async () => {
  const good = await opened(rawZip([A, { name: '__MACOSX/._a.txt', content: APPLE_DOUBLE }]));
  expect(good.told).toEqual(['1 資料.zip rebuilt', '1/1 a.txt rebuilt', '1/2 __MACOSX/._a.txt rebuilt']);
  expect(good.rows[2]).toMatchObject({
    detectedType: 'finder-data',
    outputs: [],
    removed: [{ what: 'metadata', count: 1 }],
  });
  expect(good.files.map(textOf)).toEqual(['alpha']);
  const renamed = await opened(rawZip([A, { name: 'b.doc', content: APPLE_DOUBLE }]));
  expect(renamed.told.at(-1)).toBe('1/2 b.doc unsupported-type');
  const program = { name: '__MACOSX/._b.exe', content: Buffer.from('4d5a90000300000004000000ffff', 'hex') };
  expect((await opened(rawZip([A, program]))).told.at(-1)).toBe('1/2 __MACOSX/._b.exe executable');
});

const nested = (levels: number, inner: Buffer): Buffer => {
  let bytes = inner;
  for (let i = 0; i < levels; i++) bytes = rawZip([{ name: 'in.zip', content: bytes, method: 8 }]);
  return bytes;
};

test('A20: archives in archives, as deep as allowed and no deeper', async () => {
  const good = await opened(nested(3, rawZip([A])), { maxDepth: 5 });
  expect(good.told.at(-1)).toBe('1/1/1/1/1 a.txt rebuilt');
  expect(good.files.map(textOf)).toEqual(['alpha']);
  const deep = await opened(nested(6, rawZip([A])), { maxDepth: 5 });
  expect(deep.told.at(-1)).toBe('1/1/1/1/1/1/1 in.zip limit-exceeded');
  expect(deep.files).toEqual([]);
});

test('A21, A36, A39: files, bytes and ratio are counted over everything', async () => {
  const many = rawZip(Array.from({ length: 40 }, (_, i) => ({ name: `${i}.txt`, content: 'x' })));
  expect((await opened(many, { maxParts: 20 })).told).toEqual(['1 資料.zip limit-exceeded']);
  expect((await opened(many, { maxParts: 41 })).rows).toHaveLength(41);
  const wide = rawZip([
    { name: '1.zip', content: many },
    { name: '2.zip', content: many },
  ]);
  const counted = await opened(wide, { maxParts: 60 });
  expect(counted.rows.filter(({ reason }) => reason === 'limit-exceeded').map(({ path }) => path)).toEqual(['1/2']);

  const zeros = (bytes: number): Buffer => rawZip([{ name: 'a.txt', content: Buffer.alloc(bytes, 'a'), method: 8 }]);
  expect((await opened(zeros(100_000), { maxInnerBytes: 99_999 })).told).toEqual(['1 資料.zip limit-exceeded']);
  expect((await opened(zeros(100_000), { maxFileBytes: 99_999 })).told.at(-1)).toBe('1/1 a.txt limit-exceeded');
  expect((await opened(zeros(40_000_000))).told).toEqual(['1 資料.zip limit-exceeded']);
  expect((await opened(zeros(3_000_000))).told.at(-1)).toBe('1/1 a.txt rebuilt');
  const both = rawZip([
    { name: '1.zip', content: zeros(60_000) },
    { name: '2.zip', content: zeros(60_000) },
  ]);
  const shared = await opened(both, { maxInnerBytes: 100_000 });
  expect(shared.told.slice(-2)).toEqual(['1/1/1 a.txt rebuilt', '1/2 2.zip limit-exceeded']);
});

test('A21: a bomb of 10^5 files in five levels ends at the limits', { timeout: 60_000 }, async () => {
  let bomb = deflateOf(1_000_000);
  for (let level = 0; level < 5; level++) {
    bomb = rawZip(Array.from({ length: 10 }, (_, i) => ({ name: `${i}.zip`, content: bomb, method: 8 })));
  }
  const { rows } = await opened(bomb);
  expect(rows.length).toBeLessThanOrEqual(500);
  expect(rows.some(({ reason }) => reason === 'limit-exceeded')).toBe(true);
});

const deflateOf = (bytes: number): Buffer => rawZip([{ name: 'z.bin', content: Buffer.alloc(bytes), method: 8 }]);

test('A24: a size that lies costs no memory and no time', async () => {
  const entry = { name: 'a.txt', content: 'x', method: 8, bytes: 0xfffffff0, compressedBytes: 3 };
  expect((await opened(rawZip([entry]))).told).toEqual(['1 資料.zip limit-exceeded']);
  const huge = { ...entry, bytes: 0xffffffff, extra: field(1, Buffer.concat([u32(0xffffffff), u32(0x1fffff)])) };
  expect((await opened(rawZip([huge]))).rows[0]?.outcome).toBe('blocked');
});

const INNER = rawZip([{ name: 'x/y.txt', content: 'deep' }]);
const TREE = rawZip([
  { name: '会議/議事録.txt', content: 'minutes', flags: 0x800 },
  { name: '会議\\名簿.csv', content: 'a,b', flags: 0x800 },
  { name: '../会議/議事録.txt', content: 'other minutes', flags: 0x800 },
  { name: '別添.zip', content: INNER, flags: 0x800 },
  { name: 'b.exe', content: Buffer.from('4d5a90000300000004000000ffff', 'hex') },
]);

test('A37: more files than a reader wants loose go on as one ZIP with the same tree', async () => {
  const { rows, files } = await opened(TREE, {}, '資料.zip', { maxLooseFiles: 3 });
  expect(files.map(({ name }) => name)).toEqual(['資料.zip']);
  expect(rows[0]).toMatchObject({ outcome: 'rebuilt', members: 5, outputs: [{ name: '資料.zip', type: 'zip' }] });
  const paths = rows.slice(1).map(({ outputs }) => outputs[0]?.archivePath);
  expect(paths).toEqual([
    '会議/議事録.txt',
    '会議/名簿.csv',
    '会議/議事録 (2).txt',
    undefined,
    '別添/x/y.txt',
    undefined,
  ]);
  expect(rows[3]?.outputs).toMatchObject([{ name: '議事録 (2).txt', type: 'text' }]);
});

test('A37: what went on packed comes back as it is', async () => {
  const first = await opened(TREE, {}, '資料.zip', { maxLooseFiles: 3 });
  const again = await opened(first.files[0]?.bytes ?? new Uint8Array(), {}, '資料.zip', { maxLooseFiles: 3 });
  expect(again.files.map(({ bytes }) => Buffer.from(bytes))).toEqual(
    first.files.map(({ bytes }) => Buffer.from(bytes)),
  );
});

test('the number of loose files is the policy’s, folders are told apart only when packed', async () => {
  const loose = await opened(TREE, {}, '資料.zip', { maxLooseFiles: 4 });
  expect(loose.files.map(({ name }) => name)).toEqual(['議事録.txt', '名簿.csv', '議事録 (2).txt', 'y.txt']);
  const none = await opened(rawZip([A]), {}, '資料.zip', { maxLooseFiles: 0 });
  expect(none.files.map(({ name }) => name)).toEqual(['資料.zip']);
});
