/** The composer against the gate's own reader: whatever the sender wrote, the result fits the grammar. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDraft } from '../../../src/gate/grammar.ts';
import { textProblems } from '../../../src/inspect/text.ts';
import type { TrustedFacts } from '../../../src/message/jobs.ts';
import type { AttachmentReport, Report } from '../../../src/message/report.ts';
import { type ComposeInput, composeMessage } from '../../../src/sanitize/compose.ts';
import { built, type SafeFile } from '../../../src/sanitize/converter.ts';
import { textFile } from '../../../src/sanitize/formats/text/write.ts';
import type { HeaderFacts } from '../../../src/sanitize/header-facts.ts';
import { outputNames } from '../../../src/sanitize/names.ts';
import { composeNotice } from '../../../src/sanitize/notice.ts';

const ID = '01KAPZ0000ABCDEFGHJKMNPQRS';
const facts: TrustedFacts = {
  messageId: ID,
  tenant: { id: 'aoba', name: '青葉市', domains: ['city.aoba.example.jp'] },
  gatewayHost: 'gw.example.lg.jp',
  reversePath: 'taro@example.co.jp',
  recipients: ['soumu@city.aoba.example.jp'],
  peerAddress: '192.0.2.1',
  receivedAtMs: Date.UTC(2026, 10, 22, 5, 22, 1),
  originalBytes: 5000,
  contact: '情報政策課 内線1234',
};
const header: HeaderFacts = {
  subject: '会議のお知らせ',
  from: [{ name: '山田　太郎', address: 'taro@example.co.jp' }],
  to: [{ name: '', address: 'soumu@city.aoba.example.jp' }],
  cc: [],
  replyTo: [],
  date: 'Sun, 22 Nov 2026 14:00:00 +0900',
  messageId: '<abc.123@example.co.jp>',
  inReplyTo: '',
  references: [],
};
const report: Pick<Report, 'verdict' | 'body' | 'attachments' | 'defects'> = {
  verdict: { kind: 'sanitized' },
  body: { declaredCharset: 'utf-8', charset: 'utf-8', source: 'plain', links: [], hiddenText: '', removed: [] },
  attachments: [],
  defects: [],
};
const input: ComposeInput = { facts, header, body: '本文です。\n', files: [], report, maxBodyChars: 400_000 };

/** Everything in a composed message, the header decoded; throws when the gate's reader refuses it. */
function opened(bytes: Uint8Array) {
  const draft = readDraft(bytes);
  if (draft.kind === 'misfit') throw new Error(draft.problems.join('; '));
  const raw = Buffer.from(bytes).toString('latin1');
  const head = raw
    .slice(0, raw.indexOf('\r\n\r\n'))
    .replace(/\?=\r\n =\?UTF-8\?B\?/g, '?= =?UTF-8?B?')
    .replace(/\r\n /g, ' ')
    .replace(/\?= (?==\?)/g, '?=')
    .replace(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, b64: string) => Buffer.from(b64, 'base64').toString('utf8'));
  return { raw, head, body: Buffer.from(draft.bodyText).toString('utf8'), leaves: draft.leaves };
}
const compose = (change: Partial<ComposeInput> = {}, headerChange: Partial<HeaderFacts> = {}) =>
  opened(composeMessage({ ...input, ...change, header: { ...header, ...headerChange } }));

const part = (change: Partial<AttachmentReport>): AttachmentReport => ({
  path: '2',
  untrustedName: '見積書.pdf',
  declaredType: 'application/pdf',
  detectedType: 'pdf',
  bytes: 10,
  sha256: '0'.repeat(64),
  outcome: 'blocked',
  reason: 'executable',
  outputs: [],
  removed: [],
  ...change,
});

test('a plain mail keeps who, when, what, and says that nothing was changed', () => {
  const { head, body } = compose();
  expect(head).toContain('From: 山田　太郎 <taro@example.co.jp>');
  expect(head).toContain('Subject: 会議のお知らせ');
  expect(head).toContain('Message-ID: <abc.123@example.co.jp>');
  expect(head).toContain('Date: Sun, 22 Nov 2026 14:00:00 +0900');
  expect(body).toContain('本文です。\r\n');
  expect(body).toContain(ID);
  expect(body).not.toContain('取り除いたもの');
});

test('B01 B02: line ends in subject and names make no new field', () => {
  const { head } = compose(
    {},
    {
      subject: 'a\r\nBcc: x@evil.invalid',
      from: [{ name: 'a" <b@evil>\r\nX: y', address: 'taro@example.co.jp' }],
    },
  );
  expect(head.split('\r\n').filter((line) => /^(?:Bcc|X):/.test(line))).toEqual([]);
  expect(head).toContain('Subject: a Bcc: x@evil.invalid');
});

test('B03: unusable ids are replaced or dropped, and at most 50 references stay', () => {
  const { head } = compose(
    {},
    {
      messageId: '<a b@c>\r\nX: y',
      inReplyTo: 'your mail <x@example.co.jp> of Monday <y@example.co.jp>',
      references: ['<bad', ...Array.from({ length: 10_000 }, (_, i) => `<${i}@example.co.jp>`)],
    },
  );
  expect(head).toContain(`Message-ID: <${ID}@gw.example.lg.jp>`);
  expect(head).toMatch(/In-Reply-To: <x@example.co.jp>\r\n/);
  const references = /References: (.*)/.exec(head)?.[1]?.split(' ') ?? [];
  expect(references).toHaveLength(50);
  expect([references[0], references.at(-1)]).toEqual(['<0@example.co.jp>', '<9999@example.co.jp>']);
});

test.each([
  ['Mon, 1 Jan 2029 00:00:00 +0900', 'Sun, 22 Nov 2026 14:22:01 +0900'],
  ['nonsense', 'Sun, 22 Nov 2026 14:22:01 +0900'],
  ['22 Nov 26 05:00:00 GMT', 'Sun, 22 Nov 2026 14:00:00 +0900'],
  ['Sun, 22 Nov 2026 05:00:00 -0000 (UTC)', 'Sun, 22 Nov 2026 14:00:00 +0900'],
])('B04: a date %s is written as %s', (date, expected) => {
  expect(compose({}, { date }).head).toContain(`Date: ${expected}`);
});

test('B05: the subject shows its characters in the order they have', () => {
  expect(compose({}, { subject: 'invoice\u202Efdp.exe' }).head).toContain('Subject: invoicefdp.exe');
});

test('B08 B10: what a name pretends, another envelope and another reply address are told', () => {
  const { body } = compose(
    { facts: { ...facts, reversePath: 'x@gmail.com' } },
    {
      from: [{ name: 'info@city.aoba.example.jp', address: 'evil@attacker.example' }],
      replyTo: [{ name: '', address: 'other@elsewhere.example' }],
    },
  );
  expect(body).toContain('差出人名に別のアドレス(info@city.aoba.example.jp)');
  expect(body).toContain('(evil@attacker.example)と実際の送信元(x@gmail.com)');
  expect(body).toContain('フリーメール(gmail.com)');
  expect(body).toContain('返信先は差出人と異なります: other@elsewhere.example');
});

test('B08 twin: a bounce address of the same organisation is no warning', () => {
  expect(compose({ facts: { ...facts, reversePath: 'bounce+1@mail.example.co.jp' } }).body).not.toContain('▲');
});

test('B09: of several senders one stands in From, and an unreadable address is shown but not used', () => {
  const several = compose(
    {},
    {
      from: [
        { name: '', address: 'nonsense' },
        { name: '乙', address: 'b@example.co.jp' },
      ],
    },
  );
  expect(several.head).toContain('From: 乙 <b@example.co.jp>');
  expect(several.body).toContain('2名');
  expect(compose({}, { from: [{ name: '', address: '@x y' }] }).head).toContain('From: @x y <unreadable@invalid>');
});

test('addresses of mobile carriers with odd dots stay usable, IDN domains become A-labels', () => {
  const { head } = compose(
    {},
    {
      to: [
        { name: '', address: 'foo..bar.@docomo.ne.jp' },
        { name: '', address: 'a@日本語.jp' },
      ],
    },
  );
  expect(head).toContain('To: <foo..bar.@docomo.ne.jp>, <a@xn--wgv71a119e.jp>');
});

test('B45: a subject of 100 KB is cut', () => {
  expect([...(/Subject: (.*)/.exec(compose({}, { subject: 'あ'.repeat(100_000) }).head)?.[1] ?? '')]).toHaveLength(998);
});

test('INV-15: what was held, changed and taken out is named, the held first, the rest counted', () => {
  const attachments = [
    ...Array.from({ length: 12 }, (_, i) => part({ untrustedName: `写真${i}.png`, outcome: 'rebuilt', outputs: [] })),
    part({ untrustedName: 'setup.exe' }),
    part({ untrustedName: 'himitsu.zip', outcome: 'waiting-for-password' }),
  ];
  const { body } = compose({
    report: { ...report, attachments, body: { ...report.body, removed: [{ what: 'hidden-text', count: 3 }] } },
  });
  const notice = body.slice(0, body.indexOf('───'));
  expect(notice).toContain('setup.exe: プログラム(実行ファイル)のため、お渡しできません');
  expect(notice).toContain('himitsu.zip: パスワード');
  expect(notice).toContain('ほか 6 件');
  expect(notice).toContain('見えないように隠された文字 3か所');
  expect(notice.split('\r\n').length).toBeLessThanOrEqual(20);
});

test('a held message has the notice and nothing of the body', () => {
  const { body, leaves } = compose({
    body: 'SECRET',
    files: [textFile('SECRET', 'a')],
    report: { ...report, verdict: { kind: 'held', reason: 'fragment' } },
  });
  expect(leaves).toEqual([]);
  expect(body).toContain('分割');
  expect(body).not.toContain('SECRET');
});

test('B29: a long body goes on in an attached file, every character once', () => {
  const long = Array.from({ length: 400 }, (_, i) => `${i}行目 https://example.jp/`)
    .join('\n')
    .replaceAll('https://', 'hxxps://');
  const { body, leaves } = compose({ body: long, maxBodyChars: 1000 });
  expect(leaves.map((leaf) => leaf.name)).toEqual(['本文の続き.txt']);
  expect(body).toContain('続きは添付ファイル');
  const rest = Buffer.from(leaves[0]?.bytes ?? []).toString('utf8');
  for (const i of [0, 100, 399]) expect((body + rest).split(`${i}行目`).length).toBeGreaterThan(1);
});

test('a file name of any length and script survives the trip', () => {
  const stems = ['a', '見積書'.repeat(50), 'report 2026 (最終)', '葛󠄀飾区', '😀'.repeat(60), "it's 100%"];
  const { leaves } = compose({ files: stems.map((stem) => textFile('x', stem)) });
  expect(leaves.map((leaf) => leaf.name)).toEqual(outputNames(stems.map((stem) => textFile('x', stem))));
});

const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ maxLength: 80 }));
const stem = fc
  .array(fc.oneof(anyText, fc.constantFrom('.', 'exe', ' ', '\u3000', 'con', 'pdf', 'か\u3099', 'x'.repeat(110))), {
    maxLength: 8,
  })
  .map((pieces) => pieces.join(''));
const mailbox = fc.record({ name: anyText, address: fc.oneof(anyText, fc.emailAddress()) });

test('INV-01…05: any header, names and files end in a message that the gate reads, and in a clean text', () => {
  fc.assert(
    fc.property(
      fc.record({
        subject: anyText,
        from: fc.array(mailbox, { maxLength: 2 }),
        to: fc.array(mailbox, { maxLength: 5 }),
        cc: fc.array(mailbox, { maxLength: 3 }),
        replyTo: fc.array(mailbox, { maxLength: 2 }),
        date: anyText,
        messageId: anyText,
        inReplyTo: anyText,
        references: fc.array(anyText, { maxLength: 5 }),
      }),
      fc.array(stem, { maxLength: 4 }),
      fc.array(anyText, { maxLength: 4 }),
      (untrusted, stems, names) => {
        const attachments = names.map((untrustedName) => part({ untrustedName }));
        const { body } = compose(
          { files: stems.map((stem) => textFile('x', stem)), report: { ...report, attachments } },
          untrusted,
        );
        expect(textProblems(Buffer.from(`\uFEFF${body}`))).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

test('notices that stand alone fit the grammar and name only what we know', () => {
  const base = {
    kind: 'notice',
    facts,
    to: ['admin@city.aoba.example.jp'],
    from: 'gateway@city.aoba.example.jp',
    policyVersion: 'x',
  } as const;
  const held = opened(composeNotice({ ...base, notice: { kind: 'message-held', reason: 'timeout' } }));
  expect(held.head).toContain('青葉市');
  expect(held.body).toContain('時間内');
  const failed = Array.from({ length: 30 }, (_, i) => ({
    recipient: `r${i}@city.aoba.example.jp`,
    reply: '550 5.1.1 \\\\evil\\x http://evil.example/',
  }));
  const about = { messageId: 'ABOUT', reversePath: 'writer@example.com', receivedAtMs: Date.UTC(2026, 0, 2, 3) };
  const undeliverable = opened(composeNotice({ ...base, notice: { kind: 'undeliverable', about, failed } }));
  expect(undeliverable.body).toContain('ほか 20 件');
  expect(undeliverable.body).toContain('受付番号: ABOUT');
  expect(undeliverable.body).toContain('writer@example.com');
  expect(undeliverable.body).toContain('2026年1月2日 12:00');
  expect(textProblems(Buffer.from(`\uFEFF${undeliverable.body}`))).toEqual([]);
  const large = opened(composeNotice({ ...base, notice: { kind: 'too-large', about } }));
  expect(large.body).toContain('受け取れる大きさを超えている');
  expect(large.body).toContain('受付番号: ABOUT');
  expect(textProblems(Buffer.from(`\uFEFF${large.body}`))).toEqual([]);
});

test('a png goes on byte for byte', () => {
  const bytes = built(Buffer.from('89504e470d0a1a0a00', 'hex'));
  const file: SafeFile = { type: 'png', untrustedStem: 'a', bytes };
  expect(compose({ files: [file] }).leaves[0]?.bytes).toEqual(Buffer.from(bytes));
});

test('habits of mail programs are no matter for the notice', () => {
  const defects = ['lf-line-ends', 'mbox-from', 'only-first-reader', 'charset-guessed', 'epilogue-text'];
  const { body } = compose({ report: { ...report, defects: defects.map((what) => ({ what, count: 2 })) } });
  expect(body).toContain('このメールは安全な文字だけのメールに作り直されています。');
  expect(body).not.toContain('乱れ');
});

test.each(['only-second-reader', 'duplicate-subject', 'a-word-of-tomorrow'])('the notice tells of %s, once', (what) => {
  const defects = [
    { what, count: 3 },
    { what: 'gap-text', count: 1 },
  ];
  expect(compose({ report: { ...report, defects } }).body.match(/・メールの形式に乱れがあり/g)).toHaveLength(1);
});

test('the notice counts characters that could not be read', () => {
  const { body } = compose({ report: { ...report, defects: [{ what: 'unreadable-characters', count: 7 }] } });
  expect(body).toContain('読み取れない文字が7字あります');
  expect(body).not.toContain('乱れ');
});

test('a name that came decomposed is not called renamed', () => {
  const file = textFile('本文', '公開フ\u309a');
  const output = { name: '公開プ.txt', type: 'text', bytes: file.bytes.length, sha256: '0'.repeat(64) } as const;
  const { reason: _, ...named } = part({
    untrustedName: '公開フ\u309a.txt',
    detectedType: 'text',
    outcome: 'rebuilt',
    outputs: [output],
  });
  const { body } = compose({ files: [file], report: { ...report, attachments: [named] } });
  expect(body).toContain('・公開プ.txt: 同じ形式で作り直しました');
});

test('without a contact no one is named to ask', () => {
  expect(compose({ facts: { ...facts, contact: '' } }).body).not.toContain('ご連絡ください');
});
