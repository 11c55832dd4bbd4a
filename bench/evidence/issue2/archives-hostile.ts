/** Hostile archives and pictures of the corpora as mails, while letters go through the same gateway. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { publicFile } from '../../../src/keys/directory.ts';
import { loadReceiptVerifiers } from '../../../src/keys/load.ts';
import type { Report } from '../../../src/message/report.ts';
import { DEFAULT_LIMITS } from '../../../src/policy/policy.ts';
import { type Gateway, startGateway } from '../../../test/kit/gateway.ts';
import { type OutgoingMail, sendAll } from '../../../test/kit/send.ts';
import { type LoadMail, loadMail, textMails } from '../../load/mails.ts';
import { watchMemory } from '../../load/memory.ts';
import { type MemorySink, openMemorySink } from '../../load/sink.ts';
import { quantile } from '../../load/statistics.ts';
import { arrivalProblems, contentProblems } from '../../load/verify.ts';
import { markdownTable } from '../issue1/product.ts';
import type { Section, SectionContext, SectionResult } from '../section.ts';
import { filesOf } from './archives.ts';

const KINDS = ['archive-hostile', 'image-hostile'];
const P95_MS = 2000;
/** A letter every so often, as long as hostile mails are in work; at least this many of them. */
const LETTER_EVERY_MS = 250;
const MIN_LETTERS = 60;
/** Hostile mails come as often, the whole set this many times over: far more than any town gets. */
const HOSTILE_EVERY_MS = 250;
const ROUNDS = 2;
/** Looks at the sink: the error of a latency. */
const LOOK_MS = 10;

export const archivesHostile: Section = {
  name: 'archives-hostile',
  bar: 'archive-hostile and image-hostile: 0 crash, each within its limits while text mail p95 stays ≤ 2 s.',
  async run(context) {
    const paced = resultOf(await seenWith(context, HOSTILE_EVERY_MS));
    const atOnce = resultOf(await seenWith(context, 0));
    return {
      // At once is no load that a town sees, and is told for what it is: a queue, in which letters of one tenant wait in turn.
      holds: paced.holds && atOnce.isSound,
      summary: `${paced.summary}. All at once, told without a bar: ${atOnce.letters}`,
      details: paced.details,
    };
  },
};

async function seenWith(context: SectionContext, hostileEveryMs: number): Promise<Seen> {
  const sink = await openMemorySink();
  const gateway = await startGateway({ nextHopPort: sink.port });
  try {
    return await measure(context, gateway, sink, hostileEveryMs);
  } finally {
    await gateway.stop();
    await sink.close();
  }
}

interface Hostile {
  readonly path: string;
  readonly messageId: string;
  readonly mail: OutgoingMail;
}

/** What the database says of one hostile mail. */
interface Ended {
  readonly path: string;
  readonly endsAs: string;
  readonly report: Report | undefined;
}

async function measure(
  { short, shared, say }: SectionContext,
  gateway: Gateway,
  sink: MemorySink,
  hostileEveryMs: number,
): Promise<Seen> {
  const corpora = join(shared, 'corpora');
  const hostile = filesOf(corpora, KINDS)
    .filter((_, i) => !short || i % 6 === 0)
    .flatMap((path) => Array.from({ length: short ? 1 : ROUNDS }, () => path))
    .map((path, i) => hostileMail(path, i, readFileSync(join(corpora, path))));
  say(`${hostile.length} hostile mails, one every ${hostileEveryMs} ms, a letter every ${LETTER_EVERY_MS} ms …`);
  // The first letters of a gateway that has just started also compile what every mail needs.
  await sendAll(textMails(5, 1, FIRST_LETTER - 5), { port: gateway.smtpPort, connections: 1 });
  await gateway.idle();
  const memory = watchMemory(() => gateway.tree());
  const arrivals = watchArrivals(sink);
  let isDone = false;
  const work = sendHostile(gateway, hostile, hostileEveryMs).finally(() => {
    isDone = true;
  });
  const letters = await sendLetters(gateway.smtpPort, () => isDone);
  const notTaken = await work;
  await gateway.idle();
  await sleep(500);
  const arrived = arrivals.stop();
  const latencies = letters.map(
    ({ mail, sentAt }) => (arrived.get(mail.messageId) ?? Number.POSITIVE_INFINITY) - sentAt,
  );
  const mails = letters.map(({ mail }) => mail);
  const ids = new Set(mails.map(({ messageId }) => messageId));
  const ours = sink.received.filter((bytes) => ids.has(messageIdOf(bytes)));
  const problems = [
    ...arrivalProblems(mails, ours),
    ...contentProblems(mails, ours, loadReceiptVerifiers(publicFile(gateway.folder))),
    ...notTaken,
  ];
  const ended = await endsOf(gateway, hostile);
  return { ended, troubles: troublesIn(gateway.log()), latencies, problems, peakBytes: memory.stop() };
}

const FIRST_LETTER = 1000;

function hostileMail(path: string, number: number, bytes: Buffer): Hostile {
  const messageId = `<hostile-${process.pid}-${number}@mail.example.com>`;
  const { bytes: letter } = loadMail('text', number, 1);
  const [head = '', body = ''] = splitAt(letter.toString('latin1'), 'Content-Type: ');
  const name = encodeURIComponent(basename(path)).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
  const lines = [
    head.replace(/^Message-ID: .*$/m, `Message-ID: ${messageId}`).trimEnd(),
    'Content-Type: multipart/mixed; boundary="=_h"\r\n\r\n--=_h',
    body,
    '--=_h\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64',
    `Content-Disposition: attachment;\r\n filename*=UTF-8''${name}\r\n`,
    bytes.toString('base64').replace(/.{1,76}/g, '$&\r\n'),
    '--=_h--\r\n',
  ];
  const mail = {
    reversePath: 'hanako@example.com',
    recipients: ['joho@t1.example'],
    bytes: Buffer.from(lines.join('\r\n'), 'latin1'),
  };
  return { path, messageId, mail };
}

function splitAt(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  return [text.slice(0, at), text.slice(at)];
}

/** Resolves when all of them are through. @returns a sentence for each that the gateway did not take */
async function sendHostile(gateway: Gateway, hostile: readonly Hostile[], everyMs: number): Promise<readonly string[]> {
  const startedAt = performance.now();
  const results = await sendAll(
    hostile.map(({ mail }) => mail),
    {
      port: gateway.smtpPort,
      connections: 1,
      pause: (index) => sleep(Math.max(0, startedAt + index * everyMs - performance.now())),
    },
  );
  const ids = new Set(hostile.map(({ messageId }) => messageId));
  for (let waiting = true; waiting; ) {
    await sleep(500);
    const messages = (await messagesOf(gateway)).filter(({ untrusted_message_id: id }) => ids.has(id ?? ''));
    const taken = results.filter(({ accepted }) => accepted).length;
    waiting = messages.filter(({ ends_as: end }) => end !== null).length < taken;
  }
  return results
    .filter(({ accepted }) => !accepted)
    .map(({ index, reply, error }) => `${hostile[index]?.path}: not taken: ${reply ?? error}`);
}

interface Sent {
  readonly mail: LoadMail;
  readonly sentAt: number;
}

/** Each on a connection of its own, as peers send. */
async function sendLetters(port: number, isDone: () => boolean): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  const work: Promise<unknown>[] = [];
  while (!isDone() || sent.length < MIN_LETTERS) {
    const mail = loadMail('text', FIRST_LETTER + sent.length, 1);
    sent.push({ mail, sentAt: performance.now() });
    work.push(sendAll([mail], { port, connections: 1 }));
    await sleep(LETTER_EVERY_MS);
  }
  await Promise.all(work);
  return sent;
}

interface Arrivals {
  /** Milliseconds of performance.now() at which each Message-ID came. */
  stop(): ReadonlyMap<string, number>;
}

function watchArrivals(sink: MemorySink): Arrivals {
  const times: number[] = Array.from({ length: sink.count }, () => 0);
  const look = (): void => {
    while (times.length < sink.count) times.push(performance.now());
  };
  const timer = setInterval(look, LOOK_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return new Map(sink.received.map((bytes, i) => [messageIdOf(bytes), times[i] ?? 0]));
    },
  };
}

const messageIdOf = (bytes: Buffer): string =>
  /^Message-ID: (<[^>]+>)/im.exec(bytes.toString('latin1', 0, 8192))?.[1] ?? '';

async function messagesOf(gateway: Gateway) {
  const database = await gateway.openDatabase();
  try {
    return await database.read
      .selectFrom('message')
      .select(['id', 'untrusted_message_id', 'ends_as', 'hold_reason', 'report'])
      .execute();
  } finally {
    await database.close();
  }
}

async function endsOf(gateway: Gateway, hostile: readonly Hostile[]): Promise<readonly Ended[]> {
  const byId = new Map((await messagesOf(gateway)).map((row) => [row.untrusted_message_id ?? '', row]));
  return hostile.map(({ path, messageId }) => {
    const row = byId.get(messageId);
    const endsAs = row?.ends_as ?? 'nothing';
    const report = row?.report === null || row === undefined ? undefined : (JSON.parse(row.report) as Report);
    return { path, endsAs: row?.hold_reason === null ? endsAs : `${endsAs}(${row?.hold_reason})`, report };
  });
}

/** A child that died, lied or was killed: there must be none. */
const troublesIn = (log: string): readonly string[] =>
  log
    .split('\n')
    .filter((line) => /"event":"(?:jail\.trouble|jail-failed|gate-refused|job-failed|role-died)"/.test(line));

interface Seen {
  readonly ended: readonly Ended[];
  readonly troubles: readonly string[];
  readonly latencies: readonly number[];
  readonly problems: readonly string[];
  readonly peakBytes: number;
}

/** What the report shows of limits that were passed over. */
function beyond({ path, endsAs, report }: Ended): readonly string[] {
  if (report === undefined) return [`${path}: ${endsAs}, no report`];
  const { attachments } = report;
  const inner = attachments.filter((part) => part.path.includes('/'));
  const written = attachments.flatMap(({ outputs }) => outputs).reduce((sum, { bytes }) => sum + bytes, 0);
  const depth = Math.max(0, ...attachments.map((part) => part.path.split('/').length));
  const ms = Object.values(report.timings).reduce((sum, value) => sum + value, 0);
  return [
    ...(attachments.length > DEFAULT_LIMITS.maxParts ? [`${path}: ${attachments.length} parts`] : []),
    ...(depth > DEFAULT_LIMITS.maxDepth + 1 ? [`${path}: depth ${depth}`] : []),
    ...(inner.reduce((sum, { bytes }) => sum + bytes, 0) > DEFAULT_LIMITS.maxInnerBytes
      ? [`${path}: too much unpacked`]
      : []),
    ...(written > DEFAULT_LIMITS.maxOutputBytes ? [`${path}: ${written} bytes written`] : []),
    ...(ms > DEFAULT_LIMITS.messageMs ? [`${path}: ${ms} ms`] : []),
    ...attachments.filter(({ reason }) => reason === 'sanitizer-failed').map(({ detail }) => `${path}: ${detail}`),
  ];
}

interface Judged extends SectionResult {
  /** Nothing but the letters' waiting is left to ask. */
  readonly isSound: boolean;
  readonly letters: string;
}

function resultOf({ ended, troubles, latencies, problems, peakBytes }: Seen): Judged {
  const sorted = latencies.toSorted((a, b) => a - b);
  const [p50, p95] = [quantile(sorted, 0.5), quantile(sorted, 0.95)];
  const over = ended.flatMap(beyond);
  const totalMs = ({ report }: Ended): number =>
    Math.round(Object.values(report?.timings ?? {}).reduce((sum, value) => sum + value, 0));
  const words = ({ report }: Ended): string => {
    const counts = new Map<string, number>();
    for (const { outcome, reason } of report?.attachments ?? []) {
      const word = reason ?? outcome;
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    return [...counts].map(([word, count]) => (count === 1 ? word : `${word} × ${count}`)).join(', ');
  };
  const isSound = troubles.length === 0 && over.length === 0 && problems.length === 0 && ended.length > 0;
  const letters = `${latencies.length} letters meanwhile: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms from sending to the next hop`;
  return {
    isSound,
    letters,
    holds: isSound && p95 <= P95_MS,
    summary: `${ended.length} mails with hostile files: ${troubles.length} crashes, ${over.length} beyond a limit; ${letters} (bar ${P95_MS}); all processes at most ${(peakBytes / 1024 / 1024).toFixed(0)} MiB`,
    details: [
      'Each file is the attachment of a mail. Four such mails and four letters of 5 kB a second go to the same gateway, each letter on a connection of its own, full jail and syncs on.',
      'A crash is any jailed process that died, lied or had to be killed, any message that the door refused, any job that failed.',
      ...(troubles.length + over.length + problems.length === 0
        ? []
        : ['', ...[...troubles, ...over, ...problems].map((line) => `- ${line.slice(0, 300)}`)]),
      '',
      markdownTable(
        ['file', 'message', 'parts', 'ms', 'what became of it and what is in it'],
        ended.map((row) => [row.path, row.endsAs, row.report?.attachments.length ?? 0, totalMs(row), words(row)]),
      ),
    ].join('\n'),
  };
}
