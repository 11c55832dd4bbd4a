/** The composer's and the notices' rules to the letter: which fields, in which order, cut where (docs/output-grammar.md). */
import { describe, expect, test } from 'vitest';
import type { NoticeJob, TrustedFacts } from '../../../../src/message/jobs.ts';
import { assemble, type ComposeInput, composeMessage, receivedField } from '../../../../src/sanitize/compose.ts';
import { built, type SafeFile } from '../../../../src/sanitize/converter.ts';
import type { HeaderFacts } from '../../../../src/sanitize/header-facts.ts';
import { composeNotice } from '../../../../src/sanitize/notice.ts';

const facts: TrustedFacts = {
  messageId: 'ID1',
  tenant: { id: 'aoba', name: 'Aoba', domains: ['city.aoba.example.jp'] },
  gatewayHost: 'gw.example.lg.jp',
  reversePath: 'taro@example.co.jp',
  recipients: ['soumu@city.aoba.example.jp'],
  peerAddress: '192.0.2.1',
  receivedAtMs: Date.UTC(2026, 10, 22, 5, 22, 1),
  originalBytes: 5000,
  contact: 'desk 1234',
};
const header: HeaderFacts = {
  subject: 'Hello',
  from: [{ name: '', address: 'taro@example.co.jp' }],
  to: [],
  cc: [],
  replyTo: [],
  date: 'Sun, 22 Nov 2026 14:00:00 +0900',
  messageId: '<abc@example.co.jp>',
  inReplyTo: '',
  references: [],
};
const input: ComposeInput = {
  facts,
  header,
  body: 'words',
  files: [],
  report: {
    verdict: { kind: 'sanitized' },
    body: { declaredCharset: '', charset: 'utf-8', source: 'plain', links: [], hiddenText: '', removed: [] },
    attachments: [],
    defects: [],
  },
  maxBodyChars: 1000,
  language: 'en',
};

interface Written {
  /** Without the fold. */
  readonly fields: readonly string[];
  readonly text: string;
  /** Behind the line between notice and text. */
  readonly shown: string;
  readonly parts: readonly string[];
}

function opened(bytes: Uint8Array): Written {
  const raw = Buffer.from(bytes).toString('latin1');
  const [head = '', ...rest] = raw.split('\r\n\r\n');
  const boundary = /boundary="([^"]+)"/.exec(head)?.[1];
  const leaves = boundary === undefined ? [] : raw.split(`--${boundary}`).slice(1, -1);
  const body = boundary === undefined ? rest.join('') : (leaves[0]?.split('\r\n\r\n')[1] ?? '');
  const text = Buffer.from(body, 'base64').toString('utf8').replaceAll('\r\n', '\n');
  return {
    fields: head.replaceAll('\r\n ', ' ').split('\r\n'),
    text,
    shown: text.split(`${'─'.repeat(30)}\n\n`)[1] ?? '',
    parts: leaves.slice(1).map((leaf) => Buffer.from(leaf.split('\r\n\r\n')[1] ?? '', 'base64').toString('utf8')),
  };
}
const compose = (change: Partial<ComposeInput> = {}, about: Partial<HeaderFacts> = {}): Written =>
  opened(composeMessage({ ...input, ...change, header: { ...header, ...about } }));
const fieldOf = ({ fields }: Written, name: string): string | undefined =>
  fields.find((field) => field.startsWith(`${name}: `))?.slice(name.length + 2);

describe('the header', () => {
  test('of a mail without anything special, to the letter', () => {
    expect(compose().fields).toEqual([
      'Received: from [192.0.2.1] by gw.example.lg.jp with SMTP id ID1; Sun, 22 Nov 2026 14:22:01 +0900',
      'Message-ID: <abc@example.co.jp>',
      'Date: Sun, 22 Nov 2026 14:00:00 +0900',
      'From: <taro@example.co.jp>',
      'Subject: Hello',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: base64',
    ]);
  });
  test('what is missing is made of what we know', () => {
    const { fields } = compose({}, { messageId: 'none', date: 'none', from: [], subject: '' });
    expect(fields.slice(1, 4)).toEqual([
      'Message-ID: <ID1@gw.example.lg.jp>',
      'Date: Sun, 22 Nov 2026 14:22:01 +0900',
      'From: <taro@example.co.jp>',
    ]);
    expect(fields[4]).toBe('MIME-Version: 1.0');
  });
  test.each([
    ['192.0.2.1', 'from [192.0.2.1] by'],
    ['::ffff:192.0.2.1', 'from [192.0.2.1] by'],
    ['::FFFF:10.0.0.1', 'from [10.0.0.1] by'],
    ['2001:DB8::1', 'from [IPv6:2001:db8::1] by'],
    ['::ffff:c000:201', 'from [IPv6:::ffff:c000:201] by'],
    ['fe80::1%eth0', 'by'],
    ['', 'by'],
    ['host', 'by'],
  ])('the peer %j', (peerAddress, begins) => {
    const field = receivedField({ ...facts, peerAddress }).replaceAll('\r\n ', ' ');
    expect(field).toBe(`Received: ${begins} gw.example.lg.jp with SMTP id ID1; Sun, 22 Nov 2026 14:22:01 +0900\r\n`);
  });
  test('500 mailboxes over all three lists', () => {
    const list = (n: number, at: string) =>
      Array.from({ length: n }, (_, i) => ({ name: '', address: `${at}${i}@x.jp` }));
    const count = (written: Written, name: string): number => fieldOf(written, name)?.split(', ').length ?? 0;
    const all = compose({}, { to: list(300, 't'), cc: list(150, 'c'), replyTo: list(100, 'r') });
    expect([count(all, 'To'), count(all, 'Cc'), count(all, 'Reply-To')]).toEqual([300, 150, 50]);
    const many = compose({}, { to: list(600, 't'), cc: list(10, 'c') });
    expect([count(many, 'To'), count(many, 'Cc')]).toEqual([500, 0]);
    const copies = compose({}, { to: list(300, 't'), cc: list(300, 'c'), replyTo: list(1, 'r') });
    expect([count(copies, 'Cc'), count(copies, 'Reply-To')]).toEqual([200, 0]);
  });
  test('the thread: the first usable id that is answered, each reference once, fifty of them', () => {
    expect(fieldOf(compose({}, { inReplyTo: 'x <bad> <a@x> <b@x>' }), 'In-Reply-To')).toBe('<a@x>');
    expect(fieldOf(compose({}, { inReplyTo: 'none' }), 'In-Reply-To')).toBeUndefined();
    expect(fieldOf(compose({}, { inReplyTo: `${' '.repeat(10_000)}<a@x>` }), 'In-Reply-To')).toBeUndefined();
    const ids = (n: number): readonly string[] => Array.from({ length: n }, (_, i) => `<${i}@x>`);
    expect(fieldOf(compose({}, { references: [...ids(3), '<0@x>', 'bad'] }), 'References')).toBe('<0@x> <1@x> <2@x>');
    expect(fieldOf(compose({}, { references: ids(50) }), 'References')).toBe(ids(50).join(' '));
    const cut = [...ids(60).slice(0, 1), ...ids(60).slice(11)];
    expect(fieldOf(compose({}, { references: ids(60) }), 'References')).toBe(cut.join(' '));
  });
});

describe('the text', () => {
  test('stands behind a line, without blank lines around it', () => {
    expect(compose({ body: '\n\n  a\n\nb \n\n' }).shown).toBe('  a\n\nb\n');
    const none = compose({ body: ' \n ' }).shown;
    expect(none.trim()).not.toBe('');
    expect(none).toBe(compose({ body: '' }).shown);
  });
  test('a longer one is cut at a line end in its second half, else between two characters', () => {
    const cut = (body: string, maxBodyChars: number): readonly string[] => {
      const { shown, parts, text } = compose({ body, maxBodyChars });
      const name = parts.length === 0 ? [] : [String(text.split(`${'─'.repeat(30)}`)[0]?.includes('.txt'))];
      return [shown.split('\n\n')[0] ?? '', ...parts.map((part) => part.replace('\uFEFF', '').trimEnd()), ...name];
    };
    expect(cut('abcdef', 6)).toEqual(['abcdef\n']);
    expect(cut('abcd\nf', 6)).toEqual(['abcd\nf\n']);
    expect(cut('abcdefg', 6)).toEqual(['abcdef', 'g', 'true']);
    expect(cut('abcd\nefg', 6)).toEqual(['abcd', 'efg', 'true']);
    expect(cut('abc\nefgh', 6)).toEqual(['abc\nef', 'gh', 'true']);
    expect(cut('abcdef\ngh', 6)).toEqual(['abcdef', 'gh', 'true']);
    expect(cut('abcde𠮷f', 6)).toEqual(['abcde', '𠮷f', 'true']);
    expect(cut('abcd𠮷f', 6)).toEqual(['abcd𠮷', 'f', 'true']);
    expect(compose().text).not.toContain('.txt');
  });
  test('of a held message there is none', () => {
    const held = compose({
      body: 'secret '.repeat(500),
      report: { ...input.report, verdict: { kind: 'held', reason: 'timeout' } },
    });
    expect(held.text).not.toContain('secret');
    expect(held.text).not.toContain('───');
    expect(held.parts).toEqual([]);
  });
});

describe('attachments', () => {
  const file = (content: string): { readonly name: string; readonly file: SafeFile } => ({
    name: 'a.txt',
    file: { type: 'text', untrustedStem: 'a', bytes: built(Buffer.from(content)) },
  });
  test('to the letter', () => {
    const raw = Buffer.from(assemble('A: b\r\n', 'x\ny', [file('z'.repeat(60))])).toString('latin1');
    const boundary = /boundary="(=_sekisho_[0-9a-f]{32})"/.exec(raw)?.[1] ?? 'none';
    expect(raw.replaceAll(boundary, 'B').split('\r\n')).toEqual([
      'A: b',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed;',
      ' boundary="B"',
      '',
      '--B',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('x\r\ny\r\n').toString('base64'),
      '--B',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      'Content-Disposition: attachment;',
      " filename*=UTF-8''a.txt",
      '',
      Buffer.from('z'.repeat(57)).toString('base64'),
      Buffer.from('zzz').toString('base64'),
      '--B--',
      '',
    ]);
  });
  test('a line that is exactly full is one line', () => {
    const raw = Buffer.from(assemble('', 'z'.repeat(55), [])).toString('latin1');
    expect(raw.split('\r\n').slice(-2)).toEqual([Buffer.from(`${'z'.repeat(55)}\r\n`).toString('base64'), '']);
  });
  test('500, and not one more', () => {
    const files = (n: number) => Array.from({ length: n }, () => file('x'));
    expect(() => assemble('', '', files(500))).not.toThrow();
    expect(() => assemble('', '', files(501))).toThrow(new RangeError('501 attachments'));
  });
});

describe('notices that stand alone', () => {
  const about = { messageId: 'ABOUT', reversePath: 'writer@example.com', receivedAtMs: Date.UTC(2026, 0, 2, 3) };
  const base = { kind: 'notice', facts, to: ['a@x.jp'], from: 'gw@x.jp', policyVersion: 'x' } as const;
  const notice = (what: NoticeJob['notice'], change: Partial<NoticeJob> = {}): Written =>
    opened(composeNotice({ ...base, notice: what, ...change }, 'en'));
  const failed = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ recipient: `r${i}@x.jp`, reply: `550 no ${i}` }));

  test('their fields', () => {
    const { fields } = notice({ kind: 'too-large', about });
    expect(fields.map((field) => field.split(':')[0])).toEqual([
      'Received',
      'Message-ID',
      'Date',
      'From',
      'To',
      'Subject',
      'MIME-Version',
      'Content-Type',
      'Content-Transfer-Encoding',
    ]);
    expect(fields[1]).toBe('Message-ID: <ID1.too-large@gw.example.lg.jp>');
    expect(fields[3]).toMatch(/^From: Aoba .*<gw@x\.jp>$/);
    expect(fields[4]).toBe('To: <a@x.jp>');
    expect(fields[5]).toContain('ABOUT');
    expect(fields[5]).not.toContain('{');
    expect(notice({ kind: 'too-large', about }, { to: [] }).fields.some((field) => field.startsWith('To'))).toBe(false);
    const many = Array.from({ length: 600 }, (_, i) => `a${i}@x.jp`);
    expect(notice({ kind: 'too-large', about }, { to: many }).fields[4]?.split(', ')).toHaveLength(500);
    const own = notice({ kind: 'message-held', reason: 'timeout' });
    expect(own.fields[5]).toContain('ID1');
    const undelivered = notice({ kind: 'undeliverable', about, failed: failed(1) });
    expect(undelivered.fields[5]).toMatch(/deliver/i);
    expect(fields[5]).not.toMatch(/deliver/i);
    expect(notice({ kind: 'too-large', about }, { to: [] }).fields).toHaveLength(8);
    expect(own.fields[5]?.replace('ID1', 'ABOUT')).toBe(fields[5]);
  });
  test('their texts, whom to ask, and for whom they were', () => {
    const recipients = Array.from({ length: 12 }, (_, i) => `r${i}@x.jp`);
    const held = notice({ kind: 'message-held', reason: 'timeout' }, { facts: { ...facts, recipients } }).text;
    expect(held).toContain('Aoba');
    expect(held).toContain('desk 1234');
    expect(held).toContain('r0@x.jp, r1@x.jp');
    expect(held).toContain('r9@x.jp');
    expect(held).not.toContain('r10@x.jp');
    expect(held).toContain('taro@example.co.jp');
    expect(held).not.toMatch(/[{}]|Stryker/);
    const silent = notice({ kind: 'too-large', about }, { facts: { ...facts, contact: '' } }).text;
    expect(silent.split('\n').length).toBe(notice({ kind: 'too-large', about }).text.split('\n').length - 1);
    const nobody = notice({ kind: 'too-large', about: { ...about, reversePath: '' } }).text;
    expect(nobody).not.toContain('writer@example.com');
  });
  test('ten recipients that were not reached, and how many more', () => {
    const lines = (n: number): readonly string[] =>
      notice({ kind: 'undeliverable', about, failed: failed(n) }).text.split('\n');
    expect(lines(10).length).toBe(lines(9).length + 1);
    expect(lines(11).length).toBe(lines(10).length + 1);
    expect(lines(13).length).toBe(lines(11).length);
    expect(lines(13).some((line) => line.includes('3') && !line.includes('@'))).toBe(true);
    const three = lines(3).join('\n');
    for (const text of ['r0@x.jp', '550 no 0', 'r2@x.jp', '550 no 2', 'writer@example.com', 'ABOUT'])
      expect(three).toContain(text);
    expect(three).not.toMatch(/[{}]/);
  });
});
