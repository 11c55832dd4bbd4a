/** Roles started apart, as in containers of their own: prepared once, joined by each, watched by `health`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Role } from '../../src/message/roles.ts';
import { type Gateway, startGateway } from '../kit/gateway.ts';
import { sendAll } from '../kit/send.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

let gateway: Gateway;
const running: ChildProcess[] = [];
beforeAll(async () => {
  // Its folder, configuration and sink; the whole gateway itself is not wanted here.
  gateway = await startGateway({ dataDir: 'data' });
  gateway.process.kill('SIGTERM');
  await new Promise((resolve) => gateway.process.once('exit', resolve));
  rmSync(join(gateway.folder, 'data'), { recursive: true });
});
afterAll(async () => {
  for (const child of running) {
    child.kill('SIGTERM');
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  }
  await gateway.sink?.close();
  rmSync(gateway.folder, { recursive: true, force: true });
});

const sekisho = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, ...args, '-c', gateway.configFile], { encoding: 'utf8', timeout: 60_000 });

const health = (roles: string) => sekisho('health', '--roles', roles).status;

async function start(role: Role): Promise<void> {
  const args = [MAIN, 'serve', '-c', gateway.configFile, '--roles', role];
  running.push(spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
  for (let i = 0; health(role) !== 0; i++) {
    if (i > 60) throw new Error(`${role} is not there`);
    await sleep(300);
  }
}

test('a role that finds nothing prepared refuses, says what to do, and makes no keys', () => {
  const { status, stderr } = sekisho('serve', '--roles', 'intake');
  expect(status).toBe(1);
  expect(stderr).toMatch(/^E_KEY_MISSING: .*run `sekisho prepare -c /m);
  expect(existsSync(join(gateway.folder, 'data', 'keys'))).toBe(false);
});

test('prepared once, each role starts where the keys of the others are not; mail flows; health tells who works', async () => {
  expect(sekisho('prepare').status).toBe(0);
  const again = readdirSync(join(gateway.folder, 'data', 'keys', 'sanitizer'));
  expect(sekisho('prepare').status).toBe(0);
  expect(readdirSync(join(gateway.folder, 'data', 'keys', 'sanitizer'))).toEqual(again);

  const keysOf = (role: Role): string => join(gateway.folder, 'data', 'keys', role);
  const aside = (role: Role): string => join(gateway.folder, `keys-${role}`);
  const others = ['sanitizer', 'outlet', 'admin'] as const;
  for (const role of others) renameSync(keysOf(role), aside(role));
  await start('intake');
  expect(health('intake,sanitizer')).toBe(1);
  for (const role of others) renameSync(aside(role), keysOf(role));
  await start('sanitizer');
  await start('outlet');
  expect(health('intake,sanitizer,outlet')).toBe(0);

  const bytes = Buffer.from('From: sender@example.com\r\nSubject: parts\r\n\r\nhello\r\n');
  const mail = { reversePath: 'sender@example.com', recipients: ['soumu@t1.example'], bytes };
  const [sent] = await sendAll([mail], { port: gateway.smtpPort, connections: 1 });
  expect(sent?.accepted).toBe(true);
  for (let i = 0; i < 200 && gateway.sink?.received.length === 0; i++) await sleep(100);
  expect(gateway.sink?.received).toHaveLength(1);

  const [intake] = running;
  intake?.kill('SIGTERM');
  await new Promise((resolve) => intake?.once('exit', resolve));
  expect(health('intake')).toBe(1);
});
