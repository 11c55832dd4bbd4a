/**
 * A user id for each role when the supervisor is root: so that a role cannot read another's keys. As a plain user all
 * roles share one id, and the separation is nominal; `doctor` says so.
 */
import { accessSync, chmodSync, chownSync, constants, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Capability, holds } from '../jail/capabilities.ts';
import { ROLES, type Role } from '../message/roles.ts';

export interface RoleCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

export interface Why {
  readonly ja: string;
  readonly en: string;
}

export interface Separation {
  /** 'held': each role has its own uid. Otherwise why not, in one sentence for the log and for people. */
  readonly state: { readonly kind: 'held' } | { readonly kind: 'nominal'; readonly why: Why };
  commandFor(role: Role, args: readonly string[]): RoleCommand;
  /** User id of a role, undefined when nominal. */
  uidOf(role: Role): number | undefined;
  readonly gid: number | undefined;
}

/**
 * The sanitizer alone keeps capabilities: its children get yet another uid and namespaces of their own, which only a
 * holder of these can give. It never parses what comes from outside itself.
 */
const SANITIZER_CAPABILITIES: readonly Capability[] = [
  'setuid',
  'setgid',
  'sys_admin',
  'kill',
  'sys_chroot',
  'setpcap',
];

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];

/**
 * @param mustReach folders that every role has to reach (code, data): when one lies below a folder closed to others,
 * like /root, own uids cannot work and the answer is nominal.
 */
export function planSeparation(baseUid: number, mustReach: readonly string[]): Separation {
  const why = obstacle(mustReach);
  if (why !== undefined) {
    return {
      state: { kind: 'nominal', why },
      commandFor: (_role, args) => ({ command: process.execPath, args }),
      uidOf: () => undefined,
      gid: undefined,
    };
  }
  const uidOf = (role: Role): number => uidFor(baseUid, role);
  return {
    state: { kind: 'held' },
    uidOf,
    gid: baseUid,
    commandFor(role, args) {
      if (role !== 'sanitizer') return { command: process.execPath, args, uid: uidOf(role), gid: baseUid };
      const drop = [`--reuid=${uidOf(role)}`, `--regid=${baseUid}`, '--clear-groups'];
      const own = SANITIZER_CAPABILITIES.filter(holds)
        .map((name) => `+${name}`)
        .join();
      const keep = [`--inh-caps=${own}`, `--ambient-caps=${own}`];
      return { command: setpriv() ?? '', args: [...drop, ...keep, '--', process.execPath, ...args] };
    },
  };
}

function obstacle(mustReach: readonly string[]): Why | undefined {
  if (process.getuid?.() !== 0) {
    return {
      ja: 'root で起動していないため、すべての役割が同じユーザーで動きます',
      en: 'not started as root: all roles run as one user',
    };
  }
  if (!holds('setuid') || !holds('setgid')) {
    return {
      ja: 'CAP_SETUID と CAP_SETGID がないため、すべての役割が root で動きます',
      en: 'without CAP_SETUID and CAP_SETGID all roles run as root',
    };
  }
  if (setpriv() === undefined) {
    return {
      ja: 'setpriv(util-linux パッケージ)がありません',
      en: 'setpriv (package util-linux) is missing',
    };
  }
  const closed = [process.execPath, ...mustReach].map(closedParent).find((path) => path !== undefined);
  if (closed === undefined) return undefined;
  return {
    ja: `${closed} に他のユーザーが入れないため、すべての役割が root で動きます。/opt などに置いてください`,
    en: `${closed} is closed to other users, so all roles run as root; put program and data elsewhere, like /opt`,
  };
}

/** The user id that a role has, in a container of its own too. */
export const uidFor = (baseUid: number, role: Role): number => baseUid + 1 + ROLES.indexOf(role);

const setpriv = (): string | undefined => SETPRIV.find(isExecutable);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first folder on the way to `path` that others may not enter. */
function closedParent(path: string): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    // What is not there yet is made open.
    const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0o001;
    if ((mode & 0o001) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Whether a process of this user and group may read the file, by its rights and those of the folders above it. */
export function isReadableBy(file: string, uid: number, gid: number): boolean {
  const folders: string[] = [];
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    folders.push(folder);
    if (folder === dirname(folder)) break;
  }
  return isAllowed(file, 4, uid, gid) && folders.every((folder) => isAllowed(folder, 1, uid, gid));
}

/** @param right bit of one class: 4 read, 1 enter. The class is owner, group or others, and only the first that fits (POSIX). */
function isAllowed(path: string, right: 1 | 4, uid: number, gid: number): boolean {
  const stats = statSync(path);
  const shift = stats.uid === uid ? 6 : stats.gid === gid ? 3 : 0;
  return ((stats.mode >> shift) & right) !== 0;
}

/**
 * Gives a data folder to the roles' shared group: folders 2770, files 0660. Keys are not touched, and a folder that has
 * the group already is left alone: a vault may hold millions of files.
 */
export function shareFolder(folder: string, gid: number): void {
  if (statSync(folder).gid === gid) return;
  chownSync(folder, 0, gid);
  chmodSync(folder, 0o2770);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.name === 'keys') continue;
    if (entry.isDirectory()) shareFolder(path, gid);
    else if (entry.isFile()) {
      if (statSync(path).gid === gid) continue;
      chownSync(path, 0, gid);
      chmodSync(path, 0o660);
    }
  }
}
