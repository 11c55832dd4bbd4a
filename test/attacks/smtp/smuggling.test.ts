/** S01–S06, S43–S44: ends of data that are none. Whatever the segments, never a second envelope, never a bare line end. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestIntake, RawClient, type TestIntake, wire } from '../../dialogs/kit.ts';

const SECOND = 'MAIL FROM:<x@evil.invalid>\r\nRCPT TO:<taro@a.lg.jp>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n';

const ENDS: readonly (readonly [id: string, end: string, status: string])[] = [
  ['S01 LF.LF', '\n.\n', '550 5.6.11'],
  ['S02 LF.CRLF', '\n.\r\n', '550 5.6.11'],
  ['S03 CRLF.LF', '\r\n.\n', '550 5.6.11'],
  ['S04 CR.CR', '\r.\r', '550 5.6.11'],
  ['S05 CRLF.CR', '\r\n.\r', '550 5.6.11'],
  ['S05 CR.CRLF', '\r.\r\n', '550 5.6.11'],
  ['S06 CRLF.CRCRLF', '\r\n.\r\r\n', '550 5.6.11'],
  ['S06 NUL before the dot', '\r\n\0.\r\n', '550 5.6.0'],
  ['S06 NUL after the dot', '\r\n.\0\r\n', '550 5.6.0'],
];
const SEGMENTS = [Number.POSITIVE_INFINITY, 1, 2, 3, 7];

let intake: TestIntake;
const open = async (options = {}) => {
  intake = await openTestIntake({ limits: { graceMs: 100 }, ...options });
};
afterEach(() => intake.close());

describe('refused', () => {
  beforeEach(() => open());

  test.each(ENDS)('%s is one refused message and the end of the connection', async (_, end, status) => {
    for (const size of SEGMENTS) {
      const client = new RawClient(intake.port);
      await client.upToData();
      await client.write(`Subject: a\r\n\r\nbody${end}${SECOND}`, size);
      const replies = await client.rest();
      expect(replies).toEqual([expect.stringContaining(status)]);
      expect(intake.accepted).toEqual([]);
      expect(intake.objects.size).toBe(0);
    }
  });

  test.each([
    ['S43 NUL in a header', 'Subject: a\0b\r\n\r\nx\r\n.\r\n', '550 5.6.0'],
    ['S44 bare CR in a header', 'From: a\rBcc: x\r\n\r\nx\r\n.\r\n', '550 5.6.11'],
    ['bare LF in a header', 'From: a\nBcc: x\r\n\r\nx\r\n.\r\n', '550 5.6.11'],
  ])('%s', async (_, message, status) => {
    const client = new RawClient(intake.port);
    await client.upToData();
    await client.write(message);
    expect(await client.reply()).toContain(status);
    expect(intake.accepted).toEqual([]);
  });

  test.each(SEGMENTS)(
    'benign twin: dots, long lines and 8-bit octets arrive as they are (segments of %d)',
    async (size) => {
      const body = `.leading\r\n..two\r\n.\r\nx.\r\n${'a'.repeat(1200)}\r\n\x9f\xff\x80`;
      const stuffed = body.replace(/(^|\r\n)\./g, '$1..');
      const client = new RawClient(intake.port);
      await client.upToData();
      await client.write(wire(stuffed), size);
      expect(await client.reply()).toContain('250 2.0.0 Accepted');
      expect([...(intake.accepted[0]?.bytes.values() ?? [])]).toEqual([wire(body).slice(0, -3)]);
      client.end();
    },
  );
});

describe('normalized, where the configuration says so', () => {
  beforeEach(() => open({ intake: { bareLineEnds: 'normalize' } }));

  test.each([
    ['LF.LF', 'body\n.\nMAIL FROM:<x@evil.invalid>', 'body\r\n.\r\nMAIL FROM:<x@evil.invalid>', 2],
    ['CR.CR', 'body\r.\rMAIL', 'body\r\n.\r\nMAIL', 2],
    ['CR CR LF', 'a\r\r\nb', 'a\r\n\r\nb', 1],
    ['bare CR before the end', 'a\r', 'a\r\n', 1],
    ['nothing to do', 'a\r\nb', 'a\r\nb', 0],
  ])('%s becomes one message with CRLF only, and the repairs are counted', async (_, body, clear, count) => {
    for (const size of SEGMENTS) {
      intake.accepted.length = 0;
      const client = new RawClient(intake.port);
      await client.upToData();
      await client.write(wire(body), size);
      expect(await client.reply()).toContain('250 2.0.0 Accepted');
      const [only, ...others] = intake.accepted;
      expect(others).toEqual([]);
      expect([...(only?.bytes.values() ?? [])]).toEqual([wire(clear).slice(0, -3)]);
      expect(only?.incoming.bareLineEndsFixed).toBe(count);
      client.end();
    }
  });

  test('NUL is refused here too', async () => {
    const client = new RawClient(intake.port);
    await client.upToData();
    await client.write(wire('a\0b'));
    expect(await client.reply()).toContain('550 5.6.0');
  });
});
