/**
 * Fuzzing: the runs that the state folder holds (.sekisho-fuzz, made by `npm run fuzz`), topped up to the bar on today's code, summed
 * and judged. The short form runs every target a little, from nothing. With SEKISHO_FUZZ_AS_IS=1 nothing is run: what the folder
 * holds is told as it is.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problemsOf, repaired, type Summary, summaryOf } from '../../fuzz/summary.ts';
import type { Target } from '../../fuzz/target.ts';
import { targets } from '../../fuzz/targets.ts';
import { markdownTable } from '../issue1/product.ts';
import type { Section, SectionContext } from '../section.ts';

const MAIN = fileURLToPath(new URL('../../fuzz/main.ts', import.meta.url));
const STATE = fileURLToPath(new URL('../../../.sekisho-fuzz', import.meta.url));
/** Today's code gets at least this part of a bar, also where earlier runs reached it. */
const TODAY = 0.01;
/** The short form runs this part of a bar. */
const SHORT = 1 / 2000;

export const fuzz: Section = {
  name: 'fuzz',
  bar: 'Fuzzing, executions at least: MIME, HTML, charsets, ZIP, SMTP 200,000 each; images 50,000; PDF 20,000; V8 block coverage of our TypeScript grows ≤ 0.5 % in the last tenth; crashes found and fixed, listed.',
  async run(context) {
    if (!context.short)
      return sectionOf(
        targets.map((target) => topUp(target, STATE, context)),
        false,
      );
    const folder = mkdtempSync(join(tmpdir(), 'evidence-fuzz-'));
    try {
      return sectionOf(
        targets.map((target) => topUp(target, folder, context)),
        true,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function topUp(target: Target, state: string, { short, shared, say }: SectionContext): Summary {
  const folder = join(state, target.name);
  if (!short && process.env['SEKISHO_FUZZ_AS_IS'] === '1') return summaryOf(target, folder);
  const before = short ? 0 : summaryOf(target, folder).progress.executions;
  const left = Math.max(target.wanted - before, Math.ceil(TODAY * target.wanted));
  const executions = short ? Math.ceil(SHORT * target.wanted) : left;
  const size = ['--executions', `${executions}`];
  const seed = `${1 + (before % 1_000_000)}`;
  // Without corpora there are fewer inputs to begin with: seconds, not minutes.
  const env = { ...process.env, SEKISHO_SHARED: short ? '/nowhere' : shared };
  const run = spawnSync(process.execPath, [MAIN, target.name, ...size, '--seed', seed, '--state', folder], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (run.status !== 0 && run.status !== 1) throw new Error(`${target.name}: the fuzzer itself failed`);
  const summary = summaryOf(target, folder);
  if (!short) say(`${target.name}: ${problemsOf(summary).join('; ') || 'holds'}`);
  return summary;
}

const percent = (part: number): string => `${(100 * part).toFixed(2)} %`;

function sectionOf(all: readonly Summary[], short: boolean) {
  // A short run reaches neither the executions nor an end of what is new.
  const problems = all.flatMap((summary) =>
    (short ? summary.open.map(({ problem }) => problem) : problemsOf(summary)).map(
      (problem) => `${summary.target.name}: ${problem}`,
    ),
  );
  const executions = all.reduce((sum, { progress }) => sum + progress.executions, 0);
  const found = repaired();
  return {
    holds: problems.length === 0,
    summary: `${executions} distinct inputs over ${all.length} targets, ${all.map(({ target, progress }) => `${target.name} ${progress.executions}`).join(', ')}; growth in the last tenth at most ${percent(Math.max(...all.map(({ growth }) => growth)))}; ${problems.length} problems; ${found.length} findings kept as fixtures`,
    details: [
      markdownTable(
        [
          'target',
          'executions',
          'bar',
          'duplicates (not counted)',
          'refused',
          'read',
          'written',
          'costly oracles',
          'blocks reached',
          'blocks',
          'growth',
          'slowest, ms of CPU',
          'kinds of finding',
          'fail today',
        ],
        all.map(({ target, progress, covered, blocks, growth, open }) => [
          ...[target.name, progress.executions, target.wanted, progress.duplicates],
          ...[progress.depths.refused, progress.depths.read, progress.depths.written, progress.scrutinised],
          ...[covered, blocks, percent(growth), progress.slowestMs, progress.findings.length, open.length],
        ]),
      ),
      'An execution is one distinct mutated input through the child’s own function with gate, inspector, report schema and the independent grammar judge (SMTP: through the server, with an oracle that reads the octets sent). Refused: nothing got past the first step; written: something of it came out. Costly oracles: output fed in again, planted words looked for. A block is what lies between two neighbouring ends of ranges that V8 reports for the target’s rooms; growth is the part of the blocks reached that the last tenth of the executions reached first; files changed since a run are measured anew from the inputs that it kept.',
      runsOf(all),
      list('Findings, kept as fixtures', found),
      list('Problems', problems),
    ].join('\n\n'),
  };
}

const runsOf = (all: readonly Summary[]): string =>
  markdownTable(
    ['target', 'commit', 'seeds', 'first', 'last', 'executions', 'CPU ms each'],
    all.flatMap(({ target, progress }) =>
      [...Map.groupBy(progress.runs, ({ commit, changed }) => commit + (changed ? ' and changes' : ''))].map(
        ([commit, runs]) => {
          const executions = runs.reduce((sum, run) => sum + run.executions, 0);
          const cpuMs = runs.reduce((sum, run) => sum + run.cpuMs, 0);
          const seeds = [...new Set(runs.map(({ seed }) => seed))];
          return [
            target.name,
            commit,
            seeds.slice(0, 5).join(' ') + (seeds.length > 5 ? ' …' : ''),
            runs[0]?.startedAt.slice(0, 16) ?? '',
            runs.at(-1)?.endedAt.slice(0, 16) ?? '',
            executions,
            executions === 0 ? '' : (cpuMs / executions).toFixed(1),
          ];
        },
      ),
    ),
  );

const list = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? `${title}: none` : `${title}:\n${lines.map((line) => `- ${line}`).join('\n')}`;
