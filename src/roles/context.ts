/** What every role's process opens first. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { AuditLog } from '../audit/audit.ts';
import { openAudit } from '../audit/open.ts';
import { parseSettings } from '../config/load.ts';
import type { Settings, TenantSettings } from '../config/schema.ts';
import type { Database } from '../database/database.ts';
import { openDatabase } from '../database/open.ts';
import type { RoleKeys } from '../keys/keys.ts';
import { loadRoleKeys } from '../keys/load.ts';
import { GatewayError } from '../message/errors.ts';
import type { Role } from '../message/roles.ts';
import { openQueue } from '../queue/open.ts';
import type { Queue } from '../queue/queue.ts';
import { type Log, type LogFields, openLog } from '../telemetry/log.ts';
import { absentUntil } from '../vault/absent.ts';
import { directoryAsItIs, openDirectory } from '../vault/directory.ts';
import { downFlags } from '../vault/down-flags.ts';
import { presenceOf } from '../vault/identity.ts';
import { type OpenedVault, openVault } from '../vault/open.ts';
import type { Store } from '../vault/store.ts';
import type { Doorbell } from './doorbell.ts';
import { databaseFile, storeFolder } from './prepare.ts';

export interface RoleContext {
  readonly role: Role;
  readonly settings: Settings;
  readonly configFile: string;
  readonly log: Log;
  readonly keys: RoleKeys;
  readonly database: Database;
  readonly queue: Queue;
  readonly audit: AuditLog;
  readonly vault: OpenedVault;
  readonly stores: readonly Store[];
  readonly doorbell: Doorbell;
  tenant(id: string): TenantSettings;
  readonly now: () => number;
}

/** What a role's process does until it is told to stop. */
export interface RunningRole {
  /** Where it listens, 0 when it does not. */
  readonly port: number;
  /** Finishes what is in work. */
  stop(): Promise<void>;
}

/** On which the supervisor hands over the text of the configuration that it checked. */
const STDIN = 0;

/** @param configFile where the text came from: relative paths start at its folder. */
export async function openContext(role: Role, configFile: string, doorbell: Doorbell): Promise<RoleContext> {
  const settings = parseSettings(readFileSync(STDIN, 'utf8'), configFile, [role]);
  const log = openLog(role, settings.logLevel);
  const keys = loadRoleKeys(settings.dataDir, role);
  const database = await openDatabase({ file: databaseFile(settings), log });
  const stores = await openDirectories(settings);
  const tenants = new Map(settings.tenants.map((tenant) => [tenant.id, tenant]));
  return {
    role,
    settings,
    configFile,
    log,
    keys,
    database,
    queue: openQueue(database),
    audit: openAudit({ role, instance: settings.instance, keys }),
    vault: openStores(settings, stores, keys, log),
    stores,
    doorbell,
    tenant(id) {
      const found = tenants.get(id);
      if (found === undefined)
        throw new GatewayError('E_CONFIG_INVALID', `no tenant ${id} in the configuration`, { tenant: id });
      return found;
    },
    now: Date.now,
  };
}

/** Folder of the flags by which an operator declares a store down. */
export const downFolder = (settings: Settings): string => join(settings.dataDir, 'stores-down');

/** The configured stores, without any key; one whose disk is not there refuses all until it is. @throws GatewayError E_STORE_UNAVAILABLE */
export const openDirectories = (settings: Settings): Promise<readonly Store[]> =>
  Promise.all(
    settings.vault.stores.map(async (place) => {
      const isBack = (): boolean => presenceOf(place, storeFolder(settings)).kind === 'present';
      if (presenceOf(place, storeFolder(settings)).kind !== 'absent') return openDirectory(place);
      return absentUntil(directoryAsItIs(place), isBack);
    }),
  );

/** The vault over the configured stores; alarms go to the log. */
function openStores(settings: Settings, stores: readonly Store[], keys: RoleKeys, log: Log): OpenedVault {
  return openVault({
    stores,
    threshold: settings.vault.threshold,
    failuresUntilDown: settings.vault.failuresUntilDown,
    isDeclaredDown: downFlags(downFolder(settings)),
    keys,
    onAlarm: ({ kind, ...fields }) => log.error(`vault.${kind}`, fields as LogFields),
  });
}
