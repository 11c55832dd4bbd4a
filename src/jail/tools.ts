/** The machine's own programs that take rights away: where they are and what they can do. */
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seccompFilter } from './seccomp.ts';

/** Paths; `undefined`: not on this machine. */
export interface Tools {
  readonly sh: string;
  readonly setpriv: string | undefined;
  readonly prlimit: string | undefined;
  readonly unshare: string | undefined;
  readonly bwrap: string | undefined;
  /** util-linux 2.41 and later: setpriv itself knows Landlock and seccomp. */
  readonly setprivConfines: boolean;
  /** A file with the seccomp filter, for launchers that want a path. Written once. */
  readonly filterFile: () => string;
}

const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

const find = (name: string): string | undefined => FOLDERS.map((folder) => join(folder, name)).find(isExecutable);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function findTools(): Tools {
  const setpriv = find('setpriv');
  return {
    sh: find('sh') ?? '/bin/sh',
    setpriv,
    prlimit: find('prlimit'),
    unshare: find('unshare'),
    bwrap: find('bwrap'),
    setprivConfines: setpriv !== undefined && confines(setpriv),
    filterFile,
  };
}

function confines(setpriv: string): boolean {
  const help = spawnSync(setpriv, ['--help'], { encoding: 'utf8', timeout: 5000, env: { LANG: 'C' } });
  if (help.error !== undefined) return false;
  return help.stdout.includes('--landlock-access') && help.stdout.includes('--seccomp-filter');
}

let written: string | undefined;

function filterFile(): string {
  if (written === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'sekisho-jail-'));
    chmodSync(folder, 0o755);
    written = join(folder, 'filter.bpf');
    writeFileSync(written, seccompFilter(process.arch) ?? Buffer.alloc(0));
    // Read after the change of user, and the roles' umask (0007) would close it to that user.
    chmodSync(written, 0o444);
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  }
  return written;
}

/** True when we may become this user: as root, or with CAP_SETUID and CAP_SETGID. */
export function canBecome(tools: Tools, uid: number): boolean {
  if (tools.setpriv === undefined) return false;
  const args = ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', tools.sh, '-c', ':'];
  return spawnSync(tools.setpriv, args, { stdio: 'ignore', timeout: 5000, cwd: '/' }).status === 0;
}
