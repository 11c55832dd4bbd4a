/** A child asks another one for help: who helps, who never does, and what a lie costs. threats.tsv F01–F04. */
import { afterEach, expect, test } from 'vitest';
import type { OpenJail } from '../../../src/jail/pool.ts';
import { bareJail, bytesOf, messageJob } from './setup.ts';

let jail: OpenJail;
afterEach(() => jail.close());

const run = (lie: string, tenant = 'chuo', deadlineMs = 20_000) =>
  jail.run(messageJob(), bytesOf(lie), { tenant, deadlineMs });

async function textOf(answer: ReturnType<typeof run>): Promise<string> {
  const { kind, ...rest } = await answer;
  if (!('value' in rest) || rest.value.kind !== 'message') throw new Error(`${kind} ${JSON.stringify(rest)}`);
  return new TextDecoder().decode(rest.value.bytes);
}

/** One process of the tenant chuo, idle, and a spare beside it: so that help is there to be had. */
async function open(children: number): Promise<void> {
  jail = bareJail('liar', { children });
  await jail.warm();
  await textOf(run('an honest job'));
  await jail.warm();
}

test('a second process of the tenant draws what it is asked, within one job', async () => {
  await open(2);
  expect(await textOf(run('help-honest'))).toMatch(/^help-honest: \{"kind":"message".* honest pages$/);
});

test('benign twin: whoever never asks is served by one process', async () => {
  await open(2);
  expect(await textOf(run('an honest job'))).toBe('an honest job');
});

test('without a second place there is no help, and the answer comes at once', async () => {
  await open(1);
  const startedMs = performance.now();
  expect(await textOf(run('help-honest'))).toBe('help-honest: no help');
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});

test.each([
  ['help-from-silence', 'no help'],
  ['help-from-a-liar', 'no help'],
  ['help-from-the-dead', 'no help'],
  ['help-too-many-pages', 'no help'],
])('F04 %s: the asker is told that there is none, and goes on', async (lie, told) => {
  await open(2);
  expect(await textOf(run(lie))).toBe(told);
  expect(await textOf(run('an honest job'))).toBe('an honest job');
});

test('F04 who helps cannot ask for help: no chain of processes', async () => {
  await open(4);
  expect(await textOf(run('help-in-a-chain'))).toBe('no help');
});

test.each([
  ['help-twice', 'lied'],
  ['help-backwards', 'lied'],
  ['help-no-numbers', 'lied'],
  ['help-ten-gigabytes', 'limit'],
] as const)('F04 a child that does «%s» fails, and the next job is served', async (lie, why) => {
  await open(2);
  const before = process.memoryUsage().rss;
  expect(await run(lie)).toMatchObject({ kind: 'failed', why });
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  expect(await textOf(run('an honest job'))).toBe('an honest job');
});

test('an answer that does not wait for its help is an answer; the helper is ended', async () => {
  await open(2);
  expect(await textOf(run('help-not-waited-for'))).toBe('help-not-waited-for');
  expect(await textOf(run('an honest job'))).toBe('an honest job');
});

test('a mail that would have to wait takes the place of the helper', async () => {
  await open(2);
  const asking = textOf(run('help-from-silence'));
  const mails = await Promise.all([1, 2, 3].map((n) => textOf(run(`mail ${n}`, `other-${n}`))));
  expect(mails).toEqual(['mail 1', 'mail 2', 'mail 3']);
  expect(await asking).toBe('no help');
});

test('the help of one tenant is never a process of another', async () => {
  await open(2);
  await textOf(run('of the other', 'minato'));
  await jail.warm();
  // Both places are taken: one by the asker, one by the other tenant's idle process.
  expect(await textOf(run('help-honest'))).toBe('help-honest: no help');
});
