import { expect, onTestFinished, test } from 'vitest';
import { startWorker, type Worker, type WorkerOptions } from '../../../src/flow/worker.ts';
import { GatewayError } from '../../../src/message/errors.ts';
import type { LeasedJob, NewJob } from '../../../src/queue/queue.ts';
import { type Bench, openBench } from './bench.ts';

const job = (id: string, more: Partial<NewJob> = {}): NewJob => ({
  id,
  kind: 'process',
  tenant: 't1',
  messageId: null,
  lane: 'light',
  payload: '{}',
  ...more,
});

const put = (bench: Bench, ...jobs: NewJob[]) => bench.database.write((tx) => bench.queue.put(tx, jobs, bench.clock));

function start(bench: Bench, handle: WorkerOptions['handle'], more: Partial<WorkerOptions> = {}): Worker {
  const worker = startWorker({
    database: bench.database,
    queue: bench.queue,
    log: bench.log,
    kinds: ['process'],
    lanes: ['light'],
    slots: 2,
    leaseMs: 30_000,
    owner: 'test',
    handle,
    backoffMs: () => 0,
    longestWaitMs: 60_000,
    now: () => bench.clock,
    ...more,
  });
  onTestFinished(() => worker.stop());
  return worker;
}

const until = async (is: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 5));
};
const stateOf = async (bench: Bench, id: string) =>
  (await bench.database.read.selectFrom('job').selectAll().where('id', '=', id).executeTakeFirstOrThrow()).state;
const finish = (bench: Bench) => (leased: LeasedJob) => bench.database.write((tx) => bench.queue.done(tx, leased));

test('a ring while the queue is looked through is not lost', async () => {
  const bench = await openBench();
  const take = bench.queue.take.bind(bench.queue);
  let looks = 0;
  const queue = {
    ...bench.queue,
    async take(...args: Parameters<typeof take>) {
      const found = await take(...args);
      if (++looks === 1) {
        await put(bench, job('a'));
        worker.ring();
      }
      return found;
    },
  };
  const done: string[] = [];
  const worker: Worker = start(
    bench,
    async (leased) => {
      await finish(bench)(leased);
      done.push(leased.id);
    },
    { queue },
  );
  await until(() => done.length === 1);
  // The first, the rung, one after the find and one for the free slot; none of them was the poll.
  expect(looks).toBeLessThanOrEqual(4);
});

test('never more at once than there are slots; a free slot is filled without a ring', async () => {
  const bench = await openBench();
  await put(bench, ...['a', 'b', 'c', 'd', 'e'].map((id) => job(id)));
  let now = 0;
  let most = 0;
  const done: string[] = [];
  start(bench, async (leased) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await finish(bench)(leased);
    now--;
    done.push(leased.id);
  });
  await until(() => done.length === 5);
  expect(most).toBe(2);
});

test('each lane has workers of its own: heavy work in hand never holds up light work', async () => {
  const bench = await openBench();
  await put(bench, job('huge', { lane: 'heavy' }), job('small'));
  const release = Promise.withResolvers<void>();
  const done: string[] = [];
  const handle = async (leased: LeasedJob) => {
    if (leased.lane === 'heavy') await release.promise;
    await finish(bench)(leased);
    done.push(leased.id);
  };
  start(bench, handle, { lanes: ['heavy'], slots: 1 });
  start(bench, handle, { lanes: ['light'] });
  await until(() => done.length === 1);
  expect(done).toEqual(['small']);
  release.resolve();
  await until(() => done.length === 2);
});

test('a lease is renewed while the work lasts', async () => {
  const bench = await openBench();
  await put(bench, job('a'));
  const release = Promise.withResolvers<void>();
  start(
    bench,
    async (leased) => {
      await release.promise;
      await finish(bench)(leased);
    },
    { leaseMs: 60, now: Date.now },
  );
  await until(async () => (await stateOf(bench, 'a')) === 'leased');
  const leaseOf = async () => (await bench.database.read.selectFrom('job').selectAll().executeTakeFirst())?.lease_until;
  const first = await leaseOf();
  await until(async () => (await leaseOf()) !== first);
  release.resolve();
  await until(async () => (await stateOf(bench, 'a')) === 'done');
});

test('a job that another took meanwhile is left alone', async () => {
  const bench = await openBench();
  await put(bench, job('a'));
  start(bench, () => Promise.reject(new GatewayError('E_LEASE_LOST', 'gone')));
  await until(() => bench.log.events().includes('lease-lost'));
  expect(await stateOf(bench, 'a')).toBe('leased');
});

test('what passes by itself is never parked, however long it lasts', async () => {
  const bench = await openBench();
  await put(bench, job('a'));
  let tries = 0;
  const worker = start(bench, async (leased) => {
    if (++tries <= 40) {
      queueMicrotask(() => worker.ring());
      throw new GatewayError('E_STORE_UNAVAILABLE', 'the disk is away');
    }
    await finish(bench)(leased);
  });
  await until(async () => {
    worker.ring();
    return (await stateOf(bench, 'a')) === 'done';
  });
  expect(bench.log.events()).not.toContain('job-parked');
});

test('what no retry can mend is parked at once, with an alarm', async () => {
  const bench = await openBench();
  await put(bench, job('a'));
  start(bench, () => Promise.reject(new GatewayError('E_RECEIPT_INVALID', 'no')));
  await until(async () => (await stateOf(bench, 'a')) === 'held');
  await until(() => bench.log.events().includes('job-parked'));
  expect(bench.log.lines.find(({ event }) => event === 'job-parked')).toMatchObject({
    level: 'error',
    reason: 'E_RECEIPT_INVALID',
  });
});

test('what nobody foresaw is tried twelve times in a row, then parked', async () => {
  const bench = await openBench();
  await put(bench, job('a'));
  let tries = 0;
  const worker = start(bench, () => {
    tries++;
    return Promise.reject(new TypeError('a bug of ours'));
  });
  await until(async () => {
    worker.ring();
    return (await stateOf(bench, 'a')) === 'held';
  });
  expect(tries).toBe(12);
});

test('many ordinary retries before do not bring a job nearer to being parked', async () => {
  const bench = await openBench();
  await put(bench, job('a'));
  for (let i = 0; i < 50; i++) {
    const leased = await bench.take('process');
    await bench.database.write((tx) => bench.queue.retry(tx, leased, bench.clock, '451 later'));
  }
  let tries = 0;
  const worker = start(bench, async (leased) => {
    if (++tries < 5) throw new TypeError('a bug of ours');
    await finish(bench)(leased);
  });
  await until(async () => {
    worker.ring();
    return (await stateOf(bench, 'a')) === 'done';
  });
});

test('stop waits for the work in hand and takes nothing more', async () => {
  const bench = await openBench();
  await put(bench, job('a'), job('b'));
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const worker = start(
    bench,
    async (leased) => {
      begun.resolve();
      await release.promise;
      await finish(bench)(leased);
    },
    { slots: 1 },
  );
  await begun.promise;
  let stopped = false;
  const stopping = worker.stop().then(() => {
    stopped = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(stopped).toBe(false);
  release.resolve();
  await stopping;
  expect([await stateOf(bench, 'a'), await stateOf(bench, 'b')].sort()).toEqual(['done', 'waiting']);
});

test('a queue that cannot be read is looked at again', async () => {
  const bench = await openBench();
  await put(bench, job('a'));
  let looks = 0;
  const queue = {
    ...bench.queue,
    take: (...args: Parameters<Bench['queue']['take']>) =>
      ++looks === 1 ? Promise.reject(new GatewayError('E_DATABASE_BUSY', 'busy')) : bench.queue.take(...args),
  };
  const worker = start(bench, finish(bench), { queue });
  await until(async () => {
    worker.ring();
    return (await stateOf(bench, 'a')) === 'done';
  });
  expect(bench.log.events()).toContain('queue-unavailable');
});

test('F15 a clock that ran ahead and was set back does not keep the mail waiting', async () => {
  const bench = await openBench();
  const [ahead, rightTime] = [bench.clock + 10 * 365 * 86_400_000, bench.clock];
  bench.clock = ahead;
  await put(bench, job('stuck'));
  bench.clock = rightTime;
  const handled: string[] = [];
  start(bench, async (taken) => {
    handled.push(taken.id);
    await bench.database.write((tx) => bench.queue.done(tx, taken));
  }).ring();
  await until(() => handled.length > 0);
  expect(handled).toEqual(['stuck']);
  expect(bench.log.lines).toContainEqual(expect.objectContaining({ level: 'warn', event: 'clock-set-back' }));
});
