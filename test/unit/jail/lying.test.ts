/** threats.tsv F01–F04: whatever a child does to its parent, one job fails and the next one is served. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenJail } from '../../../src/jail/pool.ts';
import { bareJail, bytesOf, messageJob } from './setup.ts';

let jail: OpenJail;
const options = { tenant: 'chuo', deadlineMs: 20_000 };

beforeAll(async () => {
  jail = bareJail('liar');
  await jail.warm();
});
afterAll(() => jail.close());

const run = (lie: string, deadlineMs = options.deadlineMs) =>
  jail.run(messageJob(), bytesOf(lie), { ...options, deadlineMs });

async function expectNextIsServed(): Promise<void> {
  const next = await run('an honest job');
  expect(next).toMatchObject({ kind: 'done', value: { kind: 'message' } });
  if (next.kind === 'done' && next.value.kind === 'message') {
    expect(new TextDecoder().decode(next.value.bytes)).toBe('an honest job');
  }
}

describe.each([
  ['stale-hash', 'lied'],
  ['wrong-nonce', 'lied'],
  ['wrong-hash', 'lied'],
  ['trailing', 'lied'],
  ['twice', 'lied'],
  ['lengths-differ', 'lied'],
  ['bad-part', 'lied'],
  ['not-json', 'lied'],
  ['endless-noise', 'lied'],
  ['wrong-shape', 'lied'],
  ['threw-quoting', 'lied'],
  ['many-blobs', 'limit'],
  ['ten-gigabytes', 'limit'],
  ['huge-header', 'limit'],
  ['endless-progress', 'limit'],
  ['floods-stderr', 'limit'],
  ['exits-midway', 'crashed'],
  ['aborts', 'crashed'],
] as const)('F04: a child that does «%s»', (lie, why) => {
  test(`fails as ${why}, and the next job is served`, async () => {
    const before = process.memoryUsage().rss;
    expect(await run(lie)).toMatchObject({ kind: 'failed', why });
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    await expectNextIsServed();
  });
});

test('F01: silence ends with the wall clock and names the part that was being opened', async () => {
  expect(await run('silence', 400)).toMatchObject({ kind: 'failed', why: 'timeout', part: '2.1' });
  await expectNextIsServed();
});

test('F02: memory without end ends the child alone, and the next job is served', async () => {
  const before = process.memoryUsage().rss;
  expect(await run('memory-bomb')).toMatchObject({ kind: 'failed', why: 'crashed' });
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  await expectNextIsServed();
});

test('F01: an endless loop is killed', async () => {
  expect(await run('cpu-loop', 400)).toMatchObject({ kind: 'failed', why: 'timeout' });
  await expectNextIsServed();
});

test('returning the original is well framed: the gate, not the jail, refuses it', async () => {
  expect(await run('an original')).toMatchObject({ kind: 'done' });
});

test('an error in the child is told by its place, never by its message', async () => {
  const detail = 'threw TypeError sanitize/a.ts:1:2';
  expect(await run('threw-honestly')).toMatchObject({ kind: 'failed', why: 'crashed', detail });
  const honest = bareJail('throws');
  const answer = await honest.run(messageJob(), bytesOf('secret subject'), options);
  expect(answer).toMatchObject({ kind: 'failed', why: 'crashed', detail: expect.stringMatching(/^threw RangeError/) });
  expect(JSON.stringify(answer)).not.toContain('secret');
  await honest.close();
});

test('some words on stderr harm nobody', async () => {
  expect(await run('some-stderr')).toMatchObject({ kind: 'done' });
});

test('a second answer that comes late spoils no later job', async () => {
  expect(await run('late-second')).toMatchObject({ kind: 'done' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await expectNextIsServed();
});

test('a child hijacked by one mail and broken at the next: the next is served by another process', async () => {
  expect(await run('sleeper')).toMatchObject({ kind: 'done' });
  await expectNextIsServed();
});

test('F03: what fails in a used and in an untouched process fails once, not for ever', async () => {
  await expectNextIsServed();
  expect(await run('aborts')).toMatchObject({ kind: 'failed', why: 'crashed' });
});

test('an answer together with «ready»: the process never counts as started', async () => {
  const early = bareJail('early');
  await expect(early.run(messageJob(), bytesOf('x'), options)).rejects.toMatchObject({ code: 'E_JAIL_UNAVAILABLE' });
  await early.close();
});

test('an answer after «ready», before any question or to another one: the job fails', async () => {
  const early = bareJail('early-later');
  expect(await early.run(messageJob(), bytesOf('x'), options)).toMatchObject({ kind: 'failed' });
  await early.close();
});

test('no process can be started: E_JAIL_UNAVAILABLE, not a hang', async () => {
  const never = bareJail('never');
  await expect(never.run(messageJob(), bytesOf('x'), options)).rejects.toMatchObject({ code: 'E_JAIL_UNAVAILABLE' });
  await never.close();
});
