/** Data outlives code: what an older version accepted is delivered by this one. One case for each folder of fixtures/data. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import { freePort, startGateway } from '../kit/gateway.ts';
import { openHop } from '../kit/hop.ts';
import { holdsToken, runCommand } from '../kit/ledger.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/data', import.meta.url));
const TOKENS = new Map([
  ['token-ready-end', 'soumu@t1.example'],
  ['token-accepted-end', 'joho@t1.example'],
]);

// A start takes two seconds here, and ten times as long where many test files run at once.
vi.setConfig({ testTimeout: 120_000 });

interface OldSettings {
  readonly tenants: readonly object[];
}

test.each(readdirSync(FIXTURES))('F47 queued mail of a data folder of %s is delivered', async (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-old-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  execFileSync('tar', ['-C', folder, '--no-same-owner', '-xzf', join(FIXTURES, name, 'data.tar.gz')]);
  const hop = await openHop();
  onTestFinished(() => hop.close());
  const old = parse(readFileSync(join(folder, 'gateway.yaml'), 'utf8')) as OldSettings;
  const ports = { smtp: await freePort(), admin: await freePort() };
  const settings = {
    ...old,
    intake: { ...('intake' in old ? (old.intake as object) : {}), listen: `127.0.0.1:${ports.smtp}` },
    admin: { listen: `127.0.0.1:${ports.admin}` },
    tenants: old.tenants.map((tenant) => ({ ...tenant, nextHop: { host: '127.0.0.1', port: hop.port, tls: 'none' } })),
  };
  const gateway = await startGateway({ folder, ports, settings, nextHopPort: hop.port });
  onTestFinished(() => gateway.stop());
  await gateway.idle(90_000);

  expect(hop.received).toHaveLength(TOKENS.size);
  for (const [token, recipient] of TOKENS) {
    const mail = hop.received.find((one) => holdsToken(one, token));
    expect(mail?.recipients).toEqual([recipient]);
    expect(mail?.messageId).toMatch(/^[0-9A-Z]{26}$/);
  }
  expect((await runCommand(gateway, 'audit', 'verify')).code).toBe(0);
  expect((await runCommand(gateway, 'vault', 'check')).code).toBe(0);
});
