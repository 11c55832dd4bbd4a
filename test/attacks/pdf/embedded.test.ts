/** Files in PDFs (threats.tsv P10, P25, A39): each goes its own way, and is told. */
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { onePage } from '../../unit/pdf/documents.ts';
import { opened, textOf } from '../archives/opened.ts';

const PAGE = 'BT /F1 20 Tf 100 700 Td (Cover) Tj ET';
const PROGRAM = `MZ${'\0'.repeat(200)}`;

/** A stream object's text. */
const file = (content: string | Buffer): string => {
  const data = Buffer.from(content as string).toString('latin1');
  return `<< /Type /EmbeddedFile /Length ${data.length} >>\nstream\n${data}\nendstream`;
};

const deflated = (content: Buffer): string => {
  const data = deflateSync(content).toString('latin1');
  return `<< /Type /EmbeddedFile /Filter /FlateDecode /Length ${data.length} >>\nstream\n${data}\nendstream`;
};

const spec = (name: string, stream: number): string =>
  `<< /Type /Filespec /F (${name}) /UF (${name}) /EF << /F ${stream} 0 R >> >>`;

/** One page and these files in the name tree; objects 6, 7 … are specification and stream of each. */
function withFiles(files: readonly (readonly [name: string, object: string])[], catalog = '', page = ''): Buffer {
  const names = files.map(([name], i) => `(${name}) ${6 + 2 * i} 0 R`).join(' ');
  const objects = files.flatMap(([name, object], i) => [spec(name, 7 + 2 * i), object]);
  return onePage(PAGE, page, `/Names << /EmbeddedFiles << /Names [${names}] >> >> ${catalog}`, objects);
}

const open = (bytes: Uint8Array, limits = {}, change = {}) => opened(bytes, limits, '案内.pdf', change);

test('P10 a file in a PDF is made safe and handed on beside it', async () => {
  const { told, files, rows, announced } = await open(
    withFiles([
      ['memo.txt', file('alpha')],
      ['a.exe', file(PROGRAM)],
    ]),
  );
  expect(told).toEqual(['1 案内.pdf rebuilt', '1/1 memo.txt rebuilt', '1/2 a.exe executable']);
  expect(files.map(({ name }) => name)).toEqual(['案内.pdf', 'memo.txt']);
  expect(textOf(files[1])).toBe('alpha');
  expect(rows[0]).toMatchObject({ members: 2 });
  expect(rows[0]?.removed.some(({ what }) => what === 'embedded-file')).toBe(false);
  expect(announced).toEqual(['1', '1/1', '1/2']);
});

test('P10 a PDF without files in it has no members', async () => {
  const { told, rows } = await open(onePage(PAGE));
  expect(told).toEqual(['1 案内.pdf rebuilt']);
  expect(rows[0]).not.toHaveProperty('members');
});

test('P10 a file pinned to a page is found, and once only when the document names it too', async () => {
  const pinned = '/Annots [<< /Type /Annot /Subtype /FileAttachment /Rect [10 10 30 30] /FS 6 0 R >>]';
  const both = withFiles([['memo.txt', file('alpha')]], '', pinned);
  expect((await open(both)).told).toEqual(['1 案内.pdf rebuilt', '1/1 memo.txt rebuilt']);
  const only = onePage(PAGE, pinned, '', [spec('memo.txt', 7), file('alpha')]);
  expect((await open(only)).told).toEqual(['1 案内.pdf rebuilt', '1/1 memo.txt rebuilt']);
});

test('P25 a portfolio: the cover sheet and what it covers', async () => {
  const inner = withFiles([['deep.txt', file('deep')]]);
  const { told } = await open(
    withFiles(
      [
        ['inner.pdf', file(inner)],
        ['b.csv', file('a,b\r\n')],
      ],
      '/Collection << /Type /Collection /View /D >>',
    ),
  );
  expect(told).toEqual(['1 案内.pdf rebuilt', '1/1 inner.pdf rebuilt', '1/1/1 deep.txt rebuilt', '1/2 b.csv rebuilt']);
});

test('A39 PDFs in PDFs end where the policy says, and the outer ones go on', async () => {
  let bytes = withFiles([['x.txt', file('x')]]);
  for (let i = 0; i < 4; i++) bytes = withFiles([['in.pdf', file(bytes)]]);
  const { told } = await open(bytes, { maxDepth: 3 });
  expect(told.at(-1)).toBe('1/1/1/1/1 in.pdf limit-exceeded');
  expect(told.filter((line) => line.endsWith('rebuilt'))).toHaveLength(4);
});

test('A39 more files than the message may hold: the PDF goes on, the rest is counted', async () => {
  const { told, rows } = await open(
    withFiles(Array.from({ length: 5 }, (_, i) => [`f${i}.txt`, file(`file ${i}`)] as const)),
    { maxParts: 4 },
  );
  expect(told).toHaveLength(4);
  expect(rows[0]?.outcome).toBe('rebuilt');
  expect(rows[0]?.removed).toContainEqual({ what: 'embedded-file', count: 2 });
});

test('more files than a reader wants loose go on in one archive, the PDF with them', async () => {
  const { files, rows } = await open(
    withFiles(Array.from({ length: 5 }, (_, i) => [`f${i}.txt`, file(`file ${i}`)] as const)),
    {},
    { maxLooseFiles: 3 },
  );
  expect(files.map(({ name }) => name)).toEqual(['案内.zip']);
  expect(rows.flatMap(({ outputs }) => outputs.map(({ archivePath }) => archivePath))).toContain('案内.pdf');
});

test('P17 a bomb among the files is held alone', async () => {
  const bomb = deflated(Buffer.alloc(30_000_000));
  const { told } = await open(
    withFiles([
      ['bomb.txt', bomb],
      ['memo.txt', file('alpha')],
    ]),
    { maxFileBytes: 1_000_000 },
  );
  expect(told).toEqual(['1 案内.pdf rebuilt', '1/1 bomb.txt limit-exceeded', '1/2 memo.txt rebuilt']);
});

test('a file that is named and missing is held as damaged', async () => {
  const { told } = await open(withFiles([['gone.txt', '<< /Type /EmbeddedFile >>']]));
  expect(told).toEqual(['1 案内.pdf rebuilt', '1/1 gone.txt malformed']);
});

test('M50 names of files in a PDF are cleaned like any other', async () => {
  const { files } = await open(withFiles([['..\\\\..\\\\x.exe.txt', file('alpha')]]));
  expect(files.map(({ name }) => name)).toEqual(['案内.pdf', 'x.txt']);
});
