/** SQLite's result codes as failures of our machinery (https://www.sqlite.org/rescode.html). */
import Sqlite from 'better-sqlite3';
import { GatewayError } from '../message/errors.ts';

/** True when another connection holds the lock: the same statement can succeed in a moment. */
export const isBusy = (error: unknown): boolean =>
  error instanceof Sqlite.SqliteError && (error.code.startsWith('SQLITE_BUSY') || error.code === 'SQLITE_LOCKED');

/**
 * The same failure under one of our codes; what is not SQLite's passes unchanged.
 * SQLite's own message names tables and columns, never values, so it may stand in the log.
 * @param doing what was tried, for the operator.
 */
export function asGatewayError(error: unknown, doing: string): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error;
  const details = { sqlite: error.code };
  if (isBusy(error))
    return new GatewayError('E_DATABASE_BUSY', `${doing}: the database is locked`, details, { cause: error });
  if (error.code === 'SQLITE_FULL') {
    return new GatewayError('E_STORE_FULL', `${doing}: the disk of the database is full`, details, { cause: error });
  }
  return new GatewayError('E_DATABASE_FAILED', `${doing}: ${error.message}`, details, { cause: error });
}
