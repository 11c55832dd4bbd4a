/**
 * Writes messages as docs/output-grammar.md wants them, around any files: what judges of files are shown as controls. It
 * is test code of its own; a control may be wrong in exactly one place.
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { LeafType, Subject } from './judge.ts';
import { KINDS, layOut } from './subject.ts';

export interface LetterFile {
  readonly name: string;
  readonly type: Exclude<LeafType, 'unknown'>;
  readonly bytes: Uint8Array;
}

export interface Letter {
  readonly text?: string;
  readonly files?: readonly LetterFile[];
  /** Changes the message before its receipt is put on top. */
  readonly spoil?: (message: string) => string;
  /** Changes the whole. */
  readonly spoilAll?: (message: string) => string;
}

const ID = '01K00000000000000000000000';
const SUBJECT = 'Subject: kakunin no onegai';

const base64 = (bytes: Uint8Array): string =>
  (
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  )
    .map((line) => `${line}\r\n`)
    .join('');

const spelled = (character: string): string =>
  /^[A-Za-z0-9._-]$/.test(character)
    ? character
    : [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/** Short names only: one segment. */
const disposition = (name: string): string =>
  `Content-Disposition: attachment;\r\n filename*=UTF-8''${[...name].map(spelled).join('')}\r\n`;

const leaf = (media: string, bytes: Uint8Array, extra = ''): string =>
  `Content-Type: ${media}\r\nContent-Transfer-Encoding: base64\r\n${extra}\r\n${base64(bytes)}`;

/** A message with receipt. The signature is noise: judges hold no key. */
export function letter({
  text = 'こんにちは。\r\n',
  files = [],
  spoil = (same) => same,
  spoilAll = (same) => same,
}: Letter): Buffer {
  const boundary = `=_sekisho_${randomBytes(16).toString('hex')}`;
  const head = [
    'Received: from [192.0.2.1] by sekisho.example with SMTP id',
    ` ${ID}; Sun, 22 Nov 2026 14:00:00 +0900`,
    'Message-ID: <a@example.jp>',
    'Date: Sun, 22 Nov 2026 14:00:00 +0900',
    'From: Yamada Taro <yamada@example.jp>',
    'To: <soumu@t1.example>',
    SUBJECT,
    'MIME-Version: 1.0',
  ]
    .map((line) => `${line}\r\n`)
    .join('');
  const textLeaf = leaf(KINDS.text.media, Buffer.from(text));
  const parts = files.map(({ name, type, bytes }) => leaf(KINDS[type].media, bytes, disposition(name)));
  const mixed = `Content-Type: multipart/mixed;\r\n boundary="${boundary}"\r\n\r\n${[textLeaf, ...parts].map((part) => `--${boundary}\r\n${part}`).join('')}--${boundary}--\r\n`;
  const message = spoil(head + (files.length === 0 ? textLeaf : mixed));
  return Buffer.from(spoilAll(receipt(message) + message), 'latin1');
}

function receipt(message: string): string {
  const hash = createHash('sha256').update(message, 'latin1').digest('hex');
  const signature = randomBytes(64).toString('base64');
  return [
    'Sekisho-Receipt: v=1; k=0123456789abcdef; d=2026-11-22T05:00:00.000Z;',
    ' t=t1;',
    ` m=${ID}; p=0123456789abcdef;`,
    ` r=${'0'.repeat(64)};`,
    ` h=${hash};`,
    ` s=${signature.slice(0, 64)}`,
    ` ${signature.slice(64)}`,
  ]
    .map((line) => `${line}\r\n`)
    .join('');
}

/** A letter laid out, and a report that promises exactly its files. */
export function letterSubject(folder: string, id: string, content: Letter): Subject {
  const promised = (content.files ?? []).map(({ name, type, bytes }) => ({
    name,
    type,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    archivePath: '',
  }));
  return layOut(join(folder, id.replace(/[^a-z0-9]+/gi, '-')), { id, message: letter(content), promised });
}
