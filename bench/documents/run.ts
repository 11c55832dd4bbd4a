/**
 * The document half of the bench: PDFs and pictures beside the tools that people use for it, in turn, document by
 * document, round by round. A tool gets a fresh process for each file, as its users run it; ours is measured with warm
 * jailed children, as the gateway runs it, and as a command with everything fresh.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CpuGroup } from '../load/cpu-group.ts';
import { watchMemory } from '../load/memory.ts';
import { openRuler } from '../load/process-tree.ts';
import { documentInputs, type InputFile, type InputSet } from './inputs.ts';
import type { OursAnswer } from './ours.ts';
import { missingFor, outputProblem, TOOLS, type Tool, versionOf } from './tools.ts';

/** One tool, one set, one round. */
export interface DocumentRow {
  readonly input: string;
  readonly tool: string;
  readonly round: number;
  readonly msPerPage: number;
  readonly cpuMsPerPage: number;
  readonly bytesPerPage: number;
  /** PSS of all its processes at the worst, in bytes. */
  readonly peakBytes: number;
  readonly problems: readonly string[];
}

export interface DocumentResult {
  readonly rows: readonly DocumentRow[];
  readonly inputs: readonly InputSet[];
  /** Tool and version, or why it is not there. */
  readonly tools: readonly { readonly name: string; readonly text: string }[];
  readonly absent: readonly string[];
}

interface Done {
  readonly ms: number;
  readonly bytes: number;
  readonly problem?: string | undefined;
}

/** Turns one file into one file. */
interface Worker {
  readonly name: string;
  readonly kind: 'pdf' | 'image' | 'both';
  readonly cpu: CpuGroup;
  convert(input: InputFile, kind: 'pdf' | 'image', output: string, folder: string): Promise<Done>;
  close(): Promise<void>;
}

export const OURS_WARM = 'Sekisho, warm jail';
const OURS_COMMAND = 'Sekisho, fresh command';

/** Short programs: memory must be looked at often. */
const LOOK_MS = 60;

/** Children that were used up are replaced meanwhile; that too is their cost. */
const SETTLE_MS = 200;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export async function runDocuments(
  options: { readonly short: boolean; readonly rounds: number; readonly only?: readonly string[] },
  say: (line: string) => void,
): Promise<DocumentResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-documents-'));
  const present = TOOLS.filter((tool) => missingFor(tool).length === 0);
  const absent = TOOLS.filter((tool) => missingFor(tool).length > 0).map(
    (tool) => `${tool.name}: ${missingFor(tool).join(', ')} missing`,
  );
  for (const line of absent) say(`NOT MEASURED: ${line}`);
  const workers: Worker[] = [];
  try {
    workers.push(await warmWorker(), commandWorker(), ...present.map(toolWorker));
    const { only } = options;
    const inputs = documentInputs(folder, options.short, say).filter(({ name }) => only?.includes(name) ?? true);
    const rows: DocumentRow[] = [];
    for (let round = 0; round <= options.rounds; round++) {
      for (const set of inputs) {
        for (const worker of workers.filter(({ kind }) => kind === 'both' || kind === set.kind)) {
          // Round 0 fills caches and starts children; a fresh command is always cold, and slow: once is enough.
          if (round === 0 && worker.name !== OURS_WARM) continue;
          if (round > 1 && worker.name === OURS_COMMAND) continue;
          const row = await measure(worker, set, round, folder);
          if (round === 0) continue;
          rows.push(row);
          const trouble = row.problems.length === 0 ? '' : ` PROBLEMS: ${row.problems.join('; ')}`;
          say(
            `${round} ${set.name}, ${worker.name}: ${row.msPerPage.toFixed(1)} ms, ${row.cpuMsPerPage.toFixed(1)} ms CPU, ${Math.round(row.bytesPerPage / 1000)} kB a page, ${Math.round(row.peakBytes / 1e6)} MB${trouble}`,
          );
        }
      }
    }
    const tools = present.map((tool) => ({ name: tool.name, text: versionOf(tool) }));
    return { rows, inputs, tools, absent };
  } finally {
    for (const worker of workers) await worker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(worker: Worker, set: InputSet, round: number, folder: string): Promise<DocumentRow> {
  const memory = watchMemory(() => worker.cpu.pids(), LOOK_MS);
  const cpuBefore = worker.cpu.cpuMs();
  let [ms, bytes, pages] = [0, 0, 0];
  const problems: string[] = [];
  for (const input of set.files) {
    const work = mkdtempSync(join(folder, 'work-'));
    const output = join(work, `out.${set.kind === 'pdf' ? 'pdf' : 'jpg'}`);
    const done = await worker.convert(input, set.kind, output, work);
    ms += done.ms;
    bytes += done.bytes;
    pages += input.pages;
    const problem = done.problem ?? outputProblem(set.kind, output, input.pages);
    if (problem !== undefined) problems.push(`${basename(input.file)}: ${problem}`);
    rmSync(work, { recursive: true });
  }
  await sleep(SETTLE_MS);
  const cpuMs = worker.cpu.cpuMs() - cpuBefore;
  return {
    input: set.name,
    tool: worker.name,
    round,
    msPerPage: ms / pages,
    cpuMsPerPage: cpuMs / pages,
    bytesPerPage: bytes / pages,
    peakBytes: memory.stop(),
    problems,
  };
}

function toolWorker(tool: Tool): Worker {
  const cpu = openRuler('tool');
  return {
    name: tool.name,
    kind: tool.kind,
    cpu,
    async convert({ file }, _kind, output, folder) {
      const { ms, code } = await timed(cpu, ['/bin/sh', '-c', tool.command(file, output, folder)]);
      return { ms, bytes: sizeOf(output), problem: code === 0 ? undefined : `exit code ${code}` };
    },
    close: () => cpu.close(),
  };
}

/** `sekisho sanitize FILE`: Node, jail and child are all started for this one file. */
function commandWorker(): Worker {
  const cpu = openRuler('command');
  return {
    name: OURS_COMMAND,
    kind: 'both',
    cpu,
    async convert({ file }, kind, output, folder) {
      const out = join(folder, 'out');
      const main = join(ROOT, 'src/main.ts');
      const command = [process.execPath, main, 'sanitize', file, '--as', 'document', '--out', out];
      const { ms, code } = await timed(cpu, command);
      const made = existsSync(out)
        ? readdirSync(join(out, basename(file))).filter((name) => name !== 'report.json')
        : [];
      const first = made.find((name) => /\.(?:pdf|jpg|png)$/.test(name));
      if (first === undefined) return { ms, bytes: 0, problem: `${made.length} files, exit code ${code}` };
      const path = join(out, basename(file), first);
      renameSync(path, output);
      return { ms, bytes: sizeOf(output), problem: code === 0 ? undefined : `exit code ${code}, ${kind}` };
    },
    close: () => cpu.close(),
  };
}

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

async function timed(
  cpu: CpuGroup,
  command: readonly string[],
): Promise<{ readonly ms: number; readonly code: number | null }> {
  const startedAt = performance.now();
  const child = start(cpu, command, 'ignore');
  const [code] = (await once(child, 'exit')) as [number | null];
  return { ms: performance.now() - startedAt, code };
}

function start(cpu: CpuGroup, command: readonly string[], stdio: 'ignore' | 'pipe'): ChildProcess {
  const [file = '', ...args] = [...cpu.wrapper, ...command];
  return spawn(file, args, {
    stdio: [stdio, stdio, 'ignore'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
}

async function warmWorker(): Promise<Worker> {
  const cpu = openRuler('documents');
  const child = start(cpu, [process.execPath, join(ROOT, 'bench/documents/ours.ts')], 'pipe');
  if (child.stdin === null || child.stdout === null) throw new Error('no pipes');
  const answers = createInterface({ input: child.stdout });
  const { stdin } = child;
  await nextLine(answers, child);
  return {
    name: OURS_WARM,
    kind: 'both',
    cpu,
    async convert({ file }, _kind, output) {
      const answer = nextLine(answers, child);
      stdin.write(`${JSON.stringify({ file, output, name: basename(file) })}\n`);
      return JSON.parse(await answer) as OursAnswer;
    },
    async close() {
      stdin.end();
      await cpu.close();
    },
  };
}

/** @throws Error when the program ends instead. */
async function nextLine(answers: Interface, child: ChildProcess): Promise<string> {
  const ended = new AbortController();
  const line = once(answers, 'line', { signal: ended.signal }) as Promise<[string]>;
  const onExit = (): void => ended.abort();
  child.once('exit', onExit);
  const [text] = await line;
  child.removeListener('exit', onExit);
  return text;
}
