/**
 * Line ends that end a header for one reader and not for another (threats.tsv M17, M18). Over SMTP they are refused at the
 * edge; in a file read from disk the program behind them crosses under no reading.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestIntake, RawClient, type TestIntake } from '../../dialogs/kit.ts';
import { openAviary } from '../../kit/canary.ts';
import { expectDead } from '../pdf/crossed.ts';
import { base64, HEADER, through } from '../through.ts';

const aviary = openAviary();
const PROGRAM = Buffer.concat([
  Buffer.from('MZ\x90\0\x03\0\0\0', 'latin1'),
  Buffer.alloc(400),
  Buffer.from(`This program cannot be run in DOS mode. ${aviary.die('program')}`),
]);
const LETTER = Buffer.from('Please read this, it is a small letter. '.repeat(12));

const shown = (end: string): string => JSON.stringify(end).replaceAll('\\u0000', 'NUL');

/** `field` ends the fields of the part, `blank` ends its header. */
const mail = (field: string, blank: string, content: Uint8Array): string =>
  [
    ...HEADER,
    'Content-Type: multipart/mixed; boundary=foo',
    '',
    '--foo',
    'Content-Type: text/plain',
    '',
    'Hello.',
    '--foo',
    `Content-Type: application/octet-stream${field}Content-Disposition: attachment; filename="a.txt"${field}Content-Transfer-Encoding: base64${blank}${base64(content)}`,
    '--foo--',
  ].join('\r\n');

const FIELD_ENDS = [
  '\r',
  '\n',
  '\n\r',
  '\r\r\n',
  '\r\n\r',
  '\n\n',
  '\r\r',
  '\r\0\n',
  '\r\n\0',
  '\0\r\n',
  '\0',
  '\n\0',
  '\r\n\n',
  '\r \n',
];
const BLANKS = [
  ...['\r\r', '\n\n', '\r\n\n', '\n\r\n', '\r\n\r', '\r\r\n', '\n\r', '\n\r\n\r', '\r\n\r\r\n', '\r\r\n\n'],
  ...['\r\n\0\r\n', '\r\n\r\0\n', '\r\n \n', '\r\n\t\n', '\n \n', '\r \r', '\n', '\r', '\0', '\r\n\r\n\0'],
];
/** Nothing bare in them: another header, or none, but one reading of the line ends. */
const WHOLE_BLANKS = ['\r\n \r\n', '\r\n\t\r\n', '\r\n\r\n\r\n', '\r\n\x0c\r\n', '\r\n\xa0\r\n', '\r\n', ''];

const CASES = [
  ...FIELD_ENDS.map((end) => ['M17', `fields ended by ${shown(end)}`, end, '\r\n\r\n'] as const),
  ...BLANKS.map((end) => ['M18', `a header ended by ${shown(end)}`, '\r\n', end] as const),
];
const ALL = [...CASES, ...WHOLE_BLANKS.map((end) => ['M18', `a header ended by ${shown(end)}`, '\r\n', end] as const)];

describe('over SMTP', () => {
  let intake: TestIntake;
  beforeAll(async () => {
    intake = await openTestIntake({ limits: { graceMs: 50 } });
  });
  afterAll(() => intake.close());

  test.each(CASES)('%s: %s is refused', async (_id, _what, field, blank) => {
    const client = new RawClient(intake.port);
    await client.upToData();
    await client.write(`${mail(field, blank, PROGRAM)}\r\n.\r\n`);
    expect(await client.reply()).toMatch(/^550 5\.6\.(?:11|0) /);
    expect(intake.accepted).toEqual([]);
  });

  test('the same mail with whole line ends is taken (benign twin)', async () => {
    const client = new RawClient(intake.port);
    await client.upToData();
    await client.write(`${mail('\r\n', '\r\n\r\n', LETTER)}\r\n.\r\n`);
    expect(await client.reply()).toMatch(/^250 /);
  });
});

test.each(ALL)('%s: a program behind %s does not cross', async (_id, _what, field, blank) => {
  const crossed = await through(mail(field, blank, PROGRAM));
  expectDead(crossed, aviary.canaries);
  expect(crossed.everything).not.toContain('MZ\x90');
  expect(crossed.everything.replace(/\s/g, '')).not.toContain(PROGRAM.toString('base64').slice(4, 40));
  expect(
    crossed.report.verdict.kind !== 'sanitized' ||
      crossed.report.defects.length > 0 ||
      crossed.report.body.removed.length > 0 ||
      crossed.report.attachments.some(({ removed }) => removed.length > 0),
  ).toBe(true);
});

test('the same with whole line ends arrives (benign twin)', async () => {
  const crossed = await through(mail('\r\n', '\r\n\r\n', LETTER));
  expect(crossed.files[0]?.bytes.toString()).toContain('it is a small letter.');
});
