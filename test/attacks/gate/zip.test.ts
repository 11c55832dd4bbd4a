/** docs/output-grammar.md §9: ZIPs written by hand from that text fit; each rule broken is refused (A37). */
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { built } from '../../../src/sanitize/converter.ts';
import { zipFile } from '../../../src/sanitize/formats/zip/write.ts';
import { treePaths } from '../../../src/sanitize/names.ts';
import { field, type RawZip, type RawZipEntry, rawZip } from '../../kit/zip-raw.ts';
import { CSV_FILE, jpegFile, pdfFile, pngFile, TEXT_FILE } from './specimens.ts';

const STORED = { flags: 0x800, host: 3, attributes: 0o100644 * 0x1_0000 } as const;
const OURS = { ...STORED, method: 8 } as const;
const TEXT: RawZipEntry = { name: '会議/資料.txt', content: TEXT_FILE, ...OURS };
const CSV: RawZipEntry = { name: '会議/一覧.csv', content: CSV_FILE, ...OURS };
const named = (name: string): RawZipEntry => ({ ...TEXT, name });
const problems = (bytes: Uint8Array) => inspectFile('zip', bytes);

test('a ZIP written by hand, with a file of each type, is one of ours', async () => {
  const entries: RawZipEntry[] = [
    TEXT,
    CSV,
    { name: 'a.pdf', content: await pdfFile(), ...STORED },
    { name: 'a.png', content: await pngFile(), ...STORED },
    { name: 'a.jpg', content: await jpegFile(), ...STORED },
  ];
  expect(await problems(rawZip(entries))).toEqual([]);
});

test('the writer writes what is written by hand', () => {
  const bytes = built(Buffer.from(TEXT_FILE));
  expect(Buffer.from(zipFile([{ path: '会議/資料.txt', type: 'text', bytes }]))).toEqual(rawZip([TEXT]));
});

const FRAMES: readonly [string, readonly RawZipEntry[], RawZip?][] = [
  ['no file', []],
  ['bytes in front', [TEXT], { before: Buffer.from('x') }],
  ['bytes between', [TEXT], { between: Buffer.from('x') }],
  ['bytes before the end', [TEXT], { beforeEnd: Buffer.from('x') }],
  ['a comment', [TEXT], { comment: 'x' }],
  ['bytes behind', [TEXT], { after: Buffer.from('\n') }],
  ['another count', [TEXT, CSV], { entries: 1 }],
  ['a file without its flag', [{ ...TEXT, flags: 0 }]],
  ['a data descriptor', [{ ...TEXT, flags: 0x808 }]],
  ['an encrypted file', [{ ...TEXT, flags: 0x801 }]],
  ['text stored', [{ ...TEXT, method: 0 }]],
  ['another method', [{ ...TEXT, method: 12, data: Buffer.from('x') }]],
  ['an extra field', [{ ...TEXT, extra: field(1, Buffer.alloc(0)) }]],
  ['an extra field in the local header', [{ ...TEXT, localExtra: field(1, Buffer.alloc(0)) }]],
  ['a comment of a file', [{ ...TEXT, comment: 'x' }]],
  ['other attributes', [{ ...TEXT, attributes: 0o120777 * 0x1_0000 }]],
  ['another host', [{ ...TEXT, host: 0 }]],
  ['another name in the directory', [{ ...TEXT, local: { name: '会議/資科.txt' } }]],
  ['another checksum', [{ ...TEXT, crc: 1 }]],
  ['a larger size', [{ ...TEXT, bytes: 1000 }]],
  ['a bomb', [{ ...TEXT, data: deflateRawSync(Buffer.alloc(1_000_000)) }]],
  ['bytes behind the stream', [{ ...TEXT, data: Buffer.concat([deflateRawSync(TEXT_FILE), Buffer.from('x')]) }]],
  ['two entries of one part', [TEXT, { ...TEXT, at: 0 }]],
  ['a program', [{ ...TEXT, name: 'a.exe' }]],
  ['a program that calls itself text', [{ ...TEXT, content: Buffer.from('MZ\x90\0', 'latin1') }]],
  ['text against the text rules', [{ ...TEXT, content: '\uFEFFhttp://example.com/\r\n' }]],
  ['a ZIP in a ZIP', [{ name: 'a.zip', ...STORED, content: rawZip([TEXT]) }]],
  ['two files of one name', [named('a.txt'), named('Ａ.txt')]],
  ['a file like a folder', [named('x.txt/a.txt'), named('X.txt')]],
];

test.each(FRAMES)('A37: refused: %s', async (_, entries, options) => {
  expect(await problems(rawZip(entries, options))).not.toEqual([]);
});

test.each([
  ...['../a.txt', '/a.txt', 'C:/a.txt', 'a\\b.txt', 'a//b.txt', './a.txt', 'a/../b.txt', 'a/', 'a /b.txt', 'a./b.txt'],
  ...[
    'CON/a.txt',
    'nul.txt',
    'a.exe/b.txt',
    'a/b.scr.txt',
    '.txt',
    'a\u202Etxt.txt',
    'か\u3099.txt',
    'a\t.txt',
    'a.TXT',
    'a',
  ],
  ...[
    `${'a/'.repeat(17)}b.txt`,
    `${'あ'.repeat(61)}/b.txt`,
    `${'あ'.repeat(117)}.txt`,
    ' a.txt',
    'a?.txt',
    'x\uFE0F.txt',
  ],
])('A31: refused as a path: %s', async (name) => {
  expect(await problems(rawZip([named(name)]))).not.toEqual([]);
});

test('every byte of the frame changed is refused', async () => {
  const whole = rawZip([
    { ...TEXT, name: 'a.txt' },
    { ...CSV, name: 'b.csv' },
  ]);
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 0x15;
    const found = await problems(changed);
    // A name may become another good name only in both headers at once.
    expect(found, `byte ${at}`).not.toEqual([]);
  }
});

const untrustedName = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.constantFrom(
    '..',
    'con',
    'a.exe',
    'x.txt',
    'X',
    '表',
    'あ'.repeat(200),
    ' . ',
    'a.',
    'か\u3099',
    '\u202Eexe',
    'NUL.txt',
  ),
);

test('whatever folders and files are called, the paths are by the rules and unique', async () => {
  const file = fc.record({
    untrustedStem: untrustedName,
    untrustedFolders: fc.array(untrustedName, { maxLength: 20 }),
    type: fc.constant('text' as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 8 }), async (files) => {
      const bytes = built(Buffer.from(TEXT_FILE));
      const members = treePaths(files).map((path) => ({ path, type: 'text' as const, bytes }));
      expect(await problems(zipFile(members))).toEqual([]);
    }),
    { numRuns: 400 },
  );
});
