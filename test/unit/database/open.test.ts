import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../src/database/open.ts';
import { patiently } from '../../../src/database/patience.ts';
import { connectForWriting } from '../../../src/database/sqlite.ts';
import { jobRow, newFile } from './rows.ts';

const golden = new URL('../../../fixtures/database/v1/sekisho.sqlite', import.meta.url);

test('a new database is in WAL mode and syncs each commit', async () => {
  const file = newFile();
  const database = await openDatabase({ file });
  await database.close();
  const connection = connectForWriting(file);
  expect(connection.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(connection.pragma('synchronous', { simple: true })).toBe(2);
  expect(connection.pragma('foreign_keys', { simple: true })).toBe(1);
  connection.close();
});

test('files get mode 0660 less the umask, -wal and -shm the same', async () => {
  const before = process.umask(0o007);
  try {
    const file = newFile();
    const database = await openDatabase({ file });
    await database.write((tx) => tx.insertInto('job').values(jobRow('a')).execute());
    for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o660);
    await database.close();
  } finally {
    process.umask(before);
  }
});

test('the golden database of version 1 opens and shows its rows', async () => {
  const file = join(dirname(newFile()), 'golden.sqlite');
  copyFileSync(golden, file);
  const database = await openDatabase({ file });
  const message = await database.read.selectFrom('message').selectAll().execute();
  expect(message).toMatchObject([{ id: '01K0000000000000000000000A', tenant: 'chuo', ends_as: 'delivered' }]);
  expect(await database.read.selectFrom('recipient').selectAll().execute()).toHaveLength(2);
  expect(await database.read.selectFrom('part').selectAll().execute()).toHaveLength(1);
  expect(await database.read.selectFrom('object').selectAll().execute()).toHaveLength(1);
  expect(await database.read.selectFrom('job').selectAll().execute()).toMatchObject([{ state: 'done', fence: 1 }]);
  expect(await database.read.selectFrom('audit_entry').selectAll().execute()).toHaveLength(1);
  expect(await database.read.selectFrom('address_check').selectAll().execute()).toHaveLength(1);
  await database.close();
});

test('a released migration is never edited: the golden file has the schema that a new file gets', async () => {
  const schemaOf = (file: string): unknown[] => {
    const connection = new Sqlite(file, { readonly: true });
    const rows = connection.prepare('select type, name, sql from sqlite_schema order by type, name').all();
    connection.close();
    return rows;
  };
  const updated = join(dirname(newFile()), 'golden.sqlite');
  copyFileSync(golden, updated);
  await (await openDatabase({ file: updated })).close();
  const fresh = newFile();
  await (await openDatabase({ file: fresh })).close();
  expect(schemaOf(updated)).toEqual(schemaOf(fresh));
});

test('a database of a newer version is refused with what to do, and not touched', async () => {
  const file = newFile();
  await (await openDatabase({ file })).close();
  const connection = new Sqlite(file);
  connection.pragma('user_version = 99');
  connection.close();
  const before = readFileSync(file);
  const error = await openDatabase({ file }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'E_DATABASE_NEWER', details: { version: 99 } });
  expect(String(error)).toContain('restore the backup');
  expect(readFileSync(file)).toEqual(before);
});

test('a file of another program is refused', async () => {
  const file = newFile();
  const connection = new Sqlite(file);
  connection.exec('create table theirs (x)');
  connection.pragma('user_version = 1');
  connection.close();
  await expect(openDatabase({ file })).rejects.toMatchObject({ code: 'E_DATABASE_FAILED' });

  writeFileSync(file, 'this is no database at all, it is a text of more than a hundred bytes'.repeat(20));
  await expect(openDatabase({ file })).rejects.toMatchObject({ code: 'E_DATABASE_FAILED' });
});

test('a folder that is not there: told, not made', async () => {
  const file = join(dirname(newFile()), 'nowhere', 'sekisho.sqlite');
  await expect(openDatabase({ file })).rejects.toMatchObject({ code: 'E_DATABASE_FAILED' });
  expect(existsSync(dirname(file))).toBe(false);
});

test('read-only: looks at what is there, creates nothing, refuses to write', async () => {
  const missing = newFile();
  await expect(openDatabase({ file: missing, readOnly: true })).rejects.toMatchObject({ code: 'E_DATABASE_FAILED' });
  expect(existsSync(missing)).toBe(false);

  const file = newFile();
  const writer = await openDatabase({ file });
  await writer.write((tx) => tx.insertInto('job').values(jobRow('a')).execute());
  const reader = await openDatabase({ file, readOnly: true });
  expect(await reader.read.selectFrom('job').select('id').execute()).toEqual([{ id: 'a' }]);
  await expect(reader.write(async () => 1)).rejects.toMatchObject({ code: 'E_DATABASE_FAILED' });
  await reader.close();
  await writer.close();
});

test('a lock held by another connection is waited for without blocking, then given up', async () => {
  const file = newFile();
  const database = await openDatabase({ file });
  const other = new Sqlite(file);
  other.exec('begin immediate');
  let turns = 0;
  const ticking = setInterval(() => turns++, 1);
  const writing = database.write((tx) => tx.insertInto('job').values(jobRow('a')).execute());
  await new Promise((resolve) => setTimeout(resolve, 100));
  other.exec('commit');
  await writing;
  clearInterval(ticking);
  expect(database.contention).toEqual({ waits: 1, failures: 0 });
  expect(turns).toBeGreaterThan(2);

  other.exec('begin immediate');
  const waiting = new Sqlite(file, { timeout: 0 });
  const contention = { waits: 0, failures: 0 };
  await expect(patiently(() => waiting.exec('begin immediate'), 'beginning', contention, 30)).rejects.toMatchObject({
    code: 'E_DATABASE_BUSY',
    retryable: true,
  });
  expect(contention).toEqual({ waits: 1, failures: 1 });
  other.close();
  await database.close();
});
