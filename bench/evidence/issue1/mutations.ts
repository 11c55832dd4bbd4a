/**
 * Mutations of what our own writers wrote, put to the gate: rule by rule as the tests of the gate have them, and without
 * knowledge of the rules on a message that the real converters made of a real mail.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDraft } from '../../../src/gate/grammar.ts';
import { verifyForDelivery } from '../../../src/gate/receipt.ts';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import type { SafeType } from '../../../src/message/file-type.ts';
import { DEFAULT_POLICY } from '../../../src/policy/policy.ts';
import { sanitizeMessage } from '../../../src/sanitize/sanitize.ts';
import { FACTS, judge, verifier } from '../../../test/attacks/gate/door.ts';
import { fileRules } from '../../../test/attacks/gate/file-rules.ts';
import { MESSAGE_RULES } from '../../../test/attacks/gate/message-rules.ts';
import { openAviary } from '../../../test/kit/canary.ts';
import { csvFile, jpegFile, pdfFile, pngFile } from '../../../test/kit/canary-files.ts';

export interface Tally {
  readonly rule: string;
  readonly mutations: number;
  readonly passed: number;
}

/** Every rule of the grammar with all its breaches. */
export async function mutationsByRule(): Promise<readonly Tally[]> {
  const tallies: Tally[] = [];
  for (const { rule, breaches } of MESSAGE_RULES) {
    let passed = 0;
    for (const breach of breaches) {
      const bytes = typeof breach === 'string' ? Buffer.from(breach, 'latin1') : breach;
      if ((await judge(bytes)).kind === 'passed') passed++;
    }
    tallies.push({ rule, mutations: breaches.length, passed });
  }
  for (const { rule, type, breaches } of await fileRules()) {
    let passed = 0;
    for (const breach of breaches) if ((await inspectFile(type, breach)).length === 0) passed++;
    tallies.push({ rule: `${type} ${rule}`, mutations: breaches.length, passed });
  }
  return tallies;
}

/** A message that the converters made: text, PDF, CSV, JPEG, PNG and text file. */
async function ownOutput(): Promise<Buffer> {
  const aviary = openAviary();
  const files: readonly (readonly [string, string, Buffer])[] = [
    ['application/pdf', 'a.pdf', pdfFile(aviary)],
    ['text/csv', 'b.csv', csvFile(aviary)],
    ['image/jpeg', 'c.jpg', await jpegFile(aviary)],
    ['image/png', 'd.png', await pngFile(aviary)],
    ['text/plain; charset=utf-8', 'e.txt', Buffer.from('議事録\r\n一、開会\r\n')],
  ];
  const parts = files.map(
    ([type, name, bytes]) =>
      `--b\r\nContent-Type: ${type}\r\nContent-Disposition: attachment; filename=${name}\r\nContent-Transfer-Encoding: base64\r\n\r\n${bytes.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`,
  );
  const mail = `From: a@example.com\r\nTo: soumu@chuo.lg.jp\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n${parts.join('')}--b--\r\n`;
  const { bytes } = await sanitizeMessage(
    {
      kind: 'message',
      facts: {
        messageId: FACTS.messageId,
        tenant: { id: 'chuo', name: '中央市', domains: ['chuo.lg.jp'] },
        gatewayHost: 'gw.chuo.lg.jp',
        reversePath: 'a@example.com',
        recipients: FACTS.recipients,
        peerAddress: '192.0.2.25',
        receivedAtMs: FACTS.atMs,
        originalBytes: mail.length,
        contact: '情報政策課',
      },
      policy: { ...DEFAULT_POLICY, version: FACTS.policyVersion },
      holdParts: {},
      passwords: [],
      lineEnds: 'crlf',
    },
    Buffer.from(mail, 'latin1'),
    () => undefined,
  );
  return Buffer.from(bytes);
}

/** Places spread over a file, both ends among them. */
const places = (length: number, count: number): readonly number[] => [
  ...new Set(Array.from({ length: count }, (_, i) => Math.floor((i * (length - 1)) / (count - 1)))),
];

const ADDED = [
  '\0',
  'a',
  '\n',
  '%%EOF\n',
  'PK\x03\x04',
  'MZ\x90\0',
  '\xff\xd9',
  'IEND\xaeB`\x82',
  '=1+1\r\n',
  '<script>',
];
/** Characters that no text of ours holds. */
const FORBIDDEN = [
  '\0',
  '\x1b',
  '\x7f',
  '\u200b',
  '\u202e',
  '\u2066',
  '\ufeff\ufeff',
  '\u{e0041}',
  '\ufffe',
  '\r',
  '\u2028',
];

function* fileMutations(type: SafeType, file: Buffer, count: number): Generator<readonly [string, Buffer]> {
  const binary = type !== 'text' && type !== 'csv';
  for (const added of ADDED) {
    if (binary) yield ['bytes added behind', Buffer.concat([file, Buffer.from(added, 'latin1')])];
    yield ['bytes added before', Buffer.concat([Buffer.from(added, 'latin1'), file])];
  }
  for (const at of places(file.length, count)) if (binary) yield ['cut short', file.subarray(0, at)];
  // Behind a JPEG's last header stand coded pixels: a byte more or less there is another picture in our own form.
  const end = type === 'jpeg' ? file.indexOf(Buffer.from('ffda', 'hex')) + 14 : file.length;
  for (const at of places(end, count)) {
    if (binary) yield ['a byte dropped', Buffer.concat([file.subarray(0, at), file.subarray(at + 1)])];
    if (binary) yield ['a byte put in', Buffer.concat([file.subarray(0, at), Buffer.from([0x41]), file.subarray(at)])];
    if (!binary) {
      for (const character of FORBIDDEN) {
        const boundary = characterStart(file, at);
        yield [
          'a forbidden character put in',
          Buffer.concat([file.subarray(0, boundary), Buffer.from(character), file.subarray(boundary)]),
        ];
      }
      yield ['a wrong byte put in', Buffer.concat([file.subarray(0, at), Buffer.from([0xff]), file.subarray(at)])];
    }
    if (type === 'png') {
      const changed = Buffer.from(file);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      yield ['a bit turned', changed];
    }
  }
}

function characterStart(file: Buffer, at: number): number {
  let start = at;
  while (start > 0 && ((file[start] ?? 0) & 0xc0) === 0x80) start--;
  return start;
}

/** Mutations that know no rule. A changed file is refused by the inspector, a changed signed message by its receipt. */
export async function blindMutations(
  count: number,
): Promise<{ readonly tallies: readonly Tally[]; readonly control: boolean }> {
  const draft = await ownOutput();
  const verdict = await judge(draft);
  const read = readDraft(draft);
  if (verdict.kind !== 'passed' || read.kind !== 'fits') throw new Error('our own output does not pass');
  const tallies = new Map<string, { mutations: number; passed: number }>();
  const tally = (rule: string, passed: boolean): void => {
    const entry = tallies.get(rule) ?? { mutations: 0, passed: 0 };
    tallies.set(rule, { mutations: entry.mutations + 1, passed: entry.passed + (passed ? 1 : 0) });
  };
  for (const { type, bytes } of read.leaves) {
    for (const [what, changed] of fileMutations(type, Buffer.from(bytes), count)) {
      if (changed.equals(bytes)) continue;
      tally(`own ${type}: ${what}`, (await inspectFile(type, changed)).length === 0);
    }
  }
  const signed = Buffer.from(verdict.bytes);
  for (const at of places(signed.length, count * 5)) {
    const flipped = Buffer.from(signed);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    for (const [what, changed] of [
      ['a bit turned', flipped],
      ['a byte dropped', Buffer.concat([signed.subarray(0, at), signed.subarray(at + 1)])],
      ['cut short', signed.subarray(0, at)],
    ] as const) {
      tally(`own signed message: ${what}`, leaves(changed));
    }
  }
  return {
    tallies: [...tallies].map(([rule, entry]) => ({ rule, ...entry })),
    control: leaves(signed) && read.leaves.length === 5,
  };
}

function leaves(bytes: Buffer): boolean {
  try {
    verifyForDelivery(bytes, { ...FACTS, verifiers: [verifier] });
    return true;
  } catch {
    return false;
  }
}

/** Headings of the grammar's documents, so that a rule without a mutation is seen. */
export function sectionsOfGrammar(): readonly string[] {
  const docs = fileURLToPath(new URL('../../../docs', import.meta.url));
  const headings = (name: string, prefix: string): string[] =>
    [...readFileSync(join(docs, name), 'utf8').matchAll(/^## (\d+)\. (?!Notation|Changes)/gm)].map(
      ([, number]) => `${prefix}§${number}`,
    );
  return [...headings('output-grammar.md', ''), ...headings('output-grammar-pdf.md', 'PDF ')];
}
