/** Which rows of the catalogue a test shows that ran and passed. */
import {
  AREAS_OF_THIS_ISSUE,
  catalogue,
  coverage as coverageOf,
  crowded,
  ranIn,
  standElsewhere,
  tableOf,
} from '../../threats/coverage.ts';
import type { Section } from '../section.ts';
import { testRun } from './test-run.ts';

/** The issue's: of all rows. */
const MOST_WAIVED = 0.05;

export const coverage: Section = {
  name: 'coverage',
  bar: 'Coverage of the areas above: rows tested / not applicable / later.',
  async run(context) {
    const { report, subset } = await testRun(context);
    const ran = ranIn(report);
    const covered = coverageOf(catalogue(), standElsewhere(), ran);
    const count = (state: string): number => covered.filter((row) => row.state === state).length;
    const open = covered.filter(({ state }) => state === 'untested');
    const waived = count('not-applicable');
    const failed = ran.filter(({ status }) => status === 'failed').length;
    const areas = covered.filter(({ area }) => AREAS_OF_THIS_ISSUE.includes(area));
    const partly = subset.length > 0 ? ` (only ${subset.join(', ')} ran)` : '';
    for (const { id, technique } of open.slice(0, 20)) context.say(`untested ${id}: ${technique}`);
    return {
      // A part of the tests cannot show every row; that what it says is in order, it can.
      holds: (subset.length > 0 || open.length === 0) && waived <= covered.length * MOST_WAIVED && failed === 0,
      summary: `${covered.length} rows: ${count('tested')} tested, ${waived} not applicable, ${count('later')} later, ${open.length} untested; in ${AREAS_OF_THIS_ISSUE.join(', ')} ${areas.filter(({ state }) => state === 'tested').length} of ${areas.length} tested; ${ran.length} tests, ${failed} failed${partly}`,
      details: [
        tableOf(covered),
        list(
          'Untested',
          open.map(({ id, technique }) => `${id} ${technique}`),
        ),
        list(
          'Not applicable',
          covered.filter(({ state }) => state === 'not-applicable').map(({ id, reason }) => `${id}: ${reason}`),
        ),
        list(
          'Later in the areas of this issue',
          areas.filter(({ state }) => state === 'later').map(({ id, reason }) => `${id}: ${reason}`),
        ),
        list('Rows that only tests show which name six rows or more (to be looked at by a person)', crowded(covered)),
      ].join('\n\n'),
    };
  },
};

const list = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? `${title}: none` : `${title}: ${lines.length}\n${lines.map((line) => `- ${line}`).join('\n')}`;
