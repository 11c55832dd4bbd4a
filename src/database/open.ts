/**
 * Opens the database file of this machine: creates it, brings it to our version, and hands out the two connections of
 * database.ts. File and folder belong to the group that the roles share; SQLite gives -wal and -shm the file's mode.
 */
import { closeSync, fsyncSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { DefaultQueryExecutor, Kysely, SqliteAdapter, SqliteQueryCompiler } from 'kysely';
import { GatewayError } from '../message/errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { Database } from './database.ts';
import { GroupCommit } from './group-commit.ts';
import { migrate, SCHEMA_VERSION, versionOf } from './migrations.ts';
import { type Contention, patiently } from './patience.ts';
import type { Schema } from './schema.ts';
import { connectForReading, connectForWriting, SqliteConnection, sqliteDialect } from './sqlite.ts';

export interface DatabaseOptions {
  readonly file: string;
  readonly log?: Log;
  /** For commands that only look: nothing is created or migrated, and `write` is refused. */
  readonly readOnly?: boolean;
}

/**
 * A new file gets mode 0660 less the caller's umask: a supervisor whose roles have different uids sets umask 0007.
 * @throws GatewayError E_DATABASE_NEWER, E_DATABASE_BUSY, E_DATABASE_FAILED with what the operator can do.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const contention: Contention = { waits: 0, failures: 0 };
  if (options.readOnly === true) return openForReading(options.file, contention);

  createIfMissing(options.file);
  const writing = await patiently(() => prepared(options.file), explain(options.file), contention);
  const reading = await patiently(() => connectForReading(options.file, false), explain(options.file), contention);
  const connection = new SqliteConnection(writing, contention);
  const dialect = sqliteDialect(connection);
  const executor = new DefaultQueryExecutor(new SqliteQueryCompiler(), new SqliteAdapter(), {
    provideConnection: (consumer) => consumer(connection),
  });
  const commits = new GroupCommit(
    writing,
    connection,
    { dialect, driver: dialect.createDriver(), executor },
    contention,
  );
  options.log?.debug('database-opened', { version: SCHEMA_VERSION });

  return {
    write: (work) => commits.write(work),
    read: kyselyOver(reading, contention),
    contention,
    async close() {
      await commits.close();
      reading.close();
      writing.close();
    },
  };
}

async function openForReading(file: string, contention: Contention): Promise<Database> {
  const reading = await patiently(() => connectForReading(file, true), explain(file), contention);
  const version = await patiently(() => versionOf(reading), explain(file), contention);
  if (version < SCHEMA_VERSION) {
    reading.close();
    throw new GatewayError('E_DATABASE_FAILED', `${file} has version ${version}: start the gateway once to update it`);
  }
  return {
    write: () => Promise.reject(new GatewayError('E_DATABASE_FAILED', `${file} was opened for reading only`)),
    read: kyselyOver(reading, contention),
    contention,
    async close() {
      reading.close();
    },
  };
}

const kyselyOver = (database: Sqlite.Database, contention: Contention): Kysely<Schema> =>
  new Kysely<Schema>({ dialect: sqliteDialect(new SqliteConnection(database, contention)) });

/** A connection to a file of our version. Closes it again when that fails, since the call is repeated when busy. */
function prepared(file: string): Sqlite.Database {
  const connection = connectForWriting(file);
  try {
    migrate(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** SQLite syncs the folder for its -wal, not for the database file itself: without this a power cut could take the file. */
function createIfMissing(file: string): void {
  try {
    closeSync(openSync(file, 'ax', 0o660));
    const folder = openSync(dirname(file), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw new GatewayError('E_DATABASE_FAILED', `${explain(file)}: ${String(error)}`, { file }, { cause: error });
  }
}

/** Most failures to open are a missing right: say whose the file is. */
function explain(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return `opening ${file} (not there; this user needs the right to create it in its folder)`;
  const mode = (stat.mode & 0o777).toString(8);
  return `opening ${file} (owner ${stat.uid}, group ${stat.gid}, mode ${mode}; this process needs to read and write it and its folder)`;
}
