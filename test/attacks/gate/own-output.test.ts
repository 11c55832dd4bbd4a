/**
 * The positive control: what our own writers make of the mails of the public corpora passes the gate, byte for byte.
 * Without it, a gate that refuses everything would look perfect.
 */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { composeNotice, sanitizeMessage } from '../../../src/sanitize/sanitize.ts';
import { FACTS, JOB, judge } from './door.ts';

const shared = process.env['SEKISHO_SHARED'] ?? '../shared';
const manifest = `${shared}/corpora/MANIFEST.tsv`;

/** Mails of the corpus: path in the manifest's first column, kind in its last but one. */
function mails(): readonly string[] {
  if (!existsSync(manifest)) {
    console.log(`skipped: no corpora at ${shared}`);
    return [];
  }
  const rows = readFileSync(manifest, 'utf8')
    .split('\n')
    .map((row) => row.split('\t'));
  return rows.filter((row) => row.at(-2)?.startsWith('mail-')).map((row) => row[0] ?? '');
}

test('every mail of the corpus comes out in a form that the gate passes', { timeout: 300_000 }, async () => {
  const refused: string[] = [];
  const paths = mails();
  for (const path of paths) {
    const { bytes } = await sanitizeMessage(JOB, readFileSync(`${shared}/corpora/${path}`), () => undefined);
    const verdict = await judge(bytes);
    if (verdict.kind === 'refused') refused.push(`${path}: ${verdict.problems.join('; ')}`);
  }
  console.log(`${paths.length - refused.length} of ${paths.length} mails of the corpus passed`);
  expect(refused).toEqual([]);
});

/** Pieces that the rules speak of, and anything at all. */
const piece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(
    ...[
      'https://a.example/',
      '\\\\host\\s',
      '\u202Eexe',
      '葛\u{E0100}',
      'begin 644 x',
      '\nContent-Type: a',
      'MIME-Version:',
      '=1+1',
      '  ',
      '"',
      '=?UTF-8?B?5bGx?=',
      '.exe',
      'CON.',
      'www.a',
      '\t',
    ],
    ...[
      '\r\n ',
      'あ'.repeat(80),
      'x'.repeat(90),
      '\u200D',
      'か\u3099',
      'file:/x',
      'ms-word:x',
      '<a@b.jp>',
      ',',
      'hxxp://',
      '¥¥x',
      '\u3000',
      '\uFEFF',
      '1e5',
      '-5',
      '@',
    ],
  ),
);
const phrase = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
const encoded = (text: string): string => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
const base64 = (text: string): string => Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n');

/** Headers are encoded, so that every character reaches the writers. */
const mail = fc
  .record({
    subject: phrase,
    from: phrase,
    to: fc.array(phrase, { maxLength: 4 }),
    body: phrase,
    name: phrase,
    rows: fc.array(phrase, { maxLength: 3 }),
    html: phrase,
    asCsv: fc.boolean(),
  })
  .map(({ subject, from, to, body, name, rows, html, asCsv }) =>
    [
      `From: ${encoded(from)} <a@example.com>`,
      `To: ${to.map((each, i) => `${encoded(each)} <u${i}@chuo.lg.jp>`).join(', ') || 'b@chuo.lg.jp'}`,
      `Subject: ${encoded(subject)}`,
      'Date: Sun, 22 Nov 2026 23:21:58 +0900',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary="b-b"',
      '',
      '--b-b',
      `Content-Type: text/${html.length % 2 === 0 ? 'plain' : 'html'}; charset=utf-8`,
      'Content-Transfer-Encoding: base64',
      '',
      base64(`${body}\r\n${html}`),
      '--b-b',
      `Content-Type: text/${asCsv ? 'csv' : 'plain'}; charset=utf-8`,
      `Content-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(name.toWellFormed())}.${asCsv ? 'csv' : 'txt'}`,
      'Content-Transfer-Encoding: base64',
      '',
      base64(rows.join(asCsv ? ',' : '\r\n')),
      '--b-b--',
      '',
    ].join('\r\n'),
  );

test('whatever stands in a mail, our own writers and this gate agree on the result', { timeout: 120_000 }, async () => {
  const agree = fc.asyncProperty(mail, async (text) => {
    const { bytes } = await sanitizeMessage(JOB, Buffer.from(text), () => undefined);
    const verdict = await judge(bytes);
    expect(verdict.kind === 'refused' ? verdict.problems : []).toEqual([]);
  });
  await fc.assert(agree, { numRuns: Number(process.env['SEKISHO_RUNS'] ?? 200) });
});

test('notices that stand alone pass', async () => {
  const { facts } = JOB;
  const common = {
    kind: 'notice',
    facts,
    to: facts.recipients,
    from: 'gateway@chuo.lg.jp',
    policyVersion: FACTS.policyVersion,
  } as const;
  const held = await composeNotice({ ...common, notice: { kind: 'message-held', reason: 'timeout' } });
  const lost = await composeNotice({
    ...common,
    notice: {
      kind: 'undeliverable',
      about: { messageId: FACTS.messageId, reversePath: 'https://x@example.com', receivedAtMs: FACTS.atMs },
      failed: [{ recipient: 'a@chuo.lg.jp', reply: '550 no such user https://x' }],
    },
  });
  const about = { messageId: FACTS.messageId, reversePath: 'https://x@example.com', receivedAtMs: FACTS.atMs };
  const large = await composeNotice({ ...common, notice: { kind: 'too-large', about } });
  for (const { bytes } of [held, lost, large]) expect(await judge(bytes)).toMatchObject({ kind: 'passed' });
});
