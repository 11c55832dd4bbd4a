/**
 * Every PDF of the corpora through `sekisho sanitize` (jailed child and inspector), then four strangers look at what came
 * out: the walker over every object, `qpdf --check`, poppler's picture of the first page beside the original's, and the
 * product itself, which must take its own output again.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allPdfs, encryptedPdfs, openablePdfs } from '../../pdf-corpus.ts';
import type { Section, SectionContext } from '../section.ts';
import { walk } from './pdf-walker.ts';
import { markdownTable, reportOf, type Sanitized, sample, sanitizeFiles } from './product.ts';

const LEAST_REBUILT = 0.97;
const SAMPLED = 24;
const SEED = 97;

interface Input {
  readonly path: string;
  readonly kind: string;
  readonly file: string;
}

interface Output {
  readonly input: Input;
  readonly row: Sanitized;
  /** Undefined: not rebuilt. */
  readonly pdf: string | undefined;
  readonly reason: string;
}

export const pdfRebuild: Section = {
  name: 'pdf-rebuild',
  bar: 'PDFs of the corpus without password that at least two of pdfinfo, mutool and qpdf can open (frozen list fixtures/corpus/pdf-openable.txt): 100 % rebuilt or named with a reason, ≥ 97 % rebuilt; encrypted ones open with the password known from the manifest. Outputs hold only the object kinds our writer makes (pikepdf or qpdf --json walker).',
  async run(context) {
    const folder = mkdtempSync(join(tmpdir(), 'evidence-pdf-'));
    try {
      return await measure(context, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure({ shared, short, say }: SectionContext, folder: string) {
  const openable = new Set(openablePdfs().map(({ path }) => path));
  const located = allPdfs().map((each) => ({ ...each, file: join(shared, 'corpora', each.path) }));
  const missing = [...openable].filter((path) => !located.some((each) => each.path === path));
  const chosen = short ? sample(located, SAMPLED, SEED) : located;
  const { outputs, problems: runProblems } = await rebuild(chosen, join(folder, 'out'), []);
  say(`${outputs.length} PDFs through the product`);
  const own = outputs.filter(({ input }) => openable.has(input.path));
  const rebuilt = own.filter(({ pdf }) => pdf !== undefined);
  const unnamed = outputs.filter(({ pdf, reason }) => pdf === undefined && !/^[^:]+: /.test(reason));
  const encrypted = await openEncrypted(shared, folder, short);
  say(`${encrypted.opened} of ${encrypted.all} encrypted ones opened`);
  const judged = judge([...outputs, ...encrypted.outputs].filter(({ pdf }) => pdf !== undefined));
  say(`${judged.objects} objects walked`);
  const again = await twice(rebuilt, join(folder, 'again'));
  const forms = await formProblems(shared, join(folder, 'form'));
  const controls = controlProblems(shared);
  const problems = [
    ...missing.map((path) => `not in the corpus: ${path}`),
    ...runProblems,
    ...unnamed.map(({ input }) => `${input.path}: neither rebuilt nor named`),
    ...encrypted.problems,
    ...judged.problems,
    ...again,
    ...forms,
    ...controls,
  ];
  const share = rebuilt.length / own.length;
  const summary = `${own.length} openable PDFs: ${rebuilt.length} rebuilt (${percent(share)}), ${own.length - rebuilt.length} named with a reason; ${encrypted.opened} of ${encrypted.all} encrypted opened with their password; ${judged.objects} objects of ${judged.files} outputs walked, ${judged.problems.length} outside our kinds or unlike their originals; ${again.length} of our outputs refused the second time; slowest ${Math.max(...outputs.map(({ row }) => row.ms))} ms`;
  return {
    holds: problems.length === 0 && share >= LEAST_REBUILT && own.length > 0,
    summary,
    details: [
      `Openable, not rebuilt:\n\n${reasonTable(own.filter(({ pdf }) => pdf === undefined))}`,
      `All ${outputs.length} PDFs of the corpora, openable or not, by end:\n\n${endTable(outputs)}`,
      `Look of first pages (poppler draws both at ${LOOK_DPI} dpi): mean difference of grey ${judged.look.mean.toFixed(3)} (0 same, 1 opposite), worst ${judged.look.worst}.`,
      `Values of form fields (with and without an appearance of their own) and a free text note: ${forms.length === 0 ? 'all in the output' : 'lost'}.`,
      problems.length === 0 ? 'Problems: none' : `Problems:\n${problems.map((line) => `- ${line}`).join('\n')}`,
      'Controls: the walker refuses an original with a Launch action and one with plain text; the look refuses a blank page for a page of text.',
    ].join('\n\n'),
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

async function rebuild(inputs: readonly Input[], out: string, passwords: readonly string[]) {
  const files = inputs.map(({ file }) => file);
  const { rows, exit, stderr } = await sanitizeFiles(files, { as: 'document', out, passwords });
  const outputs = rows.flatMap((row, i): Output[] => {
    const input = inputs[i];
    if (input === undefined) return [];
    const pdf = row.written.find((name) => name.endsWith('.pdf'));
    return [{ input, row, pdf: pdf === undefined ? undefined : join(row.folder, pdf), reason: reasonOf(row) }];
  });
  const problems = [
    ...(exit === 0 || exit === 3 ? [] : [`sanitize ended with ${exit}: ${stderr.slice(0, 300)}`]),
    ...(rows.length === inputs.length ? [] : [`${rows.length} rows for ${inputs.length} inputs`]),
    ...outputs.flatMap(({ row, input }) => row.problems.map((problem) => `${input.path}: ${problem}`)),
  ];
  return { outputs, problems };
}

function reasonOf(row: Sanitized): string {
  if (!row.written.includes('report.json')) return '';
  const [part] = reportOf(row).attachments;
  if (part?.outcome === 'rebuilt' && part.detectedType !== 'pdf') {
    return `passed on as ${part.detectedType}: no PDF by its bytes`;
  }
  return part === undefined || part.outcome === 'rebuilt' ? '' : `${part.reason ?? part.outcome}: ${part.detail ?? ''}`;
}

async function openEncrypted(shared: string, folder: string, short: boolean) {
  const all = encryptedPdfs();
  const chosen = short ? all.slice(0, 3) : all;
  const outputs: Output[] = [];
  const problems: string[] = [];
  for (const [i, { path, password }] of chosen.entries()) {
    const file = join(shared, path.startsWith('samples/') ? '' : 'corpora', path);
    const input = { path, kind: 'pdf-encrypted', file };
    const made = await rebuild([input], join(folder, `encrypted-${i}`), ['not-this-one', password]);
    outputs.push(...made.outputs);
    problems.push(...made.problems);
    if (made.outputs.every(({ pdf }) => pdf === undefined)) problems.push(`${path}: ${made.outputs[0]?.reason}`);
  }
  const opened = outputs.filter(({ pdf }) => pdf !== undefined).length;
  return { all: chosen.length, opened, outputs, problems };
}

function judge(outputs: readonly Output[]) {
  const problems: string[] = [];
  const looks: { readonly path: string; readonly difference: number }[] = [];
  let objects = 0;
  for (const { input, pdf = '' } of outputs) {
    const walked = walk(pdf, readFileSync(pdf));
    objects += walked.objects;
    problems.push(...walked.problems.map((problem) => `${input.path}: ${problem}`));
    const check = tool('qpdf', ['--check', pdf]);
    if (!/No syntax or stream encoding errors/.test(check)) problems.push(`${input.path}: qpdf --check: ${check}`);
    const pages = [pageCount(input.file), pageCount(pdf)];
    if (pages[0] !== undefined && pages[0] !== pages[1] && !hasListAfter(pdf, pages[0]))
      problems.push(`${input.path}: ${pages.join(' pages, of ours ')}`);
    const look = compareLooks(input.file, pdf);
    if (look === undefined) continue;
    looks.push({ path: input.path, difference: look.difference });
    if (look.lost) problems.push(`${input.path}: the picture is empty, the original's is not`);
  }
  const worst = looks.toSorted((one, other) => other.difference - one.difference).slice(0, 5);
  return {
    problems,
    objects,
    files: outputs.length,
    look: {
      mean: looks.reduce((sum, { difference }) => sum + difference, 0) / Math.max(looks.length, 1),
      worst: worst.map(({ path, difference }) => `${path} ${difference.toFixed(3)}`).join(', '),
    },
  };
}

function tool(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 });
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout ?? '');
  }
}

const pageCount = (pdf: string): number | undefined => {
  const found = /^Pages:\s+(\d+)/m.exec(tool('pdfinfo', [pdf]));
  return found === null ? undefined : Number(found[1]);
};

/** True when pages of ours begin right behind the original's last one: lists of comments and links. */
const hasListAfter = (pdf: string, pages: number): boolean =>
  tool('pdftotext', ['-f', String(pages + 1), '-l', String(pages + 1), pdf, '-']).includes(
    'この一覧は無害化システムが付けたものです',
  );

const LOOK_DPI = 20;
/** Ink of the original above which a page is not blank, and the share of it that must come back. Engines differ in strokes. */
const [SOME_INK, LEAST_INK] = [0.004, 0.2];

interface Grey {
  readonly width: number;
  readonly height: number;
  readonly pixels: Buffer;
}

const POPPLER = ['pdftoppm', '-gray', '-cropbox', '-r', String(LOOK_DPI), '-f', '1', '-l', '1', '-singlefile'] as const;
const MUPDF = ['mutool', 'draw', '-q', '-c', 'gray', '-F', 'pgm', '-r', String(LOOK_DPI), '-o', '-'] as const;

/** First page in grey. Undefined when the program cannot. */
function draw([program, ...args]: readonly [string, ...string[]], pdf: string, ...behind: string[]): Grey | undefined {
  let ppm: Buffer;
  try {
    const command = [...args, pdf, ...behind];
    ppm = execFileSync(program, command, { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 });
  } catch {
    return undefined;
  }
  const head = /^P5\s+(?:#.*\n)?(\d+)\s+(\d+)\s+255\s/.exec(ppm.toString('latin1', 0, 100));
  if (head === null) return undefined;
  return { width: Number(head[1]), height: Number(head[2]), pixels: ppm.subarray(head[0].length) };
}

const ink = ({ pixels }: Grey): number => pixels.reduce((sum, value) => sum + 255 - value, 0) / 255 / pixels.length;

/** Undefined when poppler cannot draw one of the two. */
function compareLooks(
  before: string,
  after: string,
): { readonly difference: number; readonly lost: boolean } | undefined {
  const [one, other] = [draw(POPPLER, before), draw(POPPLER, after)];
  if (one === undefined || other === undefined) return undefined;
  const [width, height] = [Math.min(one.width, other.width), Math.min(one.height, other.height)];
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      sum += Math.abs((one.pixels[y * one.width + x] ?? 255) - (other.pixels[y * other.width + x] ?? 255));
    }
  }
  const faded = (drawn: Grey | undefined): boolean =>
    drawn !== undefined && ink(drawn) > SOME_INK && ink(other) < ink(drawn) * LEAST_INK;
  // Broken fonts look different in each engine: lost is what two of them see and we do not.
  const lost = faded(one) && faded(draw(MUPDF, before, '1'));
  return { difference: sum / 255 / Math.max(width * height, 1), lost };
}

/** Our outputs as inputs: rebuilt again, nothing blocked, nothing found to take out but what every PDF has. */
async function twice(outputs: readonly Output[], out: string): Promise<string[]> {
  const inputs = outputs.map(({ input, pdf = '' }) => ({ ...input, file: pdf }));
  const again = await rebuild(inputs, out, []);
  return [
    ...again.problems,
    ...again.outputs
      .filter(({ pdf }) => pdf === undefined)
      .map(({ input, reason }) => `second time: ${input.path}: ${reason}`),
  ];
}

/** Values of fields and notes in samples/pdf/form_annots.pdf; the first field has no appearance, the program makes it. */
const FORM_VALUES = ['FIELDVALUE_NO_AP', 'FIELDVALUE_AP', 'FREETEXT_AP'] as const;

async function formProblems(shared: string, out: string): Promise<string[]> {
  const path = 'samples/pdf/form_annots.pdf';
  const { outputs } = await rebuild([{ path, kind: 'pdf', file: join(shared, path) }], out, []);
  const text = tool('pdftotext', [outputs[0]?.pdf ?? '', '-']);
  return FORM_VALUES.filter((value) => !text.includes(value)).map((value) => `${path}: ${value} is lost`);
}

/** What the judges must refuse. */
function controlProblems(shared: string): string[] {
  const sampled = (name: string): string => join(shared, 'samples/pdf', name);
  const launch = sampled('mal_launch.pdf');
  const text = sampled('jp_embedded_10p.pdf');
  const refusedLaunch = walk(launch, readFileSync(launch)).problems.some((problem) => problem.includes('/OpenAction'));
  const refusedText = walk(text, readFileSync(text)).problems.length > 0;
  const drawn = draw(POPPLER, text);
  const blank = drawn === undefined ? undefined : { ...drawn, pixels: Buffer.alloc(drawn.pixels.length, 255) };
  const refusedBlank =
    drawn !== undefined && blank !== undefined && ink(drawn) > SOME_INK && ink(blank) < ink(drawn) * LEAST_INK;
  return [
    ...(refusedLaunch ? [] : ['control: the walker takes a Launch action']),
    ...(refusedText ? [] : ['control: the walker takes plain text']),
    ...(refusedBlank ? [] : ['control: a blank page looks like a page of text']),
  ];
}

const reasonTable = (outputs: readonly Output[]): string =>
  markdownTable(
    ['file', 'kind', 'reason'],
    outputs.map(({ input, reason }) => [input.path, input.kind, reason]),
  );

function endTable(outputs: readonly Output[]): string {
  const ends = new Map<string, number>();
  for (const { pdf, reason } of outputs) {
    const end = pdf === undefined ? (reason.split(':')[0] ?? '') : 'rebuilt';
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  return markdownTable(['end', 'files'], [...ends]);
}
