/**
 * The loop: pick an input, change it, run it, look whether it reached something new; keep what did.
 *
 * Coverage is looked at once in a batch; when the batch reached new blocks, its inputs are run once more one by one (not
 * counted) to find out which did. An execution is one distinct changed input through the whole target with its oracles.
 */
import { openSync, writeSync } from 'node:fs';
import { type Coverage, openCoverage, type Reached } from './coverage.ts';
import { kindOf, minimised } from './minimise.ts';
import { swollen } from './mutate/bytes.ts';
import { type Random, seeded } from './random.ts';
import type { CurvePoint, State } from './state.ts';
import type { Depth, Execution, Scrutiny, Target } from './target.ts';

export interface LoopOptions {
  readonly seed: number;
  /** Executions of this run. */
  readonly executions: number;
  /** Unix ms after which no further batch is begun. */
  readonly untilMs: number;
  readonly shared: string;
  readonly commit: string;
  readonly changed: boolean;
  readonly say: (line: string) => void;
  /** Time for making one finding smaller, in ms. */
  readonly minimiseMs?: number;
}

const BATCH = 50;
/** One execution in so many has the costly oracles. */
const FULL_EVERY = 25;
/** One input of text in so many is made large: work that grows with the square of the size shows then. */
const SWELL_EVERY = 400;
const MAX_KEPT_BYTES = 32 * 1024;
const SAVE_EVERY_MS = 20_000;
/** Points of the curve that are kept: enough to see tenths and hundredths. */
const CURVE_STEP = 200;
/** Inputs that cost more CPU than this many times the usual are picked less often. */
const DEAR = 3;
/** One in so many of the inputs that were refused at the first step is picked: what is near them is refused mostly, too. */
const REFUSED_EVERY = 10;

interface Candidate {
  readonly input: Buffer;
  readonly costMs: number;
  readonly depth: Depth;
}

export async function fuzz(target: Target, state: State, options: LoopOptions): Promise<void> {
  const run = new Run(target, state, options);
  await run.begin();
  await run.go();
  run.end();
}

class Run {
  readonly #target: Target;
  readonly #state: State;
  readonly #options: LoopOptions;
  readonly #random: Random;
  readonly #pool: Candidate[] = [];
  readonly #atHand: number;
  #coverage!: Coverage;
  #usualMs = 1;
  #count = 0;
  #savedAt = Date.now();
  #saidAt = Date.now();

  constructor(target: Target, state: State, options: LoopOptions) {
    this.#target = target;
    this.#state = state;
    this.#options = options;
    // Runs that go on must not repeat the former ones.
    this.#random = seeded((options.seed + 0x9e37 * state.progress.executions) | 0);
    this.#atHand = openSync(state.atHand, 'w');
  }

  /** Seeds, and what earlier runs kept: run once, not counted. */
  async begin(): Promise<void> {
    const { seed, shared, commit, changed, say } = this.#options;
    const now = new Date().toISOString();
    this.#state.progress.runs.push({ commit, changed, seed, startedAt: now, endedAt: now, executions: 0, cpuMs: 0 });
    const seeds = await this.#target.seeds(shared);
    this.#coverage = openCoverage(this.#target.rooms, this.#state.coverage());
    const candidates: Candidate[] = [];
    for (const input of [...seeds, ...this.#state.kept()]) {
      // Twice: the first time engines are loaded and code is compiled.
      await this.#execute(input, 'plain');
      const { execution, costMs } = await this.#execute(input, 'plain');
      candidates.push({ input, costMs, depth: execution.depth });
      this.#state.isNew(input);
    }
    this.#coverage.look(0);
    candidates.sort((a, b) => a.costMs - b.costMs);
    // On a busy machine all are dear: the cheaper half is taken in any case.
    const half = Math.ceil(candidates.length / 2);
    this.#pool.push(...candidates.filter(({ costMs }, i) => i < half || costMs <= this.#target.dearMs));
    this.#usualMs = Math.max(0.2, this.#pool[this.#pool.length >> 1]?.costMs ?? 1);
    say(`${this.#target.name}: ${this.#pool.length} inputs to begin with, ${shown(this.#coverage)}`);
  }

  async go(): Promise<void> {
    const { executions, untilMs } = this.#options;
    while (this.#count < executions && Date.now() < untilMs)
      await this.#batch(Math.min(BATCH, executions - this.#count));
  }

  end(): void {
    this.#note();
    this.#state.save(this.#coverage.kept());
    this.#options.say(this.#line());
    this.#coverage.close();
  }

  async #batch(size: number): Promise<void> {
    const inputs: Candidate[] = [];
    for (let tries = 0; inputs.length < size && tries < 4 * size; tries++) {
      const changed = this.#target.mutate(this.#random, this.#pick(), this.#pick());
      const input = this.#target.isText && this.#random.oneIn(SWELL_EVERY) ? swollen(this.#random, changed) : changed;
      if (!this.#state.isNew(input)) this.#state.progress.duplicates++;
      else inputs.push(await this.#counted(input));
    }
    const reached = this.#coverage.look(this.#state.progress.executions);
    if (reached.length > 0) await this.#keepNew(inputs, reached);
    this.#note();
    const now = Date.now();
    if (now - this.#savedAt > SAVE_EVERY_MS) {
      this.#savedAt = now;
      this.#state.save(this.#coverage.kept());
    }
    if (now - this.#saidAt > 60_000) {
      this.#saidAt = now;
      this.#options.say(this.#line());
    }
  }

  /** Any of the pool; dear ones, and those that were refused at the first step, less often. */
  #pick(): Buffer {
    for (let tries = 0; ; tries++) {
      const { input, costMs, depth } = this.#random.pick(this.#pool);
      const limit = DEAR * this.#usualMs;
      if (depth === 'refused' && tries <= 20 && !this.#random.oneIn(REFUSED_EVERY)) continue;
      if (costMs <= limit || tries > 20 || this.#random.below(1000) < 1000 * (limit / costMs) ** 2) return input;
    }
  }

  async #counted(input: Buffer): Promise<Candidate> {
    const { progress } = this.#state;
    const scrutiny = this.#random.oneIn(FULL_EVERY) ? 'full' : 'plain';
    const { execution, costMs } = await this.#execute(input, scrutiny);
    progress.executions++;
    this.#count++;
    const run = progress.runs.at(-1);
    if (run !== undefined) {
      run.executions++;
      run.cpuMs += costMs;
    }
    if (scrutiny === 'full') progress.scrutinised++;
    progress.depths[execution.depth]++;
    for (const tally of execution.tallies ?? []) progress.tallies[tally] = (progress.tallies[tally] ?? 0) + 1;
    progress.slowestMs = Math.max(progress.slowestMs, Math.round(costMs));
    for (const problem of execution.problems) await this.#found(problem, input, scrutiny);
    return { input, costMs, depth: execution.depth };
  }

  async #execute(
    input: Buffer,
    scrutiny: Scrutiny,
  ): Promise<{ readonly execution: Execution; readonly costMs: number }> {
    this.#putAtHand(input);
    const before = process.cpuUsage();
    const execution = await executed(this.#target, input, scrutiny);
    const { user, system } = process.cpuUsage(before);
    const costMs = (user + system) / 1000;
    // A full look runs the target twice and searches; it gets twice the time and more.
    const slow = costMs > this.#target.slowMs * (scrutiny === 'full' ? 3 : 1);
    return {
      execution: slow
        ? { ...execution, problems: [...execution.problems, `slow: ${Math.round(costMs)} ms`] }
        : execution,
      costMs,
    };
  }

  #putAtHand(input: Buffer): void {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(input.length);
    writeSync(this.#atHand, Buffer.concat([length, input]), 0, input.length + 4, 0);
  }

  /** What is reached only once, by a cache that is warm now, is found in no input: seen, but nobody is kept for it. */
  async #keepNew(inputs: readonly Candidate[], reached: readonly Reached[]): Promise<void> {
    let wanted = reached;
    for (const candidate of inputs) {
      if (wanted.length === 0) return;
      await this.#execute(candidate.input, 'plain');
      const found = this.#coverage.again(wanted);
      if (found.length === 0) continue;
      wanted = wanted.filter((stretch) => !found.includes(stretch));
      if (candidate.input.length > MAX_KEPT_BYTES) continue;
      this.#pool.push(candidate);
      this.#state.keep(candidate.input);
    }
  }

  async #found(problem: string, input: Buffer, scrutiny: Scrutiny): Promise<void> {
    const kind = kindOf(problem);
    const { commit, seed, say, minimiseMs = 30_000 } = this.#options;
    const { findings } = this.#state.progress;
    if (findings.some((finding) => finding.kind === kind)) {
      this.#state.found({ kind, problem, commit, seed }, input);
      return;
    }
    const fails = async (smaller: Buffer): Promise<boolean> =>
      (await executed(this.#target, smaller, scrutiny)).problems.some((each) => kindOf(each) === kind);
    const small = problem.startsWith('slow:') ? input : await minimised(input, fails, minimiseMs);
    this.#state.found({ kind, problem, commit, seed }, small);
    this.#state.save();
    say(`FOUND ${this.#target.name}: ${problem.slice(0, 300)} (${small.length} bytes)`);
  }

  #note(): void {
    const { progress } = this.#state;
    const last = progress.curve.at(-1)?.executions ?? 0;
    if (progress.executions - last < CURVE_STEP) return;
    const { covered, total, files } = this.#coverage.figures();
    Object.assign(progress, { covered, blocks: total, files });
    const point: CurvePoint = { executions: progress.executions, covered };
    progress.curve.push(point);
    const run = progress.runs.at(-1);
    if (run !== undefined) run.endedAt = new Date().toISOString();
  }

  #line(): string {
    const { executions, duplicates, depths, findings, slowestMs } = this.#state.progress;
    const { refused, read, written } = depths;
    return `${this.#target.name}: ${executions} executions (${duplicates} duplicates), ${shown(this.#coverage)}, pool ${this.#pool.length}, refused ${refused} read ${read} written ${written}, slowest ${slowestMs} ms, ${findings.length} findings`;
  }
}

/** A target that rejects has thrown what it did not declare. */
export async function executed(target: Target, input: Buffer, scrutiny: Scrutiny): Promise<Execution> {
  try {
    return await target.execute(input, scrutiny);
  } catch (error) {
    const place = error instanceof Error ? (/\n\s+at (.*)/.exec(error.stack ?? '')?.[1] ?? '') : '';
    return {
      depth: 'refused',
      problems: [`threw: ${String(error).slice(0, 200)} at ${place.replace(/.*\/(?=src|node_modules)/, '')}`],
    };
  }
}

const shown = (coverage: Coverage): string => {
  const { covered, total, files } = coverage.figures();
  return `${covered} of ${total} blocks in ${files} files`;
};
