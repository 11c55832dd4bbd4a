/** `npm start` when something is in its way: one sentence, a clean end, nothing left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sekisho-demo-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ANY_PORTS = { SEKISHO_SMTP_PORT: '0', SEKISHO_SINK_PORT: '0', SEKISHO_ADMIN_PORT: '0' };

function startDemo(env: Readonly<Record<string, string>>): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [main, 'demo', '--once'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...ANY_PORTS, ...env, SEKISHO_DEMO_DIR: join(folder, 'data') },
  });
  let text = '';
  child.stdout?.on('data', (chunk) => (text += chunk));
  child.stderr?.on('data', (chunk) => (text += chunk));
  return { child, said: () => text };
}

test.each(['SEKISHO_SMTP_PORT', 'SEKISHO_SINK_PORT', 'SEKISHO_ADMIN_PORT'])(
  'a port that is taken is told in one line with %s',
  async (variable) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { child, said } = startDemo({ [variable]: String(port) });
    const [code] = await once(child, 'close');
    taken.close();
    expect(code).toBe(2);
    expect(said()).toMatch(new RegExp(`^E_CONFIG_INVALID: [^\\n]*${port}[^\\n]*${variable}=[^\\n]*\\n$`));
  },
);

test('stopped while it starts: ends cleanly and says no more', async () => {
  const { child, said } = startDemo({});
  while (!said().includes('起動')) await once(child.stdout ?? child, 'data');
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  expect(said()).not.toMatch(/Error|✗/);
});
