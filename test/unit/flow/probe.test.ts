import { expect, test } from 'vitest';
import { type ProbeDeps, probeAddress } from '../../../src/flow/probe.ts';
import type { NewJob } from '../../../src/queue/queue.ts';
import { type Bench, openBench, tenantSettings } from './bench.ts';

const MINUTE_MS = 60_000;

async function probe(bench: Bench, verdict: 'exists' | 'unknown' | 'undecided', payload: string): Promise<void> {
  const deps: ProbeDeps = {
    database: bench.database,
    queue: bench.queue,
    audit: { append: async () => {} },
    outlet: {
      probe: async () => verdict,
      deliver: () => Promise.reject(new Error('never DATA')),
      hopOf: () => ({ host: '', port: 0 }),
      close: async () => {},
    },
    tenant: tenantSettings,
    now: () => bench.clock,
  };
  const job: NewJob = { id: 'p', kind: 'probe', tenant: 't1', messageId: null, lane: 'light', payload };
  await bench.database.write((tx) => bench.queue.put(tx, [job], bench.clock));
  await probeAddress(deps, await bench.take('probe'));
}

test.each([
  ['exists', 1440 * MINUTE_MS],
  ['unknown', 15 * MINUTE_MS],
  ['undecided', 5_000],
] as const)('«%s» is remembered for its own time', async (verdict, ms) => {
  const bench = await openBench();
  await probe(bench, verdict, '{"address":"x@t1.example"}');
  const rows = await bench.database.read.selectFrom('address_check').selectAll().execute();
  expect(rows).toEqual([
    { address: 'x@t1.example', tenant: 't1', verdict, checked_at: bench.clock, valid_until: bench.clock + ms },
  ]);
});

test.each(['', '{}', '{"address":5}', '{"address":""}', '{"address":"a@b","more":1}'])(
  'a payload of another form is for a person: %s',
  async (payload) => {
    const bench = await openBench();
    await expect(probe(bench, 'exists', payload)).rejects.toMatchObject({ code: 'E_JOB_UNREADABLE' });
  },
);
