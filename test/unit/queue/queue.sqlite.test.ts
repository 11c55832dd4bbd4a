import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../src/database/open.ts';
import { openQueue } from '../../../src/queue/open.ts';
import { queueContract } from '../../contract/queue.ts';

const open = () => openDatabase({ file: join(mkdtempSync(join(tmpdir(), 'sekisho-queue-')), 'sekisho.sqlite') });

queueContract('sqlite', open, openQueue);

test('an idle look does not ask for the write lock', async () => {
  const database = await open();
  let writes = 0;
  const watched = {
    ...database,
    write: <T>(work: Parameters<typeof database.write<T>>[0]) => {
      writes++;
      return database.write(work);
    },
  };
  const queue = openQueue(watched);
  const request = { kinds: ['process'], lanes: ['light'], limit: 4, leaseMs: 1000, owner: 'w' } as const;
  await queue.take(request, 5);
  expect(writes).toBe(0);
  await watched.write((tx) =>
    queue.put(tx, [{ id: 'a', kind: 'process', tenant: 't', messageId: null, lane: 'light', payload: '' }], 1),
  );
  await queue.take(request, 5);
  expect(writes).toBe(2);
});

test('looking for work uses the index of open jobs only and needs no sorting', async () => {
  const database = await open();
  const { rows } = await sql<{ detail: string }>`
    explain query plan select id from job
    where state in ('waiting', 'leased') and kind = 'process' and lane = 'light' and tenant = 't' and due_at <= 5
    order by due_at, id limit 4`.execute(database.read);
  expect(rows.map((row) => row.detail).join()).toContain(
    'INDEX job_open (kind=? AND lane=? AND tenant=? AND due_at<?)',
  );
  expect(rows).toHaveLength(1);
});
