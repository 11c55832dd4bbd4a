/**
 * `npm run coverage:threats -- REPORT.json`: which rows of fixtures/threats/threats.tsv a test shows.
 *
 * A row counts as tested when a test that has its id in its name (or in a range like S12–S20) ran and passed; one that
 * was skipped or failed does not count. Rows that cannot apply, or whose feature belongs to a later issue, stand with
 * a reason in fixtures/threats/elsewhere.tsv. REPORT.json is what vitest's JSON reporter writes.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export interface Row {
  readonly id: string;
  readonly area: string;
  readonly technique: string;
}

export interface Elsewhere {
  readonly id: string;
  readonly state: 'not-applicable' | 'later';
  readonly reason: string;
}

export interface Ran {
  readonly name: string;
  readonly status: string;
}

export type State = 'tested' | 'not-applicable' | 'later' | 'untested';

export interface Covered extends Row {
  readonly state: State;
  readonly tests: readonly string[];
  readonly reason: string;
}

/** Areas of which the third issue wants every row shown whose format exists. */
export const AREAS_OF_THIS_ISSUE: readonly string[] = ['SMTP', 'MIME', 'BODY', 'IMG', 'PDF', 'ATT', 'FLT'];

const ID = /\b([A-Z])(\d{2})(?:[–-]\1?(\d{2}))?\b/g;

/** `S12–S20` and `S12-20` name every row between. */
export function idsIn(name: string): readonly string[] {
  return [...name.matchAll(ID)].flatMap(([, letter = '', first = '', last = first]) =>
    Array.from({ length: Math.max(0, Number(last) - Number(first)) + 1 }, (_, i) => {
      return `${letter}${String(Number(first) + i).padStart(2, '0')}`;
    }),
  );
}

/** @throws Error when a row stands elsewhere and is tested too, or stands there without being in the catalogue. */
export function coverage(
  rows: readonly Row[],
  elsewhere: readonly Elsewhere[],
  ran: readonly Ran[],
): readonly Covered[] {
  const tests = new Map<string, string[]>();
  for (const { name, status } of ran) {
    if (status !== 'passed') continue;
    for (const id of idsIn(name)) tests.set(id, [...(tests.get(id) ?? []), name]);
  }
  const strangers = elsewhere.filter(({ id }) => !rows.some((row) => row.id === id)).map(({ id }) => id);
  if (strangers.length > 0) throw new Error(`not in the catalogue: ${strangers.join(', ')}`);
  const both = elsewhere.filter(({ id }) => tests.has(id)).map(({ id }) => id);
  if (both.length > 0) throw new Error(`tested, and yet in elsewhere.tsv: ${both.join(', ')}`);
  return rows.map((row) => {
    const named = tests.get(row.id) ?? [];
    const other = elsewhere.find(({ id }) => id === row.id);
    const state: State = named.length > 0 ? 'tested' : (other?.state ?? 'untested');
    return { ...row, state, tests: named, reason: other?.reason ?? '' };
  });
}

const read = (name: string): readonly (readonly string[])[] =>
  readFileSync(new URL(`../../fixtures/threats/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));

export const catalogue = (): readonly Row[] =>
  read('threats.tsv').map(([id = '', area = '', technique = '']) => ({ id, area, technique }));

/**
 * Lines are `id TAB state TAB reason`; a reason of «later» names the issue that builds what is missing.
 * @throws Error for a line without a known state or a reason.
 */
export const standElsewhere = (): readonly Elsewhere[] =>
  read('elsewhere.tsv').map(([id = '', state = '', reason = '']) => {
    if ((state !== 'not-applicable' && state !== 'later') || reason.length < 10) throw new Error(`${id}: no reason`);
    if (state === 'later' && !/^issue \d+\b/.test(reason)) throw new Error(`${id}: later, but no issue is named`);
    return { id, state, reason };
  });

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export function ranIn(file: string): readonly Ran[] {
  const report: VitestReport = JSON.parse(readFileSync(file, 'utf8'));
  return report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({ name: fullName, status })),
  );
}

/** A test of that many rows may drive each, or only name them: a person should look. */
const CROWD = 6;

/** Rows that are shown by tests of many rows only. */
export const crowded = (covered: readonly Covered[]): readonly string[] =>
  covered.flatMap(({ id, state, tests }) =>
    state === 'tested' && tests.every((name) => idsIn(name).length >= CROWD) ? [`${id}: ${tests[0]}`] : [],
  );

const STATES: readonly State[] = ['tested', 'not-applicable', 'later', 'untested'];

/** Markdown: one line an area. */
export function tableOf(covered: readonly Covered[]): string {
  const areas = [...new Set(covered.map(({ area }) => area))];
  const lines = areas.map((area) => {
    const rows = covered.filter((row) => row.area === area);
    const counts = STATES.map((state) => rows.filter((row) => row.state === state).length);
    return `| ${area} | ${rows.length} | ${counts.join(' | ')} |`;
  });
  return ['| area | rows | tested | not applicable | later | untested |', '|---|---|---|---|---|---|', ...lines].join(
    '\n',
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const file = process.argv[2];
  if (file === undefined) {
    process.stderr.write(
      'usage: npm run coverage:threats -- REPORT.json (vitest run --reporter=json --outputFile=…)\n',
    );
    process.exit(2);
  }
  const covered = coverage(catalogue(), standElsewhere(), ranIn(file));
  const open = covered.filter(({ state }) => state === 'untested');
  process.stdout.write(`${tableOf(covered)}\n`);
  for (const { id, technique } of open) process.stdout.write(`untested ${id}: ${technique}\n`);
  process.exit(open.length === 0 ? 0 : 1);
}
