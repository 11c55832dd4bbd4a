/** Builds the image and its test stage with bin/build-image.sh, loads the archives as an installation would, and lends their files. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

export interface Image {
  /** Folder with its files. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly hasHealthCheck: boolean;
}

export interface Built {
  /** Folder with archives, contents and checksums. */
  readonly out: string;
  readonly seconds: number;
  readonly said: string;
  load(name: 'image' | 'test'): Image;
  [Symbol.dispose](): void;
}

/** @throws Error with what the command said last. */
export function runOrThrow(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const options = {
    encoding: 'utf8',
    cwd: REPOSITORY,
    env: { ...process.env, ...env },
    maxBuffer: 64 * 2 ** 20,
  } as const;
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} (${status ?? error}): ${`${stdout}${stderr}`.slice(-1500)}`);
}

/** @param folder a work folder, which is gone after disposal. */
export function buildImages(folder: string): Built {
  mkdirSync(folder, { recursive: true });
  const out = join(folder, 'out');
  const startedAt = performance.now();
  const said = runOrThrow('bash', ['bin/build-image.sh', '--out', out, '--with-tests'], { SEKISHO_BUILD_DIR: folder });
  const seconds = (performance.now() - startedAt) / 1000;
  runOrThrow('sh', ['-c', `cd '${out}' && sha256sum --check --strict --quiet SHA256SUMS`]);
  const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  const buildah = (...args: readonly string[]): string => runOrThrow('buildah', [...storage, ...args]).trim();
  return {
    out,
    seconds,
    said: said.trim(),
    load(name) {
      const container = buildah('from', `docker-archive:${join(out, `sekisho-${name}.tar`)}`);
      const { Docker } = JSON.parse(buildah('inspect', container)) as { Docker: { config: Config } };
      const { Env, User, Healthcheck } = Docker.config;
      return {
        root: buildah('mount', container),
        environment: Object.fromEntries(
          Env.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
        ),
        user: User,
        hasHealthCheck: (Healthcheck?.Test.length ?? 0) > 0,
      };
    },
    [Symbol.dispose]: () => {
      spawnSync('buildah', [...storage, 'rm', '--all']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Of the image's configuration, as `docker inspect` shows it. */
interface Config {
  readonly Env: readonly string[];
  readonly User: string;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}
