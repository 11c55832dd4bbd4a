/** The documents of the bench: made or picked the same way on every machine, from ../shared and from our own fixtures. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openablePdfs, readCorpus, sharedFolder } from '../pdf-corpus.ts';

export interface InputFile {
  readonly file: string;
  /** 1 for a picture. */
  readonly pages: number;
}

export interface InputSet {
  readonly name: string;
  readonly kind: 'pdf' | 'image';
  readonly files: readonly InputFile[];
}

const loadFixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/load/${name}`, import.meta.url));

/** Small real PDFs: this many, evenly spread over the corpus' files of this size. */
const SMALL = { count: 9, least: 20_000, most: 200_000, pages: 5 } as const;

const PICTURES = 5;

/** @param say told what is left out, and why */
export function documentInputs(folder: string, short: boolean, say: (line: string) => void): readonly InputSet[] {
  const photo = { file: join(folder, 'photo.jpg'), pages: 1 };
  copyFileSync(loadFixture('photo.jpg'), photo.file);
  const page = { file: join(folder, 'page.pdf'), pages: 1 };
  copyFileSync(loadFixture('page.pdf'), page.file);
  const own: readonly InputSet[] = [
    { name: 'one page of a form', kind: 'pdf', files: [page] },
    { name: 'small photo (60 kB)', kind: 'image', files: [photo] },
  ];
  if (short) return own;
  if (!existsSync(join(sharedFolder, 'samples/pdf/jp_ttf_10p.pdf'))) {
    say(`NOT MEASURED: documents of ${sharedFolder} (SEKISHO_SHARED): it is not there`);
    return own;
  }
  return [
    { name: '20 pages of Japanese text', kind: 'pdf', files: [twice(folder, 'jp_ttf_10p.pdf')] },
    { name: '20 scanned pages, colour, 200 dpi', kind: 'pdf', files: [twice(folder, 'scan_color200_10p.pdf')] },
    { name: `${SMALL.count} small real PDFs`, kind: 'pdf', files: smallPdfs(folder) },
    { name: `${PICTURES} scanned pages as JPEG`, kind: 'image', files: pictures(folder) },
    ...own,
  ];
}

/** The first ten pages of a sample, two times. */
function twice(folder: string, sample: string): InputFile {
  const source = join(sharedFolder, 'samples/pdf', sample);
  const file = join(folder, sample.replace('10p', '20p'));
  execFileSync('qpdf', ['--empty', '--pages', source, '1-10', source, '1-10', '--', file]);
  return { file, pages: 20 };
}

function smallPdfs(folder: string): readonly InputFile[] {
  const fitting = openablePdfs()
    .filter(({ kind }) => kind === 'pdf' || kind === 'pdf-ja')
    .map(({ path }) => ({ path, bytes: readCorpus(path) }))
    .filter(({ bytes }) => bytes.length >= SMALL.least && bytes.length <= SMALL.most)
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const found: InputFile[] = [];
  // Three times as many as are wanted are looked at, as some have more pages.
  const step = Math.max(1, Math.floor(fitting.length / (3 * SMALL.count)));
  for (let i = 0; found.length < SMALL.count && i < fitting.length; i += step) {
    const file = join(folder, `small-${found.length + 1}.pdf`);
    writeFileSync(file, fitting[i]?.bytes ?? '');
    const pages = pagesOf(file);
    if (pages >= 1 && pages <= SMALL.pages) found.push({ file, pages });
  }
  return found;
}

/** @returns 0 when poppler cannot read it */
export function pagesOf(file: string): number {
  try {
    const text = execFileSync('pdfinfo', [file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return Number(/^Pages:\s+(\d+)$/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Pages of the scan as JPEG, as an office machine sends them: 4 megapixels each. */
function pictures(folder: string): readonly InputFile[] {
  const source = join(sharedFolder, 'samples/pdf/scan_color200_10p.pdf');
  execFileSync('pdftoppm', ['-jpeg', '-r', '200', '-l', `${PICTURES}`, source, join(folder, 'picture')]);
  return readdirSync(folder)
    .filter((name) => name.startsWith('picture-'))
    .map((name) => ({ file: join(folder, name), pages: 1 }));
}
