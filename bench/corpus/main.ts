/**
 * `npm run corpus -- DIR [--json FILE] [--limit N]`: every file of a folder through the gateway (offline, real jail and
 * gate), all judges over what came out. Exit code 1 when a judge found something, the gate refused our own output, or
 * something of ours failed.
 *
 * `npm run corpus -- --collected DIR`: the same judges over what tests forwarded into DIR (SEKISHO_COLLECT_OUTPUTS=DIR npm test).
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collectedProblems, judgeCollected } from './collected.ts';
import { evenly, inputsOf } from './inputs.ts';
import { runCorpus } from './run.ts';
import { failuresOf, JUDGE_HEAD, judgeRows, KIND_HEAD, kindRows, plainTable, problemsOf } from './table.ts';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'string' },
    limit: { type: 'string' },
    only: { type: 'string' },
    keep: { type: 'string' },
    collected: { type: 'boolean' },
    judges: { type: 'string' },
  },
  allowPositionals: true,
});
const [dir = ''] = positionals;
const limit = Number(values.limit ?? Number.POSITIVE_INFINITY);
if (!existsSync(dir) || positionals.length !== 1 || !(limit > 0)) {
  process.stderr.write(
    'usage: npm run corpus -- DIR [--json FILE] [--limit N] [--only KINDS] [--judges NAMES] (regular expressions) [--keep FOLDER]\n' +
      '       npm run corpus -- --collected DIR [--judges NAMES] [--keep FOLDER]\n',
  );
  process.exit(2);
}

/** For a closer look: CI and evidence ask all of them. */
const wantedJudges = new RegExp(values.judges ?? '');
const kinds = new RegExp(values.only ?? '');
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'sekisho-corpus-'));
const say = (line: string): void => void process.stdout.write(`${line}\n`);
try {
  process.exitCode = values.collected === true ? await collected() : await corpus();
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}

/** @returns the exit code */
async function collected(): Promise<number> {
  const run = await judgeCollected(dir, folder, say, [], (name) => wantedJudges.test(name));
  const problems = collectedProblems(run);
  say(`\n${plainTable(JUDGE_HEAD, judgeRows(run))}`);
  for (const line of problems) say(`! ${line}`);
  say(
    `${run.messages} messages and ${run.files} files of ${run.forwarding} tests (${run.tests} passed): ${problems.length} problems`,
  );
  return problems.length === 0 ? 0 : 1;
}

/** @returns the exit code */
async function corpus(): Promise<number> {
  const inputs = evenly(
    inputsOf(dir).filter(({ kind }) => kinds.test(kind)),
    limit,
  );
  say(`${inputs.length} files of ${dir}`);
  const run = await runCorpus(inputs, { folder, say, judges: ({ name }) => wantedJudges.test(name) });
  const problems = problemsOf(run);
  say(`\n${plainTable(KIND_HEAD, kindRows(run))}\n\n${plainTable(JUDGE_HEAD, judgeRows(run))}`);
  for (const line of failuresOf(run)) say(`- ended in a failure of ours: ${line}`);
  for (const line of problems) say(`! ${line}`);
  say(problems.length === 0 ? '\nnothing found' : `\n${problems.length} problems`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(run, null, 1)}\n`);
  return problems.length === 0 ? 0 : 1;
}
