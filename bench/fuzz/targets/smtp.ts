/**
 * The octets of an SMTP conversation: smtp-server with our guard, data checker and PROXY reader, over a wire in memory.
 *
 * The oracle reads the octets that the client sent itself: what was accepted stands in them, dots stuffed, behind DATA and before
 * the one end of data that there is.
 */
import { createHash } from 'node:crypto';
import { settingsSchema } from '../../../src/config/schema.ts';
import type { Incoming } from '../../../src/flow/incoming.ts';
import { INTAKE_LIMITS } from '../../../src/intake/limits.ts';
import { GuardedServer } from '../../../src/intake/server.ts';
import { newId } from '../../../src/message/ids.ts';
import { openLog } from '../../../src/telemetry/log.ts';
import type { Tenants } from '../../../src/tenants/tenants.ts';
import type { ObjectRef, StoredObject, VaultWriter } from '../../../src/vault/vault.ts';
import { changedDialog, HOW } from '../mutate/smtp.ts';
import type { Depth, Execution, Target } from '../target.ts';
import { Wire } from '../wire.ts';

const OWN_KEY_ID = '0123456789abcdef';
const DOMAIN = /^(?:[a-e])\.lg\.jp$/;
const PERSON = /^(?:taro|user\d{1,2}|a\.\.b\.)$/;
const PEER = '192.0.2.9';
const PROXY = '127.0.0.2';

interface Taken {
  readonly incoming: Incoming;
  readonly bytes: readonly string[];
}

/** One server for all executions of a process, as in the product; what it took is looked at after each. */
class Intake {
  readonly #server: GuardedServer;
  readonly taken: Taken[] = [];
  readonly open = new Map<string, string>();

  constructor(bareLineEnds: 'reject' | 'normalize') {
    const settings = {
      host: 'gw.example.lg.jp',
      intake: settingsSchema.shape.intake.parse({
        ...{ listen: '127.0.0.1:0', bareLineEnds, maxMessageMiB: 1, maxRecipients: 100 },
        peers: [PEER, PROXY, '2001:db8::9'],
        proxies: [PROXY],
      }),
    };
    this.#server = new GuardedServer(
      settings,
      undefined,
      { ...INTAKE_LIMITS, maxHeaderFields: 100, maxHeaderBytes: 20_000 },
      {
        tenants: TENANTS,
        postmaster: (domain) => (domain === undefined || DOMAIN.test(domain) ? 'taro@a.lg.jp' : undefined),
        accept: async (incoming) => {
          const bytes = [...incoming.originals.values()].map(({ objectId }) => this.open.get(objectId) ?? '');
          this.taken.push({ incoming, bytes });
          return incoming.routes.map(() => newId());
        },
        vault: { create: (ref) => this.#create(ref) },
        log: openLog('fuzz', 'silent'),
        ownReceiptKeyIds: [OWN_KEY_ID],
        now: Date.now,
      },
    );
  }

  get connections(): number {
    return this.#server.connections.size;
  }

  connect(wire: Wire): void {
    this.#server.connect(wire.socket);
  }

  /** Forgets what stands of the last conversation. */
  clear(): void {
    this.taken.length = 0;
    this.open.clear();
  }

  async #create(ref: ObjectRef): Promise<VaultWriter> {
    const chunks: Uint8Array[] = [];
    this.open.set(ref.objectId, '');
    return {
      write: async (chunk) => void chunks.push(Buffer.from(chunk)),
      finish: async () => {
        const bytes = Buffer.concat(chunks);
        this.open.set(ref.objectId, bytes.toString('latin1'));
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        return { ...ref, sealedTo: 'sanitizer', bytes: bytes.length, sha256 } satisfies StoredObject;
      },
      abort: async () => void this.open.delete(ref.objectId),
    };
  }
}

const TENANTS: Tenants = {
  async check(address) {
    const [local = '', domain = ''] = address.split('@');
    if (!DOMAIN.test(domain)) return { kind: 'relay' };
    if (!PERSON.test(local)) return { kind: 'unknown' };
    return { kind: 'known', tenant: domain.charAt(0), policy: 'default', address };
  },
  routesOf(recipients) {
    const tenants = [...new Set(recipients.map((address) => address.split('@')[1]?.charAt(0) ?? ''))];
    return tenants.map((tenant) => ({
      tenant,
      policy: 'default',
      recipients: recipients.filter((address) => address.includes(`@${tenant}.`)),
    }));
  },
};

let intakes: Readonly<Record<'reject' | 'normalize', Intake>> | undefined;

async function execute(input: Buffer): Promise<Execution> {
  intakes ??= { reject: new Intake('reject'), normalize: new Intake('normalize') };
  const text = input.toString('latin1');
  const [how = '', peer, lineEnds, when, segment = '99999'] = HOW.exec(text) ?? [];
  const sent = input.subarray(how.length);
  const mode = lineEnds === 'normalize' ? 'normalize' : 'reject';
  const intake = intakes[mode];
  intake.clear();
  const wire = new Wire(peer === 'proxy' ? PROXY : PEER);
  intake.connect(wire);
  const header = peer === 'proxy' ? proxyHeaderBytes(sent) : 0;
  await wire.sendIn(sent.subarray(0, header), Number(segment));
  if (when !== 'early') await wire.quiet();
  await wire.sendIn(sent.subarray(header), Number(segment));
  await wire.quiet();
  await wire.hangUp();
  const said = wire.said.split('\r\n').slice(0, -1);
  return {
    depth: depthOf(said, intake.taken.length),
    problems: [
      ...repliesProblems(wire.said, said, intake.taken.length),
      ...intake.taken.flatMap((taken) => [...envelopeProblems(taken, sent.toString('latin1'))]),
      ...bytesProblems(intake.taken, sent.toString('latin1'), mode),
      ...(intake.connections === 0 ? [] : ['a connection outlives its socket']),
      ...leftOver(intake),
    ],
    tallies: [...new Set(said.map((line) => line.slice(0, 3)))],
  };
}

/** What a balancer sends before it waits for the greeting: its line, or its binary header (proxy-protocol.txt §2). */
function proxyHeaderBytes(sent: Buffer): number {
  const isBinary = sent.length >= 16 && sent[0] === 0x0d;
  return isBinary ? 16 + sent.readUInt16BE(14) : sent.indexOf('\r\n') + 2;
}

/** Greeting, EHLO and one command more were answered with success. */
const depthOf = (said: readonly string[], taken: number): Depth =>
  taken > 0 ? 'written' : said.filter((line) => /^2\d\d /.test(line)).length >= 3 ? 'read' : 'refused';

/** INV-13: printable ASCII, at most 512 octets with CRLF; a 250 for each message that was taken and no more. */
function* repliesProblems(whole: string, said: readonly string[], taken: number): Generator<string> {
  if (whole !== '' && !whole.endsWith('\r\n')) yield 'a reply without its end';
  for (const line of said) {
    if (!/^[2345]\d\d[ -][\x20-\x7e]*$/.test(line)) yield `reply of another form: ${JSON.stringify(line.slice(0, 80))}`;
    if (line.length > 510) yield `reply of ${line.length} octets`;
  }
  const told = said.filter((line) => /^250 2\.0\.0 Accepted /.test(line)).length;
  if (told > taken) yield `${told} messages said to be accepted, ${taken} taken`;
}

function* envelopeProblems({ incoming }: Taken, sent: string): Generator<string> {
  const { reversePath, recipients } = incoming.envelope;
  const lower = sent.toLowerCase();
  if (reversePath !== '' && !/^[\x21-\x7e]+@[\x21-\x7e]+$/.test(reversePath)) yield 'reverse-path of another form';
  if (!lower.includes(`<${reversePath.toLowerCase()}>`)) yield 'a reverse-path that nobody sent';
  if (recipients.length === 0 || recipients.length > 100) yield `${recipients.length} recipients`;
  for (const address of recipients) {
    const [local = '', domain = '', ...rest] = address.split('@');
    if (rest.length > 0 || !DOMAIN.test(domain) || !PERSON.test(local)) yield `recipient of no tenant: ${address}`;
    if (!lower.includes(`<${address.toLowerCase()}>`) && !/<postmaster[@>]/.test(lower))
      yield 'a recipient that nobody sent';
  }
}

/** RFC 5321 §2.3.8, §4.5.2: whole lines only; the octets that were sent, in order, up to the first end of data. */
function* bytesProblems(taken: readonly Taken[], sent: string, mode: 'reject' | 'normalize'): Generator<string> {
  let from = 0;
  for (const { bytes } of taken) {
    const [content = '', ...copies] = bytes;
    if (copies.some((copy) => copy !== content)) yield 'tenants got different octets';
    if (/\0|\r(?!\n)|(?<!\r)\n/.test(content)) yield 'a bare line end or NUL was taken';
    if (content !== '' && !content.endsWith('\r\n')) yield 'a message without its last line end';
    if (isLoop(content)) yield 'a loop was taken';
    if (mode === 'normalize') continue;
    const end = endOfData(content, sent, from);
    if (end === undefined) yield 'octets that were not sent so';
    from = end ?? from;
  }
}

/** Before the first line that is no field. */
const isLoop = (content: string): boolean =>
  /^(?:[!-9;-~]+[ \t]*:.*\r\n(?:[ \t].*\r\n)*)*sekisho-receipt[ \t]*:.*0123456789abcdef/i.test(content);

/** Where the data ends that says this, behind some DATA; undefined: nowhere. */
function endOfData(content: string, sent: string, from: number): number | undefined {
  // smtp-server takes a bare LF, too, for the end of a command line.
  const command = /data[^\r\n]*\r?\n/gi;
  command.lastIndex = from;
  for (let match = command.exec(sent); match !== null; match = command.exec(sent)) {
    const start = match.index + match[0].length;
    const end = sent.startsWith('.\r\n', start) ? start : sent.indexOf('\r\n.\r\n', start) + 2;
    if (end < 2) return undefined;
    const data = sent.slice(start, end);
    // A dot that no client would send alone (RFC 5321 §4.5.2) is left by smtp-server 3.21.6, not taken away.
    if (data.replace(/(^|\r\n)\.\./g, '$1.') === content) return end + 3;
  }
  return undefined;
}

function leftOver({ taken, open }: Intake): readonly string[] {
  const kept = new Set(
    taken.flatMap(({ incoming }) => [...incoming.originals.values()].map(({ objectId }) => objectId)),
  );
  return [...open.keys()].some((id) => !kept.has(id)) ? ['an object without a message was left in the vault'] : [];
}

const dialog = (how: string, ...lines: readonly string[]): Buffer =>
  Buffer.from(`${how}\n${lines.join('\r\n')}`, 'latin1');
const MAIL = [
  'MAIL FROM:<a@example.com>',
  'RCPT TO:<taro@a.lg.jp>',
  'DATA',
  'From: a@example.com',
  'Subject: x',
  '',
  'text',
  '..dot',
  '.',
];

const SEEDS = [
  dialog('peer reject wait 99999', 'EHLO mx.example.com', ...MAIL, 'QUIT', ''),
  dialog('peer reject wait 7', 'EHLO mx.example.com', ...MAIL, ...MAIL, 'QUIT', ''),
  dialog('peer normalize wait 99999', 'EHLO mx.example.com', ...MAIL.slice(0, 6), 'a\nb\rc', '.', 'QUIT', ''),
  dialog(
    'proxy reject wait 99999',
    'PROXY TCP4 192.0.2.9 192.0.2.1 1000 25',
    'EHLO mx.example.com',
    ...MAIL,
    'QUIT',
    '',
  ),
  dialog('proxy reject wait 99999', 'PROXY TCP6 2001:db8::9 2001:db8::1 1000 25', 'HELO x', ...MAIL, 'QUIT', ''),
  dialog(
    'peer reject wait 99999',
    'HELO mx.example.com',
    'MAIL FROM:<>',
    'RCPT TO:<taro@a.lg.jp>',
    'RCPT TO:<user1@b.lg.jp>',
    'RCPT TO:<postmaster>',
    'RCPT TO:<nobody@a.lg.jp>',
    'DATA',
    ...MAIL.slice(3),
    'RSET',
    'NOOP',
    'QUIT',
    '',
  ),
  dialog('peer reject wait 1', 'EHLO mx', ...MAIL, ''),
];

export const smtp: Target = {
  name: 'smtp',
  rooms: /^intake\//,
  isText: true,
  dearMs: 20,
  slowMs: 2000,
  hungMs: 20_000,
  wanted: 200_000,
  seeds: async () => SEEDS,
  mutate: changedDialog,
  execute,
};
