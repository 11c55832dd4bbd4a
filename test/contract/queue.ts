/** What every Queue promises (queue/queue.ts). Each engine's test calls this with its own database. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { LeasedJob, NewJob, OpenQueue, Queue, TakeRequest } from '../../src/queue/queue.ts';

const at = (seconds: number): number => seconds * 1000;
const LEASE_MS = at(30);

const jobOf = (id: string, tenant = 'chuo', more: Partial<NewJob> = {}): NewJob => ({
  id,
  kind: 'process',
  tenant,
  messageId: id,
  lane: 'light',
  payload: `{"of":"${id}"}`,
  ...more,
});
const want = (limit: number, more: Partial<TakeRequest> = {}): TakeRequest => ({
  kinds: ['process'],
  lanes: ['light', 'heavy'],
  limit,
  leaseMs: LEASE_MS,
  owner: 'worker-1',
  ...more,
});
const idsOf = (jobs: readonly LeasedJob[]): string[] => jobs.map((job) => job.id);

export function queueContract(name: string, openDatabase: () => Promise<Database>, openQueue: OpenQueue): void {
  async function open(): Promise<{
    database: Database;
    queue: Queue;
    put: (dueAtMs: number, ...jobs: NewJob[]) => Promise<void>;
  }> {
    const database = await openDatabase();
    const queue = openQueue(database);
    return { database, queue, put: (dueAtMs, ...jobs) => database.write((tx) => queue.put(tx, jobs, dueAtMs)) };
  }
  async function takeOne(queue: Queue, nowMs: number): Promise<LeasedJob> {
    const [job] = await queue.take(want(1), nowMs);
    if (job === undefined) throw new Error('nothing was due');
    return job;
  }

  test(`${name}: a job comes back as it was put, once it is due`, async () => {
    const { queue, put } = await open();
    await put(at(10), jobOf('a'));
    expect(await queue.take(want(5), at(9))).toEqual([]);
    expect(await queue.take(want(5), at(10))).toEqual([{ ...jobOf('a'), attempts: 1, fence: 1, createdAtMs: at(10) }]);
  });

  test(`${name}: a taken job is invisible until its lease ends, then it is taken again`, async () => {
    const { queue, put } = await open();
    await put(at(0), jobOf('a'));
    await takeOne(queue, at(1));
    expect(await queue.take(want(5), at(30))).toEqual([]);
    expect(await takeOne(queue, at(31))).toMatchObject({ id: 'a', attempts: 2, fence: 2 });
  });

  test(`${name}: a renewed lease lasts longer; a lost one cannot be renewed`, async () => {
    const { database, queue, put } = await open();
    await put(at(0), jobOf('a'));
    const job = await takeOne(queue, at(0));
    expect(await queue.renew(job, LEASE_MS, at(20))).toBe(true);
    expect(await queue.take(want(1), at(49))).toEqual([]);
    const second = await takeOne(queue, at(50));
    expect(await queue.renew(job, LEASE_MS, at(51))).toBe(false);
    await database.write((tx) => queue.done(tx, second));
    expect(await queue.renew(second, LEASE_MS, at(52))).toBe(false);
  });

  test(`${name}: a holder may confirm its lease inside a transaction; one that lost it rolls that back`, async () => {
    const { database, queue, put } = await open();
    await put(at(0), jobOf('a'));
    const first = await takeOne(queue, at(0));
    await database.write((tx) => queue.confirm(tx, first, LEASE_MS, at(20)));
    expect(await queue.take(want(1), at(49))).toEqual([]);
    await takeOne(queue, at(50));
    const late = database.write(async (tx) => {
      await queue.put(tx, [jobOf('b')], at(50));
      await queue.confirm(tx, first, LEASE_MS, at(51));
    });
    await expect(late).rejects.toMatchObject({ code: 'E_LEASE_LOST' });
    expect(await queue.take(want(5), at(52))).toEqual([]);
  });

  test(`${name}: only the newest holder ends a job; another's transaction rolls back with it`, async () => {
    const { database, queue, put } = await open();
    await put(at(0), jobOf('a'));
    const first = await takeOne(queue, at(0));
    const second = await takeOne(queue, at(40));
    const late = (end: (queueTx: Parameters<Queue['done']>[0]) => Promise<void>) =>
      database.write(async (tx) => {
        await queue.put(tx, [jobOf('follow-up')], at(40));
        await end(tx);
      });
    await expect(late((tx) => queue.done(tx, first))).rejects.toMatchObject({ code: 'E_LEASE_LOST' });
    await expect(late((tx) => queue.retry(tx, first, at(41), 'x'))).rejects.toMatchObject({ code: 'E_LEASE_LOST' });
    await expect(late((tx) => queue.hold(tx, first, 'x'))).rejects.toMatchObject({ code: 'E_LEASE_LOST' });
    expect(await queue.take(want(5), at(45))).toEqual([]);
    await database.write((tx) => queue.done(tx, second));
    await expect(database.write((tx) => queue.done(tx, second))).rejects.toMatchObject({ code: 'E_LEASE_LOST' });
  });

  test(`${name}: a holder whose lease ended may still finish while nobody took the job`, async () => {
    const { database, queue, put } = await open();
    await put(at(0), jobOf('a'));
    const job = await takeOne(queue, at(0));
    await database.write((tx) => queue.done(tx, job));
    expect(await queue.take(want(1), at(99))).toEqual([]);
  });

  test(`${name}: putting an id that is there does nothing, whatever became of it`, async () => {
    const { database, queue, put } = await open();
    await put(at(0), jobOf('a'), jobOf('a'));
    await put(at(5), jobOf('a', 'other'));
    const job = await takeOne(queue, at(1));
    expect(job.tenant).toBe('chuo');
    await put(at(1), jobOf('a'));
    expect(await queue.take(want(5), at(9))).toEqual([]);
    await database.write((tx) => queue.done(tx, job));
    await put(at(1), jobOf('a'));
    expect(await queue.take(want(5), at(99))).toEqual([]);
  });

  test(`${name}: put keeps all jobs or none`, async () => {
    const { database, queue } = await open();
    const failing = database.write(async (tx) => {
      await queue.put(tx, [jobOf('a'), jobOf('b')], at(0));
      throw new Error('later step failed');
    });
    await expect(failing).rejects.toThrow('later step failed');
    expect(await queue.take(want(5), at(9))).toEqual([]);
  });

  test(`${name}: retry makes a job due at its time; hold takes it out of the way`, async () => {
    const { database, queue, put } = await open();
    await put(at(0), jobOf('a'));
    const job = await takeOne(queue, at(0));
    await database.write((tx) => queue.retry(tx, job, at(100), 'hop said 451'));
    expect(await queue.take(want(1), at(99))).toEqual([]);
    const again = await takeOne(queue, at(100));
    expect(again).toMatchObject({ attempts: 2, createdAtMs: at(0) });
    await database.write((tx) => queue.hold(tx, again, 'a person must look'));
    expect(await queue.take(want(1), at(9999))).toEqual([]);
    expect(await queue.nextDueMs(['process'])).toBeUndefined();
  });

  test(`${name}: kinds and lanes are separate lines`, async () => {
    const { queue, put } = await open();
    await put(at(0), jobOf('a'), jobOf('b', 'chuo', { lane: 'heavy' }), jobOf('c', 'chuo', { kind: 'deliver' }));
    expect(idsOf(await queue.take(want(5, { lanes: ['heavy'] }), at(1)))).toEqual(['b']);
    expect(idsOf(await queue.take(want(5, { kinds: ['deliver', 'notice'] }), at(1)))).toEqual(['c']);
    expect(idsOf(await queue.take(want(5, { kinds: ['notice'] }), at(1)))).toEqual([]);
    expect(idsOf(await queue.take(want(5), at(1)))).toEqual(['a']);
  });

  test(`${name}: one tenant's jobs come in the order of their due times, over lanes and kinds`, async () => {
    const { queue, put } = await open();
    await put(at(3), jobOf('c'));
    await put(at(1), jobOf('a', 'chuo', { lane: 'heavy' }));
    await put(at(2), jobOf('b', 'chuo', { kind: 'notice' }));
    expect(idsOf(await queue.take(want(5, { kinds: ['process', 'notice'] }), at(9)))).toEqual(['a', 'b', 'c']);
  });

  test(`${name}: a tenant with a long line does not starve another, taken in one go or one by one`, async () => {
    const { queue, put } = await open();
    await put(at(0), ...Array.from({ length: 50 }, (_, i) => jobOf(`a${String(i).padStart(2, '0')}`, 'big')));
    await put(at(5), jobOf('b0', 'small'), jobOf('b1', 'small'));
    await put(at(6), jobOf('c0', 'tiny'));
    expect(idsOf(await queue.take(want(6), at(9)))).toEqual(['a00', 'b0', 'c0', 'a01', 'b1', 'a02']);
    await put(at(7), jobOf('b2', 'small'), jobOf('c1', 'tiny'));
    const oneByOne: string[] = [];
    for (let i = 0; i < 4; i++) oneByOne.push(...idsOf(await queue.take(want(1), at(9))));
    expect(oneByOne).toEqual(['c1', 'b2', 'a03', 'a04']);
  });

  test(`${name}: takers at the same time never get the same job`, async () => {
    const { queue, put } = await open();
    await put(at(0), ...Array.from({ length: 40 }, (_, i) => jobOf(`a${i}`, `t${i % 3}`)));
    const taken = await Promise.all(Array.from({ length: 10 }, () => queue.take(want(5), at(1))));
    const ids = taken.flatMap(idsOf);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(40);
  });

  test(`${name}: advance makes due what waits beyond any honest wait, and nothing else`, async () => {
    const { database, queue, put } = await open();
    await put(at(50), jobOf('honest'));
    await put(at(90_000), jobOf('far'), jobOf('other', 'chuo', { kind: 'deliver' }));
    expect(await database.write((tx) => queue.advance(tx, ['process'], at(3600), at(10)))).toBe(1);
    expect(idsOf(await queue.take(want(5), at(10)))).toEqual(['far']);
    expect(await queue.nextDueMs(['deliver'])).toBe(at(90_000));
  });

  test(`${name}: nextDueMs is the next due time or end of a lease`, async () => {
    const { queue, put } = await open();
    expect(await queue.nextDueMs(['process', 'deliver'])).toBeUndefined();
    await put(at(50), jobOf('a'), jobOf('b', 'nara', { lane: 'heavy', kind: 'deliver' }));
    await put(at(20), jobOf('c', 'nara'));
    expect(await queue.nextDueMs(['process', 'deliver'])).toBe(at(20));
    expect(await queue.nextDueMs(['deliver'])).toBe(at(50));
    await takeOne(queue, at(45));
    expect(await queue.nextDueMs(['process'])).toBe(at(50));
    await takeOne(queue, at(50));
    expect(await queue.nextDueMs(['process'])).toBe(at(75));
  });
}
