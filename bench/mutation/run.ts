/** Judges all mutants of some files by some tests: one copy of the tree, one judging process at a time, watched from here. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { copyTree } from './copy.ts';
import { instrument, type Mutant } from './instrument.ts';
import type { Baseline, FromJudge, JudgeTask, ToJudge, Verdict } from './protocol.ts';

export interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

export interface MutationRun {
  readonly judged: readonly Judged[];
  readonly tests: number;
  readonly seconds: number;
}

export interface MutationOptions {
  readonly root: string;
  readonly files: readonly string[];
  /** Test files; all of their tests must pass without a mutant. */
  readonly tests: readonly string[];
  /** Which mutants to judge, all by default. */
  readonly choose?: (mutants: readonly Mutant[]) => readonly Mutant[];
  /** Tests that take longer are left out: for a quick look only. */
  readonly mostMs?: number;
  /** Hears each verdict at once. */
  readonly hear?: (judged: Judged) => void;
  say(line: string): void;
}

const FOR_EVER = 1e9;
const JUDGE = fileURLToPath(new URL('./judge.ts', import.meta.url));

/** A mutant that fills the memory shall end its process soon. */
const MEMORY = '--max-old-space-size=2500';
/** CPU time without a word before the process is ended: so many times what the tests took, and so much at least. */
const CPU_FACTOR = 10;
const CPU_FLOOR_MS = 3_000;
/** Loading all tests and running them once without a mutant; also what a test may wait without using the CPU. */
const PATIENCE_MS = 600_000;
/** Modules loaded again are never freed: a process judges so many, then another goes on. */
const BATCH = 600;

/** @throws Error when a test is red without a mutant */
export async function runMutants(options: MutationOptions): Promise<MutationRun> {
  const { root, files, tests, choose, mostMs = FOR_EVER, hear, say } = options;
  const startedAt = Date.now();
  process.once('SIGINT', leave).once('SIGTERM', leave);
  const { mutants, texts } = await instrument(root, files);
  const copy = copyTree(root, texts);
  process.once('exit', copy.remove);
  try {
    const task: JudgeTask = {
      folder: copy.folder,
      files,
      tests,
      mutants: mutants.map(({ id, file }) => ({ id, file })),
      mostMs,
    };
    const baseline = await baselineOf(task);
    const chosen = choose?.(mutants) ?? mutants;
    say(`${files.length} files, ${chosen.length} of ${mutants.length} mutants, ${baseline.tests.length} tests`);
    const byId = new Map(chosen.map((mutant) => [mutant.id, mutant]));
    const verdicts = await judgeAll(task, baseline, [...byId.keys()], (id, verdict, count) => {
      const mutant = byId.get(id);
      if (mutant !== undefined) hear?.({ mutant, verdict });
      if (count % 250 === 0) say(`${count} of ${byId.size} judged`);
    });
    const judged = chosen.map((mutant) => ({ mutant, verdict: verdicts.get(mutant.id) ?? lost(mutant) }));
    return { judged, tests: baseline.tests.length, seconds: (Date.now() - startedAt) / 1000 };
  } finally {
    copy.remove();
    process.off('exit', copy.remove);
    process.off('SIGINT', leave).off('SIGTERM', leave);
  }
}

/** An exit in order ends the judging process as well: one in an endless loop does not hear that its parent is gone. */
const leave = (): never => process.exit(130);

function lost(mutant: Mutant): never {
  throw new Error(`no verdict about mutant ${mutant.id} of ${mutant.file}`);
}

async function baselineOf(task: JudgeTask): Promise<Baseline> {
  let baseline: Baseline | undefined;
  const ended = await converse({ kind: 'baseline', task }, (message) => {
    if (message.kind === 'red') throw new Error(`red without a mutant: ${message.test}: ${message.error}`);
    if (message.kind === 'baseline') baseline = message.baseline;
    return PATIENCE_MS;
  });
  if (baseline === undefined) throw new Error(`the tests did not end: ${ended}`);
  return baseline;
}

async function judgeAll(
  task: JudgeTask,
  baseline: Baseline,
  ids: readonly string[],
  hear: (id: string, verdict: Verdict, count: number) => void,
): Promise<ReadonlyMap<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  let waiting = ids;
  while (waiting.length > 0) {
    let current: string | undefined;
    const message: ToJudge = { kind: 'judge', task, baseline, ids: waiting.slice(0, BATCH) };
    const before = verdicts.size;
    const ended = await converse(message, (answer) => {
      if (answer.kind === 'begin') {
        current = answer.id;
        return CPU_FLOOR_MS + answer.budgetMs * CPU_FACTOR;
      }
      if (answer.kind === 'verdict') {
        verdicts.set(answer.id, answer.verdict);
        current = undefined;
        hear(answer.id, answer.verdict, verdicts.size);
      }
      return PATIENCE_MS;
    });
    if (current !== undefined) {
      verdicts.set(current, { kind: 'endless', by: `process: ${ended}` });
      hear(current, { kind: 'endless', by: `process: ${ended}` }, verdicts.size);
    }
    if (verdicts.size === before) throw new Error(`the judging process judged nothing: ${ended}`);
    waiting = waiting.filter((id) => !verdicts.has(id));
  }
  return verdicts;
}

/**
 * Starts a judging process, asks once and hears it to its end.
 * @param hear gets each message and says how much CPU time the next one may take, in ms
 * @returns how the process ended, in words
 */
function converse(message: ToJudge, hear: (answer: FromJudge) => number): Promise<string> {
  const child: ChildProcess = fork(JUDGE, [], { execArgv: [MEMORY], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let errors = '';
  let [usedMs, heardAt, allowedMs] = [0, Date.now(), PATIENCE_MS];
  child.stderr?.on('data', (data: Buffer) => {
    errors = `${errors}${data.toString()}`.slice(-2000);
  });
  // A process in an endless loop would not notice that its parent is gone.
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  const watch = setInterval(() => {
    if (cpuMs(child.pid) - usedMs < allowedMs && Date.now() - heardAt < PATIENCE_MS) return;
    errors = 'no answer in time';
    child.kill('SIGKILL');
  }, 500);
  return new Promise((resolve, reject) => {
    child.on('message', (answer: FromJudge) => {
      [usedMs, heardAt] = [cpuMs(child.pid), Date.now()];
      try {
        allowedMs = hear(answer);
      } catch (error) {
        child.kill('SIGKILL');
        reject(error);
      }
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      process.off('exit', end);
      resolve(`${signal ?? code} ${errors.trim().split('\n').slice(-12).join(' | ')}`.trim());
    });
    child.send(message);
  });
}

/** CPU time of a process so far (proc(5): fields 14 and 15, in hundredths of a second); 0 where that cannot be read. */
function cpuMs(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}
