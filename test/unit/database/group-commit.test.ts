import { sql } from 'kysely';
import { expect, test, vi } from 'vitest';
import type { Database, Tx } from '../../../src/database/database.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { jobRow, newFile } from './rows.ts';

const put =
  (id: string) =>
  async (tx: Tx): Promise<string> => {
    await tx.insertInto('job').values(jobRow(id)).execute();
    return id;
  };
const ids = async (database: Database): Promise<string[]> =>
  (await database.read.selectFrom('job').select('id').orderBy('id').execute()).map((row) => row.id);
const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : error);

test('a write resolves with the result of its function, and is visible to readers', async () => {
  const database = await openDatabase({ file: newFile() });
  expect(await database.write(put('a'))).toBe('a');
  expect(await ids(database)).toEqual(['a']);
});

test('one that throws rolls back alone; its neighbours of the same commit stay', async () => {
  const database = await openDatabase({ file: newFile() });
  const results = await Promise.allSettled([
    database.write(put('a')),
    database.write(async (tx) => {
      await put('b')(tx);
      throw new RangeError('no');
    }),
    database.write(put('a')), // the same key again: SQLite itself refuses
    database.write(put('c')),
  ]);
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { message: 'no' } });
  expect(results[2]).toMatchObject({ reason: { code: 'E_DATABASE_FAILED' } });
  expect(await ids(database)).toEqual(['a', 'c']);
});

test('writes run one after another in the order of calling', async () => {
  const database = await openDatabase({ file: newFile() });
  const seen: string[] = [];
  const write = (name: string) =>
    database.write(async (tx) => {
      seen.push(`${name}>`);
      await put(`${name}1`)(tx);
      await put(`${name}2`)(tx);
      seen.push(`<${name}`);
    });
  await Promise.all(Array.from({ length: 40 }, (_, i) => write(String(i))));
  expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => [`${i}>`, `<${i}`]).flat());
  expect(await ids(database)).toHaveLength(80);
});

test('writes of one moment share a commit; none resolves before it', async () => {
  const database = await openDatabase({ file: newFile() });
  const visible: number[] = [];
  // Each function looks from outside: an open transaction shows nothing there, so 0 proves that all shared one.
  const write = (id: string) =>
    database.write(async (tx) => {
      await put(id)(tx);
      visible.push((await ids(database)).length);
    });
  let resolved = 0;
  await Promise.all(['a', 'b', 'c', 'd'].map((id) => write(id).then(() => resolved++)));
  expect(visible).toEqual([0, 0, 0, 0]);
  expect(resolved).toBe(4);
  expect(await ids(database)).toHaveLength(4);
});

test('a commit that fails rejects all of its batch and keeps nothing', async () => {
  const database = await openDatabase({ file: newFile() });
  // Deferred foreign keys are checked by COMMIT itself: the one failure that can be made on a healthy disk.
  const results = await Promise.allSettled([
    database.write(put('a')),
    database.write(async (tx) => {
      await sql`pragma defer_foreign_keys = on`.execute(tx);
      await tx
        .insertInto('recipient')
        .values({ message_id: 'none', address: 'x', state: 'accepted', last_reply: '', attempts: 0, updated_at: 0 })
        .execute();
    }),
    database.write(put('b')),
  ]);
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(await ids(database)).toEqual([]);
  expect(await database.write(put('c'))).toBe('c');
});

test('a full disk: E_STORE_FULL, nothing half-written stays, and writing goes on afterwards', async () => {
  const database = await openDatabase({ file: newFile() });
  const fill = async (tx: Tx): Promise<void> => {
    await sql`pragma max_page_count = 1`.execute(tx);
    await tx
      .insertInto('job')
      .values({ ...jobRow('big'), payload: 'x'.repeat(300_000) })
      .execute();
  };
  const results = await Promise.allSettled([database.write(put('a')), database.write(fill)]);
  expect(results[1]).toMatchObject({ reason: { code: 'E_STORE_FULL' } });
  // SQLite ends the whole transaction here, so its neighbour learns the same and nothing half-written stays.
  expect(results[0]).toMatchObject({ reason: { code: 'E_STORE_FULL' } });
  expect(await ids(database)).toEqual([]);
  await database.write((tx) => sql`pragma max_page_count = 1073741823`.execute(tx));
  await database.write(put('c'));
  expect(await ids(database)).toEqual(['c']);
});

test('an error that ends the whole transaction rejects those before it; those after it run in the next', async () => {
  const database = await openDatabase({ file: newFile() });
  await database.write(put('there'));
  // What SQLite may do on I/O errors and a full disk, asked for by name.
  const ending = (tx: Tx) =>
    sql`insert or rollback into job (id, kind, tenant, lane, payload, state, due_at, created_at)
        values ('there', 'process', 't', 'light', '', 'waiting', 0, 0)`.execute(tx);
  const results = await Promise.allSettled([
    database.write(put('before')),
    database.write(ending),
    database.write(put('after')),
  ]);
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(results[0]).toMatchObject({ reason: { code: 'E_DATABASE_FAILED' } });
  expect(await ids(database)).toEqual(['after', 'there']);
});

test('writes of handlers that run in one turn of the event loop share a commit', async () => {
  const database = await openDatabase({ file: newFile() });
  const visible: number[] = [];
  const handlers = ['a', 'b', 'c'].map(
    (id) =>
      new Promise((resolve) => {
        // Each in a task of its own, as sockets call their handlers: all promises of one are done before the next runs.
        setImmediate(() => {
          const work = async (tx: Tx): Promise<void> => {
            await put(id)(tx);
            visible.push((await ids(database)).length);
          };
          resolve(database.write(work));
        });
      }),
  );
  await Promise.all(handlers);
  expect(visible).toEqual([0, 0, 0]);
});

test('a query that was left running cannot slip into the next transaction', async () => {
  const database = await openDatabase({ file: newFile() });
  let late: Promise<unknown> | undefined;
  const careless = database.write(async (tx) => {
    late = Promise.resolve()
      .then(() => new Promise((resolve) => setImmediate(resolve)))
      .then(() => put('late')(tx));
  });
  await Promise.all([careless, database.write(put('a'))]);
  expect(codeOf(await late?.catch((error: unknown) => error))).toBe('E_DATABASE_FAILED');
  expect(await ids(database)).toEqual(['a']);
});

test('a write inside a write, which would wait for itself, is ended; others go on', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const database = await openDatabase({ file: newFile() });
    const nested = database.write(async () => {
      await database.write(put('inner'));
    });
    const outcome = nested.catch(codeOf);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    vi.advanceTimersByTime(10_000);
    expect(await outcome).toBe('E_DATABASE_FAILED');
    await database.write(put('next'));
    expect(await ids(database)).toEqual(['inner', 'next']);
  } finally {
    vi.useRealTimers();
  }
});

test('close writes what waits and refuses what comes later', async () => {
  const file = newFile();
  const database = await openDatabase({ file });
  const writing = database.write(put('a'));
  await database.close();
  expect(await writing).toBe('a');
  await expect(database.write(put('b'))).rejects.toMatchObject({ code: 'E_SHUTTING_DOWN' });
  const again = await openDatabase({ file });
  expect(await ids(again)).toEqual(['a']);
});

test('the reading connection can neither write nor open a transaction', async () => {
  const database = await openDatabase({ file: newFile() });
  await expect(database.read.insertInto('job').values(jobRow('a')).execute()).rejects.toMatchObject({
    code: 'E_DATABASE_FAILED',
  });
  await expect(database.read.transaction().execute(async () => 1)).rejects.toMatchObject({ code: 'E_DATABASE_FAILED' });
});
