/** H18: at its most talkative the log names no subject, address, file name or word of a mail, also when things go wrong. */
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { openSink } from '../../src/cli/demo/sink.ts';
import { openAviary, sightings } from '../kit/canary.ts';
import { canaryMails } from '../kit/canary-mails.ts';
import { startGateway } from '../kit/gateway.ts';
import { sendAll } from '../kit/send.ts';

test('nothing personal stands in the log, whether mails pass, are refused or cannot be delivered', {
  timeout: 240_000,
}, async () => {
  const aviary = openAviary();
  const user = aviary.known('address of a recipient');
  const refused = `${aviary.known('address that the next hop refuses')}@t1.example`;
  const stranger = aviary.known('address that does not exist');
  const helo = aviary.known('name in HELO');
  const gateway = await startGateway({ recipients: [user], settings: { logLevel: 'debug' } });
  const mails = await canaryMails(aviary, `${user}@t1.example`);
  const reversePath = `${aviary.known('reverse-path')}@example.com`;
  try {
    await sendAll(
      mails.slice(0, 4).map(({ bytes }) => ({ reversePath, recipients: [`${user}@t1.example`], bytes })),
      { port: gateway.smtpPort, connections: 2 },
    );
    await talk(gateway.smtpPort, [
      `EHLO ${helo}.example`,
      `MAIL FROM:<${stranger}@@broken>`,
      `MAIL FROM:<${stranger}@example.com>`,
      `RCPT TO:<${stranger}@t1.example>`,
      `RCPT TO:<${stranger}@elsewhere.example>`,
      `RCPT TO:<@a,@b:${stranger}@t1.example>`,
      `${stranger} what`,
      'QUIT',
    ]);
    await gateway.idle(90_000);
  } finally {
    await gateway.stop();
  }
  expect(gateway.log()).toContain('"event"');
  expect(regions(gateway.log(), aviary.canaries)).toEqual([]);

  const hop = await openSink({ folder: gateway.folder, port: 0, known: new Set() });
  const failing = await startGateway({
    recipients: [refused.split('@')[0] ?? ''],
    nextHopPort: hop.port,
    settings: { logLevel: 'debug' },
  });
  try {
    const [mail] = await canaryMails(aviary, refused);
    await sendAll([{ reversePath, recipients: [refused], bytes: mail?.bytes ?? Buffer.alloc(0) }], {
      port: failing.smtpPort,
      connections: 1,
    });
    await failing.idle(90_000);
  } finally {
    await failing.stop();
    await hop.close();
  }
  expect(failing.log()).toContain('notice-undeliverable');
  expect(regions(failing.log(), aviary.canaries)).toEqual([]);
});

const regions = (log: string, canaries: Parameters<typeof sightings>[1]): readonly string[] =>
  sightings(Buffer.from(log), canaries).map(({ canary, spelling }) => `${canary.region} as ${spelling}`);

/** One command after each answer; what is answered does not matter. */
const talk = (port: number, lines: readonly string[]): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let next = 0;
    socket.on('data', (data) => {
      if (/^\d{3}-/m.test(data.toString().split('\r\n').at(-2) ?? '')) return;
      const line = lines[next++];
      if (line !== undefined) socket.write(`${line}\r\n`);
    });
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
    socket.setTimeout(5_000, () => socket.destroy());
  });
