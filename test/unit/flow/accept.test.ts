import { expect, test } from 'vitest';
import { openBench } from './bench.ts';

const ROUTES = [
  { tenant: 't1', policy: 'default', recipients: ['a@t1.example', 'b@t1.example'] },
  { tenant: 't1', policy: 'strict', recipients: ['c@t1.example'] },
  { tenant: 't2', policy: 'default', recipients: ['d@t2.example'] },
];

test('one message for each tenant and policy, each with its own recipients, job and audit entry', async () => {
  const bench = await openBench();
  const ids = await bench.accept(await bench.incoming(ROUTES));
  const rows = await bench.database.read.selectFrom('message').selectAll().orderBy('id').execute();
  const byId = ids.map((id) => rows.find((row) => row.id === id));
  expect(byId.map((row) => [row?.tenant, row?.policy])).toEqual(ROUTES.map(({ tenant, policy }) => [tenant, policy]));
  // The two messages of one tenant point at one original, another tenant's at another.
  expect(byId[0]?.original_object).toBe(byId[1]?.original_object);
  expect(byId[0]?.original_object).not.toBe(byId[2]?.original_object);
  expect(await bench.states(ids[0] ?? '')).toEqual({ a: 'accepted', b: 'accepted' });
  expect(await bench.states(ids[1] ?? '')).toEqual({ c: 'accepted' });
  for (const id of ids) expect(await bench.events(id)).toEqual(['accepted']);
  const jobs = await bench.database.read.selectFrom('job').select(['message_id', 'tenant']).execute();
  expect(jobs.map(({ message_id }) => message_id).sort()).toEqual([...ids].sort());
  expect(bench.rings).toEqual(['sanitizer']);
});

test('size decides the lane', async () => {
  const bench = await openBench();
  const incoming = await bench.incoming();
  const [original] = incoming.originals.values();
  const sized = (bytes: number) => ({ ...incoming, originals: new Map([['t1', { ...original!, bytes }]]) });
  await bench.accept(sized(999));
  await bench.accept(sized(1000));
  const lanes = await bench.database.read.selectFrom('job').select('lane').orderBy('lane').execute();
  expect(lanes.map(({ lane }) => lane)).toEqual(['heavy', 'light']);
});

test.each([
  ['message', 'message'],
  ['recipient', 'recipient'],
  ['job', 'job'],
  ['audit entry', 'audit_entry'],
])('nothing at all stays, and nobody is rung, when the %s cannot be written', async (_, table) => {
  const bench = await openBench();
  const { sql } = await import('kysely');
  await bench.database.write((tx) =>
    sql
      .raw(`create trigger full before insert on ${table} begin select raise(abort, 'disk'); end`)
      .execute(tx)
      .then(() => {}),
  );
  const incoming = await bench.incoming(ROUTES);
  await expect(bench.accept(incoming)).rejects.toThrow();
  for (const each of ['message', 'recipient', 'job', 'object', 'audit_entry'] as const) {
    const { n } = await bench.database.read
      .selectFrom(each)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    expect([each, n]).toEqual([each, 0]);
  }
  expect(bench.rings).toEqual([]);
});

test('a route whose tenant has no sealed original is refused before anything is written', async () => {
  const bench = await openBench();
  const incoming = { ...(await bench.incoming(ROUTES)), originals: new Map() };
  await expect(bench.accept(incoming)).rejects.toMatchObject({ code: 'E_OBJECT_MISSING' });
  expect(await bench.database.read.selectFrom('message').select('id').execute()).toEqual([]);
});

const acceptedFacts = async (
  bench: Awaited<ReturnType<typeof openBench>>,
  id = '',
): Promise<Record<string, unknown>> => {
  const rows = await bench.database.read
    .selectFrom('audit_entry')
    .select('facts')
    .where('message_id', '=', id)
    .where('event', '=', 'accepted')
    .execute();
  return JSON.parse(rows[0]?.facts ?? '{}');
};

test('S51 the same octets of the same sender to the same recipient again: accepted, and said to be a copy of the newest', async () => {
  const bench = await openBench();
  const [first] = await bench.accept();
  expect(await acceptedFacts(bench, first)).not.toHaveProperty('duplicateOf');
  bench.clock += 300_000;
  const [second] = await bench.accept();
  expect(await acceptedFacts(bench, second)).toMatchObject({ duplicateOf: first });
  expect(bench.log.lines.at(-1)).toMatchObject({ event: 'accepted', messageId: second, duplicateOf: first });
  bench.clock += 300_000;
  const [third] = await bench.accept();
  expect(await acceptedFacts(bench, third)).toMatchObject({ duplicateOf: second });
});

test.each([
  ['other recipients: one mail in two transactions', { recipients: ['c@t1.example'] }, 0, 's@example.com'],
  ['another sender', {}, 0, 'other@example.com'],
  ['another tenant', { tenant: 't2', recipients: ['a@t1.example'] }, 0, 's@example.com'],
  ['six days later', {}, 6 * 86_400_000, 's@example.com'],
])('S51 benign twin: %s is no copy', async (_, route, laterMs, reversePath) => {
  const bench = await openBench();
  await bench.accept();
  bench.clock += laterMs;
  const routes = [{ tenant: 't1', policy: 'default', recipients: ['a@t1.example'], ...route }];
  const incoming = await bench.incoming(routes);
  const sha256 = (await bench.incoming()).originals.get('t1')?.sha256 ?? '';
  const originals = new Map([...incoming.originals].map(([tenant, original]) => [tenant, { ...original, sha256 }]));
  const [id] = await bench.accept({ ...incoming, originals, envelope: { ...incoming.envelope, reversePath } });
  expect(await acceptedFacts(bench, id)).not.toHaveProperty('duplicateOf');
});

test('S51 the look for copies is one step in an index, however many mails there are', async () => {
  const bench = await openBench();
  const { sql } = await import('kysely');
  const plan = await sql<{
    detail: string;
  }>`explain query plan select id from message where sha256 = 'a' and tenant = 'b'`.execute(bench.database.read);
  expect(plan.rows.map(({ detail }) => detail).join()).toContain('message_by_content');
});
