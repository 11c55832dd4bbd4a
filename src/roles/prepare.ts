/** What the supervisor does once before it starts the roles: folders, keys, database, owners. Repeating it is harmless. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalid, mistake } from '../config/mistakes.ts';
import { namedFiles } from '../config/rules.ts';
import type { Settings } from '../config/schema.ts';
import { openDatabase } from '../database/open.ts';
import { publicFile } from '../keys/directory.ts';
import { syncFolder } from '../keys/files.ts';
import { assignOwners } from '../keys/owners.ts';
import { type ErrorCode, GatewayError } from '../message/errors.ts';
import { ROLES, type Role } from '../message/roles.ts';
import { MISTAKES } from '../message/texts-config.ts';
import type { Log } from '../telemetry/log.ts';
import { prepareDirectory } from '../vault/directory.ts';
import { presenceOf, remember } from '../vault/identity.ts';
import { healthFolder } from './heartbeat.ts';
import { isReadableBy, planSeparation, type Separation, shareFolder } from './separation.ts';

/** Where the database of one machine lies. */
export const databaseFile = (settings: Settings): string => join(settings.dataDir, 'gateway.db');

/** What is remembered of each store (vault/identity.ts). */
export const storeFolder = (settings: Pick<Settings, 'dataDir'>): string => join(settings.dataDir, 'stores');

const CODE = fileURLToPath(new URL('../../package.json', import.meta.url));

/** The umask under which roles write: their shared group may read, nobody else. */
export const umaskFor = (separation: Separation): number => (separation.state.kind === 'held' ? 0o007 : 0o077);

/** Whether each role gets its own user id here. The folders must exist. */
export const plannedSeparation = (settings: Settings): Separation =>
  planSeparation(settings.runAs.baseUid, [
    CODE,
    settings.dataDir,
    ...settings.vault.stores.map(({ path }) => path).filter(isOutside(settings.dataDir)),
  ]);

/**
 * @param settings with absolute paths (config/load.ts)
 * @param configFile where they stand: every role reads it too
 */
export async function prepareDataFolder(settings: Settings, configFile: string, log: Log): Promise<Separation> {
  const stores = settings.vault.stores.map(({ path }) => path);
  for (const path of [settings.dataDir, healthFolder(settings.dataDir), ...stores]) makeFolder(path);
  const separation = plannedSeparation(settings);
  process.umask(umaskFor(separation));
  makeKeys(settings.dataDir);
  const database = await openDatabase({ file: databaseFile(settings), log });
  await database.close();
  if (separation.state.kind === 'nominal') {
    log.warn('separation-nominal', { why: separation.state.why.en });
    // Not left to the roles: one that finds the folders of another's making would not wait for their sync.
    await prepareStores(settings, log);
    return separation;
  }
  const { gid } = separation;
  if (gid !== undefined) {
    for (const folder of [settings.dataDir, healthFolder(settings.dataDir), ...stores]) shareFolder(folder, gid);
    // Below a folder that has the group already it was made with the caller's umask.
    chmodSync(healthFolder(settings.dataDir), 0o2770);
    await prepareStores(settings, log, gid);
    const uids = Object.fromEntries(ROLES.map((role) => [role, separation.uidOf(role)])) as Record<Role, number>;
    assignOwners(settings.dataDir, uids, gid);
    assertReadable(settings, configFile, ROLES, separation, gid);
  }
  return separation;
}

/** What lies in a store's folder decides: an empty one in the place of a store that we know is a disk that is not mounted. */
async function prepareStores(settings: Settings, log: Log, gid?: number): Promise<void> {
  const rememberedIn = storeFolder(settings);
  for (const place of settings.vault.stores) {
    const presence = presenceOf(place, rememberedIn);
    if (presence.kind === 'absent') {
      log.error('store-absent', { store: place.name, found: presence.found });
    } else {
      await prepareDirectory(place, gid);
      await remember(place, rememberedIn, gid);
    }
  }
}

/**
 * For a supervisor that starts only some roles, beside others or in a container: it makes nothing, least of all keys,
 * since it may be shown those of its own roles only.
 * @throws GatewayError E_KEY_MISSING where nothing was prepared, E_CONFIG_INVALID for files closed to their role.
 */
export function joinDataFolder(settings: Settings, configFile: string, roles: readonly Role[]): Separation {
  const { dataDir } = settings;
  const missing = [publicFile(dataDir), databaseFile(settings)].find((file) => !existsSync(file));
  if (missing !== undefined) {
    const todo = `run \`sekisho prepare -c ${configFile}\` once, where the keys of all roles are to lie`;
    throw new GatewayError('E_KEY_MISSING', `${missing} is not there: ${todo}`, { file: missing });
  }
  const separation = plannedSeparation(settings);
  const { gid } = separation;
  if (gid !== undefined) assertReadable(settings, configFile, roles, separation, gid);
  process.umask(isSharedWithUs(dataDir) ? 0o007 : umaskFor(separation));
  return separation;
}

/** Prepared for roles with user ids of their own, of whose group this process is: what it writes is theirs too. */
const isSharedWithUs = (dataDir: string): boolean => sharedGroup(dataDir) === process.getegid?.();

/** The group to which roles with user ids of their own belong; undefined where they share one. */
export function sharedGroup(dataDir: string): number | undefined {
  const { mode, gid } = statSync(dataDir);
  return (mode & 0o2070) === 0o2070 ? gid : undefined;
}

const MAKE_KEYS = fileURLToPath(new URL('../keys/make.ts', import.meta.url));

/** In a process that ends: this one lives long and is to hold no private key. @throws GatewayError as createKeys does. */
function makeKeys(dataDir: string): void {
  const made = spawnSync(process.execPath, [MAKE_KEYS, dataDir], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (made.status === 0) return;
  const said = made.stdout === '' ? undefined : (JSON.parse(made.stdout) as { code: ErrorCode; message: string });
  throw new GatewayError(said?.code ?? 'E_KEY_UNREADABLE', said?.message ?? `keys could not be made: ${made.stderr}`);
}

/** Durable with every folder on the way to it that was missing: else a power cut takes all that stands below. */
function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
}

/** Files that settings name must open for the role that reads them: a TLS key of root's is the usual mistake. */
function assertReadable(
  settings: Settings,
  configFile: string,
  roles: readonly Role[],
  separation: Separation,
  gid: number,
): void {
  const here = namedFiles(settings).filter(({ role, file }) => roles.includes(role) && existsSync(file));
  const config = roles.map((role) => ({ path: '', file: configFile, role }));
  const closed = [...config, ...here].filter(
    ({ file, role }) => !isReadableBy(file, separation.uidOf(role) ?? gid, gid),
  );
  if (closed.length === 0) return;
  throw invalid(
    configFile,
    closed.map(({ path, file, role }) =>
      mistake(path, MISTAKES.closedToRole, { file, role, uid: String(separation.uidOf(role)), gid }),
    ),
  );
}

/** Folders inside the data folder are opened for the group by ourselves. */
const isOutside =
  (dataDir: string) =>
  (path: string): boolean =>
    !path.startsWith(`${dataDir}/`);
