/**
 * config/compose.yaml as this project uses it, and each service as a command line of bubblewrap: what a container engine
 * would make of it, as near as a machine without one comes. Not replaced: bridges between networks, the engine's own
 * seccomp profile, cgroups.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

export const COMPOSE_FILE = fileURLToPath(new URL('../../config/compose.yaml', import.meta.url));

const service = z.object({
  image: z.string(),
  user: z.string().regex(/^\d+:\d+$/),
  command: z.array(z.string()).optional(),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  networks: z.array(z.string()).default([]),
  network_mode: z.string().optional(),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  mem_limit: z.string(),
  memswap_limit: z.string(),
  pids_limit: z.number(),
  healthcheck: z.looseObject({ disable: z.boolean().default(false) }),
});
const compose = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.looseObject({ internal: z.boolean().default(false) })),
  volumes: z.record(z.string(), z.unknown()),
});

export type Service = z.infer<typeof service>;
export type Compose = z.infer<typeof compose>;

/** `${NAME:-default}` becomes its default. */
export function readCompose(file = COMPOSE_FILE): Compose {
  const text = readFileSync(file, 'utf8').replace(/\$\{\w+:-([^}]*)\}/g, '$1');
  return compose.parse(parse(text, { merge: true }));
}

export interface Mounted {
  /** A named volume, or a path of the host. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export const mountsOf = ({ volumes }: Service): readonly Mounted[] =>
  volumes.map((text) => {
    const [source = '', target = '', mode] = text.split(':');
    return { source, target, readOnly: mode === 'ro' };
  });

export interface Place {
  /** Folder with the image's files. */
  readonly root: string;
  /** Folder in which each volume is a folder, and `etc` the settings. */
  readonly volumes: string;
  /** Environment of the image. */
  readonly environment: Readonly<Record<string, string>>;
  /** Entry point and command, when others than the image's and the service's. */
  readonly command?: readonly string[];
}

/** '/tmp:size=64m,mode=1777,…': bubblewrap knows of it the place and the rights. */
function asTmpfs(text: string): string[] {
  const [target = '', options = ''] = text.split(':');
  return ['--perms', /\bmode=(\d+)/.exec(options)?.[1] ?? '0755', '--tmpfs', target];
}

/** @returns words of a command for root. Mount points must exist in `root`. */
export function containerCommand(
  name: string,
  service: Service,
  networks: Compose['networks'],
  place: Place,
): string[] {
  const [uid = '', gid = ''] = service.user.split(':');
  const mounts = mountsOf(service).flatMap(({ source, target, readOnly }) => {
    const from = join(place.volumes, source.startsWith('.') ? 'etc' : source);
    return [readOnly ? '--ro-bind' : '--bind', from, target];
  });
  const isCutOff =
    service.network_mode === 'none' || service.networks.every((each) => networks[each]?.internal === true);
  const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', ...place.environment, ...service.environment };
  const bounding = ['-all', ...service.cap_add.map((each) => `+${each.toLowerCase()}`)].join();
  const { PATH: _, ...shown } = environment;
  return [
    ...['bwrap', service.read_only ? '--ro-bind' : '--bind', place.root, '/'],
    ...['--dev', '/dev', '--proc', '/proc', ...service.tmpfs.flatMap(asTmpfs)],
    ...mounts,
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup', ...(isCutOff ? ['--unshare-net'] : [])],
    ...['--hostname', `sekisho-${name}`, '--as-pid-1', '--die-with-parent', '--cap-add', 'ALL', '--clearenv'],
    ...Object.entries({ PATH: environment.PATH, ...shown }).flatMap(([key, value]) => ['--setenv', key, value]),
    ...['--chdir', place.environment['PWD'] ?? '/data', '--'],
    ...['/usr/bin/setpriv', '--reuid', uid, '--regid', gid, '--clear-groups'],
    ...['--inh-caps=-all', `--bounding-set=${bounding}`, '--no-new-privs', '--'],
    ...(place.command ?? ['tini', '--', 'sekisho', ...(service.command ?? ['serve'])]),
  ];
}
