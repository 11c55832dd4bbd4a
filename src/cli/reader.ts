/** What commands that only look open: settings and a read-only database. */
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/schema.ts';
import type { Database } from '../database/database.ts';
import { openDatabase } from '../database/open.ts';
import { databaseFile } from '../roles/prepare.ts';
import { rolesHere } from './roles-here.ts';

export interface Reader extends AsyncDisposable {
  readonly settings: Settings;
  readonly database: Database;
}

/** @throws GatewayError E_CONFIG_INVALID, E_DATABASE_FAILED, E_DATABASE_NEWER */
export async function openReader(configFile: string): Promise<Reader> {
  const settings = loadSettings(configFile, rolesHere());
  const database = await openDatabase({ file: databaseFile(settings), readOnly: true });
  return { settings, database, [Symbol.asyncDispose]: () => database.close() };
}
