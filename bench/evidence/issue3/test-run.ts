/**
 * One run of the tests for the sections that look at what they did: which passed, and what they forwarded. With
 * SEKISHO_TEST_RUN=FOLDER the run that was made there is taken (.ci/run leaves its own); else the tests run now, once.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SectionContext } from '../section.ts';

export interface TestRun {
  /** Of vitest's JSON reporter. */
  readonly report: string;
  /** What was forwarded (test/kit/collect). */
  readonly outputs: string;
  /** Folders of tests that ran; none: all. */
  readonly subset: readonly string[];
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** What fits into CI beside everything else; only where no run is at hand. */
const SUBSET = ['test/attacks/mime', 'test/attacks/body', 'test/attacks/att'];

let made: Promise<TestRun> | undefined;

export const testRun = (context: SectionContext): Promise<TestRun> => (made ??= makeRun(context));

async function makeRun({ short, shared, say }: SectionContext): Promise<TestRun> {
  const given = process.env['SEKISHO_TEST_RUN'] ?? '';
  const folder = given === '' ? mkdtempSync(join(tmpdir(), 'sekisho-test-run-')) : given;
  const [report, outputs] = [join(folder, 'report.json'), join(folder, 'outputs')];
  if (given !== '') return { report, outputs, subset: [] };
  const subset = short ? SUBSET : [];
  say(`the tests run: ${short ? subset.join(', ') : 'all of test/'}`);
  const args = ['run', ...subset, '--reporter=json', `--outputFile=${report}`];
  const env = { ...process.env, SEKISHO_COLLECT_OUTPUTS: outputs, SEKISHO_SHARED: shared, SEKISHO_SERVICES: '1' };
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: ROOT,
    env,
    stdio: 'ignore',
  });
  await new Promise((resolve) => child.once('exit', resolve));
  if (!existsSync(report)) throw new Error('the tests wrote no report');
  return { report, outputs, subset };
}
