/** Scores and rows of what was judged. Score = killed / all mutants; endless ones count as killed, unreached ones as survived. */
import type { Judged } from './run.ts';

export interface FileScore {
  readonly file: string;
  readonly mutants: number;
  /** Endless ones among them. */
  readonly killed: number;
  readonly endless: number;
  /** Unreached ones among them. */
  readonly survived: number;
  readonly unreached: number;
}

export const isSurvivor = ({ verdict }: Judged): boolean => verdict.kind === 'survived' || verdict.kind === 'unreached';

export function scoresOf(judged: readonly Judged[]): readonly FileScore[] {
  const files = [...new Set(judged.map(({ mutant }) => mutant.file))];
  return files.map((file) => {
    const own = judged.filter(({ mutant }) => mutant.file === file);
    const count = (kind: string): number => own.filter(({ verdict }) => verdict.kind === kind).length;
    const survived = own.filter(isSurvivor).length;
    return {
      file,
      mutants: own.length,
      killed: own.length - survived,
      endless: count('endless'),
      survived,
      unreached: count('unreached'),
    };
  });
}

export const sumOf = (scores: readonly FileScore[], of: 'mutants' | 'killed' | 'endless' | 'survived' | 'unreached') =>
  scores.reduce((sum, score) => sum + score[of], 0);

/** In percent; 100 when there is no mutant. */
export const percentOf = (scores: readonly FileScore[]): number =>
  sumOf(scores, 'mutants') === 0 ? 100 : (100 * sumOf(scores, 'killed')) / sumOf(scores, 'mutants');

export function scoreTable(scores: readonly FileScore[]): string {
  return [
    '| file | mutants | killed | of these endless | survived | of these unreached | score |',
    '|---|---|---|---|---|---|---|',
    ...scores.map((score) => rowOf(score.file, [score])),
    rowOf('**all**', scores),
  ].join('\n');
}

function rowOf(name: string, scores: readonly FileScore[]): string {
  const figures = (['mutants', 'killed', 'endless', 'survived', 'unreached'] as const).map((of) => sumOf(scores, of));
  return `| ${name} | ${figures.join(' | ')} | ${percentOf(scores).toFixed(1)} % |`;
}

/** A row of fixtures/mutation/survivors.tsv without its reason. */
export const survivorRow = ({ mutant }: Judged, reason = ''): string =>
  `${[mutant.file, mutant.lineText, String(mutant.column), mutant.operator, oneLine(mutant.replacement), reason].join('\t')}\n`;

/** What names a mutant in that file: the row without the reason's column. */
export const survivorKey = (judged: Judged): string => survivorRow(judged).split('\t').slice(0, 5).join('\t');

export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** For a terminal. */
export const survivorLines = ({ mutant, verdict }: Judged): string =>
  `\n${mutant.file}:${mutant.line} ${mutant.operator} (${verdict.kind})\n  ${mutant.lineText}\n  ${mutant.original}\n  → ${mutant.replacement}\n`;
