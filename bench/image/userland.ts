/** A plain Debian 13 by debootstrap, and commands in it: in a container of bubblewrap's, as root or as another user. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOrThrow } from './images.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export interface Userland {
  readonly root: string;
  /** `setpriv --version` in it. */
  readonly setpriv: string;
}

/** About a minute. Needs root. @throws Error with what debootstrap said last. */
export function makeUserland(folder: string): Userland {
  const root = join(folder, 'debian-13');
  const mirror = process.env['SEKISHO_MIRROR'] ?? 'http://deb.debian.org/debian';
  runOrThrow('debootstrap', ['--variant=minbase', 'trixie', root, mirror]);
  return { root, setpriv: runOrThrow('chroot', [root, 'setpriv', '--version']).trim() };
}

/** The repository is there at its own path, read-only; no network but loopback; process 1 is a shell, as in a container an init is. */
export function runInUserland(
  { root }: Userland,
  words: readonly string[],
): { status: number; stdout: string; stderr: string } {
  const places = [REPOSITORY, dirname(process.execPath)];
  for (const place of places) mkdirSync(join(root, place), { recursive: true, mode: 0o755 });
  const args = [
    ...['--bind', root, '/', ...places.flatMap((place) => ['--ro-bind', place, place])],
    ...[
      '--dev',
      '/dev',
      '--proc',
      '/proc',
      '--perms',
      '1777',
      '--tmpfs',
      '/tmp',
      '--perms',
      '1777',
      '--tmpfs',
      '/dev/shm',
    ],
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net', '--as-pid-1', '--die-with-parent'],
    ...[
      '--cap-add',
      'ALL',
      '--clearenv',
      '--setenv',
      'PATH',
      '/usr/sbin:/usr/bin:/sbin:/bin',
      '--setenv',
      'HOME',
      '/tmp',
    ],
    ...['--chdir', REPOSITORY, '--', 'sh', '-c', '"$@"; exit $?', 'sh', ...words],
  ];
  const { status, stdout, stderr } = spawnSync('bwrap', args, {
    encoding: 'utf8',
    timeout: 600_000,
    maxBuffer: 64 * 2 ** 20,
  });
  return { status: status ?? -1, stdout, stderr };
}
