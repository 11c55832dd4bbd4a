/** Sender, sink and letters of the bench: a ruler that loses or changes bytes would measure nothing. */
import { connect } from 'node:net';
import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { Letters } from '../../../bench/load/letters.ts';
import { letterLine } from '../../../bench/load/mails.ts';
import { openMemorySink } from '../../../bench/load/sink.ts';
import { arrivalProblems } from '../../../bench/load/verify.ts';
import { sendOverWire } from '../../../bench/load/wire.ts';

const mail = (text: string) => ({ reversePath: 'a@b.example', recipients: ['c@d.example'], bytes: Buffer.from(text) });

test.each([true, false])(
  'what the sender sends is what the sink keeps, dots at line starts too (pipelining %s)',
  async (pipelining) => {
    const sink = await openMemorySink();
    try {
      const texts = [
        'A: b\r\n\r\n.\r\n..two\r\nend\r\n',
        '.first\r\n',
        'A: b\r\n\r\nno line end',
        `A: b\r\n\r\n${'x'.repeat(300_000)}\r\n.\r\n`,
      ];
      const results = await sendOverWire(texts.map(mail), { port: sink.port, pipelining }, 2);
      expect(results.every(({ accepted }) => accepted)).toBe(true);
      const expected = texts.map((text) => (text.endsWith('\r\n') ? text : `${text}\r\n`));
      expect(sink.received.map(String).toSorted()).toEqual(expected.toSorted());
    } finally {
      await sink.close();
    }
  },
);

test('the end of a mail is found wherever the network cuts it', async () => {
  const dialog =
    'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nA: b\r\n\r\none\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nA: c\r\n\r\n.\r\nQUIT\r\n';
  const sink = await openMemorySink();
  try {
    const socket = connect({ port: sink.port, host: '127.0.0.1', noDelay: true });
    socket.resume();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    for (const byte of dialog) {
      await new Promise((resolve) => socket.write(byte, resolve));
      await new Promise(setImmediate);
    }
    await closed;
    expect(sink.received.map(String)).toEqual(['A: b\r\n\r\none\r\n', 'A: c\r\n\r\n']);
  } finally {
    await sink.close();
  }
});

test('a refused mail and a receiver that hangs up are not counted as taken', async () => {
  const sink = await openMemorySink();
  await sink.close();
  const [result] = await sendOverWire([mail('A: b\r\n\r\n')], { port: sink.port, pipelining: true }, 1);
  expect(result?.accepted).toBe(false);
});

test.each([5_000, 100_000])(
  'letters of %i bytes: every spelling is near the size and reads as its lines',
  async (size) => {
    const letters = new Letters(3).take(6, size);
    expect(new Set(letters.map(({ messageId }) => messageId)).size).toBe(6);
    expect(new Set(letters.map(({ domain }) => domain)).size).toBe(3);
    for (const { bytes, letter } of letters) {
      expect(Math.abs(bytes.length - size) / size).toBeLessThan(0.1);
      const { text } = await simpleParser(bytes);
      const lines = new Set(text?.split(/\r?\n/));
      expect(
        Array.from({ length: letter.lines }, (_, line) => letterLine(letter.number, line)).filter(
          (line) => !lines.has(line),
        ),
      ).toEqual([]);
    }
  },
);

test('a letter that was lost is missed, also when its body was sent before', () => {
  const letters = new Letters(1);
  const [first, second] = letters.take(2, 5_000);
  if (first === undefined || second === undefined) throw new Error('no letters');
  expect(arrivalProblems([first, second], [first.bytes, first.bytes])).toEqual([
    '1 mails did not arrive',
    '1 mails arrived more than once',
  ]);
});
