/**
 * All roles write into the one database at once for a minute: mails come in, are rebuilt, are delivered to a next hop
 * that often says no, addresses are probed, and the administrators' page appends an audit entry at each look.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { ROLES, type Role } from '../../../src/message/roles.ts';
import { type Gateway, startGateway } from '../../../test/kit/gateway.ts';
import { type Hop, openHop } from '../../../test/kit/hop.ts';
import { runCommand, tokenMail } from '../../../test/kit/ledger.ts';
import { sendAll } from '../../../test/kit/send.ts';
import type { Section, SectionContext } from '../section.ts';

const CONNECTIONS = 8;
const READERS = 2;

/** Longer than the patience of the database (database/patience.ts). */
const LOCKED_MS = 12_000;

interface Contention {
  readonly waits: number;
  readonly failures: number;
}

export const contention: Section = {
  name: 'contention',
  bar: 'All roles writing at once for 60 s: 0 database-busy errors.',
  async run({ short, say }: SectionContext) {
    const seconds = short ? 15 : 60;
    const load = { on: true };
    const hop = await openHop({
      // Not for the probed addresses: an answer of «later» to a probe is a 451 to the sender.
      answerRcpt: (address) => (address.endsWith('@t1.example') ? maybe(load, 0.1, '450 4.2.0 later') : undefined),
      answerData: () => maybe(load, 0.2, '451 4.3.0 later') ?? maybe(load, 0.05, '554 5.6.0 never'),
    });
    const gateway = await startGateway({ tenants: 1, nextHopPort: hop.port, settings: settingsFor(hop.port) });
    const from = Date.now();
    const work = await everythingAtOnce(gateway, hop, from + seconds * 1000);
    const until = Date.now();
    load.on = false;
    await gateway.idle(180_000);
    const writing = await secondsOfWriting(gateway, from, until);
    const audit = await runCommand(gateway, 'audit', 'verify');
    const vault = await runCommand(gateway, 'vault', 'check');
    await gateway.stop();
    const busy = gateway.log().split('E_DATABASE_BUSY').length - 1;
    const counted = contentionOf(gateway.log());
    say(`${JSON.stringify(work)} busy ${busy} ${JSON.stringify([...counted])}`);

    const control = await lockedOut(gateway);
    await hop.close();
    const total = Math.floor((until - from) / 1000);
    const steady = ROLES.every((role) => (writing.get(role) ?? 0) >= (short ? 0.25 : 0.5) * total);
    const failures = [...counted.values()].reduce((sum, one) => sum + one.failures, 0);
    const clean = audit.code === 0 && vault.code === 0;
    const holds =
      steady &&
      busy === 0 &&
      counted.size === ROLES.length &&
      failures === 0 &&
      work.refused === 0 &&
      work.badPages === 0 &&
      clean &&
      control.replied.startsWith('451') &&
      control.failures > 0;
    return {
      holds,
      summary: `${total} s: ${busy} E_DATABASE_BUSY in the logs, ${failures} counted by the roles; audit and vault ${clean ? 'clean' : 'NOT CLEAN'}`,
      details: [
        `| role | seconds of ${total} with an entry of it in the audit log | times it waited for the lock | gave up |`,
        '|---|---|---|---|',
        ...ROLES.map(
          (role) =>
            `| ${role} | ${writing.get(role) ?? 0} | ${counted.get(role)?.waits ?? '?'} | ${counted.get(role)?.failures ?? '?'} |`,
        ),
        '',
        `Load: ${work.accepted} mails accepted over ${CONNECTIONS} connections (${work.refused} not), ${work.probed} of them to addresses that were probed first, ${work.pages} pages read by ${READERS} readers (${work.badPages} failed), ${hop.received.length} messages taken by a next hop that answered 10 % of listed recipients with 450, 20 % of messages with 451 and 5 % with 554.`,
        `Afterwards \`audit verify\` ended with ${audit.code}, \`vault check\` with ${vault.code}.`,
        `Control: with the database locked by a stranger for ${LOCKED_MS / 1000} s the peer reads «${control.replied}» and intake counts ${control.failures}.`,
      ].join('\n'),
    };
  },
};

const maybe = (load: { readonly on: boolean }, chance: number, reply: string): string | undefined =>
  load.on && Math.random() < chance ? reply : undefined;

/** Two tenants: one with a list of addresses, one whose addresses are probed. */
const settingsFor = (port: number) => ({
  logLevel: 'info',
  outlet: { firstRetrySeconds: 1, maxRetrySeconds: 2 },
  tenants: [{ kind: 'list', file: 't1.txt' }, { kind: 'probe' }].map((recipients, index) => ({
    id: `t${index + 1}`,
    name: `第${index + 1}市`,
    domains: [`t${index + 1}.example`],
    recipients,
    administrators: [`soumu@t${index + 1}.example`],
    contact: '情報政策課(内線 2345)',
    nextHop: { host: '127.0.0.1', port, tls: 'none' },
  })),
});

interface Work {
  readonly accepted: number;
  readonly refused: number;
  readonly probed: number;
  readonly pages: number;
  readonly badPages: number;
}

async function everythingAtOnce(gateway: Gateway, hop: Hop, until: number): Promise<Work> {
  const work = { accepted: 0, refused: 0, probed: 0, pages: 0, badPages: 0 };
  const sending = async (): Promise<void> => {
    for (let batch = 0; Date.now() < until; batch++) {
      // Every other mail goes to an address that nobody asked for before.
      const mails = Array.from({ length: 5 * CONNECTIONS }, (_, index) =>
        tokenMail(`token-${batch}-${index}-end`, [
          index % 2 === 0 ? 'soumu@t1.example' : `u${batch}x${index}@t2.example`,
        ]),
      );
      for (const result of await sendAll(mails, { port: gateway.smtpPort, connections: CONNECTIONS })) {
        work[result.accepted ? 'accepted' : 'refused']++;
        if (result.accepted && result.index % 2 === 1) work.probed++;
      }
    }
  };
  const reading = async (): Promise<void> => {
    while (Date.now() < until) {
      // Of these there are texts to be shown, and each look is an entry.
      const mail = hop.received[Math.floor(Math.random() * hop.received.length)];
      await sleep(20);
      if (mail === undefined) continue;
      const { status } = await fetch(`http://127.0.0.1:${gateway.adminPort}/messages/${mail.messageId}`);
      work[status === 200 ? 'pages' : 'badPages']++;
    }
  };
  await Promise.all([sending(), ...Array.from({ length: READERS }, reading)]);
  return work;
}

/** In how many seconds of the load each role appended to the audit log. */
async function secondsOfWriting(gateway: Gateway, from: number, until: number): Promise<ReadonlyMap<Role, number>> {
  const database = await gateway.openDatabase();
  try {
    const rows = await database.read
      .selectFrom('audit_entry')
      .select(['chain', 'at'])
      .where('at', '>=', from)
      .where('at', '<', until)
      .execute();
    const secondsOf = (role: Role): number =>
      new Set(rows.filter(({ chain }) => chain.startsWith(`${role}@`)).map(({ at }) => Math.floor((at - from) / 1000)))
        .size;
    return new Map(ROLES.map((role) => [role, secondsOf(role)]));
  } finally {
    await database.close();
  }
}

/** What each role says when it stops. */
function contentionOf(log: string): ReadonlyMap<Role, Contention> {
  const found = new Map<Role, Contention>();
  for (const line of log.split('\n').filter((each) => each.includes('"event":"database-contention"'))) {
    const told = JSON.parse(line) as Contention & { readonly role: Role };
    found.set(told.role, told);
  }
  return found;
}

/** The same folder again, locked by a stranger: the measuring above must be able to see it. */
async function lockedOut({ folder }: Gateway): Promise<{ readonly replied: string; readonly failures: number }> {
  const gateway = await startGateway({ folder, settings: { logLevel: 'info' } });
  while (!gateway.log().includes('"event":"serving"')) await sleep(50);
  const stranger = new Sqlite(`${folder}/gateway.db`);
  stranger.exec('begin immediate');
  const unlock = setTimeout(() => stranger.exec('rollback'), LOCKED_MS);
  const mails = [tokenMail('token-locked-end', ['soumu@t1.example'])];
  const [result] = await sendAll(mails, { port: gateway.smtpPort, connections: 1 });
  clearTimeout(unlock);
  if (stranger.inTransaction) stranger.exec('rollback');
  stranger.close();
  await gateway.stop();
  return {
    replied: result?.reply ?? result?.error ?? '',
    failures: contentionOf(gateway.log()).get('intake')?.failures ?? 0,
  };
}
