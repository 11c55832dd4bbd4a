/**
 * Every mutant of the rooms that must not be wrong, judged by their tests. The whole need not be run at once: what was seen
 * of a room is kept (docs/evidence/mutation), and `SEKISHO_MUTATION_ROOMS=inspect,policy` runs those and takes the others
 * from there; empty runs none. A room of which a file or a judging test changed since falls short until it is run again.
 * The short form judges all mutants of a few small files.
 */
import { fileURLToPath } from 'node:url';
import { changedSince, digestsOf, keepRecord, keptRecord, type RoomRecord, recordOf } from '../../mutation/records.ts';
import { ROOMS, type Room } from '../../mutation/rooms.ts';
import { type Judged, runMutants } from '../../mutation/run.ts';
import { type Comparison, compare, readSurvivors } from '../../mutation/survivors.ts';
import { isSurvivor, percentOf, scoreTable, sumOf, survivorKey, survivorLines } from '../../mutation/table.ts';
import type { Section, SectionContext } from '../section.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const BAR = 85;
/** A room that shrinks until nothing is left to mutate must not pass. */
const LEAST_MUTANTS = 4_000;

/** Small files, judged by their own tests alone: seconds, and CI sees a test that fell asleep. */
const SHORT: readonly Room[] = [
  {
    name: 'sample of gate',
    files: ['src/gate/base64.ts', 'src/gate/words.ts'],
    tests: ['test/unit/gate/base64.test.ts', 'test/unit/gate/words.test.ts'],
  },
  {
    name: 'sample of policy',
    files: ['src/policy/decide.ts', 'src/policy/policy.ts'],
    tests: ['test/unit/policy/decide.test.ts', 'test/unit/policy/policy.test.ts'],
  },
  { name: 'sample of inspect', files: ['src/inspect/path.ts'], tests: ['test/unit/inspect/path.test.ts'] },
];

export const mutation: Section = {
  name: 'mutation',
  bar: 'Mutation testing of gate/, inspect/, policy/ and the sanitizers’ rules: mutation score ≥ 85 % in the named rooms; survivors explained.',
  run: (context) => (context.short ? runShort(context) : runWhole(context)),
};

interface Result {
  readonly record: RoomRecord;
  readonly stale: readonly string[];
}

async function judgeRoom(room: Room, { say }: SectionContext): Promise<RoomRecord> {
  say(`${room.name}: ${room.files.length} files`);
  const known = new Set(readSurvivors(root).map(({ key }) => key));
  const hear = (judged: Judged): void => {
    if (isSurvivor(judged) && !known.has(survivorKey(judged))) say(survivorLines(judged));
  };
  const digests = digestsOf(root, room);
  const run = await runMutants({ root, files: room.files, tests: room.tests, hear, say });
  return recordOf(root, room, run, digests);
}

async function runShort(context: SectionContext) {
  const results: Result[] = [];
  for (const room of SHORT) results.push({ record: await judgeRoom(room, context), stale: [] });
  return resultOf(results, [], true, context);
}

async function runWhole(context: SectionContext) {
  const wanted = process.env['SEKISHO_MUTATION_ROOMS']?.split(',').filter((name) => name !== '');
  const unknown = wanted?.filter((name) => !ROOMS.some((room) => room.name === name)) ?? [];
  if (unknown.length > 0) throw new Error(`no room ${unknown.join(', ')}; there are ${ROOMS.map(({ name }) => name)}`);
  for (const room of ROOMS) if (wanted?.includes(room.name) ?? true) keepRecord(root, await judgeRoom(room, context));
  const results = ROOMS.flatMap((room): readonly Result[] => {
    const record = keptRecord(root, room.name);
    return record === undefined ? [] : [{ record, stale: changedSince(root, room, record) }];
  });
  const unseen = ROOMS.map(({ name }) => name).filter((name) => !results.some(({ record }) => record.room === name));
  return resultOf(results, unseen, false, context);
}

function resultOf(results: readonly Result[], unseen: readonly string[], isSample: boolean, { say }: SectionContext) {
  const records = results.map(({ record }) => record);
  const scores = records.flatMap((record) => record.scores);
  const comparison = compare(records, readSurvivors(root));
  const problems = [
    ...unseen.map((name) => `${name} was never run whole`),
    ...results
      .filter(({ stale }) => stale.length > 0)
      .map(({ record, stale }) => `${record.room}: changed since ${record.commit}: ${stale.join(', ')}`),
    ...records.filter((one) => percentOf(one.scores) < BAR).map(({ room }) => `score of ${room} below ${BAR} %`),
    ...comparison.unexplained.map((key) => `no reason for: ${key.replaceAll('\t', ' | ')}`),
    ...comparison.idle.map((key) => `a reason for a mutant that does not survive: ${key.replaceAll('\t', ' | ')}`),
    ...(isSample || sumOf(scores, 'mutants') >= LEAST_MUTANTS ? [] : [`only ${sumOf(scores, 'mutants')} mutants`]),
  ];
  for (const problem of problems.slice(0, 40)) say(problem);
  const percents = records.map((one) => `${one.room} ${percentOf(one.scores).toFixed(1)} %`).join(', ');
  const survived = `${sumOf(scores, 'survived')} survivors, ${comparison.unexplained.length} of them without a reason`;
  const isComplete = unseen.length === 0 && results.every(({ stale }) => stale.length === 0);
  return {
    holds: problems.length === 0,
    summary: `${sumOf(scores, 'mutants')} mutants${isSample ? ' (sample)' : ''}: ${percents}; ${survived}${isComplete ? '' : '; rooms never run or changed since: see below'}`,
    details: detailsOf(results, unseen, comparison),
  };
}

function detailsOf(results: readonly Result[], unseen: readonly string[], comparison: Comparison): string {
  const rooms = results.map(({ record, stale }) => {
    const { room, commit, date, seconds, tests, scores } = record;
    const old = stale.length === 0 ? '' : `\n\n**Changed since: ${stale.join(', ')}.**`;
    const title = `### ${room}: ${sumOf(scores, 'mutants')} mutants, ${tests} tests, ${seconds} s (commit ${commit}, ${date})`;
    return `${title}\n\n${scoreTable(scores)}${old}`;
  });
  const seconds = results.reduce((sum, { record }) => sum + record.seconds, 0);
  return [
    'All of Stryker’s operators (instrumenter 10.1.1), none left out; killed = a test fails, or the code no longer ends; unreached ones count as survived, explained ones too (docs/mutation.md).',
    ...rooms,
    ...unseen.map((name) => `### ${name}: never run whole`),
    `Survivors without a reason in fixtures/mutation: ${comparison.unexplained.length}; reasons without a survivor: ${comparison.idle.length}. Whole time: ${seconds} s.`,
  ].join('\n\n');
}
