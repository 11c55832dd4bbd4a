/**
 * Explained survivors: fixtures/mutation/*.tsv, one row each. A row names the mutant by the text of its line, so that it
 * stays when lines move; it is void when the line changes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Judged } from './run.ts';
import { isSurvivor, survivorRow } from './table.ts';

const FOLDER = 'fixtures/mutation';

export interface Explained {
  /** Everything but the reason, as `survivorRow` spells it. */
  readonly key: string;
  readonly reason: string;
}

/** @throws Error when a row has no reason */
export function readSurvivors(root: string): readonly Explained[] {
  const names = readdirSync(join(root, FOLDER)).filter((name) => name.endsWith('.tsv'));
  return names.flatMap((name) =>
    readFileSync(join(root, FOLDER, name), 'utf8')
      .split('\n')
      .filter((row) => row !== '' && !row.startsWith('#'))
      .map((row) => {
        const fields = row.split('\t');
        const reason = fields.at(-1)?.trim() ?? '';
        if (fields.length !== 6 || reason.length < 10) throw new Error(`${name}: a row without a reason: ${row}`);
        return { key: fields.slice(0, 5).join('\t'), reason };
      }),
  );
}

export interface Comparison {
  /** Rows for survivors that nobody explained. */
  readonly unexplained: readonly string[];
  /** Keys of rows whose mutant was judged and killed, or is no mutant any more. */
  readonly idle: readonly string[];
}

/** @param isWhole when every mutant of the files was judged: only then a row without a mutant is idle */
export function compare(judged: readonly Judged[], explained: readonly Explained[], isWhole: boolean): Comparison {
  const keyOf = (one: Judged): string => survivorRow(one).split('\t').slice(0, 5).join('\t');
  const known = new Set(explained.map(({ key }) => key));
  const survivors = judged.filter(isSurvivor);
  const alive = new Set(survivors.map(keyOf));
  const dead = new Set(judged.filter((one) => !isSurvivor(one)).map(keyOf));
  const files = new Set(judged.map(({ mutant }) => mutant.file));
  const isIdle = (key: string): boolean =>
    !alive.has(key) && (dead.has(key) || (isWhole && files.has(key.split('\t')[0] ?? '')));
  return {
    unexplained: survivors.filter((one) => !known.has(keyOf(one))).map((one) => survivorRow(one).trimEnd()),
    idle: [...known].filter(isIdle),
  };
}
