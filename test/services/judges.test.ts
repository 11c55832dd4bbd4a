/** Meta test of the judges (threats.md §3): each finds its own positive controls, and none finds anything in honest output. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { JUDGES } from '../judges/all.ts';
import { missingOf } from '../judges/tools.ts';
import { trial } from '../judges/trial.ts';

const required = process.env['SEKISHO_SERVICES'] === '1';
const folder = mkdtempSync(join(tmpdir(), 'judges-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(JUDGES)('$name', (judge) => {
  const missing = missingOf(judge.needs);
  if (missing.length > 0 && !required) console.log(`skipped: judge ${judge.name} needs ${missing.join(', ')}`);

  test.skipIf(missing.length > 0 && !required)('its controls are red', { timeout: 120_000 }, async () => {
    const { asked, problems } = await trial(judge, join(folder, judge.name));
    expect(problems).toEqual([]);
    expect(asked).toBeGreaterThan(0);
  });
});
