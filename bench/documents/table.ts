/** The document half of docs/bench.md. */
import { figure, type Spread, spread } from '../load/statistics.ts';
import { type DocumentResult, type DocumentRow, OURS_WARM } from './run.ts';

type Pick = (row: DocumentRow) => number;

const FIGURES: readonly { readonly name: string; readonly pick: Pick }[] = [
  { name: 'ms/page', pick: ({ msPerPage }) => msPerPage },
  { name: 'CPU ms/page', pick: ({ cpuMsPerPage }) => cpuMsPerPage },
  { name: 'kB/page', pick: ({ bytesPerPage }) => bytesPerPage / 1000 },
  { name: 'peak memory, MB', pick: ({ peakBytes }) => peakBytes / 1e6 },
];

/** Ours must be right. What a peer fails at is said in the page, and is its own trouble. */
export const documentProblems = ({ rows }: DocumentResult): readonly string[] => [
  ...rows
    .filter(({ tool }) => tool.startsWith('Sekisho'))
    .flatMap(({ input, tool, problems }) => problems.map((problem) => `${tool}, ${input}: ${problem}`)),
  ...rows
    .filter(({ msPerPage, cpuMsPerPage }) => !(msPerPage > 0 && cpuMsPerPage >= 0))
    .map(({ input, tool }) => `${tool}, ${input}: no figure`),
];

export function documentPage(result: DocumentResult): string {
  const failures = [
    ...new Set(result.rows.flatMap((row) => row.problems.map((problem) => `- ${row.tool}, ${row.input}: ${problem}`))),
  ];
  return `## Documents

PDFs at 150 dpi, pictures in their own size, in turn, document by document. «Warm jail» is how the gateway runs: children that stand
ready, each output judged by the inspector in another jail. «Fresh command» is \`sekisho sanitize FILE\`: Node, the jail's probe and a child are
started for that one file (measured in one round). The tools get a fresh process for each file and no jail. **Ratios above 1: we are ahead** (theirs ÷ ours, warm jail).
Ours keeps a text layer; none of the tools does. A picture's page is the picture.

${[
  ...result.tools.map(({ name, text }) => `- ${name}: ${text}.`),
  ...result.absent.map((line) => `- **Not measured**: ${line}.`),
].join('\n')}
${result.inputs
  .map(({ name }) =>
    setTable(
      result.rows.filter(({ input }) => input === name),
      name,
    ),
  )
  .join('\n')}
${failures.length === 0 ? 'Every output was there and had its pages.' : `Not right:\n\n${failures.join('\n')}`}
`;
}

function setTable(rows: readonly DocumentRow[], name: string): string {
  const tools = [...new Set(rows.map(({ tool }) => tool))];
  const of = (tool: string, pick: Pick): Spread => spread(rows.filter((row) => row.tool === tool).map(pick));
  const lines = tools.map((tool) => {
    const cells = FIGURES.map(({ pick }) => {
      const { median, least, most } = of(tool, pick);
      const ratio = tool.startsWith('Sekisho') ? '' : ` × ${figure(median / of(OURS_WARM, pick).median)}`;
      return `${figure(median)} (${figure(least)}–${figure(most)})${ratio}`;
    });
    return `| ${[tool, ...cells].join(' | ')} |`;
  });
  return [
    `\n### ${name}\n`,
    `| | ${FIGURES.map((each) => each.name).join(' | ')} |`,
    `|---|${FIGURES.map(() => '---').join('|')}|`,
    ...lines,
    '',
  ].join('\n');
}
