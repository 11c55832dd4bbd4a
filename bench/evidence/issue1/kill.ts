/**
 * kill -9 of each role, and of the supervisor, at random moments while mail comes in. A ledger of what was answered 250
 * against what a next hop received; a second copy needs a kill between the next hop's 250 and our commit.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ROLES, type Role } from '../../../src/message/roles.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../../../test/kit/gateway.ts';
import { type Hop, type HopMail, openHop } from '../../../test/kit/hop.ts';
import { auditByMessage, holdsToken, idOf, runCommand, type Told, tokenMail } from '../../../test/kit/ledger.ts';
import { type SendResult, sendAll } from '../../../test/kit/send.ts';
import type { Section, SectionContext } from '../section.ts';

type Target = Role | 'supervisor';

const TARGETS: readonly Target[] = [...ROLES, 'supervisor'];

/** A delivery to a second copy is explained only by the death of a process that delivers. */
const DELIVERS: readonly Target[] = ['outlet', 'supervisor'];

interface Plan {
  readonly mails: number;
  readonly kills: number;
}

const LONG: Plan = { mails: 300, kills: 20 };
const SHORT: Plan = { mails: 30, kills: 2 };

/** Mails come in bunches, one for each kill, so that every kill falls into work. */
const BUNCH_MS = 1_500;
const LATEST_KILL_MS = BUNCH_MS;

/** Jobs of a killed process wait for the end of its lease: shorter leases, so that the ledger closes sooner. */
const SETTINGS = {
  logLevel: 'info',
  sanitizer: { leaseSeconds: 5 },
  outlet: { leaseSeconds: 5, firstRetrySeconds: 1, maxRetrySeconds: 2 },
};

/** A reply over a real network takes a while; in it falls the kill that makes a second copy. */
const HOP_DELAY_MS = 10;

/** Last octets that a dead process had given to its socket arrive a little after its death. */
const IN_FLIGHT_MS = 200;

interface Round {
  readonly target: Target;
  readonly sent: number;
  readonly acknowledged: number;
  /** Why the sender gave up, once for each mail without a 250. */
  readonly gaveUp: readonly string[];
  readonly kills: number;
  readonly killsWhileSending: number;
  /** Answered 250 and not delivered. */
  readonly lost: number;
  /** Delivered text without the mail's token, or not in state «delivered». */
  readonly wrong: number;
  /** Taken over although the 250 did not reach the sender, who sent it again. */
  readonly replyLost: number;
  readonly replyLostUndelivered: number;
  readonly twice: number;
  readonly unexplained: number;
  readonly auditClean: boolean;
  readonly vaultClean: boolean;
}

export const kill: Section = {
  name: 'kill',
  bar: 'kill -9 of each role at twenty random moments while 300 mails come in at 10 connections: every mail answered 250 is delivered; twice only where the kill fell between the downstream’s 250 and our commit.',
  async run({ short, say }: SectionContext) {
    const plan = short ? SHORT : LONG;
    const rounds: Round[] = [];
    for (const target of TARGETS) {
      const round = await killing(target, plan);
      say(JSON.stringify(round));
      rounds.push(round);
    }
    const sum = (of: (round: Round) => number): number => rounds.reduce((total, round) => total + of(round), 0);
    const holds = rounds.every(
      (round) =>
        round.acknowledged === round.sent &&
        round.kills === plan.kills &&
        // The very last kill may fall behind the last mail.
        round.killsWhileSending >= plan.kills - 1 &&
        round.lost + round.wrong + round.replyLostUndelivered + round.unexplained === 0 &&
        round.auditClean &&
        round.vaultClean,
    );
    return {
      holds,
      summary: `${sum(({ kills }) => kills)} kills, ${sum(({ acknowledged }) => acknowledged)} mails answered 250, ${sum(({ lost }) => lost)} lost; ${sum(({ twice }) => twice)} delivered twice, ${sum(({ unexplained }) => unexplained)} of them unexplained`,
      details: [
        `Per process ${plan.mails} mails at 10 connections, in bunches around ${plan.kills} SIGKILLs at random moments; the sender tries again until it reads 250. Leases of 5 s instead of 60 and 120 s; the next hop answers after ${HOP_DELAY_MS} ms.`,
        '',
        '| killed | mails answered 250 | kills (while mail came in) | lost | wrong | second copy accepted because the 250 did not arrive | delivered twice | of them not explained by a kill | audit verify, vault check |',
        '|---|---|---|---|---|---|---|---|---|',
        ...rounds.map(
          (round) =>
            `| ${round.target} | ${round.acknowledged} of ${round.sent} | ${round.kills} (${round.killsWhileSending}) | ${round.lost} | ${round.wrong} | ${round.replyLost} | ${round.twice} | ${round.unexplained} | ${round.auditClean && round.vaultClean ? 'clean' : 'NOT CLEAN'} |`,
        ),
        '',
        'Lost: an id in a 250 that the next hop never saw. Delivered twice: one id at the next hop more than once; explained when the audit log has «delivery-intended» before the kill, «delivered» only after it, and the next hop had the first copy before it.',
      ].join('\n'),
    };
  },
};

async function killing(target: Target, plan: Plan): Promise<Round> {
  const hop = await openHop({ delayMs: HOP_DELAY_MS });
  const options: GatewayOptions = { nextHopPort: hop.port, settings: SETTINGS };
  const running: { gateway: Gateway } = { gateway: await startGateway(options) };
  try {
    await everyRoleServes(running.gateway);
    const tokens = Array.from({ length: plan.mails }, (_, index) => `token-${target}-${index}-end`);
    const mails = tokens.map((token) => tokenMail(token, ['soumu@t1.example']));
    const bunches = Array.from({ length: plan.kills }, () => Promise.withResolvers<void>());
    const killer = killInEach(target, bunches, running, options);
    const results = await sendAll(mails, {
      port: running.gateway.smtpPort,
      connections: 10,
      retries: 600,
      // Some of a bunch come before its kill, some after.
      async pause(index) {
        await bunches[Math.floor((index * plan.kills) / plan.mails)]?.promise;
        await sleep(BUNCH_MS * Math.random());
      },
    });
    const sentAt = Date.now();
    const killsAt = await killer;
    await running.gateway.idle(180_000).catch((error: Error) => {
      throw new Error(`${error.message}; the log ends:\n${running.gateway.log().slice(-2000)}`);
    });
    return await ledger(target, { gateway: running.gateway, hop, tokens, results, killsAt, sentAt });
  } finally {
    await running.gateway.stop();
    await hop.close();
  }
}

/** A role that dies thrice before it ever served has no chance of a restart: the service manager's turn, not a kill's. */
async function everyRoleServes(gateway: Gateway): Promise<void> {
  while (!gateway.log().includes('"event":"serving"')) {
    requireRunning(gateway);
    await sleep(50);
  }
}

/** Opens one bunch of mails after the other and kills at a random moment of each. @returns times of the kills, Unix ms. */
async function killInEach(
  target: Target,
  bunches: readonly PromiseWithResolvers<void>[],
  running: { gateway: Gateway },
  options: GatewayOptions,
): Promise<readonly number[]> {
  const killsAt: number[] = [];
  for (const bunch of bunches) {
    bunch.resolve();
    await sleep(LATEST_KILL_MS * Math.random());
    killsAt.push(target === 'supervisor' ? await killSupervisor(running, options) : await killRole(target, running));
  }
  return killsAt;
}

async function killRole(role: Role, { gateway }: { readonly gateway: Gateway }): Promise<number> {
  for (;;) {
    const pid = gateway.rolePids().get(role);
    if (pid !== undefined && tryKill(pid)) return Date.now();
    requireRunning(gateway);
    await sleep(50);
  }
}

/** The supervisor itself must outlive all that dies under it. */
function requireRunning({ process: { exitCode, signalCode }, log }: Gateway): void {
  if (exitCode === null && signalCode === null) return;
  throw new Error(`the supervisor ended with ${signalCode ?? exitCode}: ${log().slice(-2000)}`);
}

function tryKill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Kills it and starts again in the same folder, as a service manager does: again when the port is not free yet. */
async function killSupervisor(running: { gateway: Gateway }, options: GatewayOptions): Promise<number> {
  const { gateway } = running;
  const gone = new Promise((resolve) => gateway.process.once('exit', resolve));
  gateway.process.kill('SIGKILL');
  const at = Date.now();
  await gone;
  const ports = { smtp: gateway.smtpPort, admin: gateway.adminPort };
  for (let attempt = 0; ; attempt++) {
    try {
      running.gateway = await startGateway({ ...options, folder: gateway.folder, ports });
      return at;
    } catch (error) {
      if (attempt === 20) throw error;
      await sleep(200);
    }
  }
}

interface Facts {
  readonly gateway: Gateway;
  readonly hop: Hop;
  readonly tokens: readonly string[];
  readonly results: readonly SendResult[];
  readonly killsAt: readonly number[];
  readonly sentAt: number;
}

async function ledger(target: Target, facts: Facts): Promise<Round> {
  const { gateway, hop, tokens, results, killsAt, sentAt } = facts;
  const copies = new Map<string, HopMail[]>();
  for (const mail of hop.received) copies.set(mail.messageId, [...(copies.get(mail.messageId) ?? []), mail]);
  const told = await auditByMessage(gateway);
  const states = await statesOf(gateway);
  const acknowledged = results.filter(({ accepted }) => accepted);
  const ids = new Set(acknowledged.map(idOf));
  const others = [...states.keys()].filter((id) => !ids.has(id));
  const wrong = acknowledged.filter((result) => {
    const first = copies.get(idOf(result))?.[0];
    const right = first !== undefined && holdsToken(first, tokens[result.index] ?? '');
    return !right || states.get(idOf(result)) !== 'delivered';
  });
  const twice = [...copies].filter(([, mails]) => mails.length > 1);
  const unexplained = twice.filter(([id, mails]) => !isExplained(target, mails, told.get(id) ?? [], killsAt));
  return {
    target,
    sent: tokens.length,
    acknowledged: ids.size,
    gaveUp: results.filter(({ accepted }) => !accepted).map(({ reply, error }) => reply ?? error),
    kills: killsAt.length,
    killsWhileSending: killsAt.filter((at) => at < sentAt).length,
    lost: [...ids].filter((id) => !copies.has(id)).length,
    wrong: wrong.length,
    replyLost: others.length,
    replyLostUndelivered: others.filter((id) => !copies.has(id)).length,
    twice: twice.length,
    unexplained: unexplained.length,
    auditClean: (await runCommand(gateway, 'audit', 'verify')).code === 0,
    vaultClean: (await runCommand(gateway, 'vault', 'check')).code === 0,
  };
}

/** Between each copy and the next a kill fell, after the intent and before our commit of the delivery. */
function isExplained(
  target: Target,
  copies: readonly HopMail[],
  told: readonly Told[],
  killsAt: readonly number[],
): boolean {
  const intents = told.filter(({ event }) => event === 'delivery-intended').map(({ at }) => at);
  const ends = told.filter(({ event }) => event === 'delivered').map(({ at }) => at);
  if (!DELIVERS.includes(target) || ends.length !== 1) return false;
  return copies.slice(1).every((next, index) => {
    const before = copies[index]?.atMs ?? 0;
    return killsAt.some(
      (at) =>
        intents.some((intent) => intent <= at) && before <= at + IN_FLIGHT_MS && at <= next.atMs && at <= ends[0]!,
    );
  });
}

/** State of each mail's recipient, by message id. */
async function statesOf(gateway: Gateway): Promise<ReadonlyMap<string, string>> {
  const database = await gateway.openDatabase();
  try {
    const rows = await database.read
      .selectFrom('recipient')
      .innerJoin('message', 'message.id', 'recipient.message_id')
      .select(['message_id', 'state'])
      .where('kind', '=', 'mail')
      .execute();
    return new Map(rows.map(({ message_id, state }) => [message_id, state]));
  } finally {
    await database.close();
  }
}
