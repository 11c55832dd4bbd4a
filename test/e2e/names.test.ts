/** F16, F37: the name of the next hop cannot be found, for a while. Nothing is refused for good, nothing is lost. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { RawClient } from '../dialogs/kit.ts';
import { type FakeDns, openFakeDns } from '../kit/dns.ts';
import { type Gateway, startGateway } from '../kit/gateway.ts';
import { type Hop, openHop } from '../kit/hop.ts';
import { holdsToken, idOf, tokenMail } from '../kit/ledger.ts';
import { sendAll } from '../kit/send.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

/** A loopback address of our own: resolv.conf(5) has no ports. */
const NAME_SERVER = `127.66.${process.pid % 250}.${1 + (process.ppid % 250)}`;
const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0 && process.getuid?.() === 0;

let dns: FakeDns;
let hop: Hop;
let gateway: Gateway;
let folder: string;
beforeAll(async () => {
  if (!mayMount) return;
  folder = mkdtempSync(join(tmpdir(), 'sekisho-names-'));
  const resolvConf = join(folder, 'resolv.conf');
  writeFileSync(resolvConf, `nameserver ${NAME_SERVER}\noptions timeout:1 attempts:1\n`, { mode: 0o644 });
  dns = await openFakeDns(NAME_SERVER, 53, 'SERVFAIL');
  hop = await openHop();
  const base = { name: '市', administrators: ['a@t1.example'], contact: '内線 1' };
  const nextHop = { host: 'hop.lgwan.test', port: hop.port, tls: 'none' };
  gateway = await startGateway({
    folder: join(folder, 'gateway'),
    nextHopPort: hop.port,
    wrapper: ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolvConf],
    settings: {
      outlet: { firstRetrySeconds: 1, maxRetrySeconds: 1, timeoutSeconds: 5 },
      tenants: [
        { ...base, id: 't1', domains: ['t1.example'], recipients: { kind: 'list', file: 't1.txt' }, nextHop },
        { ...base, id: 't2', domains: ['t2.example'], recipients: { kind: 'probe', waitMs: 3000 }, nextHop },
      ],
    },
  });
});
afterAll(async () => {
  await gateway?.stop();
  await hop?.close();
  dns?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

async function rcpt(address: string): Promise<string> {
  const client = new RawClient(gateway.smtpPort);
  await client.reply();
  await client.command('EHLO mx.example.com');
  await client.command('MAIL FROM:<s@example.com>');
  const reply = await client.command(`RCPT TO:<${address}>`);
  client.end();
  return reply;
}

async function stateOf(id: string): Promise<{ readonly state: string; readonly attempts: number }> {
  const database = await gateway.openDatabase();
  const row = await database.read
    .selectFrom('recipient')
    .select(['state', 'attempts'])
    .where('message_id', '=', id)
    .executeTakeFirstOrThrow();
  await database.close();
  return row;
}

async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await sleep(50);
}

test('F16 F37 SERVFAIL, NXDOMAIN, silence: deferred and 451, never refused; with an answer all goes on', async ({
  skip,
}) => {
  skip(!mayMount, 'a name server of our own needs the right to mount over /etc/resolv.conf');
  const [sent] = await sendAll([tokenMail('token-names-end', ['soumu@t1.example'])], {
    port: gateway.smtpPort,
    connections: 1,
  });
  const id = sent === undefined ? '' : idOf(sent);
  for (const trouble of ['SERVFAIL', 'NXDOMAIN', 'silence'] as const) {
    dns.answer = trouble;
    expect(await rcpt(`${trouble.toLowerCase()}@t2.example`)).toMatch(/^451 4\.4\.3 /);
    const { attempts } = await stateOf(id);
    await until(async () => (await stateOf(id)).attempts > attempts + 1);
    expect((await stateOf(id)).state).toMatch(/^(?:ready|delivering)$/);
  }
  expect(dns.asked).toBeGreaterThan(4);
  expect(hop.received).toEqual([]);

  dns.answer = '127.0.0.1';
  await gateway.idle(60_000);
  expect(hop.received.map((mail) => holdsToken(mail, 'token-names-end'))).toEqual([true]);
  expect((await stateOf(id)).state).toBe('delivered');
  expect(await rcpt('taro@t2.example')).toMatch(/^250 /);
});
