/** Rules of the message as a whole: dates, addresses, header fields, warnings about senders, what is text and what a file. */
import { describe, expect, test } from 'vitest';
import type { TrustedFacts } from '../../../../src/message/jobs.ts';
import { archiveOf, isVolumeName, overBounds, streamBound } from '../../../../src/sanitize/archive.ts';
import { foldersOf } from '../../../../src/sanitize/bundle.ts';
import { mailDate, parseDate, readableDate } from '../../../../src/sanitize/dates.ts';
import type { HeaderFacts } from '../../../../src/sanitize/header-facts.ts';
import {
  addrSpec,
  field,
  mailboxTokens,
  messageId,
  subjectTokens,
  type Token,
  words,
} from '../../../../src/sanitize/header-fields.ts';
import type { Entity, Leaf, MimeMessage } from '../../../../src/sanitize/mime/tree.ts';
import { droppedBy, planOf } from '../../../../src/sanitize/plan.ts';
import { senderWarnings } from '../../../../src/sanitize/sender.ts';
import { messageText } from '../../../../src/sanitize/text.ts';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);

describe('dates that senders write', () => {
  const read = (text: string): string | undefined => {
    const at = parseDate(text, NOW);
    return at === undefined ? undefined : new Date(at).toISOString().slice(0, 19);
  };
  test.each([
    ['Sun, 22 Nov 2026 14:05:06 +0900', '2026-11-22T05:05:06'],
    ['22 Nov 2026 14:05 +0900', '2026-11-22T05:05:00'],
    ['  Sunday , 22 november 2026 14:05:06 +0900', '2026-11-22T05:05:06'],
    ['Sun 22-Nov-2026 14:05:06 -0330', '2026-11-22T17:35:06'],
    ['Sat 21-Nov-2026 14:05:06 -0330', '2026-11-21T17:35:06'],
    ['1 Jan 2026 00:00:00 +0000', '2026-01-01T00:00:00'],
    ['1 FEB 2026 00:00:00 GMT', '2026-02-01T00:00:00'],
    ['1 Mar 2026 00:00:00 UT', '2026-03-01T00:00:00'],
    ['1 Apr 2026 00:00:00 (UTC)', '2026-04-01T00:00:00'],
    ['1 May 2026 00:00:00 Z', '2026-05-01T00:00:00'],
    ['1 Jun 2026 09:00:00 JST', '2026-06-01T00:00:00'],
    ['1 Jul 2026 00:00:00 est', '2026-07-01T05:00:00'],
    ['1 Aug 2026 00:00:00 EDT', '2026-08-01T04:00:00'],
    ['1 Sep 2026 00:00:00 CST', '2026-09-01T06:00:00'],
    ['1 Oct 2026 00:00:00 CDT', '2026-10-01T05:00:00'],
    ['1 Oct 2026 00:00:00 MST', '2026-10-01T07:00:00'],
    ['1 Oct 2026 00:00:00 MDT', '2026-10-01T06:00:00'],
    ['1 Oct 2026 00:00:00 PST', '2026-10-01T08:00:00'],
    ['1 Oct 2026 00:00:00 PDT', '2026-10-01T07:00:00'],
    ['1 Oct 2026 00:00:00 ABC', '2026-10-01T00:00:00'],
    ['1 Oct 2026 00:00:00', '2026-10-01T00:00:00'],
    ['1 Oct 2026 0:00:00.123 +0000', '2026-10-01T00:00:00'],
    ['1 Oct 2026 23:59:60 +0000', '2026-10-01T23:59:59'],
    ['1 Oct 26 00:00:00 +0000', '2026-10-01T00:00:00'],
    ['1 Oct 99 00:00:00 +0000', '1999-10-01T00:00:00'],
    ['1 Oct 126 00:00:00 +0000', '2026-10-01T00:00:00'],
    ['31 Oct 2026 00:00:00 +0000', '2026-10-31T00:00:00'],
    ['2 Jan 1990 00:00:00 +0000', '1990-01-02T00:00:00'],
    ['1 Jan 1990 23:59:59 +0000', undefined],
    ['23 Nov 2026 12:00:00 +0000', '2026-11-23T12:00:00'],
    ['23 Nov 2026 12:00:01 +0000', undefined],
    ['1 Dec 49 00:00:00 +0000', undefined],
    ['1 Dec 50 00:00:00 +0000', undefined],
    ['0 Oct 2026 00:00:00', undefined],
    ['32 Oct 2026 00:00:00', undefined],
    ['1 Xyz 2026 00:00:00', undefined],
    ['1 Oct 2026 24:00:00', undefined],
    ['1 Oct 2026 00:60:00', undefined],
    ['1 Oct 2026 00:00:61', undefined],
    ['1 Oct 2026', undefined],
    ['', undefined],
    [`${' '.repeat(180)}1 Oct 2026 00:00:00 +0000`, undefined],
    [`${' '.repeat(170)}1 Oct 2026 00:00:00 +0000`, '2026-10-01T00:00:00'],
    ['x 1 Oct 2026 00:00:00', undefined],
  ])('%j is %s', (text, expected) => {
    // A date cut within its time is none, one cut within its zone is: the bound is for its beginning.
    if (text.length > 200 && expected === undefined) expect(['2026-10-01T00:00:00', undefined]).toContain(read(text));
    else expect(read(text)).toBe(expected);
  });

  test('are written in Japan time', () => {
    expect(mailDate(Date.UTC(2026, 10, 22, 14, 22, 1))).toBe('Sun, 22 Nov 2026 23:22:01 +0900');
    expect(mailDate(Date.UTC(2026, 11, 31, 15, 0, 0))).toBe('Fri, 01 Jan 2027 00:00:00 +0900');
    expect(mailDate(0)).toBe('Tue, 02 Jan 1990 09:00:00 +0900');
    expect(mailDate(Number.NaN)).toBe('Tue, 02 Jan 1990 09:00:00 +0900');
    expect(mailDate(Number.POSITIVE_INFINITY)).toBe('Tue, 02 Jan 1990 09:00:00 +0900');
    expect(mailDate(1e18)).toBe('Wed, 30 Dec 2099 09:00:00 +0900');
    const days = [0, 1, 2, 3, 4, 5, 6].map((day) => mailDate(Date.UTC(2026, 10, 1 + day)).slice(0, 3));
    expect(days).toEqual(['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']);
    const months = Array.from({ length: 12 }, (_, month) => mailDate(Date.UTC(2026, month, 10)).slice(8, 11));
    expect(months).toEqual(['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']);
    expect(readableDate(Date.UTC(2026, 10, 2, 14, 2, 1), 'ja')).toBe('2026年11月2日 23:02');
    expect(readableDate(Date.UTC(2026, 10, 2, 15, 2, 1), 'en')).toBe('2026-11-03 00:02 JST');
  });
});

describe('addresses that the header may show', () => {
  test.each([
    ['a@example.com', 'a@example.com'],
    [' A.B+c@Example.COM ', 'A.B+c@example.com'],
    ['<a@example.com>', 'a@example.com'],
    ['"a..b."@docomo.example', 'a..b.@docomo.example'],
    ["!#$&'*+-/=?^_`{|}~@x.example", "!#$&'*+-/=?^_`{|}~@x.example"],
    ['a%b@x.example', undefined],
    ['a@b@example.com', undefined],
    ['a@日本.example', 'a@xn--wgv71a.example'],
    ['a@localhost', 'a@localhost'],
    [`${'a'.repeat(64)}@x.example`, `${'a'.repeat(64)}@x.example`],
    [`${'a'.repeat(65)}@x.example`, undefined],
    [`a@${'b'.repeat(63)}.example`, `a@${'b'.repeat(63)}.example`],
    [`a@${'b'.repeat(64)}.example`, undefined],
    [`a@${`${'b'.repeat(60)}.`.repeat(4)}cccccccc`, `a@${`${'b'.repeat(60)}.`.repeat(4)}cccccccc`],
    [`a@${`${'b'.repeat(60)}.`.repeat(4)}ccccccccc`, undefined],
    ['"a b"@example.com', undefined],
    ['"a\\"b"@example.com', undefined],
    ['a b@example.com', undefined],
    ['a\r\nb@example.com', undefined],
    ['a@exa mple.com', undefined],
    ['a@-x.example', undefined],
    ['a@x-.example', undefined],
    ['a@x..example', undefined],
    ['a@', undefined],
    ['@example.com', undefined],
    ['a', undefined],
    ['', undefined],
    ['あ@example.com', undefined],
    [`${' '.repeat(1000)}a@example.com`, undefined],
  ])('%j is %s', (text, address) => {
    expect(addrSpec(text)).toBe(address);
  });

  test.each([
    ['<a@b>', '<a@b>'],
    [' <a.1$x@b.example> ', '<a.1$x@b.example>'],
    ['a@b', undefined],
    ['<a>', undefined],
    ['<a@b> x', undefined],
    ['x <a@b>', undefined],
    ['<a@b@c>', undefined],
    ['<a b@c>', undefined],
    ['<a@[1.2.3.4]>', undefined],
    [`<${'a'.repeat(246)}@b>`, `<${'a'.repeat(246)}@b>`],
    [`<${'a'.repeat(247)}@b>`, undefined],
  ])('%j as a message’s id is %s', (text, id) => {
    expect(messageId(text)).toBe(id);
  });
});

describe('fields', () => {
  const texts = (tokens: readonly Token[]): readonly string[] =>
    tokens.map(({ text, breakBefore }) => (breakBefore === true ? `↵${text}` : text));

  test('fold between tokens, never within, at 76', () => {
    expect(field('X', words('a b'))).toBe('X: a b\r\n');
    expect(field('X', [])).toBe('X:\r\n');
    expect(field('X', [{ text: 'a' }, { text: 'b', breakBefore: true }, { text: 'c' }])).toBe('X: a\r\n b c\r\n');
    expect(field('X', words(`${'a'.repeat(70)} bb`))).toBe(`X: ${'a'.repeat(70)} bb\r\n`);
    expect(field('X', words(`${'a'.repeat(70)} bbb`))).toBe(`X: ${'a'.repeat(70)}\r\n bbb\r\n`);
    expect(field('X', words(`a ${'b'.repeat(80)} c`))).toBe(`X: a\r\n ${'b'.repeat(80)}\r\n c\r\n`);
  });

  test('subjects: ASCII words as they are, all else encoded whole, in lines', () => {
    expect(texts(subjectTokens('hello  world'))).toEqual(['hello', 'world']);
    expect(texts(subjectTokens(''))).toEqual([]);
    expect(texts(subjectTokens(' \r\n '))).toEqual([]);
    expect(texts(subjectTokens('表'))).toEqual(['=?UTF-8?B?6KGo?=']);
    expect(texts(subjectTokens('=?x?='))).toEqual([`=?UTF-8?B?${Buffer.from('=?x?=').toString('base64')}?=`]);
    expect(texts(subjectTokens('a'.repeat(60)))).toEqual(['a'.repeat(60)]);
    expect(texts(subjectTokens('a'.repeat(61)))[0]).toMatch(/^=\?UTF-8\?B\?/);
    expect(texts(subjectTokens(`b ${'a'.repeat(61)}`))[0]).toMatch(/^=\?UTF-8\?B\?/);
    const long = subjectTokens('表'.repeat(100));
    expect(long.slice(1).every(({ breakBefore }) => breakBefore === true)).toBe(true);
    expect(
      field('Subject', long)
        .split('\r\n')
        .every((line) => line.length <= 76),
    ).toBe(true);
    expect(long.map(({ text }) => Buffer.from(text.slice(10, -2), 'base64').toString()).join('')).toBe(
      '表'.repeat(100),
    );
    // Each line but the last is as full as whole characters allow.
    for (const line of field('Subject', long).trimEnd().split('\r\n').slice(0, -1))
      expect(line.length).toBeGreaterThan(72);
  });

  test('mailboxes: names as words or encoded, addresses in brackets, unreadable ones named', () => {
    const shown = (...boxes: readonly (readonly [string, string])[]): readonly string[] =>
      texts(
        mailboxTokens(
          boxes.map(([name, address]) => ({ name, address })),
          6,
        ),
      );
    expect(shown(['', 'a@example.com'])).toEqual(['<a@example.com>']);
    expect(shown(['A B-c_1', 'a@example.com'])).toEqual(['A', 'B-c_1', '<a@example.com>']);
    expect(shown(['A.', 'a@example.com'])[0]).toBe(`=?UTF-8?B?${Buffer.from('A.').toString('base64')}?=`);
    expect(shown(['A', 'a@example.com'], ['B', 'b@example.com'], ['', 'c@example.com'])).toEqual([
      'A',
      '<a@example.com>,',
      '↵B',
      '<b@example.com>,',
      '↵<c@example.com>',
    ]);
    expect(shown(['表', 'a@example.com'], ['表', 'b@example.com'])).toEqual([
      '=?UTF-8?B?6KGo?=',
      '<a@example.com>,',
      '↵=?UTF-8?B?6KGo?=',
      '<b@example.com>',
    ]);
    expect(shown(['N', 'not an address'])).toEqual(['N', 'not', 'an', 'address', '<unreadable@invalid>']);
    expect(shown(['', ''])).toEqual(['<unreadable@invalid>']);
    expect(shown(['a'.repeat(61), 'a@example.com'])[0]).toMatch(/^=\?UTF-8/);
    expect(mailboxTokens([], 6)).toEqual([]);
  });
});

const header = (more: Partial<HeaderFacts> = {}): HeaderFacts => ({
  subject: '',
  from: [{ name: 'A', address: 'a@example.co.jp' }],
  to: [],
  cc: [],
  replyTo: [],
  date: '',
  messageId: '',
  inReplyTo: '',
  references: [],
  ...more,
});
const facts = (reversePath: string): TrustedFacts => ({
  messageId: 'x',
  tenant: { id: 't', name: 'T', domains: [] },
  gatewayHost: 'gw.example',
  reversePath,
  recipients: [],
  peerAddress: '',
  receivedAtMs: NOW,
  originalBytes: 1,
  contact: '',
});

describe('what a reader is told about the sender', () => {
  const warned = (
    from: readonly (readonly [string, string])[],
    reversePath = 'a@example.co.jp',
    replyTo: readonly string[] = [],
  ): readonly string[] =>
    senderWarnings(
      facts(reversePath),
      header({
        from: from.map(([name, address]) => ({ name, address })),
        replyTo: replyTo.map((address) => ({ name: '', address })),
      }),
      'en',
    );

  test('nothing of an ordinary one', () => {
    expect(warned([['A', 'a@example.co.jp']])).toEqual([]);
    expect(warned([['a@example.co.jp', 'a@example.co.jp']])).toEqual([]);
    expect(warned([['info@mail.example.co.jp', 'a@example.co.jp']])).toEqual([]);
    expect(warned([['A', 'a@example.co.jp']], 'bounce@lists.example.co.jp')).toEqual([]);
    expect(warned([['A', 'a@example.co.jp']], '')).toEqual([]);
    expect(warned([['A', 'a@example.co.jp']], 'a@example.co.jp', ['b@x.example.co.jp'])).toEqual([]);
    expect(warned([['A', 'a@example.co.jp']], 'a@example.co.jp', ['unreadable'])).toEqual([]);
    expect(warned([['A', 'a@gmail.com.example.co.jp']], 'a@example.co.jp')).toEqual([]);
    expect(warned([])).toEqual([]);
  });
  test('a name that shows another address', () => {
    for (const name of ['info@city.lg.jp', 'Info <INFO@City.LG.jp>', 'ｉｎｆｏ＠city.lg.jp', 'x info@city.lg.jp y']) {
      const lines = warned([[name, 'a@example.co.jp']]);
      expect([
        name,
        lines.length,
        lines[0]?.includes('info@city.lg.jp'),
        lines[0]?.includes('a@example.co.jp'),
      ]).toEqual([name, 1, true, true]);
    }
    const without = warned([['info@city.lg.jp', 'nothing']], '');
    expect([without.length, without[0]?.includes('info@city.lg.jp')]).toEqual([1, true]);
    expect(warned([['info@city.lg.jp', 'nothing']], '')[0]).not.toBe(
      warned([['info@city.lg.jp', 'a@example.co.jp']], '')[0],
    );
  });
  test('an envelope of another domain', () => {
    const lines = warned([['A', 'a@example.co.jp']], 'b@other.example');
    expect([lines.length, lines[0]?.includes('a@example.co.jp'), lines[0]?.includes('b@other.example')]).toEqual([
      1,
      true,
      true,
    ]);
    expect(warned([['A', 'nothing']], 'b@other.example')).toEqual([]);
  });
  test('free mail, of the header or of the envelope', () => {
    const domains =
      'gmail.com googlemail.com yahoo.co.jp ymail.ne.jp yahoo.com yahoo.com.tw yahoo.com.hk outlook.jp outlook.com hotmail.com ' +
      'hotmail.co.jp live.jp live.com msn.com icloud.com me.com mac.com aol.com aol.jp excite.co.jp infoseek.jp goo.jp mail.goo.ne.jp ' +
      'nifty.jp inbox.ru mail.ru yandex.com yandex.ru gmx.com gmx.net proton.me protonmail.com tutanota.com zoho.com qq.com 163.com ' +
      '126.com sina.com foxmail.com naver.com daum.net hanmail.net mail.com eclipso.eu onet.pl';
    for (const domain of domains.split(' ')) {
      const lines = warned([['A', `a@${domain}`]], `a@${domain}`);
      expect([domain, lines.length, lines[0]?.includes(domain)]).toEqual([domain, 1, true]);
    }
    expect(warned([['A', 'a@example.co.jp']], 'b@gmail.com')).toHaveLength(2);
    expect(warned([['A', 'a@xgmail.com']], 'a@xgmail.com')).toEqual([]);
  });
  test('several authors, and answers that go elsewhere', () => {
    const two = warned([
      ['A', 'a@example.co.jp'],
      ['B', 'b@example.co.jp'],
    ]);
    expect([two.length, two[0]?.includes('2')]).toEqual([1, true]);
    // The first readable one is the sender.
    const second = [
      ['A', 'nothing'],
      ['B', 'b@other.example'],
    ] as const;
    expect(warned(second, 'x@third.example')).toHaveLength(2);
    expect(warned(second, 'x@third.example')[0]).toContain('b@other.example');
    expect(
      warned(
        [
          ['A', 'nothing'],
          ['B', 'b@other.example'],
        ],
        'b@other.example',
      ),
    ).toHaveLength(1);
    const reply = warned([['A', 'a@example.co.jp']], 'a@example.co.jp', ['unreadable', 'c@other.example']);
    expect([reply.length, reply[0]?.includes('c@other.example')]).toEqual([1, true]);
    expect(warned([['A', 'nothing']], '', ['c@other.example'])).toEqual([]);
  });
  test('the weightiest first', () => {
    const lines = warned(
      [
        ['info@city.lg.jp', 'a@gmail.com'],
        ['B', 'b@example.co.jp'],
      ],
      'x@other.example',
      ['c@third.example'],
    );
    expect(
      lines.map((line) =>
        ['info@city.lg.jp', 'x@other.example', 'gmail.com', '2', 'c@third.example'].findIndex((part) =>
          line.includes(part),
        ),
      ),
    ).toEqual([0, 1, 2, 3, 4]);
  });
});

const leaf = (type: string, content: string, more: Partial<Leaf> = {}): Leaf => ({
  kind: 'leaf',
  path: type,
  header: [],
  contentType: { type, params: {} },
  disposition: '',
  untrustedNames: [],
  contentId: '',
  encoding: 'identity',
  charset: '',
  within: [],
  bytes: Buffer.from(content, 'latin1'),
  start: 0,
  end: 0,
  seenBy: 'both',
  ...more,
});
const parts = (type: string, ...children: readonly Entity[]): Entity => ({
  kind: 'multipart',
  path: '',
  header: [],
  contentType: { type, params: {} },
  children,
});
const leavesOf = (entity: Entity): readonly Leaf[] =>
  entity.kind === 'leaf' ? [entity] : entity.children.flatMap(leavesOf);
const message = (root: Entity, ...more: readonly Leaf[]): MimeMessage => ({
  header: [],
  root,
  leaves: [...leavesOf(root), ...more],
  defects: [],
  spans: [],
  limits: [],
});

describe('what of a message is text', () => {
  const kind = (part: Leaf): string => {
    const { body, files, signatures, alternatives } = planOf(
      message(parts('multipart/mixed', leaf('image/png', '\x89PNG'), part)),
    );
    return body.length > 0
      ? 'text'
      : files.length > 1
        ? 'file'
        : signatures.length + alternatives.length > 0
          ? 'dropped'
          : 'nothing';
  };
  test.each<[string, Leaf]>([
    ['text', leaf('text/plain', 'hello')],
    ['text', leaf('text/html', '<p>')],
    ['text', leaf('text/plain', 'hello', { disposition: 'inline' })],
    ['file', leaf('text/plain', 'hello', { disposition: 'attachment' })],
    ['file', leaf('text/plain', 'hello', { untrustedNames: ['a.txt'] })],
    ['file', leaf('text/plain', 'hello', { encoding: 'unknown:x' })],
    ['file', leaf('text/csv', 'hello')],
    ['file', leaf('application/octet-stream', 'hello')],
    ['nothing', leaf('text/plain', ' \r\n\t')],
    ['nothing', leaf('application/x', '')],
    ['nothing', leaf('text/plain', ' '.repeat(256))],
    ['text', leaf('text/plain', ' '.repeat(257))],
    ['file', leaf('text/plain', ' ', { untrustedNames: ['a.txt'] })],
    ...[
      '%PDF-',
      'PK\x03\x04',
      '\x7fELF',
      'Rar!\x1a',
      '7z\xbc\xaf',
      '\xd0\xcf\x11\xe0',
      '\x1f\x8b\x08',
      '\x89PNG',
      'GIF87a',
      'GIF89a',
      '\xff\xd8\xff',
      '{\\rtf',
    ].map((magic) => ['file', leaf('text/plain', `${magic} and so on`)] as [string, Leaf]),
    ['text', leaf('text/plain', 'x%PDF-')],
    ['text', leaf('text/plain', 'GIF88a')],
    ['file', leaf('text/plain', `hello${'\0'}`)],
    ['text', leaf('text/plain', `${'a'.repeat(99)}\x01`)],
    ['file', leaf('text/plain', `${'a'.repeat(98)}\x01`)],
    ...['\t', '\n', '\r', '\f', '\x1b', '\x0e', '\x0f'].map(
      (control) => ['text', leaf('text/plain', `a${control}`)] as [string, Leaf],
    ),
    ...['\x01', '\x08', '\x0b', '\x10', '\x1a', '\x1c', '\x1f'].map(
      (control) => ['file', leaf('text/plain', `a${control}`)] as [string, Leaf],
    ),
    ['text', leaf('text/plain', 'a\0b\0', { charset: 'utf-16le' })],
    ['text', leaf('text/plain', `${'a'.repeat(64 * 1024)}\0`)],
    ['file', leaf('text/plain', `${'a'.repeat(64 * 1024 - 1)}\0`)],
  ])('%s: %#', (expected, part) => {
    expect(kind(part)).toBe(expected);
  });

  test('the message’s only part may have a name', () => {
    const only = leaf('text/plain', 'hello', { untrustedNames: ['a.txt'] });
    expect(planOf(message(only))).toMatchObject({ body: [{ plain: only }], files: [] });
    expect(planOf(message(leaf('text/plain', 'x', { disposition: 'attachment' })))).toMatchObject({
      body: [],
      files: [{}],
    });
  });

  test('signatures of a signed whole, further forms of a text', () => {
    const signed = (type: string): readonly number[] => {
      const { signatures, files } = planOf(
        message(parts('multipart/signed', leaf('text/plain', 'a'), leaf(type, 'x', { within: ['multipart/signed'] }))),
      );
      return [signatures.length, files.length];
    };
    for (const type of ['application/pkcs7-signature', 'application/x-pkcs7-signature', 'application/pgp-signature'])
      expect([type, ...signed(type)]).toEqual([type, 1, 0]);
    for (const type of [
      'application/pkcs7-mime',
      'application/pkcs7-signatures',
      'xapplication/pgp-signature',
      'application/y-pgp-signature',
    ])
      expect([type, ...signed(type)]).toEqual([type, 0, 1]);

    const alternative = (type: string, outer = 'multipart/alternative') =>
      planOf(message(parts(outer, leaf('text/plain', 'a'), leaf(type, 'x'))));
    for (const type of ['text/x-amp-html', 'text/watch-html', 'text/enriched', 'text/richtext', 'text/x-richtext']) {
      expect([type, alternative(type).alternatives.length]).toEqual([type, 1]);
      expect([type, alternative(type, 'multipart/mixed').files.length]).toEqual([type, 1]);
    }
    expect(alternative('text/calendar').files).toHaveLength(1);
    expect(alternative('xtext/enriched').files).toHaveLength(1);
    expect(alternative('text/enriched2').files).toHaveLength(1);
    expect(droppedBy(alternative('text/enriched'))).toEqual([{ what: 'alternative-body', count: 1 }]);
    expect(droppedBy({ body: [], files: [], signatures: [leaf('a', 'b'), leaf('a', 'b')], alternatives: [] })).toEqual([
      { what: 'signature', count: 2 },
    ]);
    expect(droppedBy({ body: [], files: [], signatures: [], alternatives: [] })).toEqual([]);
  });

  test('alternatives are one unit each, in order; a third form of one kind is a unit of its own', () => {
    const plain = (name: string): Leaf => leaf('text/plain', name, { path: name });
    const page = (name: string): Leaf => leaf('text/html', name, { path: name });
    const shape = (root: Entity) =>
      planOf(message(root)).body.map(({ plain: a, html: b }) => `${a?.path ?? ''}|${b?.path ?? ''}`);
    expect(shape(parts('multipart/alternative', plain('a'), page('b')))).toEqual(['a|b']);
    expect(shape(parts('multipart/alternative', plain('a'), parts('multipart/related', page('b'))))).toEqual(['a|b']);
    expect(shape(parts('multipart/alternative', plain('a'), plain('b'), page('c')))).toEqual(['a|c', 'b|']);
    expect(shape(parts('multipart/alternative', plain('a'), parts('multipart/alternative', page('b'))))).toEqual([
      'a|b',
    ]);
    expect(shape(parts('multipart/mixed', plain('a'), page('b'), plain('c')))).toEqual(['a|', '|b', 'c|']);
    expect(shape(parts('multipart/mixed', parts('multipart/alternative', plain('a'), page('b')), plain('c')))).toEqual([
      'a|b',
      'c|',
    ]);
    expect(shape(parts('multipart/alternative', leaf('image/png', 'x')))).toEqual([]);
  });

  test('what only another reading saw is a file', () => {
    const strangers = [leaf('text/plain', 'x', { seenBy: 'second' }), leaf('text/plain', 'y', { seenBy: 'reading' })];
    expect(planOf(message(leaf('text/plain', 'a', { seenBy: 'first' }), ...strangers)).files).toEqual(strangers);
  });
});

describe('the text of a message', () => {
  const read = (units: Parameters<typeof messageText>[0], holdParts = {}) => {
    const opened: string[] = [];
    const text = messageText(units, { links: 'defang' }, holdParts, (path) => opened.push(path));
    return { ...text, opened };
  };
  const plain = (content: string, more: Partial<Leaf> = {}): Leaf =>
    leaf('text/plain', content, { path: '1', ...more });
  const page = (content: string, more: Partial<Leaf> = {}): Leaf => leaf('text/html', content, { path: '2', ...more });

  test('units stand behind each other, blank ones count for nothing', () => {
    const all = read([{ plain: plain('one\n') }, { plain: plain(' \n') }, { html: page('<p>two</p>') }]);
    expect(all.text.replace(/\n+/g, '\n').trim()).toBe('one\ntwo');
    expect(all.before).toContain('<p>two</p>');
    expect(all.opened).toEqual(['1', '1', '2']);
    expect(read([])).toMatchObject({
      text: '',
      before: '',
      held: [],
      defects: [],
      report: { source: 'none', charset: '', declaredCharset: '', links: [], hiddenText: '', removed: [] },
    });
  });
  test('flowed lines are joined when the part says so', () => {
    const flowed = (type: string, params: Record<string, string>): string =>
      read([{ plain: leaf(type, '日 \n本\n', { contentType: { type, params }, charset: 'iso-8859-1' }) }]).text;
    const lines = (text: string): number => text.trim().split('\n').length;
    expect(lines(flowed('text/plain', {}))).toBe(2);
    expect(lines(flowed('text/plain', { format: 'flowed' }))).toBe(1);
    expect(flowed('text/plain', { format: 'flowed' })).not.toBe('');
    expect(lines(flowed('text/plain', { format: 'FLOWED', delsp: 'YES' }))).toBe(1);
    expect(flowed('text/plain', { format: 'flowed', delsp: 'yes' })).not.toContain(' ');
    expect(flowed('text/plain', { format: 'flowed', delsp: 'no' })).toContain(' ');
    expect(lines(flowed('text/plain', { format: 'fixed' }))).toBe(2);
  });
  test('a part that killed a child before is held, its other form is shown', () => {
    const unit = { plain: plain('shown'), html: page('<p>not</p>') };
    const held = read([unit], { 2: 'sanitizer-failed' });
    expect([held.text.trim(), held.held.map(({ leaf: one, reason }) => [one.path, reason]), held.opened]).toEqual([
      'shown',
      [['2', 'sanitizer-failed']],
      ['1'],
    ]);
    const both = read([unit], { 1: 'timeout', 2: 'timeout' });
    expect([both.text, both.held.length, both.opened]).toEqual(['', 2, []]);
  });
  test('charsets guessed and characters lost are counted', () => {
    expect(read([{ plain: plain('a\x81', { charset: 'utf-8' }) }]).defects.map(({ what }) => what)).toContain(
      'unreadable-characters',
    );
    expect(read([{ plain: plain('hello', { charset: 'utf-8' }) }]).defects).toEqual([]);
    expect(read([{ plain: plain('hello', { charset: 'x'.repeat(200) }) }]).report.declaredCharset).toHaveLength(100);
  });
  test('units are told apart by one blank line, and blank ones leave none', () => {
    expect(read([{ plain: plain('one') }, { plain: plain('two') }]).text).toMatch(/^one\n*\n\ntwo/);
    expect(read([{ plain: plain('one') }, { plain: plain(' ') }]).text.trimEnd()).toBe(
      read([{ plain: plain('one') }]).text.trimEnd(),
    );
    expect(read([{ plain: plain('one') }, { plain: plain(' ') }]).text).toBe(read([{ plain: plain('one') }]).text);
    expect(read([{ plain: plain('one') }, { plain: plain('two') }]).before).toBe('one\n\ntwo');
  });
  test('a wrong label is counted; the report names the form that is shown', () => {
    const guessed = read([{ plain: plain('\x93\xfa\x96\x7b\x8c\xea\x82\xcc\x95\xb6', { charset: 'utf-8' }) }]);
    expect(guessed.defects).toContainEqual({ what: 'charset-guessed', count: 1 });
    expect(guessed.report).toMatchObject({ declaredCharset: 'utf-8', source: 'plain' });
    expect(guessed.report.charset).not.toBe('utf-8');
    const both = { plain: plain('words', { charset: 'us-ascii' }), html: page('<p>words</p>', { charset: 'utf-8' }) };
    const { report } = read([both]);
    expect(report.declaredCharset).toBe(report.source === 'html' ? 'utf-8' : 'us-ascii');
    const onlyPage = read([{ html: page('<p>words</p>', { charset: 'utf-8' }) }]);
    expect(onlyPage.report).toMatchObject({ declaredCharset: 'utf-8', source: 'html' });
    expect(read([{ plain: plain('') }, { html: page('<p>x</p>') }]).report.source).toBe('html');
  });
  test('the reason why a part is held', () => {
    const detail = 'killed a process before';
    const { held } = read([{ plain: plain('a'), html: page('b') }], { 1: 'timeout' });
    expect(held).toMatchObject([{ leaf: { path: '1' }, reason: 'timeout', detail }]);
    const broken = plain('a');
    Object.defineProperty(broken, 'bytes', {
      get: () => {
        throw new Error('gone');
      },
    });
    const failed = read([{ plain: broken }, { plain: plain('next') }]);
    expect(failed.held).toMatchObject([{ reason: 'sanitizer-failed', detail: 'body: Error: gone' }]);
    expect(failed.text.trim()).toBe('next');
  });
  test('a page is not flowed, whatever it says', () => {
    const html = leaf('text/html', '<pre>a \nb</pre>', {
      contentType: { type: 'text/html', params: { format: 'flowed' } },
    });
    expect(read([{ html }]).text.trim().split('\n')).toHaveLength(2);
  });
  test('hidden text of several units stands line by line, in 2,000 characters', () => {
    const hidden = (text: string) => ({ html: page(`<p style="display:none">${text}</p><p>x</p>`) });
    expect(read([hidden('one'), hidden('two')]).report.hiddenText).toBe('one\ntwo');
    expect(read([hidden('y'.repeat(1500)), hidden('z'.repeat(1500))]).report.hiddenText).toHaveLength(2000);
  });
  test('reports of several units are one', () => {
    const all = read([
      { plain: plain('http://a.example file:x') },
      { html: page('<p style="display:none">secret</p><p>x</p><a href="javascript:y">z</a>') },
    ]);
    expect(all.report.links.length).toBeGreaterThan(1);
    expect(all.report.hiddenText).toBe('secret');
    expect(all.report.removed).toEqual(
      expect.arrayContaining([
        { what: 'link', count: 2 },
        { what: 'hidden-text', count: 1 },
      ]),
    );
    expect(all.report.source).toBe('plain');
    expect(
      read([{ plain: plain('http://a.example '.repeat(150)) }, { plain: plain('http://a.example '.repeat(150)) }])
        .report.links,
    ).toHaveLength(200);
  });
});

describe('archives', () => {
  const left = { files: 10, bytes: 1000 * 1024 * 1024, depth: 2 };
  test('files, bytes and the ratio are bounded before anything is unpacked', () => {
    expect(overBounds(10, 100, 10, left)).toBeUndefined();
    expect(overBounds(11, 100, 10, left)).toMatchObject({ kind: 'blocked', reason: 'limit-exceeded' });
    expect(overBounds(1, left.bytes, left.bytes, left)).toBeUndefined();
    expect(overBounds(1, left.bytes + 1, left.bytes, left)).toMatchObject({ reason: 'limit-exceeded' });
    expect(overBounds(1, Number.NaN, 1, left)).toMatchObject({ reason: 'limit-exceeded' });
    expect(overBounds(1, 32 * 1024 * 1024, 1, left)).toBeUndefined();
    expect(overBounds(1, 32 * 1024 * 1024 + 1, 1, left)).toMatchObject({ reason: 'limit-exceeded' });
    expect(overBounds(1, 40_000_000, 200_000, left)).toBeUndefined();
    expect(overBounds(1, 40_000_001, 200_000, left)).toMatchObject({ reason: 'limit-exceeded' });
  });
  test('a stream that tells no size may give what is left, and no bomb', () => {
    expect(streamBound(1, left)).toBe(32 * 1024 * 1024);
    expect(streamBound(1024 * 1024, left)).toBe(200 * 1024 * 1024);
    expect(streamBound(100 * 1024 * 1024, left)).toBe(left.bytes);
  });
  test('names of volumes', () => {
    for (const name of [
      'a.7z.001',
      'a.999',
      'a.z01',
      'a.r00',
      'a.Z99',
      'a.part2.rar',
      'a.PART12.exe',
      'a.part1.7z',
      'a.part1.zip',
      'a.001 ',
    ])
      expect([name, isVolumeName(name)]).toEqual([name, true]);
    for (const name of [
      'a.zip',
      'a.01',
      'a.0001',
      'a.s01',
      'a.z1',
      'a.part.rar',
      'a.part2.txt',
      'a.part12345.rar',
      'a.001.txt',
      '001',
      'a.xz01',
    ])
      expect([name, isVolumeName(name)]).toEqual([name, false]);
  });
  test('what is told of an archive', () => {
    const open = () => new Uint8Array();
    expect(archiveOf('a.zip', [{ untrustedName: 'x', open }])).toEqual({
      kind: 'container',
      entries: [
        { untrustedName: 'x', otherUntrustedNames: [], untrustedCharset: '', declaredType: '', levels: 1, open },
      ],
      files: [],
      outcome: 'rebuilt',
      untrustedStem: 'a',
      removed: [],
    });
    expect(archiveOf('a.zip', [])).toMatchObject({ removed: [{ what: 'empty-file', count: 1 }] });
    expect(
      archiveOf('a', [{ untrustedName: 'x', otherUntrustedNames: ['y'], open }], {
        levels: 2,
        removed: [{ what: 'link', count: 1 }],
        notes: ['p', 'q'],
      }),
    ).toMatchObject({
      entries: [{ otherUntrustedNames: ['y'], levels: 2 }],
      removed: [{ what: 'link', count: 1 }],
      detail: 'p, q',
    });
    expect(archiveOf('a', [], { notes: [] })).not.toHaveProperty('detail');
  });
  test('folders of a name', () => {
    expect(foldersOf('a/b\\c/d.txt')).toEqual(['a', 'b', 'c']);
    expect(foldersOf('/../C:/./ .. /x: /a')).toEqual([]);
    expect(foldersOf('.../ab:/c')).toEqual(['...', 'ab:']);
    expect(foldersOf('a')).toEqual([]);
  });
});
