/**
 * SQLite as Kysely's dialect, over better-sqlite3.
 *
 * Kysely's own SqliteDriver says plain `begin` and prepares each statement anew. Ours prepares once, waits for locks
 * asynchronously, and leaves transactions to group-commit.ts: `transaction()` on these connections is refused, so that
 * every write takes the one way through `Database.write`.
 */
import Sqlite from 'better-sqlite3';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { GatewayError } from '../message/errors.ts';
import { asGatewayError } from './failures.ts';
import { type Contention, patiently } from './patience.ts';

/** Statements kept prepared per connection. The program has about 60; IN lists of many lengths add some. */
const MAX_PREPARED = 400;

/**
 * Milliseconds SQLite itself may block the event loop for a lock. A commit takes less; what lasts longer is waited for
 * by patience.ts.
 */
const BUSY_TIMEOUT_MS = 5;

/** A WAL that grew in a burst is cut back to this at its next restart. */
const JOURNAL_LIMIT_BYTES = 64 * 1024 * 1024;

/** Pages after which a commit also checkpoints: 16 MB. Four times SQLite's default takes a third off the system time of accepting a mail. */
const CHECKPOINT_PAGES = 4000;

/** Opens a connection for writing, in WAL mode with a real sync at each commit. @throws SqliteError */
export function connectForWriting(file: string): Sqlite.Database {
  const connection = new Sqlite(file, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  connection.pragma('journal_mode = WAL');
  // Not the build's default in WAL mode (NORMAL), which loses commits in a power cut.
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  connection.pragma('trusted_schema = OFF');
  connection.pragma('temp_store = MEMORY');
  connection.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  connection.pragma(`journal_size_limit = ${JOURNAL_LIMIT_BYTES}`);
  return connection;
}

/**
 * Opens a connection that cannot change anything. `query_only` beside an ordinary open: a reader of a WAL database
 * takes part in its lock file, for which a file opened read-only may lack the right.
 * @param strictly the file itself is opened read-only too (commands that must not create anything).
 */
export function connectForReading(file: string, strictly: boolean): Sqlite.Database {
  const connection = new Sqlite(file, { fileMustExist: true, readonly: strictly, timeout: BUSY_TIMEOUT_MS });
  connection.pragma('query_only = ON');
  connection.pragma('trusted_schema = OFF');
  connection.pragma('temp_store = MEMORY');
  return connection;
}

/** One connection of ours: runs statements, each prepared once. Each runs to its end before the call returns. */
export class SqliteConnection implements DatabaseConnection {
  readonly #database: Sqlite.Database;
  readonly #contention: Contention;
  readonly #prepared = new Map<string, Sqlite.Statement<unknown[], unknown>>();

  constructor(database: Sqlite.Database, contention: Contention) {
    this.#database = database;
    this.#contention = contention;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    // Inside our transactions the lock is held: only the readers can find the database busy (recovery, last close).
    if (this.#database.inTransaction) return this.run(query);
    return patiently(() => this.#runRaw<R>(query), 'reading', this.#contention);
  }

  /** Runs a statement now. @throws GatewayError */
  run<R>(query: CompiledQuery): QueryResult<R> {
    try {
      return this.#runRaw(query);
    } catch (error) {
      throw asGatewayError(error, 'running a statement');
    }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator; it only refuses.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    // An open cursor keeps every other statement of its connection waiting: page by key instead.
    throw new Error('streaming would block the connection: page by key');
  }

  #runRaw<R>(query: CompiledQuery): QueryResult<R> {
    const statement = this.#prepare(query.sql);
    if (statement.reader) return { rows: statement.all(...query.parameters) as R[] };
    const { changes } = statement.run(...query.parameters);
    return { rows: [], numAffectedRows: BigInt(changes) };
  }

  #prepare(sql: string): Sqlite.Statement<unknown[], unknown> {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare<unknown[]>(sql);
    if (this.#prepared.size >= MAX_PREPARED) {
      const oldest = this.#prepared.keys().next().value;
      if (oldest !== undefined) this.#prepared.delete(oldest);
    }
    this.#prepared.set(sql, statement);
    return statement;
  }
}

/** A Kysely driver with one connection that is always there. */
class OneConnectionDriver implements Driver {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}

  beginTransaction(): Promise<void> {
    return refuse();
  }

  commitTransaction(): Promise<void> {
    return refuse();
  }

  rollbackTransaction(): Promise<void> {
    return refuse();
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new GatewayError('E_DATABASE_FAILED', 'transactions are made by Database.write only'));
}

/** Several reads may be under way at once: each runs to its end in one step. */
class SharedAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

export function sqliteDialect(connection: SqliteConnection): Dialect {
  return {
    createDriver: () => new OneConnectionDriver(connection),
    createAdapter: () => new SharedAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}
