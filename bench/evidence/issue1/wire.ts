/**
 * The bytes that a stranger's socket received, hashed here and compared with what the gateway signed and with what its
 * audit log says it was about to send. Neither the receipt's reader nor its verifier of the product is used.
 */
import { createHash, createPublicKey, randomInt, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLES, sampleBytes } from '../../../src/cli/demo/samples.ts';
import { type Gateway, startGateway } from '../../../test/kit/gateway.ts';
import { type HopMail, openHop } from '../../../test/kit/hop.ts';
import { type OutgoingMail, sendAll } from '../../../test/kit/send.ts';
import type { Section, SectionContext } from '../section.ts';

export const wire: Section = {
  name: 'wire',
  bar: "Bytes on the wire: the hash of what the sink received equals the receipt's.",
  async run({ short, say }: SectionContext) {
    const hop = await openHop();
    const gateway = await startGateway({ tenants: 2, nextHopPort: hop.port });
    try {
      const mails = mailsOf(short ? 20 : 300);
      const results = await sendAll(mails, { port: gateway.smtpPort, connections: 10 });
      await gateway.idle(300_000);
      const accepted = results.filter((result) => result.accepted).length;
      say(`${accepted} of ${mails.length} accepted, ${hop.received.length} messages received`);
      const trusted = receiptKeys(gateway);
      const intents = await intended(gateway);
      const problems = hop.received.map((mail) => problemOf(mail, trusted, intents)).filter((what) => what !== '');
      const different = hop.received.map((mail) => changedSomewhere(mail));
      const missed = different.filter((mail) => problemOf(mail, trusted, intents) === '').length;
      const expected = mails.reduce((sum, mail) => sum + tenantsOf(mail), 0);
      const bytes = hop.received.reduce((sum, mail) => sum + mail.bytes.length, 0);
      const ids = new Set(hop.received.map(({ messageId }) => messageId));
      const complete =
        accepted === mails.length &&
        hop.received.length === expected &&
        ids.size === expected &&
        intents.size >= expected;
      const holds = complete && problems.length === 0 && missed === 0;
      return {
        holds,
        summary: `${hop.received.length} of ${expected} messages received, ${hop.received.length - problems.length} with equal hashes; ${different.length - missed} of ${different.length} changed copies found`,
        details: [
          '| | |',
          '|---|---|',
          `| mails sent, of them accepted | ${mails.length}, ${accepted} |`,
          `| messages expected (one for each tenant), received | ${expected}, ${hop.received.length} |`,
          `| octets received | ${bytes} |`,
          `| SHA-256 of the octets after the field = \`h=\` of the receipt = \`sha256\` of the audit entry «delivery-intended», signature right | ${hop.received.length - problems.length} |`,
          `| control: one bit changed at a random place of each, found | ${different.length - missed} of ${different.length} |`,
          ...(problems.length > 0 ? [`| first problem | ${problems[0]} |`] : []),
          '',
          'The sink is a bare socket server (test/kit/hop.ts); hash, field and signature are read by this section itself, after docs/receipt.md.',
        ].join('\n'),
      };
    } finally {
      await gateway.stop();
      await hop.close();
    }
  },
};

/** The samples of `npm start`, and texts that a transport could trip over. */
function mailsOf(count: number): readonly OutgoingMail[] {
  const samples = SAMPLES.map((sample) => sampleBytes(sample));
  const texts = [
    '.\r\n..\r\n...leading dots\r\n.',
    'no dots at all',
    'a line of its own\r\n\r\n\r\n\r\n',
    `${'長い行'.repeat(300)}\r\nFrom here\r\nFrom there`,
    '.'.repeat(900),
    'x'.repeat(70_000).replaceAll(/(.{900})/g, '$1\r\n.'),
  ];
  return Array.from({ length: count }, (_, index): OutgoingMail => {
    const two = index % 5 === 0;
    const recipients = ['soumu@t1.example', ...(two ? ['joho@t2.example'] : [])];
    const sample = samples[index];
    const text = `From: a@example.com\r\nTo: soumu@t1.example\r\nSubject: wire ${index}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${texts[index % texts.length]} ${index}\r\n`;
    return { reversePath: 'a@example.com', recipients, bytes: sample ?? Buffer.from(text) };
  });
}

const tenantsOf = ({ recipients }: OutgoingMail): number =>
  new Set(recipients.map((address) => address.split('@')[1])).size;

/** '' when everything fits. */
function problemOf(
  { bytes, recipients }: HopMail,
  trusted: ReadonlyMap<string, Buffer>,
  intents: ReadonlyMap<string, string>,
): string {
  const text = bytes.toString('latin1');
  const end = /\r\n(?![ \t])/.exec(text);
  if (!text.startsWith('Sekisho-Receipt: ') || end === null) return 'no receipt on top';
  const field = text.slice('Sekisho-Receipt: '.length, end.index);
  const tags = new Map(field.split(';').map((tag) => [tag.trim()[0] ?? '', tag.trim().slice(2)]));
  const tag = (name: string): string => (tags.get(name) ?? '').replaceAll(/\s/g, '');
  const hash = createHash('sha256')
    .update(bytes.subarray(end.index + 2))
    .digest('hex');
  const id = tag('m');
  if (hash !== tag('h')) return `${id}: the octets are not those of the receipt`;
  if (hash !== intents.get(id)) return `${id}: the audit log intended other octets`;
  if (recipients.some((address) => !address.endsWith(`@${tag('t')}.example`))) return `${id}: sent to another tenant`;
  const raw = trusted.get(tag('k'));
  if (raw === undefined) return `${id}: signed by an unknown key`;
  const signed = ['sekisho-receipt-v1', ...['k', 'd', 't', 'm', 'p', 'r', 'h'].map(tag), ''].join('\n');
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
    format: 'jwk',
  });
  return verify(null, Buffer.from(signed, 'latin1'), key, Buffer.from(tag('s'), 'base64')) ? '' : `${id}: signature`;
}

function changedSomewhere(mail: HopMail): HopMail {
  const bytes = Buffer.from(mail.bytes);
  // In the field the signature answers, below it the hash; the field's own name and white space need not.
  const at = randomInt(bytes.indexOf('Received:'), bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << randomInt(8));
  return { ...mail, bytes };
}

/** Ed25519 keys of receipts, by id. */
function receiptKeys({ folder }: Gateway): ReadonlyMap<string, Buffer> {
  const { keys } = JSON.parse(readFileSync(join(folder, 'keys', 'public.json'), 'utf8')) as {
    readonly keys: readonly { readonly keyId: string; readonly purpose: string; readonly publicKey: string }[];
  };
  return new Map(
    keys.filter(({ purpose }) => purpose === 'receipt').map((key) => [key.keyId, Buffer.from(key.publicKey, 'base64')]),
  );
}

/** What the audit log says was about to be sent: SHA-256 by message id. */
async function intended(gateway: Gateway): Promise<ReadonlyMap<string, string>> {
  const database = await gateway.openDatabase();
  try {
    const rows = await database.read
      .selectFrom('audit_entry')
      .select(['message_id', 'facts'])
      .where('event', '=', 'delivery-intended')
      .execute();
    return new Map(
      rows.map((row) => [row.message_id ?? '', (JSON.parse(row.facts) as { readonly sha256: string }).sha256]),
    );
  } finally {
    await database.close();
  }
}
