/** A row of the catalogue counts when a test that names it ran and passed, and only then. */
import { expect, test } from 'vitest';
import { catalogue, coverage, idsIn, standElsewhere } from '../../../bench/threats/coverage.ts';

const ROWS = [
  { id: 'S01', area: 'SMTP', technique: 'a' },
  { id: 'S02', area: 'SMTP', technique: 'b' },
];
const states = (...ran: readonly { name: string; status: string }[]): readonly string[] =>
  coverage(ROWS, [], ran).map(({ state }) => state);

test('ids, ranges, and nothing that only looks like one', () => {
  expect(idsIn('S01 S03: x')).toEqual(['S01', 'S03']);
  expect(idsIn('S12–S14 and M01-03')).toEqual(['S12', 'S13', 'S14', 'M01', 'M02', 'M03']);
  expect(idsIn('SHA256, CP932, JIS X 0213, A4, PDF17')).toEqual([]);
});

test('a test that passed counts; one that was skipped or failed does not', () => {
  expect(states({ name: 'S01: x', status: 'passed' })).toEqual(['tested', 'untested']);
  expect(states({ name: 'S01: x', status: 'skipped' }, { name: 'S02', status: 'failed' })).toEqual([
    'untested',
    'untested',
  ]);
});

test('a row that stands elsewhere cannot be tested too, and must be in the catalogue', () => {
  const later = { id: 'S01', state: 'later', reason: 'it comes later' } as const;
  expect(coverage(ROWS, [later], [])[0]).toMatchObject({ state: 'later', reason: 'it comes later' });
  expect(() => coverage(ROWS, [later], [{ name: 'S01', status: 'passed' }])).toThrow('S01');
  expect(() => coverage(ROWS, [{ ...later, id: 'Z99' }], [])).toThrow('Z99');
});

test('the catalogue is whole, and at most one row in twenty is said not to apply', () => {
  const rows = catalogue();
  expect(rows).toHaveLength(447);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(447);
  const waived = standElsewhere().filter(({ state }) => state === 'not-applicable');
  expect(waived.length).toBeLessThanOrEqual(447 / 20);
});
