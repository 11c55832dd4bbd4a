/** F45: ten thousand domains and half a million addresses. A look costs the same as among a few. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openLog } from '../../../src/telemetry/log.ts';
import { openTenants } from '../../../src/tenants/open.ts';
import type { Tenants } from '../../../src/tenants/tenants.ts';
import { tenantSettings } from '../../unit/flow/bench.ts';

const ROUNDS = 5_000;

function open(domains: number, addresses: number): Tenants {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-many-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const names = Array.from({ length: domains }, (_, index) => `d${index}.example`);
  const file = join(folder, 'list.txt');
  writeFileSync(file, Array.from({ length: addresses }, (_, i) => `user${i}@d${i % domains}.example`).join('\n'));
  const tenant = { ...tenantSettings('t1'), domains: names, recipients: { kind: 'list', file } as const };
  const unused = (): never => expect.unreachable();
  const deps = { log: openLog('test', 'silent'), now: Date.now, ring: unused, queue: { put: unused } };
  const tenants = openTenants({ tenants: [tenant] }, { ...deps, database: {} as never });
  onTestFinished(() => tenants.close());
  return tenants;
}

async function cpuOf(tenants: Tenants, domains: number, addresses: number): Promise<number> {
  const begun = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) {
    const index = (round * 7919) % addresses;
    const { kind } = await tenants.check(`user${index}@d${index % domains}.example`);
    if (kind !== 'known') expect.unreachable(`user${index}: ${kind}`);
    if ((await tenants.check(`nobody${index}@d${index % domains}.example`)).kind !== 'unknown') expect.unreachable();
  }
  const { user, system } = process.cpuUsage(begun);
  return user + system;
}

test('F45 looks among 10,000 domains and 500,000 addresses cost what they cost among ten and a hundred', async () => {
  const [few, many] = [open(10, 100), open(10_000, 500_000)];
  await cpuOf(few, 10, 100);
  const small = await cpuOf(few, 10, 100);
  const large = await cpuOf(many, 10_000, 500_000);
  // Five thousand times as many; caches of the processor make some difference, a walk along the list would make all.
  expect(large / small).toBeLessThan(30);
});
