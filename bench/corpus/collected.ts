/**
 * What the tests forwarded (test/kit/collect) before all judges: messages as they are, files of converters as attachments of
 * a letter. A test file of attacks or of whole gateways that forwarded nothing must stand in fixtures/threats/nothing-crosses.tsv.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgesWith } from '../../test/judges/all.ts';
import type { Judge, LeafType, Subject } from '../../test/judges/judge.ts';
import { letterSubject } from '../../test/judges/letter.ts';
import { KINDS, layOut, promisedByLeaves } from '../../test/judges/subject.ts';
import type { Canary } from '../../test/kit/canary.ts';
import { type Collected, isOfInterest } from '../../test/kit/collect/collector.ts';
import { readForwarded, shownText } from '../../test/kit/forwarded.ts';
import { openOffline } from '../../test/kit/offline.ts';
import { ask, type JudgeRun } from './run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface CollectedRun {
  readonly messages: number;
  readonly files: number;
  /** Tests that passed, and how many of them forwarded something. */
  readonly tests: number;
  readonly forwarding: number;
  /** Words planted by tests that forwarded a message, by fate. */
  readonly dying: number;
  readonly living: number;
  /** Those that must live and that no reader finds in what their test forwarded. */
  readonly unseen: readonly string[];
  readonly judges: readonly JudgeRun[];
  /** Test files that forwarded nothing without a reason, did not run, or have a reason that is none any more. */
  readonly forgotten: readonly string[];
}

interface Ran {
  readonly file: string;
  readonly test: string;
  readonly state: string;
}

/**
 * @param folder what SEKISHO_COLLECT_OUTPUTS named; @param work a new folder
 * @param subset folders of tests that ran; none: all; @param wanted which judges
 */
export async function judgeCollected(
  folder: string,
  work: string,
  say: (line: string) => void = () => undefined,
  subset: readonly string[] = [],
  wanted: (judge: string) => boolean = () => true,
): Promise<CollectedRun> {
  const all = linesOf<Collected>(folder, 'collected.jsonl');
  const reasons = nothingCrosses();
  const rows = all.filter(({ test }) => reasons.get(fileOf(test))?.what !== 'own');
  const ran = linesOf<Ran>(folder, 'tests.jsonl');
  const canaries = linesOf<Canary & { readonly test: string }>(folder, 'canaries.jsonl');
  const dying = canaries.filter(({ fate }) => fate === 'die');
  const messages = messageSubjects(folder, rows, work, dying);
  const letters = letterSubjects(folder, rows, work, dying);
  say(`${messages.length} messages, ${letters.length} letters of files, ${dying.length} words that must die`);
  const offline = await openOffline();
  const judges: JudgeRun[] = [];
  try {
    for (const judge of judgesWith(offline, join(work, 'again'))) {
      if (judge.name === 'network silence' || !wanted(judge.name)) continue;
      judges.push(await ask(judge, subjectsFor(judge, messages, letters)));
      const { name, findings, ms } = judges.at(-1) as JudgeRun;
      say(`${name}: ${findings.length} findings, ${ms} ms`);
    }
  } finally {
    await offline.close();
  }
  const forwarding = new Set(rows.map(({ test }) => test));
  return {
    messages: messages.length,
    files: new Set(rows.filter(({ kind }) => kind === 'file').map(({ file }) => file)).size,
    tests: ran.filter(({ state }) => state === 'pass').length,
    forwarding: ran.filter(({ test }) => forwarding.has(test)).length,
    dying: dying.length,
    ...livingIn(folder, rows, canaries),
    judges,
    forgotten: forgottenIn(all, ran, subset),
  };
}

export const collectedProblems = ({ judges, unseen, forgotten }: CollectedRun): readonly string[] => [
  ...judges.flatMap(({ name, findings }) => findings.map(({ path, what }) => `${name}: ${path}: ${what}`)),
  ...judges.flatMap(({ name, missing }) =>
    missing.length > 0 ? [`judge ${name} did not judge: needs ${missing.join(', ')}`] : [],
  ),
  ...unseen,
  ...forgotten,
];

/** Properties are tried hundreds of times in one test; these two take a tenth of a second for each message. */
const SLOW = ['parsers', 'idempotence'];
const MOST_OF_ONE_TEST = 10;

/** They try policies of their own (loose files, parts), under which the second passage would have to go as well. */
const OTHER_POLICY = ['test/attacks/archives/fuzz.test.ts'];

/** Files of converters are not asked to come back the same: tests draw at other resolutions than the product. */
function subjectsFor({ name }: Judge, messages: readonly Subject[], letters: readonly Subject[]): readonly Subject[] {
  const some = [...Map.groupBy(messages, ({ id }) => id).values()].flatMap((same) => same.slice(0, MOST_OF_ONE_TEST));
  if (name === 'idempotence') return some.filter(({ id }) => !OTHER_POLICY.includes(fileOf(id)));
  return [...(SLOW.includes(name) ? some : messages), ...letters];
}

const linesOf = <Row>(folder: string, name: string): readonly Row[] =>
  existsSync(join(folder, name))
    ? readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row)
    : [];

/** As people see it: header, text, names, texts of PDFs; pictures of words are nobody's to read here. */
function livingIn(
  folder: string,
  rows: readonly Collected[],
  canaries: readonly (Canary & { readonly test: string })[],
): Pick<CollectedRun, 'living' | 'unseen'> {
  const messages = Map.groupBy(
    rows.filter(({ kind }) => kind !== 'file'),
    ({ test }) => test,
  );
  const living = canaries.filter(({ fate, test }) => fate === 'live' && messages.has(test));
  const unseen = [...Map.groupBy(living, ({ test }) => test)].flatMap(([test, planted]) => {
    const files = new Set(messages.get(test)?.map(({ file }) => file));
    const shown = [...files].map((file) => shownText(readForwarded(readFileSync(join(folder, file))))).join('\n');
    return planted
      .filter(({ token }) => !shown.includes(token))
      .map(({ region }) => `${test}: what must live is not seen: ${region}`);
  });
  return { living: living.length, unseen };
}

/** One for each content, under the name of the first test that made it. */
function messageSubjects(
  folder: string,
  rows: readonly Collected[],
  work: string,
  canaries: readonly Canary[],
): readonly Subject[] {
  const byFile = Map.groupBy(
    rows.filter(({ kind }) => kind !== 'file'),
    ({ file }) => file,
  );
  return [...byFile].map(([file, same], i) => {
    const id = same[0]?.test ?? '';
    const message = readFileSync(join(folder, file));
    const told = same.find(({ promised }) => promised !== undefined)?.promised;
    const laid = layOut(join(work, `message-${i}`), { id, message, promised: told ?? [], canaries });
    return told === undefined ? { ...laid, promised: promisedByLeaves(laid) } : laid;
  });
}

/** Enough for one letter; the product itself sends 500 at most. */
const FILES_A_LETTER = 40;

function letterSubjects(
  folder: string,
  rows: readonly Collected[],
  work: string,
  canaries: readonly Canary[],
): readonly Subject[] {
  const firsts = new Map(rows.filter(({ kind }) => kind === 'file').map((row) => [row.file, row]));
  const byTest = Map.groupBy(firsts.values(), ({ test }) => test);
  const letters = [...byTest].flatMap(([test, all]) =>
    Array.from({ length: Math.ceil(all.length / FILES_A_LETTER) }, (_, i) => ({
      test,
      files: all.slice(i * FILES_A_LETTER, (i + 1) * FILES_A_LETTER),
    })),
  );
  return letters.map(({ test, files }, i) => {
    const content = files.map(({ file }, at) => {
      const type = typeOf(file);
      return { name: `${at}.${KINDS[type].end}`, type, bytes: readFileSync(join(folder, file)) };
    });
    const laid = letterSubject(work, `letter ${i}`, { files: content });
    return { ...laid, id: test, canaries, promised: promisedByLeaves(laid) };
  });
}

/** A file of no kind of ours is shown as a text: the text rules then blame it. */
const typeOf = (file: string): Exclude<LeafType, 'unknown'> =>
  (Object.keys(KINDS) as Exclude<LeafType, 'unknown'>[]).find((type) => file.endsWith(`.${KINDS[type].end}`)) ?? 'text';

/** Test files of which something is wanted. */
const testFiles = (): readonly string[] =>
  ['attacks', 'e2e'].flatMap((room) =>
    readdirSync(join(ROOT, 'test', room), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
  );

const fileOf = (test: string): string => test.split(' › ')[0] ?? '';

/**
 * nothing: no test of this file forwards anything. own: what it forwards is a letter that the test wrote, or a faked
 * neighbour's answer, and not the product's output.
 */
export interface Reason {
  readonly what: 'nothing' | 'own';
  readonly why: string;
}

export const nothingCrosses = (): ReadonlyMap<string, Reason> =>
  new Map(
    readFileSync(join(ROOT, 'fixtures/threats/nothing-crosses.tsv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => {
        const [file = '', what = '', why = ''] = line.split('\t');
        if ((what !== 'nothing' && what !== 'own') || why.length < 10) {
          throw new Error(`nothing-crosses.tsv: no reason for ${file}`);
        }
        return [file, { what, why }] as const;
      }),
  );

/** @param subset folders of tests that ran, none: all; @param files all that there are */
export function forgottenIn(
  rows: readonly Pick<Collected, 'test'>[],
  ran: readonly Ran[],
  subset: readonly string[] = [],
  all: readonly string[] = testFiles(),
  reasons: ReadonlyMap<string, Reason> = nothingCrosses(),
): readonly string[] {
  const files = all.filter((file) => subset.length === 0 || subset.some((folder) => file.startsWith(`${folder}/`)));
  const forwarding = new Set(rows.map(({ test }) => fileOf(test)));
  const started = new Set(ran.filter(({ state }) => state === 'pass').map(({ file }) => file));
  return [
    ...files.filter((file) => !started.has(file)).map((file) => `${file}: no test of it passed`),
    ...files
      .filter((file) => started.has(file) && !forwarding.has(file) && !reasons.has(file))
      .map((file) => `${file}: nothing of it was judged, and nobody says why`),
    ...[...reasons].flatMap(([file, { what }]) => {
      if (!started.has(file))
        return subset.length > 0 ? [] : [`${file}: stands in nothing-crosses.tsv and is no test that passed`];
      if (forwarding.has(file) === (what === 'own')) return [];
      return [
        `${file}: stands in nothing-crosses.tsv as «${what}» and forwards ${what === 'own' ? 'nothing' : 'something'}`,
      ];
    }),
    ...rows.filter(({ test }) => !isOfInterest(test)).map(({ test }) => `${test}: kept without need`),
  ];
}
