/** The mails of the load bench. Each has a Message-ID of its own, by which its arrival is counted. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OutgoingMail } from '../../test/kit/send.ts';

export type LoadKind = 'text' | 'pdf' | 'image';

export interface LoadMail extends OutgoingMail {
  readonly kind: LoadKind;
  /** Number of the mail; stands in each line of its letter. */
  readonly index: number;
  readonly messageId: string;
  /** Domain of its recipient. */
  readonly domain: string;
}

const fixture = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/load/${name}`, import.meta.url)));

const folded = (bytes: Buffer): string => bytes.toString('base64').replace(/.{1,76}/g, '$&\r\n');

const SENTENCE = '市民課からのお知らせです。来月の窓口の開設時間が変わりますので、下の表をご確認ください。';

/** The letter: with header and base64 a mail of 5 kB. */
export const textOf = (index: number): readonly string[] =>
  Array.from({ length: 24 }, (_, line) => `${index}-${line} ${SENTENCE}`);

const ATTACHMENTS: Readonly<Record<Exclude<LoadKind, 'text'>, { readonly type: string; readonly name: string }>> = {
  pdf: { type: 'application/pdf', name: 'page.pdf' },
  image: { type: 'image/jpeg', name: 'photo.jpg' },
};

/** @param tenants recipients go round through `soumu@t1.example` … */
export function loadMail(kind: LoadKind, index: number, tenants: number): LoadMail {
  const domain = `t${(index % tenants) + 1}.example`;
  const messageId = `<load-${process.pid}-${index}@mail.example.com>`;
  const header = [
    `Received: from mx.example.com (mx.example.com [203.0.113.9]) by mx.example; Mon, 16 Nov 2026 09:00:00 +0900`,
    'Date: Mon, 16 Nov 2026 09:00:00 +0900',
    'From: =?UTF-8?B?5bGx55SwIOiKseWtkA==?= <hanako@example.com>',
    `To: soumu@${domain}`,
    'Subject: =?UTF-8?B?5p2l5pyI44Gu56qT5Y+j44Gr44Gk44GE44Gm?=',
    `Message-ID: ${messageId}`,
    'MIME-Version: 1.0',
  ];
  const body = [
    'Content-Type: text/plain; charset=UTF-8',
    'Content-Transfer-Encoding: base64',
    '',
    folded(Buffer.from(textOf(index).join('\r\n'))),
  ];
  const lines = kind === 'text' ? [...header, ...body] : [...header, ...mixed(kind, body)];
  return {
    kind,
    index,
    messageId,
    domain,
    reversePath: 'hanako@example.com',
    recipients: [`soumu@${domain}`],
    bytes: Buffer.from(lines.join('\r\n')),
  };
}

function mixed(kind: Exclude<LoadKind, 'text'>, body: readonly string[]): readonly string[] {
  const { type, name } = ATTACHMENTS[kind];
  return [
    'Content-Type: multipart/mixed; boundary="=_load"',
    '',
    '--=_load',
    ...body,
    '--=_load',
    `Content-Type: ${type}; name="${name}"`,
    'Content-Transfer-Encoding: base64',
    `Content-Disposition: attachment; filename="${name}"`,
    '',
    folded(fixture(name)),
    '--=_load--',
    '',
  ];
}

/** In every ten: six letters, three with a PDF, one with a photo. */
const MIX: readonly LoadKind[] = ['text', 'pdf', 'text', 'text', 'pdf', 'text', 'image', 'text', 'pdf', 'text'];

/** @param first number of the first mail: no two mails of a run share a Message-ID. */
export const textMails = (count: number, tenants: number, first: number): readonly LoadMail[] =>
  Array.from({ length: count }, (_, i) => loadMail('text', first + i, tenants));

/** The kinds go round with a shift at each ten, so that every tenant gets each of them. */
export const mixedMails = (count: number, tenants: number, first: number): readonly LoadMail[] =>
  Array.from({ length: count }, (_, i) => loadMail(MIX[(i + Math.floor(i / 10)) % 10] ?? 'text', first + i, tenants));
