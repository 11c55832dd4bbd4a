/** The mails of the load bench. Each has a Message-ID of its own, by which its arrival is counted. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OutgoingMail } from '../../test/kit/send.ts';

export type LoadKind = 'text' | 'pdf' | 'image';

export interface LoadMail extends OutgoingMail {
  readonly kind: LoadKind;
  /** Number of the mail. */
  readonly index: number;
  readonly messageId: string;
  /** Domain of its recipient. */
  readonly domain: string;
  /** What stands in its letter: lines 0 … `lines` - 1 of `letterLine(number, …)`. */
  readonly letter: { readonly number: number; readonly lines: number };
}

const fixture = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/load/${name}`, import.meta.url)));

const folded = (bytes: Buffer): string => bytes.toString('base64').replace(/.{1,76}/g, '$&\r\n');

export const SENTENCES: readonly string[] = [
  '市民課からのお知らせです。来月の窓口の開設時間が変わりますので、下の表をご確認ください。',
  '令和8年度の予算要求について、各課の担当者は期限までに様式を提出してください。',
  '本日の会議の資料をお送りします。ご不明な点は企画課(内線 1234)までお問い合わせください。',
];

/** Number of the sentence that a letter's line has. */
export const letterSentence = (line: number): number => line % SENTENCES.length;

/** One line of a letter; no two letters share one. */
export const letterLine = (
  letter: number,
  line: number,
  sentence: string = SENTENCES[letterSentence(line)] ?? '',
): string => `${letter}-${line} ${sentence}`;

/** With header and base64 a mail of 5 kB. */
const LETTER_LINES = 24;

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
    folded(Buffer.from(Array.from({ length: LETTER_LINES }, (_, line) => letterLine(index, line)).join('\r\n'))),
  ];
  const lines = kind === 'text' ? [...header, ...body] : [...header, ...mixed(kind, body)];
  return {
    kind,
    index,
    messageId,
    domain,
    letter: { number: index, lines: LETTER_LINES },
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
