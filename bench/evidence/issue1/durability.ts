/**
 * Durability is not the page cache. strace watches every process of the gateway from its first start on an empty folder;
 * its trace is replayed onto a disk that keeps only what was synced (disk/model.ts), and crashes are put right after each
 * 250. Then syncs are taken out one at a time: each must be missed.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../../src/database/open.ts';
import { loadObject } from '../../../src/flow/facts.ts';
import { loadRoleKeys } from '../../../src/keys/load.ts';
import { ROLES } from '../../../src/message/roles.ts';
import { checkObject } from '../../../src/vault/check.ts';
import { openDirectory } from '../../../src/vault/directory.ts';
import { openVault } from '../../../src/vault/open.ts';
import { type Gateway, startGateway } from '../../../test/kit/gateway.ts';
import { openHop } from '../../../test/kit/hop.ts';
import { holdsToken, idOf, tokenMail } from '../../../test/kit/ledger.ts';
import { sendAll } from '../../../test/kit/send.ts';
import { Disk, type Survivors } from '../disk/model.ts';
import { readTrace, type Step, straceCommand } from '../disk/trace.ts';
import type { Section, SectionContext } from '../section.ts';

const STORES = ['a', 'b', 'c'];
/** Made by the gateway itself: its name, too, is to be there after the crash. */
const DATA = 'state/data';
const WAL = `${DATA}/gateway.db-wal`;
const SETTINGS = {
  logLevel: 'info',
  sanitizer: { leaseSeconds: 5 },
  outlet: { leaseSeconds: 5, firstRetrySeconds: 1, maxRetrySeconds: 2 },
};

/** One mail that was answered 250. */
interface Mail {
  readonly id: string;
  readonly token: string;
  /** The one that stood alone, while sanitizer and outlet were stopped. */
  readonly alone: boolean;
}

interface Recorded {
  readonly steps: readonly Step[];
  readonly mails: ReadonlyMap<string, Mail>;
  /** Vault object of each message. */
  readonly objects: ReadonlyMap<string, string>;
  readonly intakeThreads: ReadonlySet<number>;
  /** Files whose content differs between model and disk at the end: the model must explain every byte. */
  readonly unexplained: readonly string[];
  readonly traceBytes: number;
}

export const durability: Section = {
  name: 'durability',
  bar: 'Durability is not the page cache: strace shows each share, its folder and the WAL synced before the `250` is written; a replay that keeps only synced writes loses no acknowledged mail; taking out any one sync turns it red.',
  async run({ short, say }: SectionContext) {
    const size = short ? { alone: 5, together: 10, replays: 1 } : { alone: 20, together: 150, replays: 5 };
    const seed = Date.now() % 1_000_000;
    const chance = generator(seed);
    const recorded = await record(size.alone, size.together);
    const { steps, mails, unexplained } = recorded;
    const replies = follow(recorded, new Disk());
    const late = replies.filter(({ missing }) => missing.length > 0);
    say(`${steps.length} steps, ${replies.length} replies 250, ${late.length} too early`);

    const lost: string[] = [];
    for (let k = 1; k <= replies.length; k++) {
      for (const survivors of ['none', chance] as const) {
        lost.push(
          ...(await crashAndLook(
            recorded,
            k,
            survivors,
            new Set(),
            replies.slice(0, k).map(({ id }) => id),
          )),
        );
      }
    }
    say(`crashes after each of ${replies.length} replies, twice: ${lost.length} mails not whole ${lost[0] ?? ''}`);

    const mutations = await takeOutEach(recorded, replies);
    say(JSON.stringify(mutations));

    const points = spread(replies.length, size.replays);
    const restarts: Restart[] = [];
    for (const k of points) {
      for (const survivors of short ? (['none'] as const) : (['none', chance] as const)) {
        restarts.push(await restart(recorded, replies, k, survivors));
      }
    }
    say(JSON.stringify(restarts));

    const { alone, together, atStart } = mutations;
    const undelivered = restarts.reduce((sum, { missing }) => sum + missing, 0);
    const complete = replies.length === mails.size && mails.size === size.alone + size.together;
    const holds =
      complete &&
      unexplained.length === 0 &&
      late.length === 0 &&
      lost.length === 0 &&
      undelivered === 0 &&
      alone.syncs >= 8 * size.alone &&
      alone.seen === alone.syncs &&
      alone.red === alone.syncs &&
      together.red + together.covered === together.syncs;
    return {
      holds,
      summary: `${replies.length} mails: ${late.length} answered before all was synced; ${lost.length} lost in ${2 * replies.length} crashes; ${alone.seen} of ${alone.syncs} single syncs taken out were missed`,
      details: [
        '| | |',
        '|---|---|',
        `| mails: one after another (sanitizer and outlet stopped, so that no sync of theirs helps); then at 10 connections with all roles at work | ${size.alone}; ${size.together} |`,
        `| steps in the trace of the whole process tree, from an empty folder on | ${steps.length} of ${Math.round(recorded.traceBytes / 2 ** 20)} MiB |`,
        `| files whose bytes on the real disk the model does not explain at the end | ${unexplained.length} |`,
        `| \`250\` written while a share, a key share, a name, a folder or the WAL up to the commit was not synced | ${late.length} of ${replies.length} |`,
        `| crash right after the k-th 250, for every k, keeping only what was synced: acknowledged mails not whole in database and all three stores | ${lost.length} |`,
        `| the same with a random half of the unsynced sectors and names surviving (seed ${seed}) | in the line above |`,
        `| restarts of a real gateway on such a disk (after ${points.join(', ')} replies; ${short ? 'only synced' : 'each of both kinds'}): mails delivered, missing | ${restarts.reduce((sum, { delivered }) => sum + delivered, 0)}, ${undelivered} |`,
        `| one sync of intake taken out, mails one after another: missed by the check before 250 | ${alone.seen} of ${alone.syncs} (${alone.kinds}) |`,
        `| the same, missed by the crash (object not whole, or commit gone) | ${alone.red} of ${alone.syncs} |`,
        `| the same at 10 connections: missed; covered by another sync that came before the 250 | ${together.red}; ${together.covered} of ${together.syncs} |`,
        `| syncs of the first start (keys, database, folders of the stores): missed; covered by later ones or against torn writes only | ${atStart.red}; ${atStart.syncs - atStart.red} |`,
        ...(late[0] === undefined ? [] : [`| first missing | ${late[0].missing[0]} |`]),
        ...(lost[0] === undefined ? [] : [`| first lost | ${lost[0]} |`]),
        ...(alone.first === '' ? [] : [`| first sync that nobody missed | ${alone.first} |`]),
      ].join('\n'),
    };
  },
};

async function record(alone: number, together: number): Promise<Recorded> {
  const traceFolder = mkdtempSync(join(tmpdir(), 'sekisho-trace-'));
  const trace = join(traceFolder, 'trace');
  // Nothing is delivered before the crash: whatever arrives later came out of the replayed disk.
  const hop = await openHop({ answerRcpt: () => '451 4.3.2 not yet' });
  const gateway = await startGateway({
    dataDir: DATA,
    nextHopPort: hop.port,
    settings: SETTINGS,
    wrapper: straceCommand(trace),
  });
  const mails = new Map<string, Mail>();
  let intakeThreads: ReadonlySet<number> = new Set();
  const objects = new Map<string, string>();
  try {
    while (!gateway.log().includes('"event":"serving"')) await sleep(50);
    const others = ['sanitizer', 'outlet', 'admin'] as const;
    const signal = (name: NodeJS.Signals): void => {
      for (const role of others) process.kill(gateway.rolePids().get(role) ?? 0, name);
    };
    signal('SIGSTOP');
    await send(gateway, alone, 1, true, mails);
    signal('SIGCONT');
    await send(gateway, together, 10, false, mails);
    intakeThreads = new Set((await readdir(`/proc/${gateway.rolePids().get('intake')}/task`)).map(Number));
    await collectObjects(gateway, mails, objects);
  } finally {
    // The supervisor, not strace: strace leaves when all that it watches has gone.
    const supervisor = gateway.tree()[1];
    const gone = new Promise((resolve) => gateway.process.once('exit', resolve));
    if (supervisor !== undefined) process.kill(supervisor, 'SIGTERM');
    await gone;
    await hop.close();
  }
  const steps = await readTrace(trace, gateway.folder);
  const traceBytes = statSync(trace).size;
  const disk = new Disk();
  for (const step of steps) disk.step(step);
  const unexplained = disk.paths().filter((path) => !sameAsOnDisk(disk, gateway.folder, path));
  rmSync(traceFolder, { recursive: true });
  rmSync(gateway.folder, { recursive: true });
  return { steps, mails, objects, intakeThreads, unexplained, traceBytes };
}

async function send(
  gateway: Gateway,
  count: number,
  connections: number,
  alone: boolean,
  mails: Map<string, Mail>,
): Promise<void> {
  const tokens = Array.from({ length: count }, (_, index) => `token-${alone ? 'a' : 'b'}${index}-end`);
  const outgoing = tokens.map((token) => tokenMail(token, ['soumu@t1.example']));
  for (const result of await sendAll(outgoing, { port: gateway.smtpPort, connections })) {
    if (result.accepted) mails.set(idOf(result), { id: idOf(result), token: tokens[result.index] ?? '', alone });
  }
}

async function collectObjects(
  gateway: Gateway,
  mails: ReadonlyMap<string, Mail>,
  objects: Map<string, string>,
): Promise<void> {
  const database = await gateway.openDatabase();
  const rows = await database.read.selectFrom('message').select(['id', 'original_object']).execute();
  await database.close();
  for (const { id, original_object } of rows) if (mails.has(id)) objects.set(id, original_object ?? '');
}

function sameAsOnDisk(disk: Disk, folder: string, path: string): boolean {
  try {
    return disk.current(path)?.equals(readFileSync(join(folder, path))) ?? false;
  } catch {
    return false;
  }
}

interface Reply {
  readonly id: string;
  /** Index of its step. */
  readonly at: number;
  /** What was not durable when it left. */
  readonly missing: readonly string[];
}

const ACCEPTED = /^250 2\.0\.0 Accepted ([0-9A-Z]{26})/;

/** Runs all steps and asks at each 250 whether everything of its mail is durable. `until`: stops after the first gap. */
function follow({ steps, objects }: Recorded, disk: Disk, until: 'end' | 'gap' = 'end'): readonly Reply[] {
  const replies: Reply[] = [];
  const commits = new CommitFinder([...objects.keys()]);
  for (const [at, step] of steps.entries()) {
    disk.step(step);
    if (step.kind === 'change' && step.operation.kind === 'write' && step.operation.path === WAL) {
      commits.wrote(step.operation.bytes, disk.progress(WAL).changes);
    }
    const id = step.kind === 'reply' ? ACCEPTED.exec(step.text)?.[1] : undefined;
    if (id === undefined) continue;
    const missing = [
      ...sharesOf(objects.get(id) ?? '?').map((path) => disk.lacks(path)),
      lacksCommit(disk, commits, id),
    ];
    replies.push({ id, at, missing: missing.filter((what) => what !== '') });
    if (until === 'gap' && replies.at(-1)?.missing.length !== 0) break;
  }
  return replies;
}

const sharesOf = (object: string): readonly string[] =>
  STORES.flatMap((store) =>
    ['share', 'key'].map((part) => `${DATA}/vault/${store}/${object.slice(-1)}/${object}.${part}`),
  );

function lacksCommit(disk: Disk, commits: CommitFinder, id: string): string {
  const commit = commits.of(id);
  if (commit === undefined) return `${WAL}: no commit of ${id}`;
  const { durable } = disk.progress(WAL);
  return durable < commit ? `${WAL}: ${commit - durable} writes up to the commit not synced` : '';
}

/** Finds the commit that a message came with, by its id in the pages (sqlite.org/fileformat2.html §4.1). */
class CommitFinder {
  readonly #open: Set<string>;
  readonly #awaiting = new Set<string>();
  readonly #commits = new Map<string, number>();
  #ends = false;

  constructor(ids: readonly string[]) {
    this.#open = new Set(ids);
  }

  wrote(bytes: Buffer, changes: number): void {
    // A frame is a header of 24 bytes and a page; the last frame of a commit names the size of the database.
    if (bytes.length === 24) this.#ends = bytes.readUInt32BE(4) !== 0;
    if (bytes.length < 512) return;
    for (const id of this.#open) {
      if (!bytes.includes(id)) continue;
      this.#open.delete(id);
      this.#awaiting.add(id);
    }
    if (!this.#ends) return;
    for (const id of this.#awaiting) this.#commits.set(id, changes);
    this.#awaiting.clear();
  }

  of(id: string): number | undefined {
    return this.#commits.get(id);
  }
}

/** Crashes right after the k-th reply and looks for `ids` on what is left. @returns what is wrong. */
async function crashAndLook(
  recorded: Recorded,
  k: number,
  survivors: Survivors,
  without: ReadonlySet<number>,
  ids: readonly string[],
): Promise<readonly string[]> {
  const folder = crashed(recorded, k, survivors, without);
  try {
    return await look(
      folder,
      ids.map((id) => recorded.mails.get(id)).filter((mail) => mail !== undefined),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function crashed(recorded: Recorded, k: number, survivors: Survivors, without: ReadonlySet<number>): string {
  const disk = new Disk(without);
  let replies = 0;
  for (const step of recorded.steps) {
    disk.step(step);
    if (step.kind === 'reply' && ACCEPTED.test(step.text) && ++replies === k) break;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-crash-'));
  disk.crash(folder, survivors);
  return folder;
}

/** What the product itself finds of each mail: its rows and job, its original whole in all stores, and readable. */
async function look(crashedFolder: string, mails: readonly Mail[]): Promise<readonly string[]> {
  const folder = join(crashedFolder, DATA);
  const wrong: string[] = [];
  try {
    for (const role of ROLES) loadRoleKeys(folder, role);
    const stores = await Promise.all(
      STORES.map((name) => openDirectory({ name: `store-${name}`, path: join(folder, 'vault', name) })),
    );
    const keys = loadRoleKeys(folder, 'sanitizer');
    const vault = openVault({ stores, threshold: 2, keys, failuresUntilDown: 100 });
    const database = await openDatabase({ file: join(folder, 'gateway.db') });
    try {
      for (const { id, token } of mails) {
        const row = await database.read
          .selectFrom('message')
          .innerJoin('job', 'job.message_id', 'message.id')
          .select(['message.tenant', 'original_object'])
          .where('message.id', '=', id)
          .where('job.kind', '=', 'process')
          .executeTakeFirst();
        if (row === undefined) wrong.push(`${id}: no message with a job`);
        else {
          const object = await loadObject(database, row.tenant, 'original', row.original_object);
          const { state } = await checkObject(stores, object);
          if (state !== 'whole') wrong.push(`${id}: original is ${state}`);
          else if (!Buffer.from(await vault.read(object)).includes(token)) wrong.push(`${id}: other content`);
        }
      }
    } finally {
      vault.close();
      await database.close();
    }
  } catch (error) {
    wrong.push((error as Error).message);
  }
  return wrong;
}

interface Taken {
  readonly syncs: number;
  /** A 250 was seen to leave too early. */
  readonly seen: number;
  /** Seen, and for mails that stood alone also lost by the crash. */
  readonly red: number;
  /** Not seen, because the same things were synced again before any 250 that needs them. */
  readonly covered: number;
  readonly kinds: string;
  readonly first: string;
}

/** Takes out one sync after another: those of intake between the first mail and the last 250, and those before. */
async function takeOutEach(
  recorded: Recorded,
  replies: readonly Reply[],
): Promise<Readonly<Record<'alone' | 'together' | 'atStart', Taken>>> {
  const { steps, mails, intakeThreads } = recorded;
  const lastAlone = replies.findLast(({ id }) => mails.get(id)?.alone)?.at ?? 0;
  const firstShare = steps.findIndex((step) => step.kind === 'change' && step.operation.path.endsWith('.share'));
  const last = replies.at(-1)?.at ?? 0;
  const found = { alone: tally(), together: tally(), atStart: tally() };
  for (const [at, step] of steps.entries()) {
    if (step.kind !== 'sync-returned' || at > last) continue;
    if (at > firstShare && !intakeThreads.has(step.thread)) continue;
    const into = at < firstShare ? found.atStart : at < lastAlone ? found.alone : found.together;
    const without = new Set([step.sync]);
    const gap = follow(recorded, new Disk(without), 'gap').find(({ missing }) => missing.length > 0);
    const k = replies.findIndex((reply) => reply.at > at) + 1;
    const next = replies[k - 1]?.id ?? '';
    // At 10 connections the check alone: the mail that needs the sync need not be the next one.
    const isLost =
      into === found.together
        ? gap !== undefined
        : (await crashAndLook(recorded, k, 'none', without, [next])).length > 0;
    into.add(kindOf(step.path), gap !== undefined, isLost, `${step.path} (sync ${step.sync})`);
  }
  return { alone: found.alone.result(), together: found.together.result(), atStart: found.atStart.result() };
}

const kindOf = (path: string): string =>
  path.endsWith('.share') ? 'share' : path.endsWith('.key') ? 'key share' : path === WAL ? 'WAL' : 'folder';

function tally() {
  const kinds = new Map<string, number>();
  let [syncs, seen, red, covered, first] = [0, 0, 0, 0, ''];
  return {
    add(kind: string, isSeen: boolean, isLost: boolean, what: string): void {
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      syncs++;
      if (isSeen) seen++;
      else covered++;
      if (isLost) red++;
      if (first === '' && !(isSeen && isLost)) first = what;
    },
    result: (): Taken => ({
      ...{ syncs, seen, red, covered, first },
      kinds: [...kinds].map(([kind, count]) => `${kind} ${count}`).join(', '),
    }),
  };
}

interface Restart {
  readonly after: number;
  readonly kind: 'only synced' | 'some survive';
  readonly delivered: number;
  readonly missing: number;
}

/** A real gateway on what the crash left. */
async function restart(
  recorded: Recorded,
  replies: readonly Reply[],
  k: number,
  survivors: Survivors,
): Promise<Restart> {
  const folder = crashed(recorded, k, survivors, new Set());
  const hop = await openHop();
  const gateway = await startGateway({ folder, dataDir: DATA, nextHopPort: hop.port, settings: SETTINGS });
  try {
    await gateway.idle(180_000);
    const wanted = replies.slice(0, k).map(({ id }) => recorded.mails.get(id));
    const delivered = wanted.filter((mail) =>
      hop.received.some(({ messageId, ...rest }) => {
        return messageId === mail?.id && holdsToken({ messageId, ...rest }, mail.token);
      }),
    ).length;
    const kind = survivors === 'none' ? 'only synced' : 'some survive';
    return { after: k, kind, delivered, missing: wanted.length - delivered };
  } finally {
    await gateway.stop();
    await hop.close();
    rmSync(folder, { recursive: true });
  }
}

/** `count` numbers from 1 to `last`, both ends among them. */
const spread = (last: number, count: number): readonly number[] =>
  count === 1 ? [last] : Array.from({ length: count }, (_, i) => 1 + Math.round((i * (last - 1)) / (count - 1)));

/** Mulberry32: chance that can be repeated. */
function generator(seed: number): (chance: number) => boolean {
  let state = seed;
  return (chance) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32 < chance;
  };
}
