/**
 * Postfix → Sekisho → Postfix → Dovecot with the settings of docs/neighbours.md: each mail has a recipient of its own and
 * is found again by it in the front's log, our database and audit log, and the mailbox. What is in the mailbox must be, to
 * the octet, what the outlet said it would send, and `sekisho verify` must accept it.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Chain, DOMAIN, missingForChain, startChain } from '../../../test/kit/neighbours/chain.ts';
import { CLIENT_NEEDS, photograph } from '../../../test/kit/neighbours/client.ts';
import { PASSWORD } from '../../../test/kit/neighbours/dovecot.ts';
import { readInbox } from '../../../test/kit/neighbours/imap.ts';
import { until } from '../../../test/kit/neighbours/until.ts';
import { sendAll } from '../../../test/kit/send.ts';
import { markdownTable, verifyFiles } from '../issue1/product.ts';
import type { Section, SectionContext, SectionResult } from '../section.ts';
import { CONTROL, DOCUMENTS, type Input, inputsOf, MAILS } from './neighbours-inputs.ts';
import { balance, type End, frontsWord, type Line } from './neighbours-ledger.ts';

const SENDER = 'sender@sender.example';
/** Some of the corpus' PDFs take their full minute on a slow machine. */
const PATIENCE_MS = 1_800_000;

export const neighbours: Section = {
  name: 'neighbours',
  bar: 'Postfix → Sekisho → Postfix → Dovecot: the 205 mails of the corpus (LF-only files normalised by the sender; intake itself refuses them) and 300 corpus documents wrapped as mails through, all accounted for (delivered, held, rejected with code), opened in a client (picture).',
  async run(context) {
    const missing = missingForChain();
    if (missing.length > 0)
      throw new Error(`${missing.join(', ')} missing: npm run setup:services -- neighbours, and client`);
    return throughChain(context);
  },
};

/** Sends, waits, reads every mailbox, adds up. */
export async function throughChain({ shared, short, say }: SectionContext): Promise<SectionResult> {
  const inputs = inputsOf(shared, short);
  const chain = await startChain({
    people: [...inputs, CONTROL].map(({ person }) => person),
    settings: { logLevel: 'warn' },
  });
  try {
    const startedAt = Date.now();
    const refusedAtOnce = await send(chain, [...inputs, CONTROL]);
    say(`sent: ${inputs.length}, refused by the Postfix in front: ${refusedAtOnce.size}`);
    await until(
      () => {
        alive(chain);
        return frontsWord(chain.front.log(), refusedAtOnce).size > inputs.length;
      },
      'a final word from the Postfix in front',
      PATIENCE_MS,
    );
    await chain.gateway.idle(PATIENCE_MS);
    await until(() => chain.behind.queued() === 0, 'the queue of the Postfix behind', 60_000);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    const lines = await balance(chain, inputs, refusedAtOnce);
    const refused = await balance(chain, [CONTROL], refusedAtOnce);
    const unverified = await notVerified(chain, lines);
    const controls = [...(await forgeriesAccepted(chain, lines)), ...notRefused(refused)];
    const picture = short ? [] : await openedInClient(chain);
    return resultOf(lines, [...unverified, ...controls, ...picture], short, seconds);
  } finally {
    await chain.stop();
  }
}

function alive({ gateway }: Chain): void {
  const { exitCode, signalCode } = gateway.process;
  if (exitCode === null && signalCode === null) return;
  throw new Error(`the gateway ended with ${exitCode ?? signalCode}: ${gateway.log().slice(-2000)}`);
}

/** How often a mail is offered again to a front that says 4xx: it has to ask for each address first. */
const OFFERS = 60;

/** @returns final replies to those that the front itself did not take. */
async function send(chain: Chain, inputs: readonly Input[]): Promise<ReadonlyMap<string, string>> {
  const { front } = chain;
  const to = (person: string): string => `${person}@${DOMAIN}`;
  for (const { way, bytes, person } of inputs) if (way === 'submitted') front.submit(bytes, SENDER, to(person));
  let open = inputs.filter(({ way }) => way === 'smtp');
  const refused = new Map<string, string>();
  for (let offer = 1; open.length > 0; offer++) {
    alive(chain);
    const mails = open.map(({ bytes, person }) => ({ reversePath: SENDER, recipients: [to(person)], bytes }));
    const results = await sendAll(mails, { port: front.port, connections: 4 });
    const again = new Set<Input>();
    for (const { accepted, reply = '', error, index } of results) {
      const input = open[index];
      if (accepted || input === undefined) continue;
      if (/^4/.test(reply) && offer < OFFERS) again.add(input);
      else refused.set(input.person, reply === '' ? error : reply);
    }
    open = [...again];
    if (open.length > 0) await sleep(2000);
  }
  return refused;
}

const bytesOf = (end: End): Buffer | undefined => ('bytes' in end ? end.bytes : undefined);

async function judge(chain: Chain, mails: readonly Buffer[]): Promise<readonly boolean[]> {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-neighbours-'));
  try {
    const files = mails.map((bytes, index) => {
      const file = join(folder, `${index}.eml`);
      writeFileSync(file, bytes);
      return file;
    });
    const { rows, stderr } = await verifyFiles(files, ['-c', chain.gateway.configFile]);
    if (rows.length !== files.length) throw new Error(`verify judged ${rows.length} of ${files.length}: ${stderr}`);
    return rows.map(({ kind }) => kind === 'verified');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function notVerified(chain: Chain, lines: readonly Line[]): Promise<readonly string[]> {
  const arrived = lines.filter(({ end }) => bytesOf(end) !== undefined);
  const verified = await judge(
    chain,
    arrived.map(({ end }) => bytesOf(end) ?? Buffer.alloc(0)),
  );
  return arrived.flatMap(({ input }, index) =>
    verified[index] === true ? [] : [`${input.path}: verify does not accept what is in the mailbox`],
  );
}

/** The judge must say no to a mail of which one octet is another. */
async function forgeriesAccepted(chain: Chain, lines: readonly Line[]): Promise<readonly string[]> {
  const [first] = lines.flatMap(({ end }) => bytesOf(end) ?? []);
  if (first === undefined) return ['nothing arrived'];
  const changed = Buffer.from(first);
  changed[changed.length - 6] = (changed[changed.length - 6] ?? 0) ^ 1;
  return (await judge(chain, [changed]))[0] === true ? ['control: a changed mail was accepted by verify'] : [];
}

/** The control must be told as rejected, with the code for octets that no mail has. */
const notRefused = (lines: readonly Line[]): readonly string[] =>
  lines.flatMap(({ end }) =>
    end.kind === 'rejected' && end.reply.includes('550 5.6.') ? [] : [`control: NUL ended as ${end.kind}`],
  );

const LETTER = new URL('../../../fixtures/neighbours/letter/input.eml', import.meta.url);
const PICTURE = new URL('../../../docs/evidence/2/client.png', import.meta.url);
/** An empty window has about 10 kB, the repository wants less than 300. */
const PICTURE_BYTES = { least: 50_000, most: 300_000 };

/** The letter of fixtures/neighbours through the chain and into a mail client; a person looks at the picture. */
async function openedInClient({ front, dovecot }: Chain): Promise<readonly string[]> {
  const missing = CLIENT_NEEDS.filter((path) => !existsSync(path));
  if (missing.length > 0) return [`no picture: ${missing.join(', ')} missing`];
  const user = `soumu@${DOMAIN}`;
  front.submit(readFileSync(LETTER), SENDER, user);
  await until(async () => (await readInbox(dovecot.port, user, PASSWORD)).length === 1, 'the letter', 120_000);
  mkdirSync(new URL('.', PICTURE), { recursive: true });
  await photograph({ port: dovecot.port, user, password: PASSWORD }, fileURLToPath(PICTURE));
  const { size } = statSync(PICTURE);
  return size > PICTURE_BYTES.least && size < PICTURE_BYTES.most ? [] : [`client.png has ${size} bytes`];
}

const KINDS = ['delivered', 'delivered-with-hold', 'held', 'rejected', 'problem'] as const;

function resultOf(lines: readonly Line[], others: readonly string[], short: boolean, seconds: number): SectionResult {
  const count = (kind: End['kind'], of: readonly Line[] = lines): number =>
    of.filter(({ end }) => end.kind === kind).length;
  const mails = lines.filter(({ input }) => input.way === 'submitted');
  const documents = lines.filter(({ input }) => input.way === 'smtp');
  const problems = [
    ...lines.flatMap(({ input, end }) => (end.kind === 'problem' ? [`${input.path}: ${end.why}`] : [])),
    ...others,
    ...(short || (mails.length === MAILS && documents.length === DOCUMENTS)
      ? []
      : [`${mails.length} mails and ${documents.length} documents instead of ${MAILS} and ${DOCUMENTS}`]),
  ];
  const sums = KINDS.map((kind) => `${count(kind)} ${kind}`).join(', ');
  const rows = [
    ['mails of the corpus (sendmail)', mails.length, ...KINDS.map((kind) => count(kind, mails))],
    ['documents wrapped as mails (SMTP)', documents.length, ...KINDS.map((kind) => count(kind, documents))],
    ['all', lines.length, ...KINDS.map((kind) => count(kind))],
  ];
  const rejected = lines.flatMap(({ input, end }) =>
    end.kind === 'rejected' ? [`- ${input.path}: ${end.reply.slice(0, 160)}`] : [],
  );
  return {
    holds: problems.length === 0,
    summary: `${lines.length} sent in ${seconds} s, ${sums}; ${problems.length} problems; bytes in the mailbox = bytes the outlet announced, all accepted by verify`,
    details: [
      markdownTable(['what', 'sent', ...KINDS], rows),
      `By kind:\n\n${byKind(lines)}`,
      `Rejected:\n${rejected.length === 0 ? '- none' : rejected.join('\n')}`,
      `Problems:\n${problems.length === 0 ? '- none' : problems.map((problem) => `- ${problem}`).join('\n')}`,
      'TLS on both sides, certificates verified; addresses asked of the relay behind. Settings: docs/neighbours.md. A mail in a client (Sylpheed, over IMAP): ![the letter](2/client.png)',
    ].join('\n\n'),
  };
}

const byKind = (lines: readonly Line[]): string =>
  markdownTable(
    ['kind', 'sent', ...KINDS],
    [...Map.groupBy(lines, ({ input }) => input.kind)]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([kind, of]) => [kind, of.length, ...KINDS.map((each) => of.filter(({ end }) => end.kind === each).length)]),
  );
