/**
 * Group commit: write functions that wait at the same time share one transaction and one sync.
 *
 * Each runs as a SAVEPOINT inside one BEGIN IMMEDIATE, one after another in the order of calling, and all resolve after
 * the one COMMIT. One that throws rolls back its savepoint alone and rejects at once; when the COMMIT fails, all of the
 * batch reject. Between BEGIN and COMMIT nothing but the database is awaited, so the lock is held for microseconds of
 * JavaScript and one sync.
 */
import type Sqlite from 'better-sqlite3';
import { type Dialect, type Driver, type QueryExecutor, Transaction } from 'kysely';
import { GatewayError } from '../message/errors.ts';
import type { Tx } from './database.ts';
import { asGatewayError } from './failures.ts';
import { type Contention, patiently } from './patience.ts';
import type { Schema } from './schema.ts';
import type { SqliteConnection } from './sqlite.ts';

/** One message writes 3 to 10 rows a step: 16 steps keep a transaction under about 5 ms, so other processes get in. */
const MAX_BATCH = 16;

/** A write function that has not ended by now awaits something besides the database, which would lock out everyone. */
const MAX_WORK_MS = 5_000;

interface Waiting {
  /** Runs the caller's function. The result is kept by `settle`. */
  readonly run: (tx: Tx) => Promise<void>;
  readonly commit: () => void;
  readonly fail: (error: unknown) => void;
}

/** What Kysely needs to make a transaction object. */
export interface KyselyParts {
  readonly dialect: Dialect;
  readonly driver: Driver;
  readonly executor: QueryExecutor;
}

export class GroupCommit {
  readonly #database: Sqlite.Database;
  readonly #connection: SqliteConnection;
  readonly #parts: KyselyParts;
  readonly #contention: Contention;
  readonly #say: Readonly<Record<'begin' | 'commit' | 'rollback' | 'open' | 'keep' | 'undo', Sqlite.Statement>>;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;

  constructor(database: Sqlite.Database, connection: SqliteConnection, parts: KyselyParts, contention: Contention) {
    this.#database = database;
    this.#connection = connection;
    this.#parts = parts;
    this.#contention = contention;
    this.#say = {
      begin: database.prepare('begin immediate'),
      commit: database.prepare('commit'),
      rollback: database.prepare('rollback'),
      open: database.prepare('savepoint work'),
      keep: database.prepare('release work'),
      undo: database.prepare('rollback to work'),
    };
  }

  write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new GatewayError('E_SHUTTING_DOWN', 'the database is closed'));
    return new Promise<T>((resolve, reject) => {
      let result: T;
      this.#waiting.push({
        run: async (tx) => {
          result = await work(tx);
        },
        commit: () => resolve(result),
        fail: reject,
      });
      this.#draining ??= this.#drain();
    });
  }

  /** Takes no new work and resolves when what waits is written. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      // All handlers of this turn of the event loop get to call `write` before the transaction begins.
      await nextTurn();
      await this.#batch();
    }
    this.#draining = undefined;
  }

  async #batch(): Promise<void> {
    try {
      await patiently(() => this.#say.begin.run(), 'beginning to write', this.#contention);
    } catch (error) {
      for (const one of this.#waiting.splice(0, MAX_BATCH)) one.fail(error);
      return;
    }
    const done: Waiting[] = [];
    for (let taken = 0; taken < MAX_BATCH; taken++) {
      const one = this.#waiting.shift();
      if (one === undefined) break;
      const error = await this.#runOne(one);
      if (error === undefined) done.push(one);
      else one.fail(error.thrown);
      // Disk full and I/O errors can end the whole transaction (sqlite.org/lang_transaction.html §3).
      if (!this.#database.inTransaction) return failAll(done, error?.thrown);
    }
    this.#commit(done);
  }

  /** Answers what was thrown, boxed because anything may be thrown; undefined when the work is in the transaction. */
  async #runOne(one: Waiting): Promise<{ readonly thrown: unknown } | undefined> {
    const { tx, seal } = this.#transaction();
    try {
      this.#say.open.run();
      await withinLimit(one.run(tx));
      seal();
      this.#say.keep.run();
      return undefined;
    } catch (error) {
      seal();
      return { thrown: this.#undo(asGatewayError(error, 'writing')) };
    }
  }

  #undo(thrown: unknown): unknown {
    if (!this.#database.inTransaction) return thrown;
    try {
      this.#say.undo.run();
      this.#say.keep.run();
    } catch {
      // The savepoint cannot be undone: nothing of this transaction may stay.
      this.#rollback();
    }
    return thrown;
  }

  #commit(done: readonly Waiting[]): void {
    try {
      this.#say.commit.run();
    } catch (error) {
      this.#rollback();
      failAll(done, asGatewayError(error, 'committing'));
      return;
    }
    for (const one of done) one.commit();
  }

  #rollback(): void {
    if (this.#database.inTransaction) this.#say.rollback.run();
  }

  /** A transaction object for one write function. Once sealed it refuses: a query left running cannot slip into the next. */
  #transaction(): { readonly tx: Tx; readonly seal: () => void } {
    let open = true;
    const connection = this.#connection;
    const executor = this.#parts.executor.withConnectionProvider({
      provideConnection(consumer) {
        if (open) return consumer(connection);
        return Promise.reject(new GatewayError('E_DATABASE_FAILED', 'a query came after its transaction had ended'));
      },
    });
    const { dialect, driver } = this.#parts;
    const tx = new Transaction<Schema>({ config: { dialect }, dialect, driver, executor });
    return {
      tx,
      seal: () => {
        open = false;
      },
    };
  }
}

function failAll(done: readonly Waiting[], cause: unknown): void {
  const error =
    cause instanceof GatewayError
      ? cause
      : new GatewayError('E_DATABASE_FAILED', 'the transaction was rolled back', {}, { cause });
  for (const one of done) one.fail(error);
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function withinLimit(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new GatewayError('E_DATABASE_FAILED', 'a write function awaited something besides the database'));
    }, MAX_WORK_MS);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
