/**
 * One transaction for recipients of two tenants and of two policies, on a running gateway: split, each treated by its own
 * policy, a refusal told to the administrators, addresses asked once of the next hop.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSink, type Sink } from '../../src/cli/demo/sink.ts';
import { dialog } from '../kit/dialog.ts';
import { type ForwardedMail, readForwarded } from '../kit/forwarded.ts';
import { freePort, type Gateway, startGateway } from '../kit/gateway.ts';

const KNOWN = ['soumu@t1.example', 'vip@t1.example', 'admin@t1.example', 'joho@t2.example', 'admin@t2.example'];

let folder: string;
let sink: Sink;
let gateway: Gateway;
let replies: readonly string[];

const mailTo = (recipient: string): ForwardedMail | undefined => {
  const found = sink.received.find(({ recipients }) => recipients.includes(recipient));
  return found && readForwarded(found.bytes);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sekisho-policies-'));
  sink = await openSink({ folder: join(folder, 'lgwan'), port: 0, known: new Set(KNOWN) });
  writeFileSync(join(folder, 'people.txt'), 'soumu@t1.example\nVip@t1.example\ngone@t1.example\n');
  const nextHop = { host: '127.0.0.1', port: sink.port, tls: 'none' };
  const common = { contact: '内線 2345', nextHop };
  gateway = await startGateway({
    folder,
    nextHopPort: sink.port,
    env: { TZ: 'America/New_York' },
    settings: {
      policies: { strict: { links: 'host-only' } },
      tenants: [
        {
          ...common,
          id: 't1',
          name: '第1市',
          domains: ['t1.example'],
          recipients: { kind: 'list', file: 'people.txt' },
          administrators: ['admin@t1.example'],
          policies: [{ recipients: ['VIP@t1.example'], policy: 'strict' }],
        },
        {
          ...common,
          id: 't2',
          name: '第2市',
          domains: ['t2.example'],
          recipients: { kind: 'probe' },
          administrators: ['admin@t2.example'],
        },
      ],
    },
    ports: { smtp: await freePort(), admin: await freePort() },
  });
  replies = await dialog(gateway.smtpPort, [
    'EHLO sender.example',
    'MAIL FROM:<writer@example.com> RET=HDRS ENVID=abc',
    'RCPT TO:<soumu@t1.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;soumu@t1.example',
    'RCPT TO:<vIP@T1.EXAMPLE>',
    'RCPT TO:<gone@t1.example>',
    'RCPT TO:<joho@t2.example>',
    'RCPT TO:<nobody@t2.example>',
    'RCPT TO:<nobody@t2.example>',
    'DATA',
    'From: writer@example.com\r\nSubject: x\r\n\r\nhttps://www.example.com/path?x=1\r\n.',
    'QUIT',
  ]);
  await gateway.idle();
});

afterAll(async () => {
  await gateway?.stop();
  await sink?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('DSN words are accepted, unknown addresses refused by list and by probe', () => {
  expect(replies.map((reply) => reply.slice(0, 9))).toEqual([
    ...['220 sekis', '250 SIZE ', '250 2.1.0', '250 2.1.5', '250 2.1.5', '250 2.1.5', '250 2.1.5'],
    ...['550 5.1.1', '550 5.1.1', '354 End d', '250 2.0.0', '221 2.0.0'],
  ]);
});

test('S54: each tenant and each policy gets a message of its own', () => {
  const envelopes = sink.received.map(({ recipients }) => [...recipients].sort().join());
  expect(envelopes.sort()).toEqual(['Vip@t1.example', 'admin@t1.example', 'joho@t2.example', 'soumu@t1.example']);
});

test('the policy of a recipient is in force in the jail and signed in the receipt', () => {
  expect(mailTo('Vip@t1.example')?.text).toContain('hxxps://www[.]example[.]com\r\n');
  expect(mailTo('soumu@t1.example')?.text).toContain('hxxps://www[.]example[.]com/path?x=1');
  const policyOf = (recipient: string) => /; p=([0-9a-f]{16});/.exec(mailTo(recipient)?.header ?? '')?.[1];
  expect(policyOf('Vip@t1.example')).toBeDefined();
  expect(policyOf('Vip@t1.example')).not.toBe(policyOf('soumu@t1.example'));
  expect(policyOf('joho@t2.example')).toBe(policyOf('soumu@t1.example'));
});

test('times are those of Japan wherever the machine stands', () => {
  for (const { bytes } of sink.received) expect(readForwarded(bytes).header).toMatch(/^Date: .* \+0900$/m);
});

test('S53: the administrators learn whom a mail did not reach, by its own number; nobody outside does', async () => {
  const database = await gateway.openDatabase();
  const rows = await database.read
    .selectFrom('message')
    .innerJoin('recipient', 'recipient.message_id', 'message.id')
    .select(['message.id', 'recipient.address', 'recipient.state'])
    .execute();
  const probes = await database.read.selectFrom('job').select('id').where('kind', '=', 'probe').execute();
  await database.close();
  const stateOf = (address: string) => rows.find((row) => row.address === address)?.state;
  expect(stateOf('gone@t1.example')).toBe('undeliverable');
  expect(stateOf('soumu@t1.example')).toBe('delivered');
  const notice = mailTo('admin@t1.example')?.text ?? '';
  expect(notice).toContain('・gone@t1.example: 550 5.1.1');
  expect(notice).toContain(`受付番号: ${rows.find(({ address }) => address === 'gone@t1.example')?.id}`);
  expect(notice).toContain('writer@example.com');
  expect(sink.received.every(({ reversePath }) => reversePath === '')).toBe(true);
  // joho and nobody, each asked once: the second RCPT for nobody was answered from memory.
  expect(probes).toHaveLength(2);
});
