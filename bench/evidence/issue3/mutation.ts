/** Every mutant of the rooms that must not be wrong, judged by their tests; the short form judges a stated sample. */
import { fileURLToPath } from 'node:url';
import { ROOMS, type Room } from '../../mutation/rooms.ts';
import { type Judged, runMutants } from '../../mutation/run.ts';
import { type Comparison, compare, readSurvivors } from '../../mutation/survivors.ts';
import { isSurvivor, scoreOf, scoreTable } from '../../mutation/table.ts';
import type { Section, SectionContext } from '../section.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const BAR = 85;
/** The short form: every mutant of these small files, so that a file whose tests fell asleep is seen in CI. */
const SHORT = ['src/policy/decide.ts', 'src/policy/policy.ts', 'src/gate/base64.ts', 'src/gate/words.ts'];
/** A room that shrinks until nothing is left to mutate must not pass. */
const LEAST_MUTANTS = 4_000;

export const mutation: Section = {
  name: 'mutation',
  bar: 'Mutation testing of gate/, inspect/, policy/ and the sanitizers’ rules: mutation score ≥ 85 % in the named rooms; survivors explained.',
  run: (context) => (context.short ? runShort(context) : runWhole(context)),
};

interface RoomResult {
  readonly room: Room;
  readonly judged: readonly Judged[];
  readonly seconds: number;
  readonly tests: number;
}

async function judgeRoom(room: Room, files: readonly string[], { say }: SectionContext): Promise<RoomResult> {
  say(`${room.name}: ${files.length} files`);
  const run = await runMutants({ root, files, tests: room.tests, say });
  return { room, judged: run.judged, seconds: run.seconds, tests: run.tests };
}

async function runShort(context: SectionContext) {
  const results: RoomResult[] = [];
  for (const room of ROOMS) {
    const files = room.files.filter((file) => SHORT.includes(file));
    if (files.length > 0) results.push(await judgeRoom(room, files, context));
  }
  return resultOf(results, true, context);
}

async function runWhole(context: SectionContext) {
  const results: RoomResult[] = [];
  for (const room of ROOMS) results.push(await judgeRoom(room, room.files, context));
  return resultOf(results, false, context);
}

function resultOf(results: readonly RoomResult[], isSample: boolean, { say }: SectionContext) {
  const judged = results.flatMap((result) => result.judged);
  const comparison = compare(judged, readSurvivors(root), true);
  const low = results.filter((result) => scoreOf(result.judged) < BAR).map(({ room }) => room.name);
  const problems = [
    ...low.map((name) => `score of ${name} below ${BAR} %`),
    ...comparison.unexplained.map((row) => `no reason for: ${row.replaceAll('\t', ' | ')}`),
    ...comparison.idle.map((row) => `a reason for a mutant that does not survive: ${row.replaceAll('\t', ' | ')}`),
    ...(isSample || judged.length >= LEAST_MUTANTS ? [] : [`only ${judged.length} mutants`]),
  ];
  for (const problem of problems.slice(0, 40)) say(problem);
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const scores = results.map((result) => `${result.room.name} ${scoreOf(result.judged).toFixed(1)} %`).join(', ');
  return {
    holds: problems.length === 0,
    summary: `${judged.length} mutants${isSample ? ' (sample)' : ''}: ${scores}; ${judged.filter(isSurvivor).length} survivors, ${comparison.unexplained.length} of them without a reason`,
    details: detailsOf(results, comparison, seconds),
  };
}

function detailsOf(results: readonly RoomResult[], comparison: Comparison, seconds: number): string {
  const rooms = results.map(
    ({ room, judged, tests, seconds: time }) =>
      `### ${room.name}: ${judged.length} mutants, ${tests} tests, ${Math.round(time)} s\n\n${scoreTable(judged)}`,
  );
  return [
    'All of Stryker’s operators (instrumenter 10.1.1), none left out; killed = a test fails, or the code no longer ends; unreached ones count as survived, explained ones too (docs/mutation.md).',
    ...rooms,
    `Survivors without a reason in fixtures/mutation: ${comparison.unexplained.length}. Whole time: ${Math.round(seconds)} s.`,
  ].join('\n\n');
}
