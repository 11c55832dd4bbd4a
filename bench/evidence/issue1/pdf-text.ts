/** The text layer of the Japanese PDFs against what poppler reads from the input (bench/pdf-text.ts), fed by the product. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openablePdfs, type Rebuild, type Rebuilt } from '../../pdf-corpus.ts';
import { compare, measureText, type TextFigures } from '../../pdf-text.ts';
import type { Section, SectionContext } from '../section.ts';
import { markdownTable, reportOf, type Sanitized, sample, sanitizeFiles } from './product.ts';

const BARS = { recallFiles: 0.95, precision: 0.98, words: 0.95 } as const;
const RECALL = 0.98;
const SAMPLED = 8;
const SEED = 35;

export const pdfText: Section = {
  name: 'pdf-text',
  bar: 'Text per file over pdf-ja against pdftotext of the input: recall ≥ 98 % on ≥ 95 % of files, precision ≥ 98 %, word boxes of `pdftotext -bbox` overlapping for ≥ 95 % of words.',
  async run(context) {
    const folder = mkdtempSync(join(tmpdir(), 'evidence-text-'));
    try {
      return await measure(context, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure({ shared, short }: SectionContext, folder: string) {
  const all = openablePdfs().filter(({ kind }) => kind === 'pdf-ja');
  const chosen = short ? sample(all, SAMPLED, SEED) : all;
  const files = chosen.map(({ path }) => join(shared, 'corpora', path));
  const { rows, exit, stderr } = await sanitizeFiles(files, { as: 'document', out: join(folder, 'out') });
  const rebuilt = new Map(rows.map((row) => [hashOf(readFileSync(row.file)), resultOf(row)]));
  const rebuild: Rebuild = async (bytes) =>
    rebuilt.get(hashOf(bytes)) ?? { kind: 'refused', reason: 'not in this run', detail: '' };
  const figures = await measureText(rebuild, (path) => chosen.some((each) => each.path === path));
  const control = controlProblem(files, rows);
  const problems = [
    ...(exit === 0 || exit === 3 ? [] : [`sanitize ended with ${exit}: ${stderr.slice(0, 300)}`]),
    ...[...rebuilt.values()].flatMap((result) => (result.kind === 'refused' ? [result.reason] : [])),
    ...(control === undefined ? [] : [control]),
  ];
  const holds =
    problems.length === 0 &&
    figures.filesWithRecall98 >= BARS.recallFiles &&
    figures.precision >= BARS.precision &&
    figures.filesWithPrecision98 >= BARS.recallFiles &&
    figures.wordsCovered >= BARS.words;
  const good = figures.files.filter(({ recall }) => recall >= RECALL).length;
  const visible = figures.files.filter(({ recallOfVisible }) => recallOfVisible >= RECALL).length;
  const exact = figures.files.filter(({ precision }) => precision >= BARS.precision).length;
  const count = figures.files.length;
  return {
    holds,
    summary: `${count} files with text: recall ≥ 98 % on ${good} (${percent(figures.filesWithRecall98)}; counting only text that a reader sees: ${visible}, ${percent(figures.filesWithRecallOfVisible98)}); over all characters recall ${percent(figures.recall)}, precision ${percent(figures.precision)} (≥ 98 % on ${exact} files); ${percent(figures.wordsCovered)} of words covered`,
    details: [
      `${chosen.length} files of kind pdf-ja in the frozen list; those without text for poppler are left out. The bar counts literally; «visible» leaves out the text that fixtures/corpus/pdf-hidden-text.tsv names as invisible in the original.`,
      table(figures.files),
      problems.length === 0 ? 'Problems: none' : problems.map((line) => `- ${line}`).join('\n'),
      "Control: one file's output measured against another's input falls below the bar in recall, precision and words.",
    ].join('\n\n'),
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function resultOf(row: Sanitized): Rebuilt {
  const pdf = row.written.find((name) => name.endsWith('.pdf'));
  if (pdf !== undefined) return { kind: 'rebuilt', bytes: readFileSync(join(row.folder, pdf)) };
  const [part] = row.written.includes('report.json') ? reportOf(row).attachments : [];
  return { kind: 'refused', reason: `${row.file}: ${part?.reason ?? row.verdict}`, detail: part?.detail ?? '' };
}

/** The measure must see a wrong text layer. */
function controlProblem(files: readonly string[], rows: readonly Sanitized[]): string | undefined {
  const [first, second] = rows.filter(({ written }) => written.some((name) => name.endsWith('.pdf')));
  const output = second?.written.find((name) => name.endsWith('.pdf'));
  if (first === undefined || second === undefined || output === undefined) return 'control: fewer than two outputs';
  const wrong = compare('control', files[rows.indexOf(first)] ?? '', join(second.folder, output));
  return wrong === undefined || wrong.recall < RECALL || wrong.precision < BARS.precision
    ? undefined
    : 'control: the text of another file counts as this one';
}

const table = (files: readonly TextFigures[]): string =>
  markdownTable(
    ['file', 'characters', 'recall', 'recall of visible', 'precision', 'words', 'covered'],
    files.map((row) => [
      row.path,
      row.characters,
      percent(row.recall),
      percent(row.recallOfVisible),
      percent(row.precision),
      row.words,
      percent(row.words === 0 ? 1 : row.wordsCovered / row.words),
    ]),
  );
