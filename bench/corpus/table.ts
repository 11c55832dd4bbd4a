/** What a run of a corpus shows people: one line a kind, one line a judge, and every finding. */
import type { CorpusRow, CorpusRun } from './run.ts';

export const KIND_HEAD = [
  'kind',
  'files',
  'sanitized',
  'with a held part',
  'held',
  'failed',
  'children died',
  'time-outs',
  'gate refused',
  'findings',
  'slowest ms',
];

const isTimeout = (row: CorpusRow): boolean =>
  row.verdict === 'held(timeout)' || row.internal.some((text) => text.includes('timeout'));

export function kindRows({ rows, judges }: CorpusRun): readonly (readonly (string | number)[])[] {
  const found = judges.flatMap(({ findings }) => findings.map(({ path }) => path));
  const kinds = [...new Set(rows.map(({ kind }) => kind)), 'all'];
  return kinds.map((kind) => {
    const own = rows.filter((row) => kind === 'all' || row.kind === kind);
    const count = (test: (row: CorpusRow) => boolean): number => own.filter(test).length;
    const paths = new Set(own.map(({ path }) => path));
    return [
      kind,
      own.length,
      count(({ verdict }) => verdict === 'sanitized'),
      count(({ verdict }) => verdict === 'sanitized-with-hold'),
      count(({ verdict }) => verdict.startsWith('held')),
      count(({ verdict }) => verdict === 'failed'),
      count(({ deaths }) => deaths.length > 0),
      count(isTimeout),
      count(({ refused }) => refused.length > 0),
      found.filter((path) => kind === 'all' || paths.has(path)).length,
      Math.max(0, ...own.map(({ ms }) => ms)),
    ];
  });
}

export const JUDGE_HEAD = ['judge', 'findings', 'seconds'];

export const judgeRows = ({ judges }: Pick<CorpusRun, 'judges'>): readonly (readonly (string | number)[])[] =>
  judges.map(({ name, findings, ms, missing }) => [
    name,
    missing.length > 0 ? `skipped: ${missing.join(', ')}` : findings.length,
    (ms / 1000).toFixed(1),
  ]);

/** What must not be, one line each: findings, refusals of our own output, failures of ours. */
export const problemsOf = ({ rows, judges }: CorpusRun): readonly string[] => [
  ...judges.flatMap(({ name, findings }) => findings.map(({ path, what }) => `${name}: ${path}: ${what}`)),
  ...rows.flatMap(({ path, refused }) =>
    refused.length > 0 ? [`gate refused: ${path}: ${refused.join('; ').slice(0, 300)}`] : [],
  ),
  ...rows.flatMap(({ path, verdict, internal }) =>
    verdict === 'failed' ? [`failed: ${path}: ${internal.join('; ')}`] : [],
  ),
];

/** Ends that are ours to explain, though nothing bad crossed: children that died, parts that failed. */
export const failuresOf = ({ rows }: CorpusRun): readonly string[] =>
  rows.flatMap(({ path, deaths, internal, verdict }) =>
    verdict !== 'failed' && (deaths.length > 0 || internal.length > 0)
      ? [`${path}: ${[...deaths, ...internal].join('; ').slice(0, 300)}`]
      : [],
  );

/** Columns as wide as their widest cell. */
export function plainTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  return cells
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}
