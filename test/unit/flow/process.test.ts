import { expect, test } from 'vitest';
import type { JailAnswer } from '../../../src/jail/jail.ts';
import { GatewayError } from '../../../src/message/errors.ts';
import type { AttachmentReport } from '../../../src/message/report.ts';
import { answer, type Bench, LEASE_MS, openBench, readyMessage } from './bench.ts';

const dies = (part?: string, why: 'crashed' | 'timeout' | 'limit' | 'lied' = 'crashed'): JailAnswer<never> => ({
  kind: 'failed',
  why,
  detail: 'signal 9',
  ...(part === undefined ? {} : { part }),
});

const attachment = (path: string): AttachmentReport => ({
  path,
  untrustedName: '名簿.pdf',
  declaredType: 'application/pdf',
  detectedType: 'pdf',
  bytes: 1,
  sha256: '0'.repeat(64),
  outcome: 'pdf',
  outputs: [],
  removed: [],
});

const row = (bench: Bench, id: string) =>
  bench.database.read.selectFrom('message').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

test('a rebuilt message is stored, told and queued for delivery', async () => {
  const bench = await openBench();
  const id = await readyMessage(bench, { attachments: [attachment('2')] });
  expect(await row(bench, id)).toMatchObject({ ends_as: 'delivered', hold_reason: null, untrusted_subject: '会議' });
  expect(await bench.states(id)).toEqual({ a: 'ready', b: 'ready' });
  expect(await bench.events(id)).toEqual(['accepted', 'sanitized']);
  expect(await bench.take('deliver')).toMatchObject({ messageId: id, id: `deliver-${id}` });
  expect(bench.rings).toEqual(['sanitizer', 'outlet']);
});

test('what is searchable holds no text of the body: hidden text and link texts stay in the sealed preview', async () => {
  const bench = await openBench();
  const link = { untrustedText: '秘密の文字', target: 'https://example.com', suspicion: [] };
  const body = { declaredCharset: '', charset: 'utf-8', source: 'html' as const, removed: [] };
  const id = await readyMessage(bench, { body: { ...body, links: [link], hiddenText: '隠し文字' } });
  const { report, preview_object } = await row(bench, id);
  expect(report).toContain('https://example.com');
  expect(report).not.toMatch(/秘密|隠し/);
  expect(Buffer.from(bench.store.objects.get(preview_object ?? '') ?? []).toString()).toMatch(/秘密.*隠し/s);
});

test.each([
  ['crashed', 'sanitizer-failed'],
  ['timeout', 'timeout'],
  ['limit', 'limit-exceeded'],
  ['lied', 'sanitizer-failed'],
] as const)('F01 an attachment with which its child %s is held, and the mail goes on', async (why, reason) => {
  const bench = await openBench();
  const [id = ''] = await bench.accept();
  bench.onJob = (job) =>
    job.kind === 'message' && job.holdParts['2'] === reason
      ? answer('rest', { verdict: { kind: 'sanitized-with-hold' } })
      : dies('2', why);
  await bench.process(await bench.take('process'));
  expect(bench.jobs.map(({ kind }) => kind)).toEqual(['message', 'message']);
  expect(await row(bench, id)).toMatchObject({ ends_as: 'delivered-with-hold' });
});

test('a child that names ever new culprits, or the same again, ends in a notice after a bounded number of children', async () => {
  for (const name of [() => '2', (round: number) => `2.${round}`]) {
    const bench = await openBench();
    const [id = ''] = await bench.accept();
    bench.onJob = (job) => (job.kind === 'notice' ? answer('notice') : dies(name(bench.jobs.length)));
    await bench.process(await bench.take('process'));
    expect(bench.jobs.length).toBeLessThanOrEqual(7);
    expect(bench.jobs.at(-1)).toMatchObject({
      kind: 'notice',
      notice: { kind: 'message-held', reason: 'sanitizer-failed' },
    });
    expect(await row(bench, id)).toMatchObject({ ends_as: 'held', hold_reason: 'sanitizer-failed' });
  }
});

test('a message that kills its child as a whole is held: its recipients get a notice', async () => {
  const bench = await openBench();
  const [id = ''] = await bench.accept();
  bench.onJob = (job) => (job.kind === 'notice' ? answer('notice') : dies());
  await bench.process(await bench.take('process'));
  expect(bench.jobs.at(-1)).toMatchObject({ kind: 'notice', to: ['a@t1.example', 'b@t1.example'] });
  expect(await bench.events(id)).toEqual(['accepted', 'jail-failed', 'held']);
  expect(await bench.states(id)).toEqual({ a: 'ready', b: 'ready' });
});

test('how a held message ends is not the notice-writing child’s to say', async () => {
  const bench = await openBench();
  const [id = ''] = await bench.accept();
  bench.onJob = (job) => (job.kind === 'notice' ? answer('lie', { verdict: { kind: 'sanitized' } }) : dies());
  await bench.process(await bench.take('process'));
  expect(await row(bench, id)).toMatchObject({ ends_as: 'held', hold_reason: 'sanitizer-failed' });
});

test.each([
  ['a field too many', { extra: 1 }],
  ['a subject of a million characters', { header: { subject: 'x'.repeat(1_000_000) } }],
  ['an unknown verdict', { verdict: { kind: 'fine' } }],
])('F04 a report with %s is a lie: gate-refused, and a notice goes on', async (_, lie) => {
  const bench = await openBench();
  const [id = ''] = await bench.accept();
  bench.onJob = (job) => (job.kind === 'notice' ? answer('notice') : answer('lie', lie as object));
  await bench.process(await bench.take('process'));
  expect(await row(bench, id)).toMatchObject({ ends_as: 'held', hold_reason: 'gate-refused' });
  expect(await bench.events(id)).toEqual(['accepted', 'gate-refused', 'held']);
});

test('what the gate refuses is held with an alarm; its output is nowhere', async () => {
  const bench = await openBench();
  const [id = ''] = await bench.accept();
  const { pass } = bench;
  bench.pass = async (deps, draft, facts, ms) =>
    Buffer.from(draft).includes('evil')
      ? { kind: 'refused', by: 'inspector', problems: ['pdf: JavaScript'] }
      : pass(deps, draft, facts, ms);
  bench.onJob = (job) => (job.kind === 'notice' ? answer('notice') : answer('evil'));
  await bench.process(await bench.take('process'));
  expect(await row(bench, id)).toMatchObject({ ends_as: 'held', hold_reason: 'gate-refused' });
  expect(bench.log.lines).toContainEqual(expect.objectContaining({ level: 'error', event: 'gate-refused' }));
  for (const bytes of bench.store.objects.values()) expect(Buffer.from(bytes).toString()).not.toContain('evil');
});

test('a notice that the gate refuses leaves the job to a person, and nothing is queued', async () => {
  const bench = await openBench();
  const [id = ''] = await bench.accept();
  bench.pass = async () => ({ kind: 'refused', by: 'grammar', problems: ['x'] });
  const job = await bench.take('process');
  await expect(bench.process(job)).rejects.toMatchObject({ code: 'E_GATE_REFUSED', retryable: false });
  expect(await bench.states(id)).toEqual({ a: 'accepted', b: 'accepted' });
  await expect(bench.take('deliver')).rejects.toThrow('no deliver job');
});

test.each([
  ['E_OBJECT_TAMPERED', 'changed shares'],
  ['E_OBJECT_MISSING', 'lost shares'],
] as const)('F32 %s: the recipients are told, no child sees anything of it', async (code, what) => {
  const bench = await openBench();
  const [id = ''] = await bench.accept();
  bench.store.lose((await row(bench, id)).original_object ?? '', new GatewayError(code, what));
  await bench.process(await bench.take('process'));
  expect(bench.jobs).toMatchObject([{ kind: 'notice', notice: { reason: 'original-lost' } }]);
  expect(await bench.events(id)).toEqual(['accepted', 'original-lost', 'held']);
});

test('an original whose hash in the message row is another is not opened for a child', async () => {
  const bench = await openBench();
  await bench.accept();
  await bench.database.write(async (tx) => {
    await tx
      .updateTable('message')
      .set({ sha256: '0'.repeat(64) })
      .execute();
  });
  await bench.process(await bench.take('process'));
  expect(bench.jobs).toMatchObject([{ kind: 'notice', notice: { reason: 'original-lost' } }]);
});

test('a store that is away is our trouble, not the mail’s: the job is tried again', async () => {
  const bench = await openBench();
  const [id = ''] = await bench.accept();
  bench.store.lose((await row(bench, id)).original_object ?? '', new GatewayError('E_STORE_UNAVAILABLE', 'away'));
  await expect(bench.process(await bench.take('process'))).rejects.toMatchObject({ retryable: true });
  expect(bench.jobs).toEqual([]);
});

test('a job done twice by two holders leaves one message, one delivery and one entry', async () => {
  const bench = await openBench();
  const [id = ''] = await bench.accept();
  const first = await bench.take('process');
  bench.clock += LEASE_MS + 1;
  const second = await bench.take('process');
  bench.onJob = () => answer('safe', { attachments: [attachment('2')] });
  await bench.process(second);
  const { sanitized_object } = await row(bench, id);
  await expect(bench.process(first)).rejects.toMatchObject({ code: 'E_LEASE_LOST' });
  expect((await row(bench, id)).sanitized_object).toBe(sanitized_object);
  expect(await bench.events(id)).toEqual(['accepted', 'sanitized']);
  expect(await bench.database.read.selectFrom('part').select('path').execute()).toHaveLength(1);
});

test('a crash between vault and commit: the next holder does it all again', async () => {
  const bench = await openBench();
  const [id = ''] = await bench.accept();
  const { sql } = await import('kysely');
  const run = (statement: string) => bench.database.write((tx) => sql.raw(statement).execute(tx));
  await run(`create trigger cut before update on message begin select raise(abort, 'cut'); end`);
  await expect(bench.process(await bench.take('process'))).rejects.toThrow();
  expect(await bench.states(id)).toEqual({ a: 'accepted', b: 'accepted' });
  await run('drop trigger cut');
  bench.clock += LEASE_MS + 1;
  await bench.process(await bench.take('process'));
  expect(await bench.events(id)).toEqual(['accepted', 'sanitized']);
});

test('M33 as many attachments as a policy may allow fit into the database', async () => {
  const bench = await openBench();
  await readyMessage(bench, { attachments: Array.from({ length: 5000 }, (_, i) => attachment(`1.${i + 1}`)) });
  const { n } = await bench.database.read
    .selectFrom('part')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow();
  expect(n).toBe(5000);
});

test('a notice job with a payload of another form is for a person', async () => {
  const bench = await openBench();
  const [id = ''] = await bench.accept();
  const job = { ...(await bench.take('process')), messageId: id };
  for (const payload of ['', '{}', '{"kind":"undeliverable","failed":[]}', '{"kind":"message-held","reason":"x"}'])
    await expect(bench.notice({ ...job, payload })).rejects.toMatchObject({
      code: 'E_JOB_UNREADABLE',
      retryable: false,
    });
});
