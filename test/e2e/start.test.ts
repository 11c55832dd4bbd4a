/** `npm start` as a new person runs it: every sample as expected, every receipt right. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { JAIL_TEXTS } from '../../src/message/texts-jail.ts';
import { freePort } from '../kit/gateway.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Row {
  readonly sample: string;
  readonly states: readonly string[];
  readonly asExpected: boolean;
}

interface Result {
  readonly good: boolean;
  readonly jail: { readonly launcher: string; readonly layers: readonly { readonly name: string }[] };
  readonly wire: { readonly received: number; readonly receiptsValid: number };
  readonly rows: readonly Row[];
}

/** bin/start.js installs what is missing or stale: never as a side effect of a test. */
function isInstalled(): boolean {
  const stamp = join(root, 'node_modules', '.sekisho-lock-sha256');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
}

test('npm start: every row of the table as expected, all bytes on the wire signed', { timeout: 120_000 }, async ({
  skip,
}) => {
  skip(!isInstalled(), 'node_modules is not from this package-lock.json: npm start would install');
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-start-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const ports = {
    SEKISHO_SMTP_PORT: String(await freePort()),
    SEKISHO_SINK_PORT: String(await freePort()),
    SEKISHO_ADMIN_PORT: String(await freePort()),
  };
  const child = spawn(process.execPath, [join(root, 'bin', 'start.js'), '--once', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...ports, SEKISHO_DEMO_DIR: folder },
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const { good, jail, wire, rows } = JSON.parse(printed) as Result;
  expect(rows.filter(({ asExpected }) => !asExpected)).toEqual([]);
  expect(rows.length).toBeGreaterThanOrEqual(8);
  expect(wire.receiptsValid).toBe(wire.received);
  expect(wire.received).toBe(rows.reduce((sum, { states }) => sum + states.length, 0));
  expect(jail.layers.map(({ name }) => name)).toEqual(Object.keys(JAIL_TEXTS));
  expect([good, code]).toEqual([true, 0]);
});
