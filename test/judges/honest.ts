/** Benign controls: honest letters by hand, and real output of the gateway with a file of every kind that we write. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Offline } from '../kit/offline.ts';
import { rawZip } from '../kit/zip-raw.ts';
import type { Subject } from './judge.ts';
import { type LetterFile, letterSubject } from './letter.ts';
import { honestFiles, OWN_CSV, ownPdf } from './specimens.ts';
import { layOut, promisedBy } from './subject.ts';

/** A control that blames everything passes its red ones: these must be green with every judge. */
export async function honestSubjects(product: Pick<Offline, 'sanitize'>, folder: string): Promise<readonly Subject[]> {
  const files = await honestFiles();
  const original = join(folder, 'original.eml');
  mkdirSync(folder, { recursive: true });
  const mail = mailOf([
    ...files.filter(({ type }) => type !== 'zip'),
    { name: '資料.zip', type: 'zip', bytes: archive() },
  ]);
  writeFileSync(original, mail);
  const { bytes, report } = await product.sanitize(mail);
  return [
    letterSubject(folder, 'honest text', {
      text: 'お世話になっております。\r\nhxxps://example.jp/ を御覧ください。\r\n',
    }),
    // No PDF: that specimen was drawn at 50 dpi and grows when it is drawn again.
    letterSubject(folder, 'honest files', { files: files.filter(({ type }) => type !== 'zip' && type !== 'pdf') }),
    layOut(join(folder, 'product'), { id: 'honest product', message: bytes, promised: promisedBy(report), original }),
  ];
}

const archive = (): Buffer =>
  rawZip([
    { name: '1/a.pdf', content: ownPdf() },
    { name: '1/b.csv', content: OWN_CSV, method: 8 },
    { name: '2/c.txt', content: '議事録\r\n'.repeat(20), method: 8 },
    { name: '2/d.txt', content: '議事録\r\n'.repeat(30), method: 8 },
    { name: 'e.txt', content: 'x\r\n', method: 8 },
    { name: 'f.txt', content: 'y\r\n', method: 8 },
  ]);

/** An ordinary mail with files, Japanese names in RFC 2231 form. */
export function mailOf(files: readonly LetterFile[]): Buffer {
  const parts = files.map(({ name, bytes }) =>
    [
      '--b',
      'Content-Type: application/octet-stream',
      'Content-Transfer-Encoding: base64',
      `Content-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      '',
      ...(Buffer.from(bytes)
        .toString('base64')
        .match(/.{1,76}/g) ?? []),
    ].join('\r\n'),
  );
  const head = [
    'From: =?UTF-8?B?5bGx55Sw5aSq6YOO?= <yamada@example.com>',
    'To: soumu@t1.example',
    'Subject: =?UTF-8?B?6LOH5paZ44Gu6YCB5LuY?=',
    'Date: Sun, 22 Nov 2026 14:00:00 +0900',
    'Message-ID: <honest@example.com>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'お世話になっております。資料を送ります。',
  ].join('\r\n');
  return Buffer.from(`${head}\r\n${parts.join('\r\n')}\r\n--b--\r\n`);
}
