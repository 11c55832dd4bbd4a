/**
 * Writes fixtures/corpus/pdf-openable.txt: the PDFs of ../shared/corpora and ../shared/samples that open without a
 * password in at least two of pdfinfo, mutool and qpdf. The list is frozen in the repository; this program only says
 * how it came about. Needs poppler-utils, mupdf-tools and qpdf.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const shared = process.env['SEKISHO_SHARED'] ?? fileURLToPath(new URL('../../shared', import.meta.url));
const target = fileURLToPath(new URL('../fixtures/corpus/pdf-openable.txt', import.meta.url));
const OPENERS = [
  ['pdfinfo', []],
  ['mutool', ['info']],
  ['qpdf', ['--show-npages']],
] as const;
const TIME_LIMIT_MS = 20_000;

/** qpdf answers 3 for a file it could repair. mutool answers 0 and complains when it needs a password. */
function opens(program: string, args: readonly string[], path: string): boolean {
  const run = spawnSync(program, [...args, path], { timeout: TIME_LIMIT_MS, encoding: 'latin1' });
  if (/password/i.test(run.stderr)) return false;
  if (program === 'mutool' && !/Pages: [1-9]/.test(run.stdout)) return false;
  return run.status === 0 || (program === 'qpdf' && run.status === 3);
}

const manifest = readFileSync(join(shared, 'corpora/MANIFEST.tsv'), 'utf8').trimEnd().split('\n').slice(1);
const candidates = manifest
  .map((line) => line.split('\t'))
  .filter((cells) => /^pdf/.test(cells[8] ?? ''))
  .map((cells) => ({ path: cells[0] ?? '', kind: cells[8] ?? '' }));
const lines: string[] = [];
for (const { path, kind } of candidates) {
  const file = join(shared, 'corpora', path);
  const count = OPENERS.filter(([program, args]) => opens(program, args, file)).length;
  if (count >= 2) lines.push(`${path}\t${kind}`);
}
writeFileSync(target, `${lines.join('\n')}\n`);
console.log(`${lines.length} of ${candidates.length} PDFs of the corpora open in two of three programs`);
