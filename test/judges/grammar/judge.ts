/** INV-01…INV-05: the whole message against its grammar, read anew by a program that shares nothing with gate and composer. */
import { existsSync, readFileSync } from 'node:fs';
import { type Judge, oneByOne, type Subject } from '../judge.ts';
import { type Letter, letterSubject } from '../letter.ts';
import { bodyFaults } from './bodies.ts';
import { textFaults } from './characters.ts';
import { headerFaults, openReceipt } from './header.ts';

export const grammar: Judge = {
  name: 'grammar',
  looksFor: 'bytes, header, shape, base64 and names outside docs/output-grammar.md',
  needs: [],
  judge: oneByOne(look),
  async positiveControls(folder) {
    return Object.entries(CONTROLS).map(([says, content], i) => ({
      subject: letterSubject(folder, `grammar ${i}`, content),
      says: new RegExp(says),
    }));
  },
};

function look({ file, original, body }: Subject): readonly string[] {
  const bytes = readFileSync(file, 'latin1');
  const before = existsSync(original) ? readFileSync(original, 'latin1') : '';
  return [...messageFaults(bytes, before), ...textFaults(readFileSync(body, 'utf8')).map((fault) => `body: ${fault}`)];
}

/** @param bytes a forwarded message, latin1 */
export function messageFaults(bytes: string, original = ''): readonly string[] {
  const faults: string[] = [];
  const odd = /[^\x20-\x7e\r\n]/.exec(bytes);
  if (odd !== null) faults.push(`byte ${odd[0].charCodeAt(0)}`);
  if (/\r(?!\n)|(?<!\r)\n/.test(bytes)) faults.push('bare CR or LF');
  if (!bytes.endsWith('\r\n')) faults.push('does not end with CRLF');
  const { message, faults: receipt } = openReceipt(bytes);
  const content = /\r\nContent-|\r\n\r\n/.exec(message)?.index ?? message.length;
  const rest = message.slice(content + 2);
  return [
    ...faults,
    ...receipt,
    ...headerFaults(message.slice(0, content)),
    ...bodyFaults(rest, original),
    ...longLines(rest),
  ];
}

const longLines = (rest: string): readonly string[] => {
  const long = rest.split('\r\n').find((line) => line.length > 76);
  return long === undefined ? [] : [`line of ${long.length} octets`];
};

const replace =
  (from: string | RegExp, to: string) =>
  (message: string): string =>
    message.replace(from, to);
const attached = { files: [{ name: 'a.txt', type: 'text', bytes: Buffer.from('\ufeffx\r\n') }] } as const;
const sheet = { files: [{ name: 'a.png', type: 'png', bytes: Buffer.from('\ufeffx\r\n') }] } as const;

/** Each wrong in one place; the key is what must be said of it. */
const CONTROLS: Readonly<Record<string, Letter>> = {
  'bare CR or LF': { spoil: replace('Subject: ', 'Subject: a\nX: b') },
  'byte 0': { spoil: replace('kakunin', 'kaku\0nin') },
  'byte 227': { spoil: replace('kakunin', 'kaku\u00e3nin') },
  'does not end with CRLF': { spoil: replace(/\r\n$/, '') },
  'no receipt': { spoilAll: replace('Sekisho-Receipt', 'X-Receipt') },
  'other bytes': { spoilAll: replace('kakunin', 'kakunim') },
  'another message': { spoil: replace('id\r\n 01K0', 'id\r\n 01K1') },
  'field «X-Mailer»': { spoil: replace('Date:', 'X-Mailer: a\r\nDate:') },
  'field «Bcc»': { spoil: replace('Subject:', 'Bcc: <x@example.jp>\r\nSubject:') },
  'out of order': { spoil: replace(/(Message-ID: .*\r\n)(Date: .*\r\n)/, '$2$1') },
  repeated: { spoil: replace(/(Subject: .*\r\n)/, '$1$1') },
  'no From': { spoil: replace(/From: .*\r\n/, '') },
  'not exactly one': { spoil: replace(/From: .*/, 'From: <a@example.jp>,\r\n <b@example.jp>') },
  'address «': { spoil: replace('<soumu@t1.example>', '<"so umu"@t1.example>') },
  'no such date': { spoil: replace('Date: Sun', 'Date: Mon') },
  'date «': { spoil: replace(/(Date: .*)\+0900/, '$1+0000') },
  'id «': { spoil: replace('<a@example.jp>', '<a@@example.jp>') },
  'Subject: word': { spoil: replace('kakunin', `${'k'.repeat(61)}`) },
  'among encoded words': { spoil: replace('kakunin no onegai', 'x =?UTF-8?B?44GC?=') },
  'encoded without need': { spoil: replace('kakunin no onegai', '=?UTF-8?B?YWJj?=') },
  'U\\+202E in an encoded word': { spoil: replace('kakunin no onegai', '=?UTF-8?B?4oCu44GC?=') },
  'TAB or line end': { spoil: replace('kakunin no onegai', '=?UTF-8?B?44GCDQpCY2M6IHg=?=') },
  'not filled up': { spoil: replace('kakunin no onegai', '=?UTF-8?B?44GC?=\r\n =?UTF-8?B?44GC?=') },
  'folded otherwise': { spoil: replace('kakunin no', 'kakunin\r\n no') },
  'Received: «': { spoil: replace('with SMTP', 'with ESMTP') },
  'neither a text': { spoil: replace('text/plain', 'text/html') },
  'neither a text nor': { spoil: replace('Encoding: base64', 'Encoding: 7bit') },
  'base64 lines': { spoil: replace(/=?=?\r\n$/, '=A==\r\n') },
  'base64 is not canonical': { spoil: replace(/o=\r\n$/, 'p=\r\n') },
  preamble: { ...attached, spoil: replace(/"\r\n\r\n/, '"\r\n\r\nHello\r\n') },
  epilogue: { ...attached, spoil: replace(/--\r\n$/, '--\r\nHello\r\n') },
  'the first part': { ...attached, spoil: replace('Content-Type: text/plain;', 'Content-Type: text/html;') },
  'type «text/html': { ...attached, spoil: lastOf('text/plain', 'text/html') },
  'head of a part': { ...attached, spoil: replace('attachment;', 'inline;') },
  'name spelled otherwise': { ...attached, spoil: replace("UTF-8''a", "UTF-8''%61") },
  'does not end in': { ...attached, spoil: replace("UTF-8''a.txt", "UTF-8''a.exe") },
  'inner extension': { ...attached, spoil: replace("UTF-8''a.txt", "UTF-8''a.exe.txt") },
  device: { ...attached, spoil: replace("UTF-8''a.txt", "UTF-8''con.txt") },
  'sign that names': { ...attached, spoil: replace("UTF-8''a.txt", "UTF-8''..%2Fa.txt") },
  'not png by its first bytes': sheet,
  'body: link': { text: 'http://example.jp/\r\n' },
  'body: UNC': { text: '\\\\server\\share\r\n' },
  'body: encoded file frame': { text: 'begin 644 a.exe\r\n' },
  'body: character U\\+200B': { text: 'a\u200bb\r\n' },
};

function lastOf(from: string, to: string): (message: string) => string {
  return (message) => {
    const at = message.lastIndexOf(from);
    return message.slice(0, at) + to + message.slice(at + from.length);
  };
}
