/** F23, F51: a hundred thousand mails wait when the next hop is back. Caps hold, each tenant's come in order, nobody starves. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { startWorker } from '../../../src/flow/worker.ts';
import { openBench } from '../../unit/flow/bench.ts';

const FLOOD = 100_000;
const SLOTS = 4;

/** `count` jobs of one tenant, due one millisecond after the other. */
async function seed(bench: Awaited<ReturnType<typeof openBench>>, tenant: string, count: number): Promise<void> {
  await bench.database.write(async (tx) => {
    await sql`
      insert into job (id, kind, tenant, message_id, lane, payload, state, due_at, attempts, fence, last_error, created_at)
      with recursive n (i) as (select 0 union all select i + 1 from n where i + 1 < ${count})
      select ${tenant} || '-' || printf('%06d', i), 'deliver', ${tenant}, null, 'light', '{}', 'waiting',
        ${bench.clock - FLOOD} + i, 5, 0, '451', ${bench.clock - FLOOD} from n`.execute(tx);
  });
}

test('F23 F51 100,000 mails of one tenant and ten of two others: never more than the slots at once, FIFO, and the small ones first in turn', async () => {
  const bench = await openBench();
  await seed(bench, 'flood', FLOOD);
  await seed(bench, 'small', 10);
  await seed(bench, 'tiny', 1);
  bench.clock += 1000;
  const order: string[] = [];
  const enough = Promise.withResolvers<void>();
  let now = 0;
  let most = 0;
  const worker = startWorker({
    ...bench,
    kinds: ['deliver'],
    lanes: ['light'],
    slots: SLOTS,
    leaseMs: 60_000,
    owner: 'test',
    gatherMs: 0,
    async handle(job) {
      order.push(job.id);
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      await bench.database.write((tx) => bench.queue.done(tx, job));
      now--;
      if (order.length === 200) enough.resolve();
    },
    backoffMs: () => 1000,
    longestWaitMs: 3_600_000,
    now: () => bench.clock,
  });
  await enough.promise;
  await worker.stop();
  expect(most).toBeLessThanOrEqual(SLOTS);
  // Three tenants in turn: what the two others have is through before the flood got as much and a round more.
  const through = order.slice(0, 3 * 10 + 2 * SLOTS);
  expect(through.filter((id) => id.startsWith('small'))).toHaveLength(10);
  expect(through.slice(0, 3 + SLOTS)).toContain('tiny-000000');
  for (const tenant of ['flood', 'small']) {
    const line = order.filter((id) => id.startsWith(tenant));
    expect(line).toEqual([...line].sort());
  }
});

test('F51 benign twin: a tenant alone gets all the slots', async () => {
  const bench = await openBench();
  await seed(bench, 'alone', 100);
  bench.clock += FLOOD;
  const lanes = ['light'] as const;
  const taken = await bench.queue.take(
    { kinds: ['deliver'], lanes, limit: SLOTS, leaseMs: 1000, owner: 'test' },
    bench.clock,
  );
  expect(taken.map(({ id }) => id)).toEqual([0, 1, 2, 3].map((index) => `alone-00000${index}`));
});
