/** INV-05: every rule for the files we write, broken; all of it is refused by the inspector, and the benign twins pass. */
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { BENIGN_CELLS, BENIGN_TEXT, fileRules, png } from './file-rules.ts';
import { outlinesAtLimits, withOutline } from './outline-rules.ts';
import { BENIGN_PICTURES } from './picture-rules.ts';
import { reasonsOf, spelled } from './reasons.ts';
import { pdfFile } from './specimens.ts';
import { ourZip } from './zip-rules.ts';

const rules = await fileRules();

test.each(rules)('$rule: every breach is refused, for the reasons written down', async ({ type, rule, breaches }) => {
  const passed: string[] = [];
  const reasons: string[] = [];
  for (const [i, breach] of breaches.entries()) {
    const problems = await inspectFile(type, breach);
    if (problems.length === 0) passed.push(`${i}: ${Buffer.from(breach).toString('latin1').slice(0, 300)}`);
    reasons.push(...problems);
  }
  expect(breaches.length).toBeGreaterThan(0);
  expect(passed).toEqual([]);
  expect(spelled(reasons)).toEqual(reasonsOf(type, rule));
});

test('the benign twins pass', async () => {
  for (const text of BENIGN_TEXT)
    expect([text.toString(), await inspectFile('text', text)]).toEqual([text.toString(), []]);
  for (const csv of BENIGN_CELLS) expect([csv.toString(), await inspectFile('csv', csv)]).toEqual([csv.toString(), []]);
  expect(await inspectFile('png', png())).toEqual([]);
  expect(await inspectFile('zip', ourZip())).toEqual([]);
  for (const outline of [withOutline, ...outlinesAtLimits])
    expect(await inspectFile('pdf', await pdfFile(outline))).toEqual([]);
  for (const picture of BENIGN_PICTURES) expect(await inspectFile('pdf', await pdfFile(picture))).toEqual([]);
});

test('the number of breaches, by rule', () => {
  console.log(rules.map(({ rule, breaches }) => `${String(breaches.length).padStart(5)}  ${rule}`).join('\n'));
  const total = rules.reduce((sum, { breaches }) => sum + breaches.length, 0);
  console.log(`${total} breaches of ${rules.length} file rules`);
  expect(total).toBeGreaterThan(2_000);
});
