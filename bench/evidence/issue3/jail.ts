/**
 * The escape suite (test/kit/jail/escape) under each launcher, as root and as a plain user, here and in a Debian 13 userland;
 * what stays open without seccomp compared with what `doctor` says.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { writeDemoConfig } from '../../../src/cli/demo/settings.ts';
import { seccompFilter } from '../../../src/jail/seccomp.ts';
import { OPEN_DOOR_TEXTS, type OpenDoor } from '../../../src/message/texts-jail.ts';
import { ATTEMPTS } from '../../../test/kit/jail/escape/attempts.ts';
import { buildAddon } from '../../../test/kit/jail/escape/build-addon.ts';
import { judge, type Verdict } from '../../../test/kit/jail/escape/judge.ts';
import type { EscapeRun, LauncherRun } from '../../../test/kit/jail/escape/main.ts';
import type { Results } from '../../../test/kit/jail/escape/suite.ts';
import { makeUserland, runInUserland } from '../../image/userland.ts';
import { markdownTable } from '../issue1/product.ts';
import type { Section, SectionContext } from '../section.ts';

const SUITE = fileURLToPath(new URL('../../../test/kit/jail/escape/main.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The issue's least; the suite has four times as many. */
const LEAST_COUNTED = 24;

/** A user that is nobody's, without any capability: the jailed child then has its parent's own user id, the hardest case. */
const PLAIN_USER = [
  'setpriv',
  '--reuid',
  '64002',
  '--regid',
  '64002',
  '--clear-groups',
  '--bounding-set=-all',
  '--inh-caps=-all',
];

interface Column {
  readonly title: string;
  readonly run: LauncherRun;
  readonly outside: Results;
  readonly verdict: Verdict | undefined;
}

export const jail: Section = {
  name: 'jail',
  bar: 'Escape probe: 0 of ≥ 24 attempts succeed under setpriv in a Debian 13 userland (debootstrap) and under bwrap with our filter here (node executing itself again is the one thing listed as open); what stays open with `unshare` + rlimits + permissions alone is listed by `doctor` in words.',
  async run(context: SectionContext) {
    const missing = buildAddon();
    if (missing !== undefined) throw new Error(`the escape probe cannot be built: ${missing}`);
    const folder = mkdtempSync(join(process.env['SEKISHO_BUILD_DIR'] ?? '/var/tmp', 'sekisho-evidence-jail-'));
    try {
      return measure(context, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function measure({ short, say }: SectionContext, folder: string) {
  const columns: Column[] = [];
  const add = (where: string, text: string): void => {
    for (const column of columnsOf(where, JSON.parse(text) as EscapeRun)) {
      columns.push(column);
      say(`${column.title}: ${summaryOf(column)}`);
    }
  };
  add('here, root', here([], short ? ['bwrap'] : ['bwrap', 'unshare']));
  let userland = 'not made in the short form';
  if (!short) {
    add('here, plain user', here(PLAIN_USER, ['bwrap', 'unshare']));
    const debian = makeUserland(folder);
    userland = debian.setpriv;
    add('Debian 13, root', there(runInUserland(debian, [process.execPath, SUITE, 'setpriv'])));
    add('Debian 13, plain user', there(runInUserland(debian, [...PLAIN_USER, process.execPath, SUITE, 'setpriv'])));
  }
  const words = doctorWords('unshare');
  const problems = [...columns.flatMap(problemsOf), ...(short ? [] : wordsProblems(columns, words))];
  for (const problem of problems) say(problem);
  const strong = columns.filter(({ run }) => run.launcher !== 'unshare');
  const least = Math.min(...strong.map(({ verdict }) => verdict?.counted.length ?? 0));
  const escapes = columns.reduce((sum, { verdict }) => sum + (verdict?.escaped.length ?? 0), 0);
  const open = columns.filter(({ run }) => run.launcher === 'unshare').map(({ verdict }) => throughOf(verdict).length);
  return {
    holds: problems.length === 0,
    summary: `${ATTEMPTS.length} attempts, at least ${least} of them proven by a control outside: ${escapes} got through unannounced; under ${[...new Set(strong.map(({ run }) => run.launcher))].join(' and ')} only node becoming node again${open.length === 0 ? '' : `; under unshare alone ${open.join(' and ')} (root, plain user) by the ${words.length} ways that doctor names`}`,
    details: detailsOf(columns, words, problems, userland),
  };
}

function here(prefix: readonly string[], launchers: readonly string[]): string {
  const [file = '', ...args] = [...prefix, process.execPath, SUITE, ...launchers];
  const env = { ...process.env, HOME: prefix.length === 0 ? process.env['HOME'] : '/tmp' };
  return there(spawnSync(file, args, { encoding: 'utf8', cwd: ROOT, env, timeout: 600_000, maxBuffer: 64 * 2 ** 20 }));
}

function there({
  status,
  stdout,
  stderr,
}: {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}): string {
  if (status !== 0) throw new Error(`the suite ended with ${status}: ${stderr.slice(-1000)}`);
  return stdout;
}

function columnsOf(where: string, { outside, launchers }: EscapeRun): readonly Column[] {
  const control: Results = new Map(Object.entries(outside));
  return launchers.map((run) => ({
    title: `${run.launcher} (${where})`,
    run,
    outside: control,
    verdict:
      run.attempts === undefined ? undefined : judge(control, new Map(Object.entries(run.attempts)), run.doors ?? []),
  }));
}

const throughOf = (verdict: Verdict | undefined): readonly string[] =>
  verdict === undefined ? [] : [...new Set([...verdict.byDoor.values()].flat()), ...verdict.escaped];

function summaryOf({ run, verdict }: Column): string {
  if (verdict === undefined) return `nothing tried: ${run.failed}`;
  const through = throughOf(verdict);
  return `${verdict.counted.length} of ${ATTEMPTS.length} attempts proven by their control, ${through.length} got through${through.length === 0 ? '' : ` (${through.join(', ')})`}, ${verdict.escaped.length} of them unannounced`;
}

function problemsOf({ title, run, verdict }: Column): readonly string[] {
  if (verdict === undefined) return [`${title}: nothing was tried: ${run.failed}`];
  const isStrong = run.launcher !== 'unshare';
  const through = throughOf(verdict);
  return [
    ...verdict.escaped.map((id) => `${title}: ${id} got through, and doctor does not say so`),
    ...(verdict.counted.length < LEAST_COUNTED
      ? [`${title}: only ${verdict.counted.length} attempts prove anything`]
      : []),
    ...(isStrong && through.some((id) => id !== 'exec-node') ? [`${title}: open: ${through.join(', ')}`] : []),
  ];
}

interface Words {
  readonly door: OpenDoor;
  readonly en: string;
  readonly ja: string;
}

/** What `sekisho doctor` itself prints, not what its source says. */
function doctorWords(launcher: string): readonly Words[] {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-doctor-'));
  const config = writeDemoConfig(folder, { smtp: 0, sink: 1, admin: 0 });
  const settings = parse(readFileSync(config, 'utf8')) as Record<string, unknown>;
  writeFileSync(config, stringify({ ...settings, jail: { launcher } }));
  const { stdout, stderr } = spawnSync(process.execPath, [MAIN, 'doctor', '--config', config, '--json'], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  try {
    const findings = JSON.parse(stdout) as readonly { about: string; said: { en: string; ja: string } }[];
    return findings
      .filter(({ about }) => about.startsWith('jail/open/'))
      .map(({ about, said }) => ({ door: about.slice('jail/open/'.length) as OpenDoor, ...said }));
  } catch {
    throw new Error(`doctor said no JSON: ${stdout.slice(0, 200)} ${stderr.slice(0, 500)}`);
  }
}

/** Doctor's list is neither too short (problemsOf) nor invented: each way it names was gone by some attempt. */
function wordsProblems(columns: readonly Column[], words: readonly Words[]): readonly string[] {
  const loose = columns.filter(({ run }) => run.launcher === 'unshare');
  const told = new Set(loose.flatMap(({ run }) => run.doors ?? []));
  const said = new Set(words.map(({ door }) => door));
  return [
    ...[...told].filter((door) => !said.has(door)).map((door) => `doctor does not say: ${door}`),
    ...[...said]
      .filter((door) => !loose.some(({ verdict }) => (verdict?.byDoor.get(door)?.length ?? 0) > 0))
      .map((door) => `doctor says ${door}, and no attempt went that way`),
    ...words
      .filter(({ en, door }) => en !== OPEN_DOOR_TEXTS[door].en)
      .map(({ door }) => `doctor has other words for ${door}`),
  ];
}

const SAID_CHARS = 28;

function cell({ run, verdict }: Column, id: string): string {
  const tried = run.attempts?.[id];
  if (tried === undefined || verdict === undefined) return '?';
  if (tried.could) return '**open**';
  const said = tried.said.length > SAID_CHARS ? `${tried.said.slice(0, SAID_CHARS)}…` : tried.said;
  return verdict.counted.includes(id) ? said : `(${said})`;
}

function detailsOf(
  columns: readonly Column[],
  words: readonly Words[],
  problems: readonly string[],
  userland: string,
): string {
  const filters = ['x64', 'arm64'].map((arch) => `${(seccompFilter(arch)?.length ?? 0) / 8} (${arch})`).join(', ');
  return [
    ...(problems.length === 0 ? [] : ['**Problems**', '', ...problems.map((problem) => `- ${problem}`), '']),
    'The attacker stands where jail/child.ts stands (same launcher, same order, same limits and flags), has native code at hand (system calls without libc or node, test/kit/jail/escape/addon.c), and is told where configuration, keys, database, stores, sockets and the parent’s memory lie. ' +
      'Each attempt’s control is the same program outside; in brackets: the control fails too (as that user, on this kernel), so the refusal proves nothing. What reached listeners, files and signal handlers outside counts whatever the attempt itself said.',
    '',
    `Debian 13 userland: ${userland}. seccomp filter: instructions ${filters}.`,
    '',
    ...columns.map(
      (column) => `- ${column.title}: ${summaryOf(column)}. Layers: ${column.run.held?.join(', ') ?? 'none'}.`,
    ),
    '',
    '`sekisho doctor` with jail.launcher: unshare says:',
    '',
    ...words.map(({ door, en, ja }) => `- jail/open/${door}: ${en} / ${ja}`),
    '',
    markdownTable(
      ['aim', 'attempt', ...columns.map(({ title }) => title)],
      ATTEMPTS.map(({ id, aim, what }) => [aim, `${what} \`${id}\``, ...columns.map((column) => cell(column, id))]),
    ),
    '',
    'Not exercised: aarch64 (the filter’s bytes are run by an interpreter only), a Docker or Podman engine’s own profile around it, kernels before 6.18.',
  ].join('\n');
}
