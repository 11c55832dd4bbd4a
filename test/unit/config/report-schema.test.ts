import { expect, test } from 'vitest';
import { parsePreview, parseReport } from '../../../src/config/report-schema.ts';
import type { Preview } from '../../../src/message/jobs.ts';
import type { Report } from '../../../src/message/report.ts';

const report: Report = {
  version: 1,
  verdict: { kind: 'sanitized-with-hold' },
  header: {
    subject: '件名',
    from: 'a@example.com',
    to: 'b@chuo.example',
    cc: '',
    date: '',
    messageId: '<1@example.com>',
  },
  body: {
    declaredCharset: 'ISO-2022-JP',
    charset: 'iso-2022-jp',
    source: 'html',
    links: [{ untrustedText: 'こちら', target: 'https://example.com', suspicion: ['text-differs'] }],
    hiddenText: '',
    removed: [{ what: 'script', count: 2 }],
  },
  attachments: [
    {
      path: '2.1',
      untrustedName: '資料.pdf',
      declaredType: 'application/pdf',
      detectedType: 'pdf',
      bytes: 1000,
      sha256: 'a'.repeat(64),
      outcome: 'rebuilt',
      outputs: [{ name: '資料.pdf', type: 'pdf', bytes: 900, sha256: 'b'.repeat(64), pages: 3 }],
      removed: [],
    },
    {
      path: '3',
      untrustedName: 'x.exe',
      declaredType: 'image/png',
      detectedType: 'pe',
      bytes: 10,
      sha256: 'c'.repeat(64),
      outcome: 'blocked',
      reason: 'executable',
      detail: 'MZ',
      outputs: [],
      removed: [],
    },
  ],
  defects: [{ what: 'duplicate-boundary', count: 1 }],
  limits: [],
  versions: { gateway: '0.1.0', policy: '0123456789abcdef', engines: { pdfium: '2.15.1' } },
  timings: { mime: 0.4, total: 31 },
};

const preview: Preview = { version: 1, textBefore: 'a', textAfter: 'b', hiddenText: '' };

test('a report of ours comes back as it is', () => {
  expect(parseReport(report)).toEqual(report);
  expect(parseReport({ ...report, verdict: { kind: 'held', reason: 'fragment' } })).toBeDefined();
  expect(parsePreview(preview)).toEqual(preview);
});

const [attachment] = report.attachments;
const big = 'x'.repeat(10_000);
const withBody = (change: object): object => ({ ...report, body: { ...report.body, ...change } });
const withAttachment = (change: object): object => ({ ...report, attachments: [{ ...attachment, ...change }] });

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a string', JSON.stringify(report)],
  ['a list', [report]],
  ['a field too many', { ...report, html: '<script>' }],
  ['a field too many deep inside', withAttachment({ html: 'x' })],
  ['a field too few', { ...report, limits: undefined }],
  ['another version', { ...report, version: 2 }],
  ['an unknown verdict', { ...report, verdict: { kind: 'passed' } }],
  ['held without a reason', { ...report, verdict: { kind: 'held' } }],
  ['a long subject', { ...report, header: { ...report.header, subject: big } }],
  ['a long hidden text', withBody({ hiddenText: big })],
  ['too many links', withBody({ links: Array(1001).fill(report.body.links[0]) })],
  ['a removal counted 0', withBody({ removed: [{ what: 'script', count: 0 }] })],
  ['a removal that is no word of ours', withBody({ removed: [{ what: 'everything', count: 1 }] })],
  ['too many attachments', { ...report, attachments: Array(5001).fill(attachment) }],
  ['negative bytes', withAttachment({ bytes: -1 })],
  ['bytes beyond the safe integers', withAttachment({ bytes: 2 ** 60 })],
  ['bytes as text', withAttachment({ bytes: '10' })],
  ['no hash', withAttachment({ sha256: 'A'.repeat(64) })],
  [
    'an output of a type we do not write',
    withAttachment({ outputs: [{ name: 'x', type: 'docx', bytes: 1, sha256: 'a'.repeat(64) }] }),
  ],
  ['an infinite time', { ...report, timings: { total: Number.POSITIVE_INFINITY } }],
  ['too many times', { ...report, timings: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`t${i}`, 1])) }],
  ['a long name of a time', { ...report, timings: { [big]: 1 } }],
] as const)('refused: %s', (_, json) => {
  expect(parseReport(json)).toBeUndefined();
});

test.each([
  ['a text too long', { ...preview, textAfter: 'x'.repeat(8_000_001) }],
  ['a number for a text', { ...preview, textAfter: 1 }],
  ['a field too many', { ...preview, html: '' }],
] as const)('refused preview: %s', (_, json) => {
  expect(parsePreview(json)).toBeUndefined();
});
