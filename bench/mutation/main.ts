/**
 * `npm run mutate -- FILE… [--tests=TEST,TEST…] [--line=N]`: all mutants of these files, and which of them no test kills.
 * Without `--tests` the tests of the file's room (rooms.ts) judge; with `--line` only mutants of that line;
 * with `--most-ms` without the tests that take longer, to look quickly. With `--room` the room's other files can be loaded
 * anew as well, as in a run of the whole room: else one that keeps a function of FILE in a table calls the unchanged one.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ROOMS } from './rooms.ts';
import { runMutants } from './run.ts';
import { isSurvivor, scoresOf, scoreTable, survivorLines, survivorRow } from './table.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const files = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const option = (name: string): string | undefined =>
  options.find((text) => text.startsWith(`--${name}=`))?.slice(name.length + 3);

const rooms = ROOMS.filter((room) => room.files.some((file) => files.includes(file)));
const tests = option('tests')?.split(',') ?? [...new Set(rooms.flatMap((room) => room.tests))];
if (files.length === 0 || tests.length === 0) {
  process.stderr.write(
    'usage: npm run mutate -- FILE… [--tests=TEST,…] [--line=N] [--most-ms=N] [--room] [--out=FILE.tsv]\n',
  );
  process.exit(2);
}
const line = option('line');
const run = await runMutants({
  root,
  files: options.includes('--room') ? [...new Set([...files, ...rooms.flatMap((room) => room.files)])] : files,
  tests,
  choose: (mutants) =>
    mutants.filter((mutant) => files.includes(mutant.file) && (line === undefined || mutant.line === Number(line))),
  mostMs: Number(option('most-ms') ?? 1e9),
  hear: (judged) => {
    if (isSurvivor(judged)) process.stdout.write(survivorLines(judged));
  },
  say: (text) => process.stderr.write(`${text}\n`),
});
const rows = run.judged
  .filter(isSurvivor)
  .map((judged) => survivorRow(judged))
  .join('');
const out = option('out');
if (out !== undefined) writeFileSync(out, rows);
process.stdout.write(`\n${scoreTable(scoresOf(run.judged))}\n${run.tests} tests, ${run.seconds.toFixed(0)} s\n`);
