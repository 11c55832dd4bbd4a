/**
 * F16…F22, S49, S52, S53: what a whole gateway does when the next hop says no, later, nothing, or hangs up, at each point
 * of the dialog. Each case: the states its recipients end in, how often it was tried, who is told, how often it arrived.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { freePort, type Gateway, startGateway } from '../kit/gateway.ts';
import { auditByMessage, idOf, tokenMail } from '../kit/ledger.ts';
import { sendAll } from '../kit/send.ts';
import { openSink, type Script, type Sink } from '../unit/outlet/sink.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

let gateway: Gateway;
let hopPort: number;
let sink: Sink | undefined;
beforeAll(async () => {
  hopPort = await freePort();
  gateway = await startGateway({
    nextHopPort: hopPort,
    recipients: ['admin', 'a', 'b', 'c'],
    settings: { outlet: { firstRetrySeconds: 1, maxRetrySeconds: 1, timeoutSeconds: 5 } },
  });
});
afterEach(() => sink?.close());
afterAll(() => gateway?.stop());

interface Outcome {
  readonly states: Readonly<Record<string, string>>;
  readonly attempts: number;
  readonly events: readonly string[];
  /** Copies that the hop has read to the final dot, notices left out. */
  readonly copies: readonly Buffer[];
  readonly notices: readonly Buffer[];
}

/** One mail to a, b and c against a hop with this script. */
async function run(script: Script, names: readonly string[] = ['a']): Promise<Outcome> {
  const hop = await openSink(script, hopPort);
  sink = hop;
  const addresses = names.map((name) => `${name}@t1.example`);
  const [result] = await sendAll([tokenMail('token-end', addresses)], { port: gateway.smtpPort, connections: 1 });
  const id = result === undefined ? '' : idOf(result);
  await gateway.idle();
  const database = await gateway.openDatabase();
  const rows = await database.read.selectFrom('recipient').selectAll().where('message_id', '=', id).execute();
  await database.close();
  const told = (await auditByMessage(gateway)).get(id) ?? [];
  const isNotice = (bytes: Buffer): boolean => !bytes.toString('latin1').includes(` m=${id};`);
  return {
    states: Object.fromEntries(rows.map(({ address, state }) => [address.split('@')[0], state])),
    attempts: Math.max(...rows.map(({ attempts }) => attempts)),
    events: told.map(({ event }) => event).filter((event) => /deliver|defer|refused|undeliverable/.test(event)),
    copies: hop.messages.filter((bytes) => !isNotice(bytes)),
    notices: hop.messages.filter(isNotice),
  };
}

/** The first time this, afterwards as usual. */
function once(verb: string, reply: string): Script {
  let used = false;
  return {
    answer(line) {
      if (used || !line.startsWith(verb)) return undefined;
      used = true;
      return reply;
    },
  };
}

function onceAt(at: 'greeting' | 'afterData', reply: string): Script {
  let used = false;
  const usual = at === 'greeting' ? '220 sink' : '250 2.0.0 taken';
  return {
    [at]: () => {
      const said = used ? usual : reply;
      used = true;
      return said;
    },
  };
}

const RETRIED = ['delivery-intended', 'deferred', 'delivery-intended', 'delivered'];

test.each([
  ['F17 421 instead of a greeting', onceAt('greeting', '421 4.3.2 busy'), 1],
  ['F17 a 554 greeting', onceAt('greeting', '554 5.7.1 not you'), 1],
  ['F17 hung up before the greeting', onceAt('greeting', 'hang up'), 1],
  ['F19 no greeting at all', onceAt('greeting', 'silence'), 1],
  ['F17 421 to EHLO', once('EHLO', '421 4.3.2 busy'), 1],
  ['F17 451 to MAIL', once('MAIL', '451 4.3.0 later'), 1],
  ['F17 421 to MAIL', once('MAIL', '421 4.3.2 busy'), 1],
  ['F17 greylisting: 451 to RCPT', once('RCPT', '451 4.7.1 greylisted'), 1],
  ['F17 421 to RCPT', once('RCPT', '421 4.3.2 busy'), 1],
  ['F19 no answer to RCPT', once('RCPT', 'silence'), 1],
  ['F17 452 to DATA', once('DATA', '452 4.3.1 full'), 1],
  ['F17 421 to DATA', once('DATA', '421 4.3.2 busy'), 1],
  ['F17 451 after the dot', onceAt('afterData', '451 4.3.0 later'), 2],
  ['F17 421 after the dot', onceAt('afterData', '421 4.3.2 busy'), 2],
  ['F22 nonsense after the dot', onceAt('afterData', 'hello'), 2],
] as const)('%s: later, then delivered; nobody is told', async (_, script, copies) => {
  const outcome = await run(script);
  expect(outcome).toMatchObject({ states: { a: 'delivered' }, attempts: 2, events: RETRIED, notices: [] });
  expect(outcome.copies).toHaveLength(copies);
});

test('F20 the connection breaks in the middle of the message: sent again whole, the half one is nobody’s', async () => {
  let cut = false;
  const outcome = await run({
    cutsData(soFar) {
      const now = !cut && soFar.length > 100;
      cut ||= now;
      return now;
    },
  });
  // Loopback may bring the whole small message at once; then there was nothing to cut.
  expect(outcome).toMatchObject({ states: { a: 'delivered' }, notices: [] });
  expect(outcome.copies).toHaveLength(1);
});

test('S52 F21 closed after the dot, before the reply: at least once, the same bytes, an intent for each try', async () => {
  const outcome = await run(onceAt('afterData', 'hang up'));
  expect(outcome).toMatchObject({ states: { a: 'delivered' }, attempts: 2, events: RETRIED, notices: [] });
  expect(outcome.copies).toHaveLength(2);
  expect(outcome.copies[0]?.equals(outcome.copies[1] ?? Buffer.alloc(0))).toBe(true);
});

test('closed after 250: delivered, never sent again', async () => {
  const outcome = await run({ answer: (line) => (/^(?:QUIT|RSET)/.test(line) ? 'hang up' : undefined) });
  await sleep(1500);
  expect(outcome).toMatchObject({
    states: { a: 'delivered' },
    attempts: 1,
    events: ['delivery-intended', 'delivered'],
  });
  expect(sink?.messages).toHaveLength(1);
});

test.each([
  ['550 to MAIL', refusing('MAIL'), ['admin']],
  ['550 to RCPT', refusing('RCPT'), ['admin']],
  ['554 to DATA', refusing('DATA'), ['admin']],
  // A smaller message can still reach whom it was for: F50.
  ['552 too big, after the dot', refusing('.', '552 5.3.4 too big'), ['a', 'admin']],
  ['550 for its content, after the dot', refusing('.'), ['admin']],
] as const)(
  'F18 S49 %s: undeliverable at once; the administrators hear of it, nobody outside',
  async (_, script, heard) => {
    const outcome = await run(script);
    expect(outcome).toMatchObject({
      states: { a: 'undeliverable' },
      attempts: 1,
      events: ['delivery-intended', 'refused'],
    });
    const notices = outcome.notices.map((bytes) => bytes.toString('latin1'));
    const to = notices.map((notice) => /\r\nTo: <?([a-z]+)@t1\.example>?/.exec(notice)?.[1]);
    expect(to.toSorted()).toEqual(heard);
    const notice = notices[to.indexOf('admin')] ?? '';
    const text = Buffer.from(notice.slice(notice.indexOf('\r\n\r\n')), 'base64').toString();
    expect(text).toContain('a@t1.example');
    expect(sink?.commands.filter((line) => /^RCPT/.test(line) && !/@t1\.example>/.test(line))).toEqual([]);
  },
);

/** Says no to the mail for a, and takes the notice for the administrator. */
function refusing(at: 'MAIL' | 'RCPT' | 'DATA' | '.', reply = '550 5.7.1 no'): Script {
  let isFirst = true;
  const first = (): boolean => {
    const was = isFirst;
    isFirst = false;
    return was;
  };
  if (at === '.') return { afterData: () => (first() ? reply : '250 2.0.0 taken') };
  let refused = false;
  return {
    answer(line) {
      if (line.startsWith('MAIL')) refused = false;
      if (refused && /^(?:RCPT|DATA)/.test(line)) return '503 5.5.1 bad sequence';
      if (!line.startsWith(at) || !first()) return undefined;
      refused = at !== 'DATA';
      return reply;
    },
  };
}

test('S53 250, 550 and 451 in one transaction: each its own end, only the 451 is sent again', async () => {
  let later = true;
  const outcome = await run(
    {
      answer(line) {
        if (line.includes('b@t1')) return '550 5.1.1 gone';
        if (!line.includes('c@t1') || !later) return undefined;
        later = false;
        return '451 4.7.1 greylisted';
      },
    },
    ['a', 'b', 'c'],
  );
  expect(outcome.states).toEqual({ a: 'delivered', b: 'undeliverable', c: 'delivered' });
  expect(outcome.copies).toHaveLength(2);
  expect(outcome.notices).toHaveLength(1);
  const asked = sink?.commands.filter((line) => /RCPT TO:<[abc]@/.test(line)).map((line) => line.slice(9, 10));
  expect(asked).toEqual(['a', 'b', 'c', 'c']);
});

test('F16 nobody listens: deferred; when the hop is back the mail arrives', async () => {
  const mail = tokenMail('token-end', ['a@t1.example']);
  const [result] = await sendAll([mail], { port: gateway.smtpPort, connections: 1 });
  const id = result === undefined ? '' : idOf(result);
  while (!((await auditByMessage(gateway)).get(id) ?? []).some(({ event }) => event === 'deferred')) await sleep(100);
  sink = await openSink({}, hopPort);
  await gateway.idle();
  expect(sink.messages).toHaveLength(1);
});
