/** Runs before each test file: whose an output is, in this process and in those that it starts; what ran is written down. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { COLLECT, CURRENT_TEST } from './collector.ts';

const folder = process.env[COLLECT] ?? '';

if (folder !== '') {
  // Roles and jailed processes of a gateway get no environment: what they make arrives at a hop, which is kept.
  const hook = new URL('hook.ts', import.meta.url).href;
  process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --import=${hook}`;
  const file = relative(process.cwd(), expect.getState().testPath ?? '');
  process.env[CURRENT_TEST] = file;
  mkdirSync(folder, { recursive: true });
  beforeEach(({ task }) => {
    const names = [task.name];
    for (let { suite } = task; suite !== undefined && suite.name !== ''; suite = suite.suite as typeof suite) {
      names.unshift(suite.name);
    }
    process.env[CURRENT_TEST] = `${file} › ${names.join(' › ')}`;
  });
  afterEach(({ task }) => {
    const row = JSON.stringify({ file, test: process.env[CURRENT_TEST], state: task.result?.state ?? '' });
    appendFileSync(join(folder, 'tests.jsonl'), `${row}\n`);
    process.env[CURRENT_TEST] = file;
  });
}
