import { expect, test } from 'vitest';
import { ProbedAddresses, type ProbedVerdict } from '../../../src/tenants/probed.ts';

/** The part of Kysely that is used, over one map; the real database is met in the end-to-end tests. */
function setUp(answer: ProbedVerdict | undefined) {
  const rows = new Map<string, { verdict: ProbedVerdict; tenant: string; checked_at: number; valid_until: number }>();
  const jobs: string[] = [];
  let rings = 0;
  const query = (conditions: readonly (readonly unknown[])[]) => ({
    select: () => query(conditions),
    where: (...condition: readonly unknown[]) => query([...conditions, condition]),
    executeTakeFirst: async () => {
      const value = (column: string) => conditions.find(([name]) => name === column)?.[2];
      const row = rows.get(String(value('address')));
      const counts =
        row !== undefined &&
        row.tenant === value('tenant') &&
        row.valid_until > Number(value('valid_until')) &&
        row.checked_at < Number(value('checked_at'));
      return counts ? row : undefined;
    },
  });
  const database = { read: { selectFrom: () => query([]) }, write: (work: (tx: unknown) => unknown) => work({}) };
  const deps = {
    database,
    queue: {
      put: async (_: unknown, [job]: readonly { readonly payload: string; readonly id: string }[]) => {
        jobs.push(job?.payload ?? '');
      },
    },
    ring: () => {
      rings++;
      const { address } = JSON.parse(jobs.at(-1) ?? '{}');
      if (answer !== undefined)
        rows.set(address, {
          verdict: answer,
          tenant: 'chuo',
          checked_at: Date.now(),
          valid_until: Date.now() + 60_000,
        });
    },
    now: Date.now,
  };
  const probed = new ProbedAddresses(deps as unknown as ConstructorParameters<typeof ProbedAddresses>[0]);
  return { probed, jobs, rows, rings: () => rings };
}

test.each(['exists', 'unknown', 'undecided'] as const)('the outlet answers %s; it is asked once', async (answer) => {
  const { probed, jobs, rings } = setUp(answer);
  expect(await probed.verdict('chuo', 'taro@a.jp', 2000)).toBe(answer);
  expect(await probed.verdict('chuo', 'taro@a.jp', 2000)).toBe(answer);
  expect(jobs).toEqual(['{"address":"taro@a.jp"}']);
  expect(rings()).toBe(1);
});

test('who asks at the same time shares one probe', async () => {
  const { probed, jobs } = setUp('exists');
  await Promise.all(Array.from({ length: 20 }, () => probed.verdict('chuo', 'taro@a.jp', 2000)));
  expect(jobs).toHaveLength(1);
});

test('no answer in time is undecided; an expired one is asked again', async () => {
  const silent = setUp(undefined);
  expect(await silent.probed.verdict('chuo', 'taro@a.jp', 30)).toBe('undecided');
  const { probed, rows, jobs } = setUp('unknown');
  rows.set('taro@a.jp', { verdict: 'exists', tenant: 'chuo', checked_at: 0, valid_until: Date.now() - 1 });
  expect(await probed.verdict('chuo', 'taro@a.jp', 2000)).toBe('unknown');
  expect(jobs).toHaveLength(1);
});

test('another tenant’s answer is not ours', async () => {
  const { probed, rows } = setUp('unknown');
  rows.set('taro@a.jp', {
    verdict: 'exists',
    tenant: 'other',
    checked_at: Date.now(),
    valid_until: Date.now() + 60_000,
  });
  expect(await probed.verdict('chuo', 'taro@a.jp', 2000)).toBe('unknown');
});

test('a flood of addresses fills no queue', async () => {
  const { probed, jobs } = setUp(undefined);
  await Promise.all(Array.from({ length: 800 }, (_, index) => probed.verdict('chuo', `rnd${index}@a.jp`, 20)));
  expect(jobs).toHaveLength(500);
});

test('after close nobody is kept waiting', async () => {
  const { probed } = setUp(undefined);
  const waiting = probed.verdict('chuo', 'taro@a.jp', 600_000);
  probed.close();
  expect(await waiting).toBe('undecided');
});
