/** The container image: built, brought up as compose.yaml says, tested inside; and the archive for machines without network. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readCompose } from '../../../test/kit/compose.ts';
import { type BroughtUp, bringUp } from '../../image/bring-up.ts';
import { type Built, buildImages, runOrThrow } from '../../image/images.ts';
import { type Installed, installOffline, shortfalls } from '../../image/offline.ts';
import { runSuite, type SuiteCounts } from '../../image/suite.ts';
import type { Section, SectionContext, SectionResult } from '../section.ts';

const NOT_EXERCISED =
  'Not exercised: a Docker or Podman engine (no engine here: the containers are bubblewrap’s, made from compose.yaml by test/kit/compose.ts), so its bridges between networks and published ports, its default seccomp profile, cgroup limits (mem_limit, memswap_limit, pids_limit) and restart policies; arm64; Docker Hub’s debian:trixie-slim as base (the base is made by debootstrap).';

export const image: Section = {
  name: 'image',
  bar: 'Image: size, start to ready, e2e inside it, `doctor` inside it: every layer holds; offline installation done once.',
  async run(context: SectionContext): Promise<SectionResult> {
    if (context.short) return lookOnly(context);
    const folder = mkdtempSync(join(process.env['SEKISHO_BUILD_DIR'] ?? '/var/tmp', 'sekisho-evidence-image-'));
    try {
      return await wholeRun(folder, context);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** CI: the files are read and the scripts parsed; nothing is built, which takes six minutes and the registry twice. */
async function lookOnly({ say }: SectionContext): Promise<SectionResult> {
  const { services } = readCompose();
  const scripts = [
    'bin/build-image.sh',
    'bin/build-offline.sh',
    'bin/image/base.sh',
    'bin/image/install-npm.sh',
    'bin/offline/install.sh',
  ];
  for (const script of scripts) runOrThrow('bash', ['-n', script]);
  say(`compose.yaml: ${Object.keys(services).join(', ')}; ${scripts.length} scripts parse; nothing was built`);
  return {
    holds: true,
    summary: 'short form: compose.yaml and the scripts were read, nothing was built or run',
    details: 'test/unit/container compares compose.yaml and Dockerfile with roles, zones, keys and the firewall table.',
  };
}

async function wholeRun(folder: string, { say }: SectionContext): Promise<SectionResult> {
  using built = buildImages(join(folder, 'build'));
  say(built.said);
  const gateway = built.load('image');
  const up = await bringUp(gateway, join(folder, 'up'));
  say(`up: ${JSON.stringify(up.readyMs)}, problems: ${up.problems.join('; ') || 'none'}`);
  const test = built.load('test');
  const suites = { user: runSuite(test.root, 'user'), root: runSuite(test.root, 'root') };
  say(`inside: ${JSON.stringify(suites)}`);
  const offline = installOffline(join(folder, 'offline'));
  const short = shortfalls(offline);
  say(`offline: ${short.join('; ') || 'as promised'}`);
  const compose = composeAccepts(offline.root);
  say(`docker-compose: ${compose}`);

  const size = sizeOf(built, gateway.root);
  const layers = (up.doctor['sanitizer'] ?? []).filter((line) => / jail\//.test(line));
  const holding = layers.filter((line) => line.startsWith('good '));
  const problems = [
    ...up.problems,
    ...(layers.length === 8 ? [] : [`doctor told ${layers.length} layers`]),
    ...layers.filter((line) => !line.startsWith('good ')),
    ...Object.entries(suites).flatMap(([who, { failures }]) =>
      failures.map((failure) => `inside as ${who}: ${failure}`),
    ),
    ...Object.entries(suites).flatMap(([who, { passed }]) =>
      passed >= 90 ? [] : [`inside as ${who}: only ${passed} tests`],
    ),
    ...short,
    ...(gateway.user === '64002:64000' ? [] : [`the image runs as ${gateway.user}`]),
    ...(gateway.hasHealthCheck ? [] : ['the image has no health check']),
    ...(compose === 'accepts' || compose.startsWith('not asked') ? [] : [`docker-compose ${compose}`]),
  ];
  return {
    holds: problems.length === 0,
    summary: `${size.unpacked} MiB unpacked, ${size.archive} MiB as archive (${size.compressed} MiB gzipped); containers ready in ${readyOf(up)}; ${holding.length} of 8 jail layers hold inside, all of them demanded by the production configuration that started; inside as plain user ${said(suites.user)}, as root ${said(suites.root)}; offline installation ${short.length === 0 ? 'done' : 'failed'} (${offline.megabytes} MB)${problems.length === 0 ? '' : `; ${problems.length} problems`}`,
    details: detailsOf(built, up, suites, offline, compose, problems),
  };
}

const said = ({ passed, failed, skipped }: SuiteCounts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

const readyOf = ({ readyMs }: BroughtUp): string =>
  Object.entries(readyMs)
    .map(([role, ms]) => `${role} ${(ms / 1000).toFixed(1)} s`)
    .join(', ');

function sizeOf({ out }: Built, root: string): { unpacked: number; archive: number; compressed: number } {
  const archive = join(out, 'sekisho-image.tar');
  const unpacked = Number(runOrThrow('du', ['-sm', root]).split('\t')[0]);
  const gzipped = Number(runOrThrow('sh', ['-c', `gzip -1 < '${archive}' | wc -c`]));
  return { unpacked, archive: Math.round(statSync(archive).size / 2 ** 20), compressed: Math.round(gzipped / 2 ** 20) };
}

/** Debian's docker-compose checks a file without an engine. It is fetched into the fresh system, which has no use any more. */
function composeAccepts(root: string): string {
  copyFileSync('/etc/resolv.conf', join(root, 'etc', 'resolv.conf'));
  const install =
    'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker-compose';
  if (spawnSync('chroot', [root, 'sh', '-c', install], { stdio: 'ignore', timeout: 180_000 }).status !== 0) {
    return 'not asked: the package could not be installed';
  }
  mkdirSync(join(root, 'compose'));
  copyFileSync('config/compose.yaml', join(root, 'compose', 'compose.yaml'));
  const ask = (): { readonly status: number | null; readonly stderr: string } =>
    spawnSync('chroot', [root, 'docker-compose', '-f', '/compose/compose.yaml', 'config', '-q'], { encoding: 'utf8' });
  const { status, stderr } = ask();
  if (status !== 0) return `refuses: ${stderr}`;
  spawnSync('sed', ['-i', 's/pids_limit: 1024/pids_limits: 1024/', join(root, 'compose', 'compose.yaml')]);
  return ask().status === 0 ? 'accepts a misspelt setting too' : 'accepts';
}

function detailsOf(
  built: Built,
  up: BroughtUp,
  suites: Readonly<Record<'user' | 'root', SuiteCounts>>,
  offline: Installed,
  compose: string,
  problems: readonly string[],
): string {
  const packages = readFileSync(join(built.out, 'sekisho-image.contents.tsv'), 'utf8').trim().split('\n').length - 1;
  return [
    ...(problems.length === 0 ? [] : ['**Problems**', '', ...problems.map((problem) => `- ${problem}`), '']),
    `Built in ${Math.round(built.seconds)} s (base by debootstrap, image and test image by buildah, archives, checksums; ${packages} packages listed with licence). ${built.said.split('\n')[0]}`,
    '',
    'Brought up from config/compose.yaml: each service read-only, with its user, capabilities, volumes and network or none; stores on three file systems; `profile: production`, `jail.launcher: setpriv`, `jail.minimum`: all eight layers. Before `prepare` a role refuses to start. A mail went through the four containers with a valid receipt ' +
      `(${(up.deliveredMs / 1000).toFixed(1)} s: between containers there is no doorbell, each worker looks every 2 s). From inside, no role could write to the image, the settings or the public keys, nor see another’s keys. A killed jailed child left no zombie; a role that stands still is told by \`sekisho health\` in 26 s; SIGTERM ends each container with 0.`,
    '',
    '| container | ready | doctor |',
    '|---|---|---|',
    ...Object.entries(up.doctor).map(
      ([role, lines]) => `| ${role} | ${((up.readyMs[role] ?? 0) / 1000).toFixed(2)} s | ${lines.join('<br>')} |`,
    ),
    '',
    'The three 512 MiB file systems of this stand are why `doctor` calls the stores short of room.',
    '',
    `Tests inside the test image (the image’s own files, dev dependencies beside them; test/e2e and test/unit/jail; read-only root, loopback only): as user 64002 without capabilities ${said(suites.user)}; as root with eight capabilities ${said(suites.root)}. Skipped: what needs bwrap, unshare or mounts of its own.`,
    '',
    `Offline: ${offline.megabytes} MB archive into a debootstrapped Debian 13 without network (interfaces: ${offline.told.get('interfaces')}); a changed byte, an added file, an added link, a missing file each stop the installation before anything is written. Then \`bin/start.js --once\` (no npm there): demo ${offline.told.get('demo')} (good, samples, received, valid receipts), and doctor:`,
    '',
    ...offline.doctor.map((line) => `- ${line}`),
    ...offline.said.map((line) => `- said on stderr: ${line}`),
    '',
    `docker-compose 2 of Debian 13 on compose.yaml (without an engine): ${compose}.`,
    '',
    NOT_EXERCISED,
  ].join('\n');
}
