import { expect, test } from 'vitest';
import type { RecipientResult } from '../../../src/outlet/outlet.ts';
import { answer, type Bench, HOUR_MS, LEASE_MS, openBench, readyMessage } from './bench.ts';

const result = (kind: RecipientResult['kind'], recipient: string): RecipientResult => ({
  kind,
  recipient,
  reply: { taken: '250 ok', later: '451 later', refused: '550 no' }[kind],
});

const jobs = (bench: Bench, kind: 'deliver' | 'notice') =>
  bench.database.read.selectFrom('job').selectAll().where('kind', '=', kind).execute();

test('each recipient keeps its own answer; only those without a final one are tried again', async () => {
  const bench = await openBench();
  const id = await readyMessage(bench);
  bench.onDeliver = () => [result('taken', 'a@t1.example'), result('later', 'b@t1.example')];
  await bench.deliver(await bench.take('deliver'));
  expect(await bench.states(id)).toEqual({ a: 'delivered', b: 'ready' });

  bench.clock += HOUR_MS;
  bench.onDeliver = (recipients) => recipients.map((recipient) => result('taken', recipient));
  await bench.deliver(await bench.take('deliver'));
  expect(bench.sent.map(({ recipients }) => recipients)).toEqual([['a@t1.example', 'b@t1.example'], ['b@t1.example']]);
  expect(await bench.states(id)).toEqual({ a: 'delivered', b: 'delivered' });
  expect(await bench.events(id)).toEqual([
    'accepted',
    'sanitized',
    'delivery-intended',
    'delivered',
    'deferred',
    'delivery-intended',
    'delivered',
  ]);
  expect((await jobs(bench, 'deliver')).map(({ state }) => state)).toEqual(['done']);
});

test('the intent is committed before the outlet is asked for anything', async () => {
  const bench = await openBench();
  await readyMessage(bench);
  await bench.deliver(await bench.take('deliver'));
  expect(bench.sent[0]?.audit).toContain('delivery-intended');
});

test('a refused recipient: the tenant’s administrators are told once, nobody outside ever', async () => {
  const bench = await openBench();
  const id = await readyMessage(bench);
  bench.onDeliver = () => [result('refused', 'a@t1.example'), result('taken', 'b@t1.example')];
  await bench.deliver(await bench.take('deliver'));
  expect(await bench.states(id)).toEqual({ a: 'undeliverable', b: 'delivered' });
  const [notice, ...others] = await jobs(bench, 'notice');
  expect(others).toEqual([]);
  expect(Object.keys(await bench.states(notice?.message_id ?? ''))).toEqual(['admin', 'second']);
  expect(JSON.parse(notice?.payload ?? '')).toEqual({
    kind: 'undeliverable',
    about: { messageId: id, reversePath: expect.any(String), receivedAtMs: expect.any(Number) },
    failed: [{ recipient: 'a@t1.example', reply: '550 no' }],
  });
  expect(bench.rings.at(-1)).toBe('sanitizer');
});

test('a notice that cannot be delivered makes no further notice, but an alarm', async () => {
  const bench = await openBench();
  await readyMessage(bench);
  bench.onDeliver = (recipients) => recipients.map((recipient) => result('refused', recipient));
  await bench.deliver(await bench.take('deliver'));
  bench.onJob = () => answer('notice');
  await bench.notice(await bench.take('notice'));
  await bench.deliver(await bench.take('deliver'));
  expect(bench.sent[1]?.recipients).toEqual(['admin@t1.example', 'second@t1.example']);
  expect(await jobs(bench, 'notice')).toHaveLength(1);
  expect(bench.log.lines).toContainEqual(expect.objectContaining({ level: 'error', event: 'notice-undeliverable' }));
});

test('F15 F16 later becomes undeliverable at the given age, not by the number of tries', async () => {
  const bench = await openBench();
  const id = await readyMessage(bench);
  bench.onDeliver = (recipients) => recipients.map((recipient) => result('later', recipient));
  for (let tries = 0; tries < 30; tries++) {
    await bench.deliver(await bench.take('deliver'));
    bench.clock += HOUR_MS * 0.75;
  }
  expect(await bench.states(id)).toEqual({ a: 'ready', b: 'ready' });
  bench.clock += 2 * HOUR_MS;
  await bench.deliver(await bench.take('deliver'));
  expect(await bench.states(id)).toEqual({ a: 'undeliverable', b: 'undeliverable' });
  expect(await bench.events(id)).toContain('undeliverable');
  expect(await jobs(bench, 'notice')).toHaveLength(1);
});

test.each([
  [
    'one byte of the message',
    (bytes: Buffer) => void bytes.writeUInt8(bytes.readUInt8(bytes.length - 5) ^ 1, bytes.length - 5),
  ],
  ['the receipt itself', (bytes: Buffer) => void bytes.write('Sekisho-Receipx', 0)],
])('F14 changed in the vault: %s — nothing is sent, no intent is told', async (_, change) => {
  const bench = await openBench();
  const id = await readyMessage(bench);
  const { sanitized_object } = await bench.database.read
    .selectFrom('message')
    .select('sanitized_object')
    .executeTakeFirstOrThrow();
  const bytes = Buffer.from(bench.store.objects.get(sanitized_object ?? '') ?? []);
  change(bytes);
  await bench.store.vault.put(
    { objectId: sanitized_object ?? '', tenant: 't1', kind: 'sanitized' },
    'outlet-lgwan',
    bytes,
  );
  // An attacker who owns the database too writes the hash that fits.
  const { createHash } = await import('node:crypto');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await bench.database.write(async (tx) => {
    await tx
      .updateTable('object')
      .set({ sha256 })
      .where('id', '=', sanitized_object ?? '')
      .execute();
  });
  await expect(bench.deliver(await bench.take('deliver'))).rejects.toMatchObject({
    code: 'E_RECEIPT_INVALID',
    retryable: false,
  });
  expect(bench.sent).toEqual([]);
  expect(await bench.events(id)).not.toContain('delivery-intended');
  expect(await bench.events(id)).toContain('door-refused');
});

test('a recipient slipped into the database gets nothing: the receipt names another set', async () => {
  const bench = await openBench();
  const id = await readyMessage(bench);
  await bench.database.write(async (tx) => {
    await tx
      .insertInto('recipient')
      .values({ message_id: id, address: 'spy@t1.example', state: 'ready', last_reply: '', attempts: 0, updated_at: 0 })
      .execute();
  });
  await expect(bench.deliver(await bench.take('deliver'))).rejects.toMatchObject({ code: 'E_RECEIPT_INVALID' });
  expect(bench.sent).toEqual([]);
  expect(await bench.events(id)).toContain('door-refused');
});

test('F26 a worker that slept through its lease sends nothing', async () => {
  const bench = await openBench();
  await readyMessage(bench);
  const sleeper = await bench.take('deliver');
  bench.clock += LEASE_MS + 1;
  const other = await bench.take('deliver');
  await expect(bench.deliver(sleeper)).rejects.toMatchObject({ code: 'E_LEASE_LOST' });
  expect(bench.sent).toEqual([]);
  await bench.deliver(other);
  expect(bench.sent).toHaveLength(1);
});

test('the lease is whole again when the socket opens', async () => {
  const bench = await openBench();
  await readyMessage(bench);
  const job = await bench.take('deliver');
  bench.clock += LEASE_MS - 1000;
  bench.onDeliver = async (recipients) => {
    bench.clock += 2000;
    await expect(bench.take('deliver')).rejects.toThrow('no deliver job');
    return recipients.map((recipient) => result('taken', recipient));
  };
  await bench.deliver(job);
});

test('a kill after the next hop’s 250 sends again under the same bytes; nobody is forgotten', async () => {
  const bench = await openBench();
  const id = await readyMessage(bench);
  bench.onDeliver = () => Promise.reject(new Error('killed here'));
  await expect(bench.deliver(await bench.take('deliver'))).rejects.toThrow('killed');
  expect(await bench.states(id)).toEqual({ a: 'delivering', b: 'delivering' });
  bench.clock += LEASE_MS + 1;
  bench.onDeliver = (recipients) => recipients.map((recipient) => result('taken', recipient));
  await bench.deliver(await bench.take('deliver'));
  expect(bench.sent[1]).toMatchObject({ bytes: bench.sent[0]?.bytes, recipients: bench.sent[0]?.recipients });
  expect(await bench.states(id)).toEqual({ a: 'delivered', b: 'delivered' });
});

test('a recipient for whom the outlet has no answer is tried again', async () => {
  const bench = await openBench();
  const id = await readyMessage(bench);
  bench.onDeliver = () => [result('taken', 'a@t1.example')];
  await bench.deliver(await bench.take('deliver'));
  expect(await bench.states(id)).toEqual({ a: 'delivered', b: 'ready' });
});

test('a delivery without anybody left to serve ends quietly', async () => {
  const bench = await openBench();
  await readyMessage(bench);
  await bench.database.write(async (tx) => {
    await tx.updateTable('recipient').set({ state: 'delivered' }).execute();
  });
  await bench.deliver(await bench.take('deliver'));
  expect(bench.sent).toEqual([]);
  expect((await jobs(bench, 'deliver')).map(({ state }) => state)).toEqual(['done']);
});

test.each([
  ['552 5.3.4 message too big', true],
  ['550 5.2.3 message length exceeds administrative limit', true],
  ['552 too much mail data', true],
  ['552 5.3.4 not sent: Message size larger than allowed 1000000', true],
  ['552 5.2.2 mailbox full', false],
  ['550 5.1.1 no such user 5.3.4', false],
  ['554 5.7.1 spam', false],
])(
  'F50 refused with «%s»: the recipients hear that it was too large: %s; the administrators hear it always',
  async (reply, told) => {
    const bench = await openBench();
    const id = await readyMessage(bench);
    bench.onDeliver = () => [
      { kind: 'refused', recipient: 'a@t1.example', reply },
      { kind: 'taken', recipient: 'b@t1.example', reply: '250 ok' },
    ];
    await bench.deliver(await bench.take('deliver'));
    const notices = await jobs(bench, 'notice');
    const kinds = notices.map(({ payload }) => JSON.parse(payload).kind).sort();
    expect(kinds).toEqual(told ? ['too-large', 'undeliverable'] : ['undeliverable']);
    if (!told) return;
    const forRecipient = notices.find(({ payload }) => JSON.parse(payload).kind === 'too-large');
    expect(Object.keys(await bench.states(forRecipient?.message_id ?? ''))).toEqual(['a']);
    expect(JSON.parse(forRecipient?.payload ?? '')).toMatchObject({ about: { messageId: id } });
    // The notice itself too large: no third one.
    bench.onJob = () => answer('notice');
    await bench.notice(await bench.take('notice'));
    await bench.notice(await bench.take('notice'));
    bench.onDeliver = (recipients) => recipients.map((recipient) => ({ kind: 'refused', recipient, reply }));
    await bench.deliver(await bench.take('deliver'));
    await bench.deliver(await bench.take('deliver'));
    expect(await jobs(bench, 'notice')).toHaveLength(2);
  },
);
