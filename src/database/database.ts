/**
 * The one way to the database. SQLite (WAL, synchronous=FULL) now, PostgreSQL with `--roles` later.
 *
 * Promises: `write` runs its function in one immediate transaction and resolves only when the commit survives a power
 * cut; the function may run again when the database was busy, so it awaits nothing but the database and has no other
 * effect. A throw rolls everything back. Writers of one process queue up; other processes are waited for without
 * blocking the event loop.
 */
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

export type Tx = Transaction<Schema>;

export interface Database {
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** A read-only connection: sees what is committed. */
  readonly read: Kysely<Schema>;
  /** Times a transaction had to wait because another process held the lock, and times it gave up. */
  readonly contention: { readonly waits: number; readonly failures: number };
  close(): Promise<void>;
}
