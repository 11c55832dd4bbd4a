/** Where each mail ended, told by four witnesses: the log of the Postfix in front, our database, our audit log, the mailbox. */
import { createHash } from 'node:crypto';
import type { Chain } from '../../../test/kit/neighbours/chain.ts';
import { DOMAIN } from '../../../test/kit/neighbours/chain.ts';
import { PASSWORD } from '../../../test/kit/neighbours/dovecot.ts';
import { readInbox } from '../../../test/kit/neighbours/imap.ts';
import type { Input } from './neighbours-inputs.ts';

export type End =
  | { readonly kind: 'delivered' | 'delivered-with-hold' | 'held'; readonly bytes: Buffer }
  | { readonly kind: 'rejected'; readonly reply: string }
  | { readonly kind: 'problem'; readonly why: string };

export interface Line {
  readonly input: Input;
  readonly end: End;
}

/** What the Postfix in front said of one recipient. */
type Sent =
  | { readonly kind: 'accepted'; readonly id: string }
  | { readonly kind: 'rejected'; readonly reply: string }
  | { readonly kind: 'open' };

const FINAL = new RegExp(`to=<([mc]\\d+)@${DOMAIN.replaceAll('.', '\\.')}>,.* status=(sent|bounced) \\((.*)\\)$`);

/** Last word on each recipient, by local part. `refusedAtOnce`: replies of the front itself to our sender. */
export function frontsWord(log: string, refusedAtOnce: ReadonlyMap<string, string>): ReadonlyMap<string, Sent> {
  const words = new Map<string, Sent>(
    [...refusedAtOnce].map(([person, reply]) => [person, { kind: 'rejected', reply }]),
  );
  for (const line of log.split('\n')) {
    const [, person = '', status = '', reply = ''] = FINAL.exec(line) ?? [];
    if (person === '') continue;
    const id = /Accepted ([0-9A-HJKMNP-TV-Z]{26})/.exec(reply)?.[1];
    words.set(person, status === 'sent' && id !== undefined ? { kind: 'accepted', id } : { kind: 'rejected', reply });
  }
  return words;
}

interface Ours {
  readonly states: ReadonlyMap<string, readonly string[]>;
  /** SHA-256 of what the outlet sent, by message. */
  readonly sent: ReadonlyMap<string, string>;
}

async function ownWord(chain: Chain): Promise<Ours> {
  const database = await chain.gateway.openDatabase();
  try {
    const rows = await database.read.selectFrom('recipient').select(['message_id', 'address', 'state']).execute();
    const audit = await database.read
      .selectFrom('audit_entry')
      .select(['message_id', 'facts'])
      .where('event', '=', 'delivery-intended')
      .execute();
    return {
      states: Map.groupBy(rows, ({ message_id, address }) => `${message_id} ${address}`)
        .entries()
        .reduce(
          (all, [key, group]) =>
            all.set(
              key,
              group.map(({ state }) => state),
            ),
          new Map<string, string[]>(),
        ),
      sent: new Map(audit.map(({ message_id, facts }) => [message_id ?? '', sha256In(facts)])),
    };
  } finally {
    await database.close();
  }
}

const sha256In = (facts: string): string => String((JSON.parse(facts) as Readonly<Record<string, unknown>>)['sha256']);

/** One line for each input. */
export async function balance(
  chain: Chain,
  inputs: readonly Input[],
  refusedAtOnce: ReadonlyMap<string, string>,
): Promise<readonly Line[]> {
  const words = frontsWord(chain.front.log(), refusedAtOnce);
  const ours = await ownWord(chain);
  const lines: Line[] = [];
  for (const input of inputs) {
    const mails = await readInbox(chain.dovecot.port, `${input.person}@${DOMAIN}`, PASSWORD);
    const word = words.get(input.person) ?? { kind: 'open' };
    lines.push({
      input,
      end: endOf(
        input,
        word,
        ours,
        mails.map(({ bytes }) => bytes),
      ),
    });
  }
  return lines;
}

function endOf(input: Input, word: Sent, ours: Ours, mails: readonly Buffer[]): End {
  const problem = (why: string): End => ({ kind: 'problem', why });
  if (word.kind === 'open') return problem('no final word in the log of the Postfix in front');
  if (word.kind === 'rejected') {
    if (mails.length > 0) return problem(`rejected, and yet ${mails.length} in the mailbox`);
    return /\b5\d\d\b/.test(word.reply) ? { kind: 'rejected', reply: word.reply } : problem(`no 5xx: ${word.reply}`);
  }
  const [state = 'unknown', ...others] = ours.states.get(`${word.id} ${input.person}@${DOMAIN}`) ?? [];
  if (others.length > 0 || !isEnd(state)) return problem(`${word.id} is «${[state, ...others].join(', ')}»`);
  const [mail, ...more] = mails;
  if (mail === undefined || more.length > 0) return problem(`${word.id} accepted, ${mails.length} in the mailbox`);
  const bytes = asSent(mail);
  if (bytes === undefined) return problem('the mail in the mailbox has no receipt');
  const text = bytes.toString('latin1');
  if (!text.includes(` m=${word.id};`)) return problem('the receipt in the mailbox names another message');
  const signed = bytes.subarray(RECEIPT.exec(text)?.[0].length ?? 0);
  if (createHash('sha256').update(signed).digest('hex') !== ours.sent.get(word.id)) {
    return problem('other bytes than the outlet sent');
  }
  const messageId = /\r\nMessage-ID:(?:\r\n)? (<[^\r\n]*>)\r\n/.exec(text)?.[1];
  if (messageId === undefined || (input.ownId !== '' && messageId !== input.ownId)) {
    return problem(`Message-ID ${messageId ?? 'missing'}, sent with ${input.ownId}`);
  }
  return { kind: state, bytes };
}

/** The hash is that of all behind the receipt (docs/receipt.md). */
const RECEIPT = /^Sekisho-Receipt:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*/;

const ENDS = ['delivered', 'delivered-with-hold', 'held'] as const;
const isEnd = (state: string): state is (typeof ENDS)[number] => ENDS.some((end) => end === state);

/** Our message begins with its receipt; relay and mailbox put their trace fields above. */
function asSent(bytes: Buffer): Buffer | undefined {
  const at = bytes.indexOf('\r\nSekisho-Receipt: ');
  return at < 0 ? undefined : bytes.subarray(at + 2);
}
