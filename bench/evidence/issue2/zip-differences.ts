/** Rows of threats.tsv and the thirteen differences of threats.md §1.6 against the tests that really ran and passed. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable } from '../issue1/product.ts';
import type { Section, SectionContext, SectionResult } from '../section.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TESTS = 'test/attacks/archives';
const FIRST_ROW = 20;
const LAST_ROW = 37;
const DIFFERENCES = 13;

export const zipDifferences: Section = {
  name: 'zip-differences',
  bar: 'The 13 crafted ZIP differences of threats.md §1.6 and rows A20–A37: never a file under another name than shown, never silent loss.',
  run: measure,
};

interface Ran {
  readonly title: string;
  readonly status: string;
}

interface Row {
  readonly id: string;
  readonly technique: string;
  readonly expectation: string;
}

async function measure({ shared, say }: SectionContext): Promise<SectionResult> {
  say(`the tests in ${TESTS} …`);
  const ran = await runTests();
  const differences = Array.from({ length: DIFFERENCES }, (_, i) => `Z${String(i + 1).padStart(2, '0')}`);
  const rows = [
    ...differences.map((id) => ({
      id,
      technique: 'threats.md §1.6',
      expectation: 'held, or told and handed on under its own name',
    })),
    ...threatRows(join(shared, 'threats.tsv')),
  ];
  const judged = rows.map((row) => judge(row, ran));
  const failed = ran.filter(({ status }) => status === 'failed');
  const bad = judged.filter(({ holds }) => !holds);
  return {
    holds:
      bad.length === 0 &&
      failed.length === 0 &&
      ran.length > 0 &&
      rows.length === DIFFERENCES + LAST_ROW - FIRST_ROW + 1,
    summary: `${judged.length - bad.length} of ${judged.length} rows (${DIFFERENCES} differences, A${FIRST_ROW}–A${LAST_ROW}) with tests that ran and passed; ${ran.filter(({ status }) => status === 'passed').length} tests passed, ${failed.length} failed`,
    details: [
      'A row counts when a test names its id (a range of ids does not count), all that do have run, and all have passed. The thirteen differences have a benign',
      'twin each; each case checks that whatever any program finds in the file is a row of the report, or the whole is held with the reason.',
      '',
      markdownTable(
        ['row', 'technique', 'tests', 'outcome'],
        judged.map(({ row, tests, holds }) => [
          row.id,
          row.technique,
          tests.join(' · '),
          holds ? 'passed' : 'NOT SHOWN',
        ]),
      ),
      ...failed.map(({ title }) => `- failed: ${title}`),
    ].join('\n'),
  };
}

/** Ids stand before the first colon of a test's name: «A29, A30: …», «Z05: …». */
const idsOf = (title: string): readonly string[] =>
  /^(?:.* > )?([AZ]\d\d(?:, [AZ]\d\d)*)[:,]/.exec(title)?.[1]?.split(', ') ?? [];

function judge(
  row: Row,
  ran: readonly Ran[],
): { readonly row: Row; readonly tests: readonly string[]; readonly holds: boolean } {
  const own = ran.filter(({ title }) => idsOf(title).includes(row.id));
  const isDifference = row.id.startsWith('Z');
  const hasTwin = !isDifference || own.some(({ title }) => title.includes('benign twin'));
  return {
    row,
    tests: own.map(
      ({ title, status }) =>
        `${title.replace(/^(?:[AZ]\d\d(?:, )?)+[:,] ?/, '')}${status === 'passed' ? '' : ` (${status})`}`,
    ),
    holds: own.length > 0 && hasTwin && own.every(({ status }) => status === 'passed'),
  };
}

function threatRows(file: string): readonly Row[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([id = '']) => /^A\d\d$/.test(id) && Number(id.slice(1)) >= FIRST_ROW && Number(id.slice(1)) <= LAST_ROW)
    .map(([id = '', , technique = '', expectation = '']) => ({ id, technique, expectation }));
}

async function runTests(): Promise<readonly Ran[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-differences-'));
  try {
    const output = join(folder, 'tests.json');
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
    await new Promise<void>((resolve, reject) => {
      const args = [vitest, 'run', TESTS, '--reporter=json', `--outputFile=${output}`];
      const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' });
      child.once('error', reject);
      // A failed test is an outcome too: it stands in the file.
      child.once('close', () => resolve());
    });
    const written = JSON.parse(readFileSync(output, 'utf8')) as {
      readonly testResults: readonly { readonly assertionResults: readonly Ran[] }[];
    };
    return written.testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ title, status }) => ({ title, status })),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
