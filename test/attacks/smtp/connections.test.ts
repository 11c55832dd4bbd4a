/** S26, S27, S32, S36, S37 and what happens when we close: peers, caps, clocks, TLS. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { openTestIntake, RawClient, type TestIntake, type TestIntakeOptions, wire } from '../../dialogs/kit.ts';

let intake: TestIntake;
const open = async (options: TestIntakeOptions = {}): Promise<RawClient> => {
  intake = await openTestIntake({ ...options, limits: { graceMs: 100, ...options.limits } });
  return new RawClient(intake.port);
};
afterEach(() => intake.close());

test('a peer that is not listed hears 554 and nothing else', async () => {
  const client = await open({ intake: { peers: ['192.0.2.0/24', '2001:db8::/32'] } });
  expect(await client.rest()).toEqual(['554 5.7.1 Connection refused']);
});

test('benign twin: a peer inside a listed block is greeted, over IPv4-mapped IPv6 too', async () => {
  const client = await open({ intake: { peers: ['127.0.0.0/8'], listen: '[::]:0' } });
  expect(await client.reply()).toMatch(/^220 /);
  client.end();
});

test('S27 connections over the cap of one peer get 421; places are free again when others leave', async () => {
  const first = await open({ intake: { maxConnectionsPerPeer: 5 } });
  const others = Array.from({ length: 4 }, () => new RawClient(intake.port));
  for (const client of [first, ...others]) expect(await client.reply()).toMatch(/^220/);
  const flood = Array.from({ length: 100 }, () => new RawClient(intake.port));
  for (const client of flood) expect(await client.reply()).toMatch(/^421 4\.7\.0/);
  await first.command('QUIT');
  expect(await first.reply()).toBe('closed');
  const next = new RawClient(intake.port);
  expect(await next.reply()).toMatch(/^220/);
  for (const client of [next, ...others]) client.end();
});

test('S27 the global cap', async () => {
  const first = await open({ intake: { maxConnections: 1 } });
  await first.reply();
  expect(await new RawClient(intake.port).reply()).toMatch(/^421 4\.7\.0/);
  first.end();
});

test('S26 a command that trickles in is cut off although octets keep coming; others are served', async () => {
  const slow = await open({ intake: { idleSeconds: 10 }, limits: { sweepMs: 20, sessionMs: 300 } });
  await slow.reply();
  const trickle = setInterval(() => slow.socket.write('E'), 20);
  const other = new RawClient(intake.port);
  await other.upToData();
  await other.write(wire('x'));
  expect(await other.reply()).toMatch(/^250 2\.0\.0/);
  expect(await slow.reply()).toMatch(/^421 4\.4\.2/);
  clearInterval(trickle);
  other.end();
});

test('S26 DATA below the least rate is cut off and leaves nothing', async () => {
  const slow = await open({ limits: { sweepMs: 20, dataWindowMs: 60, minWindowBytes: 1000 } });
  await slow.upToData();
  const trickle = setInterval(() => slow.socket.write('x'), 20);
  expect(await slow.reply()).toMatch(/^421 4\.4\.2/);
  clearInterval(trickle);
  await expect.poll(() => intake.aborted.length).toBe(1);
  expect(intake.accepted).toEqual([]);
});

test('a peer that leaves in the middle of DATA leaves nothing', async () => {
  const client = await open();
  await client.upToData();
  await client.write('Subject: x\r\n\r\nhalf');
  await expect.poll(() => intake.objects.size).toBe(0);
  client.end();
  await expect.poll(() => intake.aborted.length).toBe(1);
  expect(intake.accepted).toEqual([]);
});

test('F25 closing: idle connections get 421, a message in DATA is finished, newcomers are not let in', async () => {
  const idle = await open({ limits: { graceMs: 5000 } });
  await idle.reply();
  const busy = new RawClient(intake.port);
  await busy.upToData();
  await busy.write('Subject: x\r\n\r\nhalf');
  const closing = intake.close();
  expect(await idle.reply()).toMatch(/^421 4\.3\.2/);
  await busy.write(' and half\r\n.\r\n');
  expect(await busy.reply()).toMatch(/^250 2\.0\.0/);
  expect(await busy.reply()).toMatch(/^421 4\.3\.2/);
  await closing;
  expect(intake.accepted).toHaveLength(1);
  intake = { ...intake, close: async () => undefined };
});

test('closing does not wait for ever for a message that never ends', async () => {
  const busy = await open({ limits: { graceMs: 50 } });
  await busy.upToData();
  await busy.write('Subject: x\r\n\r\nhalf');
  await intake.close();
  expect(await busy.reply()).toMatch(/^421 4\.3\.2/);
  await expect.poll(() => intake.aborted.length).toBe(1);
  intake = { ...intake, close: async () => undefined };
});

function certificate(): { readonly keyFile: string; readonly certFile: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-cert-'));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = ['-subj', '/CN=gw.example.lg.jp', '-addext', 'subjectAltName=DNS:gw.example.lg.jp'];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', ['req', '-x509', ...made, '-days', '2', ...names], { stdio: 'ignore' });
  return { keyFile, certFile };
}

const secured = (client: RawClient, options: object = {}): Promise<TLSSocket> => {
  client.socket.removeAllListeners('data');
  const socket = connectTls({ socket: client.socket, rejectUnauthorized: false, ...options });
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
};

const answer = (socket: TLSSocket): Promise<string> =>
  new Promise((resolve) => socket.once('data', (data) => resolve(data.toString('latin1'))));

test('S37 S32 STARTTLS with our own certificate; commands sent in the clear behind it are dropped', async () => {
  const client = await open({ intake: { tls: certificate() } });
  await client.reply();
  expect(await client.command('EHLO mx.example.com')).toMatch(/\n250-STARTTLS\r|\n250 STARTTLS$/);
  await client.write('STARTTLS\r\nMAIL FROM:<injected@example.com>\r\n');
  expect(await client.reply()).toMatch(/^220/);
  const socket = await secured(client);
  expect(socket.getPeerCertificate().subject['CN']).toBe('gw.example.lg.jp');
  socket.write('RCPT TO:<taro@a.lg.jp>\r\n');
  expect(await answer(socket)).toMatch(/^503/);
  socket.write('EHLO mx.example.com\r\n');
  expect(await answer(socket)).not.toContain('STARTTLS');
  socket.write('MAIL FROM:<s@example.com>\r\nRCPT TO:<taro@a.lg.jp>\r\nDATA\r\n');
  while (!(await answer(socket)).includes('354'));
  socket.write(wire('x'));
  expect(await answer(socket)).toMatch(/^250 2\.0\.0/);
  expect(intake.accepted[0]?.incoming.origin.tls).toMatch(/^TLSv1\.3 TLS_/);
  socket.destroy();
});

test('S36 TLS 1.1 is refused', async () => {
  const client = await open({ intake: { tls: certificate() } });
  await client.reply();
  await client.command('EHLO mx.example.com');
  await client.command('STARTTLS');
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  await expect(secured(client, old)).rejects.toThrow();
});

test('a place is free again after a TLS session too', async () => {
  const client = await open({ intake: { tls: certificate(), maxConnections: 1 } });
  await client.reply();
  await client.command('EHLO mx.example.com');
  await client.command('STARTTLS');
  const socket = await secured(client);
  socket.destroy();
  await expect
    .poll(async () => {
      const next = new RawClient(intake.port);
      const reply = await next.reply();
      next.end();
      return reply.slice(0, 3);
    })
    .toBe('220');
});
