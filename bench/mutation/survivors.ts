/**
 * Explained survivors: fixtures/mutation/*.tsv, one row each. A row names the mutant by the text of its line, so that it
 * stays when lines move; it is void when the line changes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RoomRecord } from './records.ts';

const FOLDER = 'fixtures/mutation';

export interface Explained {
  /** Everything but the reason, as `survivorKey` spells it. */
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
  /** Keys of survivors that nobody explained. */
  readonly unexplained: readonly string[];
  /** Keys of rows whose mutant was killed, or is no mutant any more. */
  readonly idle: readonly string[];
}

/** What whole runs of some files saw, against the rows. */
export function compare(
  records: readonly Pick<RoomRecord, 'scores' | 'survivors'>[],
  explained: readonly Explained[],
): Comparison {
  const known = new Set(explained.map(({ key }) => key));
  const alive = new Set(records.flatMap(({ survivors }) => survivors));
  const files = new Set(records.flatMap(({ scores }) => scores.map(({ file }) => file)));
  return {
    unexplained: [...alive].filter((key) => !known.has(key)),
    idle: [...known].filter((key) => !alive.has(key) && files.has(key.split('\t')[0] ?? '')),
  };
}
