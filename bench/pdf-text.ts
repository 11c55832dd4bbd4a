/**
 * Measures the text layer over the Japanese PDFs of the corpora against what `pdftotext` (poppler) reads from the input:
 * characters that come back (recall), characters that were not there (precision), words whose boxes are covered.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixture, openablePdfs, type Rebuild, readCorpus, sharedFolder } from './pdf-corpus.ts';

export interface TextFigures {
  readonly path: string;
  readonly characters: number;
  readonly recall: number;
  readonly recallOfVisible: number;
  readonly precision: number;
  readonly words: number;
  readonly wordsCovered: number;
}

/** Part of a word's box that must lie under boxes of the output's words. */
const COVERED = 0.5;

const run = (program: string, args: readonly string[]): string => {
  try {
    return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
};

/** Characters as compared: compatibility forms folded, white space, controls and what no one sees left out. */
function characters(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const character of text.normalize('NFKC').replace(/[\s\p{C}\u00ad]/gu, '')) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  return counts;
}

const size = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, n) => sum + n, 0);

const common = (one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number =>
  [...one].reduce((sum, [character, n]) => sum + Math.min(n, other.get(character) ?? 0), 0);

interface Word {
  readonly page: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function words(path: string): readonly Word[] {
  const found: Word[] = [];
  let page = 0;
  for (const line of run('pdftotext', ['-bbox', '-cropbox', path, '-']).split('\n')) {
    if (line.includes('<page ')) page++;
    const box = /<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">/.exec(line);
    if (box === null) continue;
    const [left = 0, top = 0, right = 0, bottom = 0] = box.slice(1).map(Number);
    found.push({ page, left, top, right, bottom });
  }
  return found;
}

function coverage(word: Word, others: readonly Word[]): number {
  const area = (word.right - word.left) * (word.bottom - word.top);
  if (!(area > 0)) return 1;
  let covered = 0;
  for (const other of others) {
    if (other.page !== word.page) continue;
    const width = Math.min(word.right, other.right) - Math.max(word.left, other.left);
    const height = Math.min(word.bottom, other.bottom) - Math.max(word.top, other.top);
    if (width > 0 && height > 0) covered += width * height;
  }
  return covered / area;
}

/** Text of inputs that no reader sees and that we leave out on purpose (threats.tsv P21), by path. */
const hiddenText = (path: string): string =>
  fixture('pdf-hidden-text.tsv').find(([listed]) => listed === path)?.[1] ?? '';

/**
 * Figures of one file; undefined when poppler finds no text in the input. `recall` is against all text that poppler
 * reports; `recallOfVisible` leaves out what fixtures/corpus/pdf-hidden-text.tsv names as hidden.
 */
export function compare(path: string, inputPath: string, outputPath: string): TextFigures | undefined {
  const before = characters(run('pdftotext', ['-raw', inputPath, '-']));
  // Behind the original's last page stand lists of ours (comments, links).
  const pages = /^Pages:\s+(\d+)/m.exec(run('pdfinfo', [inputPath]))?.[1] ?? '1';
  const after = characters(run('pdftotext', ['-raw', '-l', pages, outputPath, '-']));
  if (size(before) === 0) return undefined;
  const both = common(before, after);
  const [wordsBefore, wordsAfter] = [words(inputPath), words(outputPath)];
  return {
    path,
    characters: size(before),
    recall: both / size(before),
    recallOfVisible: both / (size(before) - size(characters(hiddenText(path)))),
    precision: size(after) === 0 ? 1 : both / size(after),
    words: wordsBefore.length,
    wordsCovered: wordsBefore.filter((word) => coverage(word, wordsAfter) >= COVERED).length,
  };
}

/**
 * Runs the whole measurement and prints it. The answer is what the bars of issue 1 ask for.
 * @param wanted which files of the frozen list; default all.
 */
export async function measureText(
  rebuild: Rebuild,
  wanted: (path: string) => boolean = () => true,
): Promise<{
  readonly files: readonly TextFigures[];
  readonly filesWithRecall98: number;
  readonly filesWithRecallOfVisible98: number;
  readonly filesWithPrecision98: number;
  readonly recall: number;
  readonly precision: number;
  readonly wordsCovered: number;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'pdf-text-'));
  const figures: TextFigures[] = [];
  try {
    for (const { path } of openablePdfs().filter((file) => file.kind === 'pdf-ja' && wanted(file.path))) {
      const result = await rebuild(readCorpus(path), []);
      if (result.kind === 'refused') {
        console.log(`${path}: ${result.reason} (${result.detail})`);
        continue;
      }
      const output = join(folder, 'output.pdf');
      writeFileSync(output, result.bytes);
      const row = compare(path, join(sharedFolder, 'corpora', path), output);
      if (row === undefined) {
        console.log(`${path}: no text in the input`);
        continue;
      }
      figures.push(row);
      const percent = (value: number): string => (100 * value).toFixed(1).padStart(6);
      console.log(
        `${path.padEnd(52)} ${String(row.characters).padStart(7)} chars  recall ${percent(row.recall)}  precision ${percent(row.precision)}` +
          `  words ${String(row.words).padStart(6)} covered ${percent(row.words === 0 ? 1 : row.wordsCovered / row.words)}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const part = (good: (row: TextFigures) => boolean): number => figures.filter(good).length / figures.length;
  const total = (of: (row: TextFigures) => number): number => figures.reduce((sum, row) => sum + of(row), 0);
  return {
    files: figures,
    filesWithRecall98: part((row) => row.recall >= 0.98),
    filesWithRecallOfVisible98: part((row) => row.recallOfVisible >= 0.98),
    recall: total((row) => row.recall * row.characters) / total((row) => row.characters),
    precision: total((row) => row.precision * row.characters) / total((row) => row.characters),
    filesWithPrecision98: part((row) => row.precision >= 0.98),
    wordsCovered: total((row) => row.wordsCovered) / total((row) => row.words),
  };
}
