/** 250 only when accept has resolved; whatever fails before leaves the mail with the peer and nothing here. */
import { afterEach, expect, test } from 'vitest';
import { GatewayError } from '../../../src/message/errors.ts';
import { openTestIntake, RawClient, type TestIntake, type TestIntakeOptions, wire } from '../../dialogs/kit.ts';

let intake: TestIntake;
const send = async (options: TestIntakeOptions): Promise<string> => {
  intake = await openTestIntake({ ...options, limits: { graceMs: 100 } });
  const client = new RawClient(intake.port);
  await client.upToData();
  await client.write(wire('x'.repeat(200_000)));
  const reply = await client.reply();
  // The connection lives on: the next mail is heard.
  expect(await client.command('MAIL FROM:<s@example.com>')).toMatch(/^250/);
  client.end();
  return reply;
};
afterEach(() => intake.close());

test.each([
  ['a full store', new GatewayError('E_STORE_FULL', 'disk /data is full'), '452 4.3.1'],
  ['a store that fails', new GatewayError('E_STORE_UNAVAILABLE', 'share 2'), '451 4.3.0'],
  ['a bug', new TypeError('x is not a function'), '451 4.3.0 Try again later'],
])('F07 %s while writing', async (_, failWrite, status) => {
  expect(await send({ failWrite })).toContain(status);
  expect(intake.aborted).toHaveLength(1);
});

test('a vault that cannot even begin', async () => {
  const vault = { create: () => Promise.reject(new GatewayError('E_STORE_UNAVAILABLE', 'no store')) };
  expect(await send({ vault })).toBe('451 4.3.0 Try again later');
});

test('accept that surely left nothing: the sealed original goes too', async () => {
  const accept = () => Promise.reject(new GatewayError('E_DATABASE_BUSY', 'locked'));
  expect(await send({ accept })).toMatch(/^451 4\.3\.0/);
  expect(intake.aborted).toHaveLength(1);
});

test('accept whose commit may have survived: the original stays for the sweeper', async () => {
  const accept = () => Promise.reject(new GatewayError('E_DATABASE_FAILED', 'fsync failed'));
  expect(await send({ accept })).toMatch(/^451 4\.3\.0/);
  expect(intake.aborted).toHaveLength(0);
  expect(intake.objects.size).toBe(1);
});

test('no 250 before accept resolves', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const accept = () => held.then(() => ['01ARZ3NDEKTSV4RRFFQ69G5FAV']);
  intake = await openTestIntake({ accept, limits: { graceMs: 100 } });
  const client = new RawClient(intake.port);
  await client.upToData();
  await client.write(wire('x'));
  const reply = client.reply();
  const first = await Promise.race([reply, new Promise((resolve) => setTimeout(resolve, 100, 'nothing yet'))]);
  expect(first).toBe('nothing yet');
  release();
  expect(await reply).toBe('250 2.0.0 Accepted 01ARZ3NDEKTSV4RRFFQ69G5FAV');
  client.end();
});
