/**
 * PDF → pixel PDF with text, in turn with the tools that people use for it: twenty pages of Japanese text and twenty scanned
 * pages. Ours is measured as the gateway runs it: warm jailed children, the inspector's look at the result counted in.
 *
 * Cheats and what catches them: pages left out (pdfinfo counts each output's), two processes against one (CPU time stands
 * beside wall time), a lucky round (medians of ratios within one round). That text and look are there is for the sections
 * pdf-text and pdf-look, on the same program with the same policy.
 */
import { type DocumentRow, OURS_WARM, runDocuments } from '../../documents/run.ts';
import { markdownTable } from '../issue1/product.ts';
import type { Section, SectionContext } from '../section.ts';

const [GS, POPPLER] = ['gs pdfimage24', 'pdftoppm -jpeg + img2pdf'] as const;
const [TEXT, SCAN, FORM] = [
  '20 pages of Japanese text',
  '20 scanned pages, colour, 200 dpi',
  'one page of a form',
] as const;

/** How many times faster than the tool. */
const BARS = [
  { input: TEXT, tool: GS, least: 1.5 },
  { input: TEXT, tool: POPPLER, least: 1.2 },
  { input: SCAN, tool: GS, least: 3 },
  { input: SCAN, tool: POPPLER, least: 0.9 },
] as const;
const ROUNDS = 5;

export const pdfSpeed: Section = {
  name: 'pdf-speed',
  bar: 'PDF 150 dpi with text layer, same run: 20-page Japanese text ≥ 1.5 × gs pdfimage24 and ≥ 1.2 × pdftoppm + img2pdf in ms/page; 20-page colour scan ≥ 3 × and ≥ 0.9 ×; bytes per page ≤ the peers’ JPEG output.',
  run: measure,
};

async function measure({ short, say }: SectionContext) {
  const options = short ? { rounds: 1, only: [FORM] } : { rounds: ROUNDS, only: [TEXT, SCAN] };
  const { rows, absent } = await runDocuments({ short, ...options }, say);
  const problems = [
    ...absent,
    ...rows.flatMap(({ tool, input, problems: found }) => found.map((p) => `${tool}, ${input}: ${p}`)),
  ];
  const ratios = BARS.map((bar) => ({ ...bar, ratio: ratioOf(rows, bar.input, bar.tool, 'msPerPage') }));
  const sizes = [TEXT, SCAN].map((input) => ({ input, ratio: ratioOf(rows, input, POPPLER, 'bytesPerPage') }));
  const isFast = ratios.every(({ ratio, least }) => ratio >= least);
  const isSmall = sizes.every(({ ratio }) => ratio >= 1);
  const ours = rows.filter(({ tool }) => tool === OURS_WARM);
  const figures = short
    ? `${ours.length} run, no bar at this size`
    : [
        ...ratios.map(({ input, tool, ratio, least }) => `${input}: ${ratio.toFixed(2)} × ${tool} (bar ${least})`),
        ...sizes.map(({ input, ratio }) => `${input}: JPEG output of poppler ÷ ours ${ratio.toFixed(2)} (bar 1)`),
      ].join('; ');
  return {
    holds: problems.length === 0 && ours.length > 0 && (short || (isFast && isSmall)),
    summary: figures + (problems.length > 0 ? `; PROBLEMS: ${problems.join('; ')}` : ''),
    details: tableOf(rows),
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;

type Figure = 'msPerPage' | 'cpuMsPerPage' | 'bytesPerPage';

/** The tool's figure over ours, round by round; the median. */
function ratioOf(rows: readonly DocumentRow[], input: string, tool: string, figure: Figure): number {
  const of = (name: string, round: number): number | undefined =>
    rows.find((row) => row.input === input && row.tool === name && row.round === round)?.[figure];
  const rounds = [...new Set(rows.map(({ round }) => round))];
  return median(rounds.map((round) => (of(tool, round) ?? Number.NaN) / (of(OURS_WARM, round) ?? Number.NaN)));
}

function tableOf(rows: readonly DocumentRow[]): string {
  const cells = [...new Set(rows.map(({ input, tool }) => `${input}\n${tool}`))].map((key) => {
    const [input = '', tool = ''] = key.split('\n');
    const own = rows.filter((row) => row.input === input && row.tool === tool);
    const figure = (name: Figure): number => median(own.map((row) => row[name]));
    return [
      input,
      tool,
      figure('msPerPage').toFixed(1),
      figure('cpuMsPerPage').toFixed(1),
      Math.round(figure('bytesPerPage') / 1000),
    ];
  });
  return markdownTable(['input', 'tool', 'ms/page', 'CPU ms/page', 'kB/page'], cells);
}
