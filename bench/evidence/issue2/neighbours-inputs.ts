/** What goes through the chain: the corpus' mails as they are, and corpus documents as attachments of mails of our own. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DOMAIN } from '../../../test/kit/neighbours/chain.ts';
import { sample } from '../issue1/product.ts';

export interface Input {
  /** Local part of its only recipient: by that it is found again everywhere. */
  readonly person: string;
  /** Path in the corpora. */
  readonly path: string;
  readonly kind: string;
  /** `submitted` through sendmail(1), which makes line ends; `smtp` to the front's port. */
  readonly way: 'submitted' | 'smtp';
  readonly bytes: Buffer;
  /** Message-ID of a mail that we wrote; '' for the corpus' own. */
  readonly ownId: string;
}

/** The issue counts 205; a corpus that shrinks must not pass. */
export const MAILS = 205;
export const DOCUMENTS = 300;
const SEED = 20_261_123;
const MAIL = /^mail-(?:ja|mime|malformed)$/;
const NO_DOCUMENT = /^(?:mail-.*|expected|licence|kind)$/;

interface Row {
  readonly path: string;
  readonly kind: string;
}

/** @param short about ten of each. */
export function inputsOf(shared: string, short: boolean): readonly Input[] {
  const rows = readFileSync(join(shared, 'corpora/MANIFEST.tsv'), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .map((cells): Row => ({ path: cells[0] ?? '', kind: cells[8] ?? '' }))
    .filter(({ kind }) => kind !== '');
  const mails = rows.filter(({ kind }) => MAIL.test(kind));
  const documents = rows.filter(({ kind }) => !NO_DOCUMENT.test(kind));
  const chosen = [
    ...(short ? sample(mails, 10, SEED) : mails).map((row) => ({ row, isMail: true })),
    ...sample(documents, short ? 10 : DOCUMENTS, SEED).map((row) => ({ row, isMail: false })),
  ];
  return chosen.map(({ row, isMail }, index) => {
    const bytes = readFileSync(join(shared, 'corpora', row.path));
    const person = `m${index}`;
    if (isMail) return { ...row, person, way: 'submitted', bytes, ownId: '' };
    const ownId = `<document-${index}@sender.example>`;
    return { ...row, person, way: 'smtp', bytes: wrapped(bytes, basename(row.path), person, ownId), ownId };
  });
}

/** What must come out as rejected: Sekisho refuses NUL, which Postfix lets pass. A bare CR it would mend (cleanup_replace_stray_cr_lf). */
export const CONTROL: Input = {
  person: 'c0',
  path: 'control',
  kind: 'control',
  way: 'submitted',
  bytes: Buffer.from('From: a@sender.example\nSubject: control\n\nn\0l\n'),
  ownId: '',
};

/** RFC 2045 §6.8, RFC 2231 §4. */
function wrapped(bytes: Buffer, name: string, person: string, messageId: string): Buffer {
  const lines = bytes.toString('base64').replace(/(.{76})/g, '$1\r\n');
  const text = Buffer.from('添付ファイルをご確認ください。\r\n').toString('base64');
  return Buffer.from(
    [
      'From: =?utf-8?B?5bGx55Sw?= <sender@sender.example>',
      `To: ${person}@${DOMAIN}`,
      'Subject: =?utf-8?B?5re75LuY?=',
      'Date: Mon, 23 Nov 2026 09:00:00 +0900',
      `Message-ID: ${messageId}`,
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary="=_document"',
      '',
      '--=_document',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      text,
      '--=_document',
      'Content-Type: application/octet-stream',
      'Content-Transfer-Encoding: base64',
      `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(name).replace(/['()*]/g, escaped)}`,
      '',
      lines.trimEnd(),
      '--=_document--',
      '',
    ].join('\r\n'),
  );
}

const escaped = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
