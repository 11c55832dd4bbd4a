/** The positive controls: what is written by hand from the grammar passes. Without them, refusing everything would look right. */
import { expect, test } from 'vitest';
import { readDraft } from '../../../src/gate/grammar.ts';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { BODY, CSV_FILE, jpegFile, mixed, pdfFile, pngFile, single, specimen, TEXT_FILE } from './specimens.ts';

test('INV-01…05: the specimens fit the message grammar', async () => {
  expect(readDraft(Buffer.from(single(), 'latin1'))).toMatchObject({ kind: 'fits', leaves: [] });
  const draft = readDraft(await specimen());
  expect(draft).toMatchObject({
    kind: 'fits',
    leaves: [{ name: 'memo.txt' }, { name: '一覧.csv' }, { name: 'photo.jpg' }, { name: 'zu.png' }],
  });
});

test('a multipart without attachment does not fit', () => {
  expect(readDraft(Buffer.from(mixed([]), 'latin1')).kind).toBe('misfit');
});

test('the files of the specimens pass the inspector', async () => {
  expect(await inspectFile('text', Buffer.from(BODY))).toEqual([]);
  expect(await inspectFile('text', Buffer.from(TEXT_FILE))).toEqual([]);
  expect(await inspectFile('csv', Buffer.from(CSV_FILE))).toEqual([]);
  expect(await inspectFile('jpeg', await jpegFile())).toEqual([]);
  expect(await inspectFile('png', await pngFile())).toEqual([]);
  expect(await inspectFile('pdf', await pdfFile())).toEqual([]);
});
