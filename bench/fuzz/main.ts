/**
 * `npm run fuzz -- TARGET [--executions N | --hours H] [--seed S] [--state FOLDER]`: runs a target, goes on where the last run
 * stopped. `npm run fuzz -- TARGET --replay FILE` runs one input with every oracle and says what it found.
 *
 * Two processes: one runs, this one watches. An input that kills the other, or of which it makes no end, is a finding too;
 * then another one goes on.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { executed, fuzz } from './loop.ts';
import { State } from './state.ts';
import type { Target } from './target.ts';
import { targets } from './targets.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const WATCH_MS = 1000;
/** A process of its own for so many executions: what libraries leave behind goes with it. */
const MAX_PROCESS_EXECUTIONS = 50_000;
/** getconf CLK_TCK on Linux. */
const TICK_MS = 10;
/** Exit code of the inner process when the fuzzer, not the target, failed (sysexits.h EX_SOFTWARE). */
const OWN_FAILURE = 70;

const { values, positionals } = parseArgs({
  options: {
    executions: { type: 'string' },
    hours: { type: 'string' },
    seed: { type: 'string' },
    state: { type: 'string' },
    inside: { type: 'boolean' },
    replay: { type: 'string' },
  },
  allowPositionals: true,
});
const say = (line: string): void => void process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);

const target = targets.find(({ name }) => name === positionals[0]);
const executions = Number(values.executions ?? (values.hours === undefined ? 10_000 : Number.POSITIVE_INFINITY));
const untilMs = Date.now() + Number(values.hours ?? 1_000) * 3_600_000;
const seed = Number(values.seed ?? 1);
if (target === undefined || !(executions > 0) || Number.isNaN(untilMs) || !Number.isInteger(seed)) {
  process.stderr.write(
    `usage: npm run fuzz -- ${targets.map(({ name }) => name).join('|')} [--executions N | --hours H] [--seed S] [--state FOLDER] [--replay FILE]\n`,
  );
  process.exit(2);
}
const folder = values.state ?? join(root, '.sekisho-fuzz', target.name);
if (values.replay !== undefined) await replay(target, values.replay);
else if (values.inside === true) await inside(target);
else process.exitCode = await alone(() => watch(target));

async function replay(target: Target, file: string): Promise<never> {
  const { depth, problems } = await executed(target, readFileSync(file), 'full');
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.stdout.write(`${depth}, ${problems.length} problems\n`);
  process.exit(problems.length === 0 ? 0 : 1);
}

async function inside(target: Target): Promise<void> {
  const shared = process.env['SEKISHO_SHARED'] ?? join(root, '..', 'shared');
  const changed = git('status', '--porcelain', '--', 'src') !== '';
  const commit = git('log', '-1', '--format=%h');
  try {
    await fuzz(target, new State(folder), { seed, executions, untilMs, shared, changed, commit, say });
    process.exit(0);
  } catch (error) {
    process.stderr.write(`the fuzzer itself failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(OWN_FAILURE);
  }
}

function git(...args: readonly string[]): string {
  return execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' }).trim();
}

/** Two runs over one state would each forget what the other counted. */
async function alone(run: () => Promise<number>): Promise<number> {
  const lock = join(new State(folder).folder, 'lock');
  const owner = existsSync(lock) ? readFileSync(lock, 'utf8').trim() : '';
  if (owner !== '' && existsSync(`/proc/${owner}`)) {
    process.stderr.write(`process ${owner} is running over ${folder}\n`);
    return 2;
  }
  writeFileSync(lock, `${process.pid}\n`);
  try {
    return await run();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @returns the exit code: 1 when this run found something new. */
async function watch(target: Target): Promise<number> {
  const before = new State(folder).progress;
  const findings = before.findings.length;
  const wanted = before.executions + executions;
  for (;;) {
    const { executions: done } = new State(folder).progress;
    if (done >= wanted || Date.now() >= untilMs) break;
    const end = await once(target, Math.min(MAX_PROCESS_EXECUTIONS, wanted - done));
    if (end === 'done') continue;
    if (end === `died: ${OWN_FAILURE}`) return OWN_FAILURE;
    const input = atHand(new State(folder));
    if (input === undefined) throw new Error(`the fuzzing process ended before its first input: ${end}`);
    const state = new State(folder);
    const problem = `the process ${end}`;
    if (state.found({ kind: problem, problem, commit: git('log', '-1', '--format=%h'), seed }, input))
      say(`FOUND ${target.name}: ${problem}`);
    state.isNew(input);
    state.save();
  }
  const after = new State(folder).progress;
  return after.findings.length > findings ? 1 : 0;
}

function once({ hungMs, name }: Target, left: number): Promise<string> {
  const hours = Math.max(0, untilMs - Date.now()) / 3_600_000;
  // Engines' memories stand outside of the heap and make it be swept too often with the usual young generation.
  const args = [
    '--max-semi-space-size=64',
    fileURLToPath(import.meta.url),
    name,
    '--inside',
    '--executions',
    `${left}`,
  ];
  args.push('--hours', `${hours}`, '--seed', `${seed}`, '--state', folder);
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const { atHand: file } = new State(folder);
  let last = { at: 0, cpuMs: 0 };
  let hung = false;
  const timer = setInterval(() => {
    const at = existsSync(file) ? statSync(file).mtimeMs : 0;
    const cpuMs = cpuOf(child.pid ?? 0);
    if (at !== last.at) last = { at, cpuMs };
    else if (cpuMs - last.cpuMs > hungMs) {
      hung = true;
      child.kill('SIGKILL');
    }
  }, WATCH_MS);
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearInterval(timer);
      resolve(hung ? 'made no end' : code === 0 ? 'done' : `died: ${signal ?? code}`);
    });
  });
}

/** User and system time of a process, in ms (proc(5), fields 14 and 15). */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return 0;
  }
}

function atHand({ atHand: file }: State): Buffer | undefined {
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  return bytes.length < 4 ? undefined : bytes.subarray(4, 4 + bytes.readUInt32BE());
}
