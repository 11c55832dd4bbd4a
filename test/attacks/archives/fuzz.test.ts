/** ZIPs with random damage: never an exception, never more than the limits, whatever goes on passes the inspector. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MessageJob } from '../../../src/message/jobs.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../../../src/policy/policy.ts';
import { sanitizeMessage } from '../../../src/sanitize/sanitize.ts';
import { rawZip } from '../../kit/zip-raw.ts';
import { FACTS, judge } from '../gate/door.ts';
import { opened } from './opened.ts';

const entry = fc.record({
  name: fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }).map((name) => `${name}.txt`),
    fc.constantFrom('a.txt', 'a/b.csv', 'a/', '../x.txt', 'a.exe', 'b.zip', 'm.eml'),
  ),
  content: fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constant('From: a\r\nSubject: b\r\nMIME-Version: 1.0\r\n\r\nx\r\n'),
  ),
  method: fc.constantFrom(0, 8, 8, 12),
  flags: fc.constantFrom(0, 0x800, 0x800, 1, 8),
});
const archive = fc.array(entry, { maxLength: 5 }).map((entries) => rawZip(entries));
const nested = fc
  .tuple(archive, fc.array(entry, { maxLength: 3 }))
  .map(([inner, entries]) => rawZip([...entries, { name: 'in.zip', content: inner, method: 8 }]));
const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });

test('any damage to any archive ends as a report', { timeout: 120_000 }, async () => {
  let whole = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(archive, nested), damage, fc.nat(), async (bytes, changes, cut) => {
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const input = cut % 5 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
      const { rows } = await opened(input, { maxParts: 30 }, 'a.zip', { maxLooseFiles: cut % 3 });
      if (rows[0]?.members !== undefined) whole += 1;
      expect(rows.length).toBeLessThanOrEqual(30);
    }),
    { numRuns: Number(process.env['SEKISHO_RUNS'] ?? 400) },
  );
  expect(whole).toBeGreaterThan(50);
});

const jobWith = (maxParts: number, maxLooseFiles: number): MessageJob => ({
  kind: 'message',
  facts: {
    messageId: FACTS.messageId,
    tenant: { id: 'chuo', name: '中央市', domains: ['chuo.lg.jp'] },
    gatewayHost: 'gw.chuo.lg.jp',
    reversePath: 'sender@example.com',
    recipients: FACTS.recipients,
    peerAddress: '192.0.2.25',
    receivedAtMs: FACTS.atMs,
    originalBytes: 1000,
    contact: '情報政策課',
  },
  policy: { ...DEFAULT_POLICY, maxLooseFiles, version: FACTS.policyVersion, limits: { ...DEFAULT_LIMITS, maxParts } },
  holdParts: {},
  passwords: [],
  lineEnds: 'any',
});

const mailWith = (zips: readonly Buffer[]): Buffer =>
  Buffer.from(
    `From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n` +
      zips
        .map(
          (zip) =>
            `--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${zip.toString('base64')}\r\n`,
        )
        .join('') +
      '--b--\r\n',
  );

test('A37: mails with archives of any kind pass the gate', { timeout: 120_000 }, async () => {
  const zips = fc.array(fc.oneof(archive, nested), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(zips, fc.nat(3), async (archives, maxLooseFiles) => {
      const { bytes } = await sanitizeMessage(jobWith(100, maxLooseFiles), mailWith(archives), () => undefined);
      const verdict = await judge(bytes);
      expect(verdict.kind === 'refused' ? verdict.problems : []).toEqual([]);
    }),
    { numRuns: Number(process.env['SEKISHO_RUNS'] ?? 150) },
  );
});

test('A36: more files than a message may carry are packed, and then held; the message goes on', async () => {
  const files = Array.from({ length: 10 }, (_, i) => ({ name: `${i}.txt`, content: `${i}` }));
  const { bytes, report } = await sanitizeMessage(
    jobWith(5000, 10),
    mailWith(Array.from({ length: 100 }, (_, i) => rawZip([{ name: 'n.txt', content: `${i}` }, ...files.slice(1)]))),
    () => undefined,
  );
  expect(await judge(bytes)).toMatchObject({ kind: 'passed' });
  expect(report.attachments).toHaveLength(1100);
  const attached = report.attachments.flatMap(({ outputs }) =>
    outputs.filter(({ archivePath }) => archivePath === undefined),
  );
  expect(attached.length).toBeLessThanOrEqual(490);
  expect(report.attachments.filter(({ reason }) => reason === 'limit-exceeded').length % 11).toBe(0);
});
