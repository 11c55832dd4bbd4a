/** `npm run bench`: ours and the peers in one run, written into docs/bench.md. `--short` shows in a minute that it runs. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeRulers } from './load/process-tree.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { BENCH_PAGE, runBench } from './run.ts';

const startedAt = Date.now();
const say = (line: string): void => {
  process.stdout.write(`[${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s] ${line}\n`);
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void closeRulers().finally(() => process.exit(130)));
}

const options = optionsOrEnd();
const { page, problems } = await runBench(options, say);
const file =
  options.output ?? (options.short ? join(mkdtempSync(join(tmpdir(), 'sekisho-bench-')), 'bench.md') : BENCH_PAGE);
writeFileSync(file, page);
process.stdout.write(options.short ? `\n${page}\nwritten: ${file}\n` : `written: ${file}\n`);
for (const problem of problems) process.stdout.write(`PROBLEM: ${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);

function optionsOrEnd(): BenchOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}
