/**
 * A mail through the two halves of the gateway in this process: sanitizeMessage as the jailed child runs it, then the gate
 * with the inspector. What comes back is what would cross, as a mail program reads it.
 */
import { expect } from 'vitest';
import type { Report } from '../../src/message/report.ts';
import { sanitizeMessage } from '../../src/sanitize/sanitize.ts';
import { type ForwardedMail, readForwarded } from '../kit/forwarded.ts';
import { JOB, judge } from './gate/door.ts';

const SMTP_JOB = { ...JOB, lineEnds: 'crlf' } as const;

export interface Crossed extends ForwardedMail {
  readonly report: Report;
  /** As the mail program shows the header, notice and text, one after the other, and all files' bytes in Latin-1. */
  readonly everything: string;
}

/** @param lines of the original, each ended by CRLF; a character is a byte. @throws when the gate refuses our own output. */
export async function through(...lines: readonly string[]): Promise<Crossed> {
  const original = Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
  const { bytes, report } = await sanitizeMessage(SMTP_JOB, original, () => undefined);
  const verdict = await judge(bytes);
  expect(verdict.kind === 'refused' ? verdict.problems : []).toEqual([]);
  const mail = readForwarded(Buffer.from(bytes));
  const files = mail.files.map((file) => `${file.name}\n${file.bytes.toString('latin1')}`);
  return { ...mail, report, everything: [mail.header, mail.text, ...files].join('\n') };
}

/** Base64 in lines of 76, joined by CRLF. */
export const base64 = (bytes: Uint8Array | string): string =>
  Buffer.from(bytes as string)
    .toString('base64')
    .replace(/.{76}(?=.)/g, '$&\r\n');

export const HEADER = ['From: a@example.com', 'To: soumu@chuo.lg.jp', 'Subject: test', 'MIME-Version: 1.0'] as const;

/** A mail with a short text and these parts behind it. */
export const mixed = (...parts: readonly (readonly string[])[]): readonly string[] => [
  ...HEADER,
  'Content-Type: multipart/mixed; boundary="outer"',
  '',
  '--outer',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Please read.',
  ...parts.flatMap((part) => ['--outer', ...part]),
  '--outer--',
];

/** An attachment under one name (RFC 2231), in base64. */
export const attached = (name: string, type: string, content: Uint8Array | string): readonly string[] => [
  `Content-Type: ${type}`,
  `Content-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
  'Content-Transfer-Encoding: base64',
  '',
  base64(content),
];

/** What the notice says of a part: its line, '' when it is not named. */
export const noticeLine = ({ text }: ForwardedMail, part: string): string =>
  text.split('\r\n').find((line) => line.startsWith(`・${part}`)) ?? '';
