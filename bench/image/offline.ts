/** The archive for machines without network, installed once in a fresh Debian 13 that has none. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOrThrow } from './images.ts';

export interface Installed {
  readonly megabytes: number;
  /** What offline.sh told, by name. */
  readonly told: ReadonlyMap<string, string>;
  readonly doctor: readonly string[];
  readonly said: readonly string[];
  /** The fresh system, for whoever wants more of it. */
  readonly root: string;
}

const SCRIPT = fileURLToPath(new URL('./offline.sh', import.meta.url));

/** @param folder a work folder of the caller's. @throws Error when the archive or the system cannot be made. */
export function installOffline(folder: string): Installed {
  mkdirSync(folder, { recursive: true });
  const out = join(folder, 'out');
  runOrThrow('bash', ['bin/build-offline.sh', '--out', out], { SEKISHO_BUILD_DIR: folder });
  runOrThrow('sh', ['-c', `cd '${out}' && sha256sum --check --strict --quiet SHA256SUMS-offline`]);
  const archive = readdirSync(out).find((name) => name.endsWith('.tar.gz')) ?? '';
  const root = join(folder, 'fresh');
  const mirror = process.env['SEKISHO_MIRROR'] ?? 'http://deb.debian.org/debian';
  runOrThrow('debootstrap', ['--variant=minbase', 'trixie', root, mirror]);
  copyFileSync(join(out, archive), join(root, 'root', archive));
  copyFileSync(SCRIPT, join(root, 'root', 'offline.sh'));
  const { stdout, stderr } = spawnSync(
    'bwrap',
    [
      ...[
        '--bind',
        root,
        '/',
        '--dev',
        '/dev',
        '--proc',
        '/proc',
        '--perms',
        '1777',
        '--tmpfs',
        '/tmp',
        '--unshare-net',
      ],
      ...[
        '--unshare-pid',
        '--unshare-ipc',
        '--unshare-uts',
        '--as-pid-1',
        '--die-with-parent',
        '--cap-add',
        'ALL',
        '--clearenv',
      ],
      ...[
        '--setenv',
        'PATH',
        '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        '--setenv',
        'HOME',
        '/root',
      ],
      ...['--', 'sh', '/root/offline.sh', `/root/${archive}`],
    ],
    { encoding: 'utf8', timeout: 300_000 },
  );
  const lines = stdout.split('\n').map((line) => line.split('\t'));
  const of = (name: string): readonly string[] => lines.filter(([key]) => key === name).map(([, value = '']) => value);
  return {
    megabytes: Math.round(statSync(join(out, archive)).size / 1e6),
    told: new Map(lines.map(([key = '', value = '']) => [key, value])),
    doctor: of('doctor'),
    said: [...of('demo-said'), ...of('doctor-said'), ...stderr.split('\n').filter(Boolean)],
    root,
  };
}

/** What must have been told; anything else is a shortfall. */
const PROMISED: Readonly<Record<string, string>> = {
  interfaces: 'lo ',
  'changed-byte-status': '1',
  'changed-byte-named': '1',
  'changed-byte-left-nothing': 'yes',
  'added-file-status': '1',
  'added-link-status': '1',
  'missing-file-status': '1',
  'install-status': '0',
  'npm-there': 'no',
  'demo-status': '0',
  'demo-asked-npm': '0',
  'doctor-status': '0',
};

export function shortfalls({ told, doctor }: Installed): readonly string[] {
  const other = Object.entries(PROMISED).filter(([name, value]) => told.get(name) !== value);
  const demo = told.get('demo') ?? '';
  return [
    ...other.map(([name, value]) => `${name}: ${told.get(name) ?? 'not told'} instead of ${value}`),
    ...(/^true \d+ (\d+) \1$/.test(demo) ? [] : [`demo: ${demo}`]),
    ...doctor.filter((line) => line.startsWith('missing')),
    ...(doctor.filter((line) => line.startsWith('good jail/')).length === 8
      ? []
      : ['not every layer of the jail holds']),
  ];
}
