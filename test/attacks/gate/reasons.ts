/**
 * Why each rule's breaches are refused: fixtures/gate/reasons.tsv, one row for each rule and reason, places written as N.
 * A breach that is refused for another reason than before may have slipped through the check that is meant to see it.
 */
import { readFileSync } from 'node:fs';

const FILE = new URL('../../../fixtures/gate/reasons.tsv', import.meta.url);

const rows = readFileSync(FILE, 'utf8')
  .split('\n')
  .filter((row) => row !== '' && !row.startsWith('#'))
  .map((row) => row.split('\t'));

/** Reasons that the fixture names for a rule, sorted. */
export const reasonsOf = (type: string, rule: string): readonly string[] =>
  rows.filter((row) => row[0] === type && row[1] === rule).map((row) => row[2] ?? '');

/** Problems as the fixture spells them: each once, sorted. */
export const spelled = (problems: readonly string[]): readonly string[] =>
  [
    ...new Set(
      problems.map((problem) =>
        problem.replace(/\bat \d+|\bmarker \w+/g, (place) => place.replace(/\w+$/, 'N')).replace(/[\n\t]/g, ' '),
      ),
    ),
  ].sort();
