/** S58: a load balancer in front says who the peer is; nobody else may, and the list of peers applies to its word. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openTestIntake, RawClient, type TestIntake, type TestIntakeOptions, wire } from '../../dialogs/kit.ts';

const PEER = '192.0.2.7';
const V1 = `PROXY TCP4 ${PEER} 198.51.100.1 56324 25\r\n`;
const V2 = '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\xc0\x01\0\x19';
const LOCAL = '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0';

let intake: TestIntake;
let folder: string;
let tls: { readonly keyFile: string; readonly certFile: string };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sekisho-proxy-'));
  tls = { keyFile: join(folder, 'key.pem'), certFile: join(folder, 'cert.pem') };
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=gw'];
  execFileSync('openssl', ['req', '-x509', ...made, '-keyout', tls.keyFile, '-out', tls.certFile], { stdio: 'ignore' });
});
afterEach(() => intake.close());
afterAll(() => rmSync(folder, { recursive: true }));

/** This machine is the load balancer, PEER the only listed peer. */
const open = async (settings: TestIntakeOptions['intake'] = {}, limits: TestIntakeOptions['limits'] = {}) => {
  intake = await openTestIntake({
    intake: { peers: [PEER], proxies: ['127.0.0.1'], ...settings },
    limits: { graceMs: 200, ...limits },
  });
};

test.each([
  ['v1', V1],
  ['v2', V2],
])('%s: the announced address is the peer, in the envelope too', async (_, header) => {
  await open();
  const client = new RawClient(intake.port);
  await client.write(header);
  await client.upToData();
  await client.write(wire('body'));
  expect(await client.reply()).toMatch(/^250 2\.0\.0 /);
  expect(intake.accepted[0]?.incoming.origin.peerAddress).toBe(PEER);
  client.end();
});

test('a header that comes octet by octet', async () => {
  await open();
  const client = new RawClient(intake.port);
  await client.write(V2, 1);
  expect(await client.reply()).toMatch(/^220 /);
  client.end();
});

test.each([
  ['v1', V1.replace(PEER, '203.0.113.9')],
  ['v2', V2.replace('\xc0\0\x02\x07', '\xc0\0\x02\x08')],
])('%s: an announced address that is not listed hears 554', async (_, header) => {
  await open();
  const client = new RawClient(intake.port);
  await client.write(header);
  expect(await client.rest()).toEqual(['554 5.7.1 Connection refused']);
});

test.each([
  ['SMTP without a header', 'EHLO mx.example.com\r\n'],
  ['a malformed header', 'PROXY TCP4 192.0.2.7 25\r\n'],
  ['a header that grows without end', `PROXY UNKNOWN ${'x'.repeat(4000)}`],
])('%s from a load balancer: closed without a word', async (_, octets) => {
  await open();
  const client = new RawClient(intake.port);
  await client.write(octets);
  expect(await client.rest()).toEqual([]);
});

test('a load balancer that says nothing, or trickles, is closed; SMTP waits for no greeting there', async () => {
  await open({}, { proxyHeaderMs: 100 });
  const silent = new RawClient(intake.port);
  const slow = new RawClient(intake.port);
  await slow.write('PROXY TCP4 192');
  expect(await silent.rest()).toEqual([]);
  expect(await slow.rest()).toEqual([]);
});

test('LOCAL and UNKNOWN speak for the load balancer itself, which must then be a peer', async () => {
  await open();
  for (const header of [LOCAL, 'PROXY UNKNOWN\r\n']) {
    const client = new RawClient(intake.port);
    await client.write(header);
    expect(await client.rest()).toEqual(['554 5.7.1 Connection refused']);
  }
  await intake.close();
  await open({ peers: [PEER, '127.0.0.1'] });
  const client = new RawClient(intake.port);
  await client.write(LOCAL);
  expect(await client.reply()).toMatch(/^220 /);
  client.end();
});

test.each([
  ['v1', V1],
  ['v2', V2],
])('%s from a peer that is no load balancer is no mail: 421, and its own address stays', async (_, header) => {
  await open({ peers: ['127.0.0.1'], proxies: ['192.0.2.99'] });
  const client = new RawClient(intake.port);
  await client.write(`${header}EHLO x\r\n`);
  const replies = await client.rest();
  expect(replies.length).toBeGreaterThan(0);
  expect(replies.every((reply) => /^(?:421|50[0-9]) /.test(reply))).toBe(true);
  expect(intake.accepted).toEqual([]);
});

test('a second PROXY in the session changes nobody: 421, and no mail', async () => {
  await open();
  const client = new RawClient(intake.port);
  await client.write(V1);
  await client.upToData();
  await client.write('From: <s@example.com>\r\n\r\nPROXY TCP4 10.0.0.1 10.0.0.2 1 25\r\n.\r\n');
  expect(await client.reply()).toMatch(/^250 /);
  expect(await client.command('PROXY TCP4 10.0.0.1 10.0.0.2 1 25')).toMatch(/^421 /);
  expect(await client.rest()).toEqual([]);
  expect(intake.accepted.map(({ incoming }) => incoming.origin.peerAddress)).toEqual([PEER]);
});

test('a client behind the balancer that talks before the greeting is cut off as anywhere', async () => {
  await open();
  const client = new RawClient(intake.port);
  await client.write(`${V1}EHLO mx.example.com\r\n`);
  expect((await client.rest())[0]).toMatch(/^421 4\.7\.0 You talk too soon/);
});

test('the cap for one peer counts announced addresses; places come back', async () => {
  await open({ maxConnectionsPerPeer: 1 });
  const first = new RawClient(intake.port);
  await first.write(V1);
  expect(await first.reply()).toMatch(/^220 /);
  const second = new RawClient(intake.port);
  await second.write(V1);
  expect(await second.reply()).toMatch(/^421 /);
  await first.command('QUIT');
  await first.rest();
  const third = new RawClient(intake.port);
  await third.write(V1);
  expect(await third.reply()).toMatch(/^220 /);
  third.end();
});

test('closing does not wait for a balancer that has not spoken', async () => {
  await open();
  const client = new RawClient(intake.port);
  await client.write('PROXY ');
  await sleep(100);
  await intake.close();
  expect(await client.rest()).toEqual([]);
  await open();
});

test('STARTTLS behind a load balancer; a peer that must use it hears 530 in the clear', async () => {
  await open({ tls, tlsRequired: [PEER] });
  const client = new RawClient(intake.port);
  await client.write(V2);
  await client.reply();
  await client.command('EHLO mx.example.com');
  expect(await client.command('MAIL FROM:<s@example.com>')).toMatch(/^530 5\.7\.0 /);
  expect(await client.command('RCPT TO:<taro@a.lg.jp>')).toMatch(/^530 5\.7\.0 /);
  expect(await client.command('STARTTLS')).toMatch(/^220 /);
  client.socket.removeAllListeners('data');
  const secure = connectTls({ socket: client.socket, rejectUnauthorized: false });
  const said = new Promise<string>((resolve) => secure.once('data', (data) => resolve(data.toString())));
  secure.write('EHLO mx.example.com\r\n');
  expect(await said).toMatch(/^250-gw/);
  const mail = new Promise<string>((resolve) => secure.once('data', (data) => resolve(data.toString())));
  secure.write('MAIL FROM:<s@example.com>\r\n');
  expect(await mail).toMatch(/^250 /);
  secure.destroy();
});

test('benign twin: a peer that need not use TLS sends in the clear beside one that must', async () => {
  await open({ tls, tlsRequired: ['192.0.2.200'] });
  const client = new RawClient(intake.port);
  await client.write(V1);
  await client.upToData();
  await client.write(wire('body'));
  expect(await client.reply()).toMatch(/^250 /);
  client.end();
});
