/** Every lie of a converter, told to the whole mail path: who got what, and what was written down about it. */
import { fileURLToPath } from 'node:url';
import { verifyForwarded } from '../../src/gate/forwarded.ts';
import { HONEST_TWINS, LIES } from '../attacks/gate/lies.ts';
import { single } from '../attacks/gate/specimens.ts';
import { openAviary, sightings } from './canary.ts';
import { readForwarded } from './forwarded.ts';
import { type House, openHouse } from './house.ts';

const CHILD = fileURLToPath(new URL('./jail/lying-child.ts', import.meta.url));

/** Enough for an honest mail on a busy machine, short enough to wait for silence. */
const MESSAGE_MS = 4_000;

export interface Told {
  readonly lie: string;
  /** 'gate-refused', 'sanitizer-failed', 'timeout'; '' when it was not held. */
  readonly heldFor: string;
  /** What is wrong; empty when all is as promised. */
  readonly problems: readonly string[];
}

interface Lie {
  readonly name: string;
  readonly mail: Buffer;
}

/** Stands in each mail and in the lies: in nothing that goes on or is written down. */
const aviary = openAviary();
const secret = aviary.die('secret of the mail');

const mailOf = (subject: string, body: string): Buffer =>
  Buffer.from(
    `From: a@example.com\r\nTo: soumu@t1.example\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n${body}\r\n`,
  );

const answering = (draft: Buffer): Buffer =>
  mailOf('lie: answer', draft.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n'));

const BY_THE_CHILD = [
  ...['original', 'original-changed', 'original-behind', 'original-before', 'wrong-hash', 'stale-hash', 'wrong-nonce'],
  ...['no-nonce', 'twice', 'trailing', 'ten-gigabytes', 'ten-gigabytes-of-header', 'noise', 'silence'],
  ...['silence-in-a-part', 'half-an-answer', 'aborts', 'no-report', 'report-with-more', 'preview-of-numbers'],
  'another-question',
];

/** Refused in a sentence: it must not quote them. */
const QUOTABLE = [
  ['a field with a secret name', single().replace('MIME-Version', `X-${secret}: x\r\nMIME-Version`)],
  ['a field with a secret value', single().replace('MIME-Version: 1.0', `MIME-Version: ${secret}`)],
  ['a secret sender', single().replace(/From: .*\r\n/, `From: <${secret}>\r\n`)],
  ['a secret behind the end', `${single()}${secret}\r\n`],
] as const;

async function allLies(): Promise<readonly Lie[]> {
  const drafts = LIES.filter(([name]) => name !== 'returns ten megabytes of zeros');
  return [
    ...BY_THE_CHILD.map((name) => ({ name, mail: mailOf(`lie: ${name}`, secret) })),
    ...(await Promise.all(drafts.map(async ([name, draft]) => ({ name, mail: answering(await draft()) })))),
    ...QUOTABLE.map(([name, draft]) => ({ name, mail: answering(Buffer.from(draft, 'latin1')) })),
  ];
}

/** @param every only each n-th lie. */
export async function tellLies(say: (line: string) => void, every = 1): Promise<readonly Told[]> {
  const house = await openHouse({ child: CHILD, messageMs: MESSAGE_MS });
  try {
    const told: Told[] = [];
    for (const [name, draft] of HONEST_TWINS) {
      const problems = await honestProblems(house, answering(await draft()));
      told.push({ lie: `(honest twin) ${name}`, heldFor: '', problems });
    }
    for (const { name, mail } of (await allLies()).filter((_, i) => i % every === 0)) {
      const one = await tell(house, name, mail);
      const next = await honestProblems(house, mailOf('honest', `hello ${name}`));
      told.push({ ...one, problems: [...one.problems, ...next.map((problem) => `next mail: ${problem}`)] });
      if (one.problems.length + next.length > 0) say(`${name}: ${[...one.problems, ...next].join('; ')}`);
    }
    return told;
  } finally {
    await house.close();
  }
}

async function tell(house: House, lie: string, mail: Buffer): Promise<Told> {
  const before = house.sink.received.length;
  const id = await house.accept(mail);
  await house.work();
  const arrived = house.sink.received.slice(before);
  const { message, states, events } = await whatIsKnown(house, id);
  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  check(arrived.length === 1, `${arrived.length} messages arrived instead of one notice`);
  for (const { bytes } of arrived) problems.push(...noticeProblems(house, bytes, id));
  check(
    states.every((state) => state === 'held'),
    `state ${states.join()}`,
  );
  check(message.ends_as === 'held', `ends as ${message.ends_as}`);
  const wanted = message.hold_reason === 'gate-refused' ? 'gate-refused' : 'jail-failed';
  check(
    events.some(({ event }) => event === wanted),
    `no audit entry ${wanted}`,
  );
  const written = Buffer.from(JSON.stringify([message, events]));
  check(sightings(written, aviary.canaries).length === 0, 'the secret stands in the database');
  return { lie, heldFor: message.hold_reason ?? '', problems };
}

/** Exactly the notice: verified receipt, our sentences, no file, nothing of the mail. */
function noticeProblems(house: House, bytes: Buffer, id: string): readonly string[] {
  const verdict = verifyForwarded(bytes, house.keys.receiptVerifiers());
  const mail = readForwarded(bytes);
  return [
    ...(verdict.kind === 'verified' && verdict.receipt.messageId === id ? [] : ['no valid receipt of this message']),
    ...(mail.files.length === 0 ? [] : ['a file arrived']),
    ...(mail.text.includes('保留しました') && mail.text.includes(id) ? [] : ['no notice of a held mail']),
    ...(sightings(bytes, aviary.canaries).length === 0 ? [] : ['the secret arrived']),
    ...(/lie: |honest/.test(`${mail.header}${mail.text}`) ? ['the mail itself arrived'] : []),
  ];
}

async function honestProblems(house: House, mail: Buffer): Promise<readonly string[]> {
  const before = house.sink.received.length;
  const id = await house.accept(mail);
  await house.work();
  const arrived = house.sink.received.slice(before);
  const { states } = await whatIsKnown(house, id);
  const verdict =
    arrived[0] === undefined ? undefined : verifyForwarded(arrived[0].bytes, house.keys.receiptVerifiers());
  return [
    ...(arrived.length === 1 ? [] : [`${arrived.length} messages arrived`]),
    ...(states.join() === 'delivered' ? [] : [`state ${states.join()}`]),
    ...(verdict?.kind === 'verified' ? [] : ['no valid receipt']),
  ];
}

async function whatIsKnown(house: House, id: string) {
  const { read } = house.database;
  const message = await read.selectFrom('message').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const recipients = await read.selectFrom('recipient').select('state').where('message_id', '=', id).execute();
  const events = await read.selectFrom('audit_entry').select(['event', 'facts']).where('message_id', '=', id).execute();
  return { message, states: recipients.map(({ state }) => state), events };
}
