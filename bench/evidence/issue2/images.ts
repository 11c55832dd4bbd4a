/**
 * Pictures through `sekisho sanitize` (jailed child and inspector): those of the corpora and our own, each converted one beside
 * the pixels that Pillow, heif-convert or librsvg make of the original; hostile ones with the time and memory they took.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_LIMITS } from '../../../src/policy/policy.ts';
import { watchMemory } from '../../load/memory.ts';
import { markdownTable, reportOf, type Sanitized, sanitizeFiles } from '../issue1/product.ts';
import type { Section, SectionContext, SectionResult } from '../section.ts';
import { filesOf } from './archives.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures', import.meta.url));
const PILLOW = fileURLToPath(new URL('pillow.py', import.meta.url));

/** A blank picture scores below 15, one turned wrongly below 20; visibly worse than its source begins below 30. */
const LEAST_PSNR = { png: 40, jpg: 30, svg: 12, cmyk: 14 } as const;
/** Of a jailed process: config/schema.ts `childMemoryMiB`; above it comes what node itself maps. */
const CHILD_BYTES = 1.2 * 2 ** 30;
/** Names of our own samples that are made to do harm or are broken. */
const HOSTILE =
  /bomb|truncated|lying|no-size|header-only|external-entity|laughs|parameter-entity|polyglot|circle|second-page/;
/** Recognised and held, by decision: docs/formats and the closing note name them. */
const HELD_BY_DECISION = new Set(['jxl', 'icns', 'emf', 'wmf']);

export const images: Section = {
  name: 'images',
  bar: 'Corpus kind image and our own samples: converted, each like what an independent decoder shows; image-hostile: 0 crash, each within its limits of time and memory, through the real jail.',
  run: measure,
};

interface Picture {
  readonly path: string;
  readonly file: string;
  readonly hostile: boolean;
  readonly row: Sanitized;
  readonly outcome: string;
  readonly detectedType: string;
  /** The first file written. */
  readonly output: string | undefined;
}

async function measure({ short, shared, say }: SectionContext): Promise<SectionResult> {
  const out = mkdtempSync(join(tmpdir(), 'sekisho-images-'));
  try {
    const wanted = inputs(shared).filter((_, i) => !short || i % 4 === 0);
    say(`${wanted.length} pictures through \`sekisho sanitize\` …`);
    const memory = watchMemory(descendants, 100);
    const ran = await sanitizeFiles(
      wanted.map(({ file }) => file),
      { as: 'document', out: join(out, 'made') },
    );
    const peakBytes = memory.stop();
    if (ran.rows.length !== wanted.length) throw new Error(`exit ${ran.exit}: ${ran.stderr.slice(-500)}`);
    const pictures = wanted.map((input, i) => pictureOf(input, ran.rows[i]));
    say('beside Pillow, heif-convert, librsvg …');
    return resultOf(pictures, likenesses(pictures, join(out, 'judged')), peakBytes, ran.exit);
  } finally {
    rmSync(out, { recursive: true });
  }
}

interface Input {
  readonly path: string;
  readonly file: string;
  readonly hostile: boolean;
}

function inputs(shared: string): readonly Input[] {
  const corpora = join(shared, 'corpora');
  const ofKind = (kind: string, hostile: boolean) =>
    filesOf(corpora, [kind]).map((path) => ({ path, file: join(corpora, path), hostile }));
  const own = ['image', 'tiff', 'heic', 'svg'].flatMap((folder) =>
    readdirSync(join(FIXTURES, folder))
      .filter((name) => !/\.(?:ts|py|txt)$/.test(name))
      .map((name) => ({
        path: `fixtures/${folder}/${name}`,
        file: join(FIXTURES, folder, name),
        hostile: HOSTILE.test(name),
      })),
  );
  return [...ofKind('image', false), ...ofKind('image-hostile', true), ...own];
}

function pictureOf(input: Input, row: Sanitized | undefined): Picture {
  if (row === undefined || basename(row.file) !== basename(input.file)) throw new Error(`no result for ${input.path}`);
  const [part] = reportOf(row).attachments;
  const outcome =
    part === undefined ? reportOf(row).verdict.kind : `${part.outcome}${part.reason ? `(${part.reason})` : ''}`;
  const made = row.written.find((name) => /\.(?:png|jpg|pdf)$/.test(name));
  return {
    ...input,
    row,
    outcome,
    detectedType: part?.detectedType ?? '',
    output: made === undefined ? undefined : join(row.folder, made),
  };
}

/** Processes below this one, however deep. */
function descendants(): readonly number[] {
  const found: number[] = [];
  const waiting = [process.pid];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    try {
      const below = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
      found.push(...below);
      waiting.push(...below);
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

interface Likeness {
  readonly path: string;
  readonly kind: keyof typeof LEAST_PSNR;
  readonly psnr?: number;
  /** Why the other decoder cannot compare. */
  readonly says?: string;
  readonly wrong?: boolean;
}

interface Question {
  readonly picture: Picture;
  readonly kind: Likeness['kind'];
  readonly source: string;
  readonly page: number;
  readonly output: string;
}

/** One question for each converted picture, for each page of a PDF. */
function likenesses(pictures: readonly Picture[], folder: string): readonly Likeness[] {
  mkdirSync(folder, { recursive: true });
  const questions = pictures.flatMap((picture, i) => questionsOf(picture, join(folder, String(i))));
  const asked = JSON.stringify(questions.map(({ source, page, output }) => ({ source, page, output })));
  const answers: unknown = JSON.parse(
    execFileSync('/usr/bin/python3', [PILLOW], { input: asked, maxBuffer: 64 * 1024 * 1024 }).toString(),
  );
  if (!Array.isArray(answers) || answers.length !== questions.length) throw new Error('Pillow answered something else');
  return questions.map(({ picture, kind, page }, i) => ({
    path: `${picture.path}${page > 0 ? ` (page ${page + 1})` : ''}`,
    kind,
    ...(answers[i] as Pick<Likeness, 'psnr' | 'says' | 'wrong'>),
  }));
}

function questionsOf(picture: Picture, folder: string): readonly Question[] {
  const { output, file, hostile } = picture;
  if (output === undefined || hostile) return [];
  mkdirSync(folder);
  const kind = /cmyk/.test(basename(file)) ? 'cmyk' : output.endsWith('.png') ? 'png' : 'jpg';
  if (output.endsWith('.pdf')) {
    execFileSync('pdfimages', ['-png', output, join(folder, 'page')]);
    return readdirSync(folder)
      .sort()
      .map((name, page) => ({ picture, kind: 'jpg', source: file, page, output: join(folder, name) }));
  }
  if (extname(file) === '.svg') {
    const source = join(folder, 'librsvg.png');
    execFileSync('rsvg-convert', ['-z', '2', '-b', 'white', '-o', source, file]);
    return [{ picture, kind: 'svg', source, page: 0, output }];
  }
  if (picture.detectedType === 'heic') {
    const source = join(folder, 'libheif.png');
    execFileSync('heif-convert', [file, source], { stdio: 'ignore' });
    const [made = ''] = readdirSync(folder).sort();
    return [{ picture, kind, source: join(dirname(source), made), page: 0, output }];
  }
  return [{ picture, kind, source: file, page: 0, output }];
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

function resultOf(
  pictures: readonly Picture[],
  likes: readonly Likeness[],
  peakBytes: number,
  exit: number | string,
): SectionResult {
  const crashed = pictures.filter(
    ({ outcome, row }) =>
      /sanitizer-failed|timeout/.test(outcome) || row.problems.length > 0 || row.written.length === 0,
  );
  const late = pictures.filter(({ row }) => row.ms > DEFAULT_LIMITS.documentMs);
  const benign = pictures.filter(({ hostile }) => !hostile);
  const unconverted = benign.filter(
    ({ output, detectedType }) => output === undefined && !HELD_BY_DECISION.has(detectedType),
  );
  const wrong = likes.filter(({ kind, psnr, wrong: isWrong }) => isWrong || (psnr ?? 999) < LEAST_PSNR[kind]);
  const incomparable = likes.filter(({ psnr, wrong: isWrong }) => psnr === undefined && !isWrong);
  const problems = [
    ...(exit === 0 || exit === 3 ? [] : [`the command ended with ${exit}`]),
    ...(peakBytes <= CHILD_BYTES ? [] : [`memory of all processes together: ${mb(peakBytes)}`]),
    ...crashed.map(({ path, outcome }) => `${path}: ${outcome}`),
    ...late.map(({ path, row }) => `${path}: ${row.ms} ms`),
    ...unconverted.map(({ path, outcome }) => `${path}: not converted: ${outcome}`),
    ...wrong.map(({ path, psnr, says }) => `${path}: ${psnr ?? says} dB`),
  ];
  const hostile = pictures.filter((each) => each.hostile);
  const compared = likes.filter(({ psnr }) => psnr !== undefined);
  const slowest = Math.max(...pictures.map(({ row }) => row.ms));
  return {
    holds: problems.length === 0 && compared.length > 0 && hostile.length > 0,
    summary: `${benign.length} benign: ${benign.length - unconverted.length} converted or held by decision, ${compared.length} pages like another decoder's, ${wrong.length} not; ${hostile.length} hostile: ${crashed.length} crashes, slowest ${slowest} ms, memory at most ${mb(peakBytes)}`,
    details: [
      problems.length > 0 ? problems.map((each) => `- ${each}`).join('\n') : 'No problem.',
      `PSNR against Pillow (HEIF: heif-convert, SVG: librsvg, which has other fonts), median: ${(
        ['png', 'jpg', 'svg', 'cmyk'] as const
      )
        .map((kind) => {
          const own = compared.filter((each) => each.kind === kind).map(({ psnr }) => psnr ?? 0);
          return `${kind} ${median(own)} dB, lowest ${Math.min(...own)} (${own.length}; at least ${LEAST_PSNR[kind]})`;
        })
        .join('; ')}. 999: equal in every pixel.`,
      sizes(benign),
      ...(incomparable.length > 0
        ? [
            `Not comparable, because the other decoder does not read it:\n\n${incomparable.map(({ path, says }) => `- ${path}: ${says}`).join('\n')}`,
          ]
        : []),
      markdownTable(
        ['picture', 'found', 'outcome', 'ms'],
        pictures
          .filter(({ hostile: bad, path }) => bad || !path.startsWith('fixtures/'))
          .map(({ path, detectedType, outcome, row }) => [path, detectedType, outcome, row.ms]),
      ),
    ].join('\n\n'),
  };
}

const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/** What our PNG of a PNG takes, against the original. */
function sizes(benign: readonly Picture[]): string {
  const ratios = benign
    .filter(
      ({ output, detectedType, file }) => detectedType === 'png' && output !== undefined && statSync(file).size > 2000,
    )
    .map(({ output = '', file }) => statSync(output).size / statSync(file).size);
  if (ratios.length === 0) return 'No PNG of more than 2 kB in this form.';
  return `PNG to PNG, bytes of ours to bytes of the original (above 2 kB, ${ratios.length}): median ${median(ratios).toFixed(2)}, most ${Math.max(...ratios).toFixed(2)}.`;
}
