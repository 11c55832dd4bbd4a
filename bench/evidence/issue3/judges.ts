/**
 * All inputs of the corpora and the canary mails through the product, all judges over what came out; the same judges over
 * what the tests of attacks forwarded; each judge judged.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgesWith } from '../../../test/judges/all.ts';
import { honestSubjects } from '../../../test/judges/honest.ts';
import { missingOf } from '../../../test/judges/tools.ts';
import { trial } from '../../../test/judges/trial.ts';
import { openAviary } from '../../../test/kit/canary.ts';
import { canaryMails } from '../../../test/kit/canary-mails.ts';
import { openOffline } from '../../../test/kit/offline.ts';
import { type CollectedRun, collectedProblems, judgeCollected } from '../../corpus/collected.ts';
import { evenly, inputsOf } from '../../corpus/inputs.ts';
import { runCorpus } from '../../corpus/run.ts';
import { failuresOf, JUDGE_HEAD, judgeRows, KIND_HEAD, kindRows, problemsOf } from '../../corpus/table.ts';
import { markdownTable } from '../issue1/product.ts';
import type { Section, SectionContext } from '../section.ts';
import { testRun } from './test-run.ts';

/** The issue counts 768 inputs; a corpus that shrinks must not pass. */
const INPUTS = 768;
const SHORT = 24;

export const judges: Section = {
  name: 'judges',
  bar: 'All corpus inputs (768) and all attack tests: residual active content 0, canaries that must die 0, gate refusals of honest output 0, each judge’s positive control seen red.',
  async run(context) {
    const folder = mkdtempSync(join(tmpdir(), 'evidence-judges-'));
    try {
      return await measure(context, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure(context: SectionContext, folder: string) {
  const { shared, short, say } = context;
  const trials = await tryJudges(join(folder, 'trials'), say);
  const all = inputsOf(join(shared, 'corpora'));
  const inputs = short ? evenly(all, SHORT) : all;
  const run = await runCorpus(inputs, { folder: join(folder, 'corpus'), say, also: await plantedMails() });
  const { outputs, subset } = await testRun(context);
  const tests = await judgeCollected(outputs, join(folder, 'collected'), say, subset);
  const found = [...problemsOf(run), ...collectedProblems(tests).map((problem) => `of the tests: ${problem}`)];
  const missing = run.judges.flatMap(({ name, missing: tools }) =>
    tools.length > 0 ? [`${name} needs ${tools.join(', ')}`] : [],
  );
  const planted = run.rows.reduce((sum, row) => sum + row.canaries, 0);
  const problems = [
    ...trials.problems,
    ...missing,
    ...found,
    ...(all.length === INPUTS ? [] : [`${all.length} inputs in the corpora`]),
  ];
  for (const problem of problems.slice(0, 20)) say(problem);
  const refused = run.rows.filter((row) => row.refused.length > 0).length;
  const failures = failuresOf(run);
  const findings = findingsOf(run);
  return {
    holds: problems.length === 0,
    summary: `${run.rows.length} inputs, ${run.judges.length} judges: ${findings} findings; ${tests.messages} messages and ${tests.files} files that ${tests.forwarding} of ${tests.tests} tests forwarded: ${findingsOf(tests)} findings; ${refused} gate refusals of our own output, ${planted} words that must die or live planted; ${trials.asked} controls, ${trials.asked - trials.problems.length} seen red; ${failures.length} inputs with a part or child that failed`,
    details: [
      markdownTable(KIND_HEAD, kindRows(run)),
      markdownTable(
        [...JUDGE_HEAD, 'controls', 'looks for'],
        judgeRows(run).map((row, i) => [...row, trials.byJudge[i]?.asked ?? 0, trials.byJudge[i]?.looksFor ?? '']),
      ),
      testTable(tests),
      list('Problems', problems),
      list('Parts and children that failed (nothing crossed; named in the notice)', failures),
    ].join('\n\n'),
  };
}

const findingsOf = ({ judges: all }: Pick<CollectedRun, 'judges'>): number =>
  all.reduce((sum, judge) => sum + judge.findings.length, 0);

const testTable = (tests: CollectedRun): string =>
  [
    `What tests forwarded, once a content: ${tests.messages} messages, ${tests.files} files of converters; ${tests.dying} words that must die were planted by them, and ${tests.living} that must live, of which ${tests.unseen.length} were not seen. Of ${tests.tests} tests that passed ${tests.forwarding} forwarded something; files of tests that forward nothing stand with a reason in fixtures/threats/nothing-crosses.tsv, and ${tests.forgotten.length} were forgotten. Idempotence is asked of messages only; it and the parsers see at most ten messages of one test (properties make hundreds), all others every one.`,
    markdownTable(JUDGE_HEAD, judgeRows(tests)),
  ].join('\n\n');

const list = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? `${title}: none` : `${title}:\n${lines.map((line) => `- ${line}`).join('\n')}`;

interface Trials {
  readonly asked: number;
  readonly problems: readonly string[];
  readonly byJudge: readonly { readonly asked: number; readonly looksFor: string }[];
}

/** Every judge's own controls must be red, and honest output green. */
async function tryJudges(folder: string, say: (line: string) => void): Promise<Trials> {
  const offline = await openOffline();
  try {
    const honest = await honestSubjects(offline, join(folder, 'honest'));
    const problems: string[] = [];
    const byJudge: { asked: number; looksFor: string }[] = [];
    for (const judge of judgesWith(offline, join(folder, 'again'))) {
      if (missingOf(judge.needs).length > 0) {
        byJudge.push({ asked: 0, looksFor: judge.looksFor });
        continue;
      }
      const tried = await trial(judge, join(folder, judge.name));
      const blamed = await judge.judge(honest);
      problems.push(...tried.problems.map((problem) => `control not red: ${judge.name}: ${problem}`));
      problems.push(...blamed.map(({ subject, what }) => `honest output blamed: ${judge.name}: ${subject}: ${what}`));
      byJudge.push({ asked: tried.asked, looksFor: judge.looksFor });
    }
    const asked = byJudge.reduce((sum, each) => sum + each.asked, 0);
    say(`${asked} controls shown to ${byJudge.length} judges, ${problems.length} problems`);
    return { asked, problems, byJudge };
  } finally {
    await offline.close();
  }
}

/** The canary mails of the kit: words in every region of every format that we know of. */
async function plantedMails() {
  const aviary = openAviary();
  const mails = await canaryMails(aviary, 'soumu@t1.example');
  return mails.map(({ name, bytes }) => ({
    path: `canaries/${name}`,
    kind: 'canaries',
    file: '',
    bytes,
    canaries: aviary.canaries,
  }));
}
