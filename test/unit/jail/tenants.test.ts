/** A process serves one tenant, a bounded number of documents, and nobody waits for ever. */
import { afterEach, expect, test } from 'vitest';
import type { OpenJail } from '../../../src/jail/pool.ts';
import { bareJail, bytesOf, messageJob } from './setup.ts';

let jail: OpenJail;
afterEach(() => jail.close());

/** The honest program tells its process id in the preview. */
async function pidServing(tenant: string, options: { readonly fresh?: boolean } = {}): Promise<string> {
  const answer = await jail.run(messageJob(), bytesOf('mail'), { tenant, deadlineMs: 20_000, ...options });
  if (answer.kind !== 'done' || answer.value.kind !== 'message')
    throw new Error(`not served: ${JSON.stringify(answer)}`);
  return answer.value.preview.textBefore;
}

const isAlive = (pid: string): boolean => {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
};

test('one tenant keeps its process from mail to mail', async () => {
  jail = bareJail('honest');
  expect(await pidServing('a')).toBe(await pidServing('a'));
});

test('another tenant gets another process, even with one place only', async () => {
  jail = bareJail('honest', { children: 1 });
  const first = await pidServing('a');
  const second = await pidServing('b');
  expect(second).not.toBe(first);
  expect(await pidServing('a')).not.toBe(first);
  await expect.poll(() => isAlive(first)).toBe(false);
});

test('a process is replaced after its number of documents', async () => {
  jail = bareJail('honest', { documentsPerChild: 2 });
  const pids = [await pidServing('a'), await pidServing('a'), await pidServing('a')];
  expect(pids[1]).toBe(pids[0]);
  expect(pids[2]).not.toBe(pids[0]);
});

test('«fresh» never gets a process that somebody used', async () => {
  jail = bareJail('honest');
  const used = await pidServing('a');
  expect(await pidServing('a', { fresh: true })).not.toBe(used);
});

test('inspectors are other processes than converters', async () => {
  jail = bareJail('honest');
  await jail.warm();
  const inspected = await jail.inspect([{ type: 'text', bytes: bytesOf('x') }], { tenant: 'a', deadlineMs: 20_000 });
  expect(inspected).toEqual({ kind: 'done', value: [] });
  const { child, inspector } = jail.pids();
  expect(child.filter((pid) => inspector.includes(pid))).toEqual([]);
});

test('many jobs of many tenants over few places: all are served, none twice', async () => {
  jail = bareJail('honest', { children: 2 });
  const tenants = Array.from({ length: 24 }, (_, index) => `t${index % 4}`);
  const pids = await Promise.all(tenants.map((tenant) => pidServing(tenant)));
  const tenantsOf = new Map<string, Set<string>>();
  pids.forEach((pid, index) => {
    tenantsOf.set(pid, (tenantsOf.get(pid) ?? new Set()).add(tenants[index] ?? ''));
  });
  expect([...tenantsOf.values()].every((served) => served.size === 1)).toBe(true);
});

test('a tenant whose process is busy waits for it when all places are taken, and drives nobody out', async () => {
  jail = bareJail('honest', { children: 2 });
  const others = await pidServing('b');
  const own = await pidServing('a');
  // A spare stands ready: only the rule keeps it from taking another tenant's place.
  await jail.warm();
  expect(new Set(await Promise.all([pidServing('a'), pidServing('a'), pidServing('a')]))).toEqual(new Set([own]));
  expect(await pidServing('b')).toBe(others);
});

test('a spare stands ready again after one was taken', async () => {
  jail = bareJail('honest', { children: 3 });
  await jail.warm();
  await pidServing('a');
  await expect.poll(() => jail.pids().child.length).toBe(2);
});

test('50 MB go in and come out', async () => {
  jail = bareJail('honest');
  const bytes = new Uint8Array(50 * 1024 * 1024).fill(0x61);
  const answer = await jail.run(messageJob(), bytes, { tenant: 'a', deadlineMs: 20_000 });
  expect(answer).toMatchObject({ kind: 'done' });
  if (answer.kind === 'done' && answer.value.kind === 'message') {
    expect(Buffer.compare(answer.value.bytes, bytes)).toBe(0);
  }
});

test('closing kills all and refuses what comes later', async () => {
  jail = bareJail('honest');
  await pidServing('a');
  await jail.close();
  expect(jail.pids()).toEqual({ child: [], inspector: [] });
  await expect(pidServing('a')).rejects.toMatchObject({ code: 'E_JAIL_UNAVAILABLE' });
});
