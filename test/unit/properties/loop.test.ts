/** The fuzzer itself: it finds what is there to be found, counts nothing twice, goes on where it stopped; its oracle sees lies. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { problemsOf } from '../../../bench/fuzz/judge.ts';
import { fuzz, type LoopOptions } from '../../../bench/fuzz/loop.ts';
import { damaged } from '../../../bench/fuzz/mutate/bytes.ts';
import { State } from '../../../bench/fuzz/state.ts';
import type { Target } from '../../../bench/fuzz/target.ts';
import { readProxyHeader } from '../../../src/intake/proxy-header.ts';
import { type MessageAnswer, sanitizeMessage } from '../../../src/sanitize/sanitize.ts';
import { JOB } from '../../attacks/gate/door.ts';

/** Throws behind three conditions of the product's, so that blind luck would not get there in as many runs. */
const planted: Target = {
  name: 'planted',
  rooms: /^intake\/proxy-header/,
  isText: true,
  dearMs: 100,
  slowMs: 1000,
  hungMs: 10_000,
  wanted: 1,
  seeds: async () => [Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\nrest')],
  mutate: (random, input, other) => damaged(random, input, other),
  async execute(input) {
    const reading = readProxyHeader(input);
    if (reading.kind === 'invalid' && reading.why === 'malformed address') throw new TypeError('planted');
    return { depth: reading.kind === 'header' ? 'written' : 'refused', problems: [] };
  },
};

const options = (executions: number): LoopOptions => ({
  ...{ seed: 1, executions, untilMs: Number.POSITIVE_INFINITY, shared: '/nowhere', commit: 'x', changed: false },
  say: () => undefined,
  minimiseMs: 5_000,
});

test('a planted defect is found, made small and kept; a second run goes on', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  await fuzz(planted, new State(folder), options(1500));
  const { progress } = new State(folder);
  expect(progress.executions).toBe(1500);
  const [finding] = progress.findings;
  expect(finding?.problem).toMatch(/^threw: TypeError: planted/);
  const input = readFileSync(join(folder, 'findings', finding?.input ?? ''));
  expect(input.length).toBeLessThan(45);
  await expect(planted.execute(input, 'plain')).rejects.toThrow('planted');
  expect(progress.covered).toBeGreaterThan(10);
  expect(progress.covered).toBeLessThanOrEqual(progress.blocks);
  expect(new State(folder).kept().length).toBeGreaterThan(0);

  await fuzz(planted, new State(folder), options(300));
  const more = new State(folder).progress;
  expect(more.executions).toBe(1800);
  expect(more.runs.map(({ executions }) => executions)).toEqual([1500, 300]);
  expect(more.findings).toHaveLength(progress.findings.length);
});

test('an input is counted once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  const same: Target = { ...planted, isText: false, mutate: () => Buffer.from('PROXY UNKNOWN\r\n') };
  const soon = { ...options(10), untilMs: Date.now() + 300 };
  await fuzz(same, new State(folder), soon);
  expect(new State(folder).progress).toMatchObject({ executions: 1 });
  expect(new State(folder).progress.duplicates).toBeGreaterThan(10);
});

const MAIL = Buffer.from('Subject: a\r\n\r\nhttp://example.jp/\r\n');

test('the oracle sees a child that lies', async () => {
  const made = await sanitizeMessage(JOB, MAIL, () => undefined);
  expect(await problemsOf(made, MAIL)).toEqual([]);
  const text = Buffer.from(made.bytes).toString('latin1');
  const lie = (bytes: string, change: object = {}): MessageAnswer => ({
    ...made,
    ...change,
    bytes: Buffer.from(bytes, 'latin1'),
  });
  const base64 = (content: string): string => `${Buffer.from(content).toString('base64')}\r\n`;
  const head = text.slice(0, text.indexOf('\r\n\r\n') + 4);
  const lies: readonly (readonly [MessageAnswer, RegExp])[] = [
    [lie(MAIL.toString('latin1')), /gate:/],
    [lie(text.replace('Subject:', 'X-Mailer: a\r\nSubject:')), /gate:/],
    [lie(head + base64('http://example.jp/\r\n')), /judge: body: link/],
    [lie(head + base64('a\u202eb\r\n')), /judge: body: character/],
    [lie(text, { report: { ...made.report, verdict: { kind: 'odd' } } }), /report: not of its schema/],
    [lie(text, { preview: {} }), /preview/],
  ];
  for (const [answer, says] of lies) expect((await problemsOf(answer, MAIL)).join('\n')).toMatch(says);
});
