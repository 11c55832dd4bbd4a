/** No test of attacks can be left out of what the judges see. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { forgottenIn, type Reason } from '../../../bench/corpus/collected.ts';
import { standIn } from '../../kit/collect/places.ts';
import { built } from '../../kit/collect/wrapped/converter.ts';

const A = 'test/attacks/a.test.ts';
const passed = { file: A, test: `${A} › M01: x`, state: 'pass' };
const NONE: ReadonlyMap<string, Reason> = new Map();
const NOTHING = new Map<string, Reason>([[A, { what: 'nothing', why: 'refused at SMTP' }]]);
const OWN = new Map<string, Reason>([[A, { what: 'own', why: 'letters of the test' }]]);

test('a test file that forwarded something is judged; one that did not must say why', () => {
  expect(forgottenIn([{ test: `${A} › M01: x` }], [passed], [], [A], NONE)).toEqual([]);
  expect(forgottenIn([], [passed], [], [A], NONE)).toEqual([`${A}: nothing of it was judged, and nobody says why`]);
  expect(forgottenIn([], [passed], [], [A], NOTHING)).toEqual([]);
  expect(forgottenIn([{ test: `${A} › M01: x` }], [passed], [], [A], OWN)).toEqual([]);
});

test('one that was skipped, failed, or never ran is told', () => {
  for (const ran of [[], [{ ...passed, state: 'fail' }], [{ ...passed, state: 'skip' }]])
    expect(forgottenIn([{ test: A }], ran, [], [A], NONE)).toEqual([`${A}: no test of it passed`]);
});

test('a reason that is none any more is told', () => {
  expect(forgottenIn([{ test: A }], [passed], [], [A], NOTHING)).toHaveLength(1);
  expect(forgottenIn([], [passed], [], [A], OWN)).toHaveLength(1);
  expect(forgottenIn([], [], [], [], NOTHING)).toEqual([
    `${A}: stands in nothing-crosses.tsv and is no test that passed`,
  ]);
});

test('doors of the product are watched, whoever imports them, and the watchers themselves see the real ones', () => {
  const gate = resolve('src/gate/pass.ts');
  const watcher = resolve('test/kit/collect/wrapped/pass.ts');
  expect(standIn(gate, resolve('test/attacks/gate/door.ts'))).toBe(watcher);
  expect(standIn(gate, resolve('src/cli/sanitize.ts'))).toBe(watcher);
  expect(standIn(gate, watcher)).toBeUndefined();
  expect(standIn(resolve('src/gate/receipt.ts'), resolve('src/gate/pass.ts'))).toBeUndefined();
});

test('a file is kept under its content, once, with the test that made it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collect-'));
  const before = [process.env['SEKISHO_COLLECT_OUTPUTS'], process.env['SEKISHO_COLLECT_TEST']];
  try {
    process.env['SEKISHO_COLLECT_OUTPUTS'] = folder;
    process.env['SEKISHO_COLLECT_TEST'] = `${A} › M01: x`;
    built(Buffer.from('\ufeffx\r\n'));
    built(Buffer.from('\ufeffx\r\n'));
    process.env['SEKISHO_COLLECT_TEST'] = 'test/unit/a.test.ts › a plain test';
    built(Buffer.from('\ufeffy\r\n'));
  } finally {
    for (const [i, name] of ['SEKISHO_COLLECT_OUTPUTS', 'SEKISHO_COLLECT_TEST'].entries()) {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    }
  }
  expect(readdirSync(folder).filter((name) => name.endsWith('.txt'))).toHaveLength(1);
  expect(readFileSync(join(folder, 'collected.jsonl'), 'utf8').trim()).toContain('M01: x');
});
