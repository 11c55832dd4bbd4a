/** Meta test of the judges (threats.md §3): each finds its own positive controls, and none finds anything in honest output. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { judgesWith } from '../judges/all.ts';
import { honestSubjects } from '../judges/honest.ts';
import { missingOf } from '../judges/tools.ts';
import { trial } from '../judges/trial.ts';
import { openOffline } from '../kit/offline.ts';

const required = process.env['SEKISHO_SERVICES'] === '1';
const folder = mkdtempSync(join(tmpdir(), 'judges-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const offline = await openOffline();
afterAll(() => offline.close());
const honest = await honestSubjects(offline, join(folder, 'honest'));

describe.each(judgesWith(offline, join(folder, 'again')))('$name', (judge) => {
  const missing = missingOf(judge.needs);
  if (missing.length > 0 && !required) console.log(`skipped: judge ${judge.name} needs ${missing.join(', ')}`);

  test.skipIf(missing.length > 0 && !required)('its controls are red', { timeout: 120_000 }, async () => {
    const { asked, problems } = await trial(judge, join(folder, judge.name));
    expect(problems).toEqual([]);
    expect(asked).toBeGreaterThan(0);
  });

  test.skipIf(missing.length > 0 && !required)('finds nothing in honest output', { timeout: 120_000 }, async () => {
    expect(await judge.judge(honest)).toEqual([]);
  });
});
