import { expect, test } from 'vitest';
import { insertObjects } from '../../../src/flow/accept.ts';
import { openSweeper } from '../../../src/flow/sweep.ts';
import { newId } from '../../../src/message/ids.ts';
import { openBench as openStores, pattern } from '../vault/bench.ts';
import { HOUR_MS, keptLog, openBench } from './bench.ts';

/** A real vault and a real database, and a clock that is moved by hand. */
async function setup() {
  const [stores, { database }] = [await openStores(), await openBench()];
  const told: unknown[] = [];
  const clock = { wall: Date.now(), running: 0 };
  const log = keptLog();
  const sweeper = openSweeper({
    database,
    audit: { append: async (_, fact) => void told.push(fact) },
    vault: stores.sanitizer,
    stores: stores.stores,
    now: () => clock.wall,
    runningMs: () => clock.running,
    log,
  });
  const pass = (hours: number): void => {
    clock.wall += hours * HOUR_MS;
    clock.running += hours * HOUR_MS;
  };
  const put = (madeAt = clock.wall) =>
    stores.intake.put({ objectId: newId(madeAt), tenant: 'chuo', kind: 'original' }, 'sanitizer', pattern(3000));
  const isThere = async (objectId: string): Promise<boolean> =>
    (await stores.stores[0]!.read({ objectId, part: 'share' }, 0, 1)) !== undefined;
  return { sweeper, database, stores, told, clock, log, pass, put, isThere };
}

test('an orphan goes after it was one for hours; what the database knows stays for ever', async () => {
  const { sweeper, database, told, pass, put, isThere } = await setup();
  const [orphan, known] = [await put(), await put()];
  await database.write((tx) => insertObjects(tx, [known], 0));
  const erased: number[] = [];
  for (let hour = 0; hour < 6; hour++) {
    erased.push(await sweeper.sweep());
    pass(1);
  }
  expect(erased).toEqual([0, 0, 0, 0, 1, 0]);
  expect([await isThere(orphan.objectId), await isThere(known.objectId)]).toEqual([false, true]);
  expect(told).toMatchObject([{ tenant: 'gateway', event: 'orphans-erased', facts: { objects: [orphan.objectId] } }]);
});

test('a clock that jumps ahead makes nothing old: the process must have run as long', async () => {
  const { sweeper, clock, put, isThere } = await setup();
  const inWork = await put();
  for (let i = 0; i < 10; i++) {
    await sweeper.sweep();
    clock.wall += 24 * HOUR_MS;
    clock.running += 60_000;
  }
  expect(await isThere(inWork.objectId)).toBe(true);
});

test('a mail accepted after it was suspected is suspect no more', async () => {
  const { sweeper, database, pass, put, isThere } = await setup();
  const slow = await put();
  pass(1.5);
  await sweeper.sweep();
  await database.write((tx) => insertObjects(tx, [slow], 0));
  for (let hour = 0; hour < 5; hour++) {
    pass(1);
    expect(await sweeper.sweep()).toBe(0);
  }
  expect(await isThere(slow.objectId)).toBe(true);
});

test('one that becomes known between the look and the erasure is not erased', async () => {
  const { sweeper, database, pass, put, isThere } = await setup();
  const late = await put();
  pass(1.5);
  await sweeper.sweep();
  pass(3);
  const write = database.write.bind(database);
  database.write = async (work) => {
    await write((tx) => insertObjects(tx, [late], 0));
    return write(work);
  };
  expect(await sweeper.sweep()).toBe(0);
  expect(await isThere(late.objectId)).toBe(true);
});

test('a half-written share of a crash goes too', async () => {
  const { sweeper, stores, pass, isThere } = await setup();
  const objectId = newId();
  const writer = stores.stores[0]!.create({ objectId, part: 'share' }, 'new');
  await writer.append([Buffer.from('half')]);
  for (let hour = 0; hour < 5; hour++) {
    await sweeper.sweep();
    pass(1);
  }
  expect(await isThere(objectId)).toBe(false);
  await writer.abort();
});

test('a store that is away: nothing is decided, and the next look goes on', async () => {
  const { sweeper, stores, pass, put, isThere, log } = await setup();
  const orphan = await put();
  pass(1.5);
  await sweeper.sweep();
  pass(3);
  const { erase } = stores.sanitizer;
  let failing = true;
  stores.sanitizer.erase = (ref) => (failing ? Promise.reject(new Error('away')) : erase(ref));
  expect(await sweeper.sweep()).toBe(0);
  expect(log.events()).toContain('sweep-failed');
  failing = false;
  expect(await sweeper.sweep()).toBe(1);
  expect(await isThere(orphan.objectId)).toBe(false);
});
