/** F43: something breaks in one session at every place where it waits for another room. It ends with 4xx, the others go on. */
import { afterEach, expect, test } from 'vitest';
import type { IntakeDeps } from '../../../src/intake/deps.ts';
import type { VaultWriter } from '../../../src/vault/vault.ts';
import { openTestIntake, RawClient, type TestIntake, wire } from '../../dialogs/kit.ts';

let intake: TestIntake;
afterEach(() => intake.close());

const bug = (): never => {
  throw new TypeError('undefined is not a function');
};
const later = async (): Promise<never> => {
  await new Promise((resolve) => setImmediate(resolve));
  return bug();
};
const withWriter =
  (change: (writer: VaultWriter) => VaultWriter) =>
  (deps: IntakeDeps): IntakeDeps => ({
    ...deps,
    vault: { create: async (...words) => change(await deps.vault.create(...words)) },
  });

/** What breaks, and what the peer reads at which command. */
const PLACES: readonly (readonly [string, (deps: IntakeDeps) => IntakeDeps, 'RCPT' | 'DATA'])[] = [
  ['the look for a recipient', (deps) => ({ ...deps, tenants: { ...deps.tenants, check: later } }), 'RCPT'],
  ['the look for a recipient, at once', (deps) => ({ ...deps, tenants: { ...deps.tenants, check: bug } }), 'RCPT'],
  ['routes', (deps) => ({ ...deps, tenants: { ...deps.tenants, routesOf: bug } }), 'DATA'],
  ['the vault’s beginning', (deps) => ({ ...deps, vault: { create: later } }), 'DATA'],
  ['the vault’s beginning, at once', (deps) => ({ ...deps, vault: { create: bug } }), 'DATA'],
  ['a write', withWriter((writer) => ({ ...writer, write: later })), 'DATA'],
  ['a write, at once', withWriter((writer) => ({ ...writer, write: bug })), 'DATA'],
  ['the vault’s end', withWriter((writer) => ({ ...writer, finish: later })), 'DATA'],
  ['a write and its undoing', withWriter((writer) => ({ ...writer, write: later, abort: later })), 'DATA'],
  ['accept', (deps) => ({ ...deps, accept: later }), 'DATA'],
  ['accept, at once', (deps) => ({ ...deps, accept: bug }), 'DATA'],
  ['accept without an answer', (deps) => ({ ...deps, accept: async () => [] }), 'DATA'],
];

test.each(PLACES)(
  'F43 %s breaks: 451, the session and the others go on, and no mail is made',
  async (_, change, at) => {
    intake = await openTestIntake({ change, limits: { graceMs: 100 } });
    const other = new RawClient(intake.port);
    await other.reply();
    const client = new RawClient(intake.port);
    await client.reply();
    await client.command('EHLO mx.example.com');
    await client.command('MAIL FROM:<s@example.com>');
    const rcpt = await client.command('RCPT TO:<taro@a.lg.jp>');
    if (at === 'RCPT') expect(rcpt).toMatch(/^451 4\.3\.0 /);
    else {
      expect(await client.command('DATA')).toMatch(/^354/);
      await client.write(wire('x'.repeat(100_000)));
      expect(await client.reply()).toMatch(/^451 4\.3\.0 /);
    }
    expect(await client.command('NOOP')).toMatch(/^250/);
    expect(await other.command('EHLO mx.example.com')).toMatch(/^250/);
    expect(intake.accepted).toEqual([]);
    client.end();
    other.end();
  },
);

test('F43 benign twin: the same conversation where nothing breaks', async () => {
  intake = await openTestIntake({ limits: { graceMs: 100 } });
  const client = new RawClient(intake.port);
  await client.upToData();
  await client.write(wire('x'.repeat(100_000)));
  expect(await client.reply()).toMatch(/^250/);
  expect(intake.accepted).toHaveLength(1);
  client.end();
});
