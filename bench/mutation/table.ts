/** Scores and rows of what was judged. Score = killed / all mutants; endless ones count as killed, unreached ones as survived. */
import type { Judged } from './run.ts';

export const isSurvivor = ({ verdict }: Judged): boolean => verdict.kind === 'survived' || verdict.kind === 'unreached';

/** In percent; 100 when there is no mutant. */
export const scoreOf = (judged: readonly Judged[]): number =>
  judged.length === 0 ? 100 : (100 * judged.filter((one) => !isSurvivor(one)).length) / judged.length;

export function scoreTable(judged: readonly Judged[]): string {
  const files = [...new Set(judged.map(({ mutant }) => mutant.file))];
  const rows = files.map((file) =>
    rowOf(
      file,
      judged.filter(({ mutant }) => mutant.file === file),
    ),
  );
  return [
    '| file | mutants | killed | of these endless | survived | of these unreached | score |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    rowOf('**all**', judged),
  ].join('\n');
}

function rowOf(name: string, judged: readonly Judged[]): string {
  const count = (kind: string): number => judged.filter(({ verdict }) => verdict.kind === kind).length;
  const [endless, unreached] = [count('endless'), count('unreached')];
  const score = `${scoreOf(judged).toFixed(1)} %`;
  return `| ${name} | ${judged.length} | ${count('killed') + endless} | ${endless} | ${count('survived') + unreached} | ${unreached} | ${score} |`;
}

/** A row of fixtures/mutation/survivors.tsv without its reason. */
export const survivorRow = ({ mutant }: Judged, reason = ''): string =>
  `${[mutant.file, mutant.lineText, String(mutant.column), mutant.operator, oneLine(mutant.replacement), reason].join('\t')}\n`;

export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** For a terminal. */
export const survivorLines = ({ mutant, verdict }: Judged): string =>
  `\n${mutant.file}:${mutant.line} ${mutant.operator} (${verdict.kind})\n  ${mutant.lineText}\n  ${mutant.original}\n  → ${mutant.replacement}\n`;
