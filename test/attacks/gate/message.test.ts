/** INV-01…05: every rule of the message grammar, broken; every one of our own bytes, changed. All of it is refused. */
import { expect, test } from 'vitest';
import { readDraft } from '../../../src/gate/grammar.ts';
import { verifyForDelivery } from '../../../src/gate/receipt.ts';
import { FACTS, judge, verifier } from './door.ts';
import { longName, MESSAGE_RULES } from './message-rules.ts';
import { reasonsOf, spelled } from './reasons.ts';
import { b64, mixed, single, specimen } from './specimens.ts';

const latin1 = (text: string | Buffer): Buffer => (typeof text === 'string' ? Buffer.from(text, 'latin1') : text);

test.each(MESSAGE_RULES)('$rule: every breach is refused, for the reasons written down', async ({ rule, breaches }) => {
  const passed: string[] = [];
  const reasons: string[] = [];
  for (const breach of breaches) {
    const verdict = await judge(latin1(breach));
    if (verdict.kind === 'passed') passed.push(breach.toString('latin1').slice(0, 1200));
    else reasons.push(...verdict.problems.map((problem) => `${verdict.by}: ${problem}`));
  }
  expect(breaches.length).toBeGreaterThan(0);
  expect(passed).toEqual([]);
  expect(spelled(reasons)).toEqual(reasonsOf('message', rule));
});

test('the benign twins of long names pass', () => {
  const draft = mixed([{ media: 'text/plain; charset=utf-8', name: longName(120), bytes: '\uFEFFa\r\n' }]);
  expect(readDraft(latin1(draft)).kind).toBe('fits');
});

/** Changes without knowledge of the grammar: what is not refused by it is another message of ours, and the receipt refuses that. */
async function blindChanges(
  original: Buffer,
  changes: Iterable<Buffer>,
): Promise<{ grammar: number; receipt: number }> {
  const verdict = await judge(original);
  if (verdict.kind !== 'passed') throw new Error(verdict.problems.join());
  const field = verdict.bytes.subarray(0, verdict.bytes.length - original.length);
  const refused = { grammar: 0, receipt: 0 };
  for (const changed of changes) {
    if (changed.equals(original)) continue;
    if ((await judge(changed)).kind === 'refused') refused.grammar++;
    else {
      expect(() => verifyForDelivery(Buffer.concat([field, changed]), { ...FACTS, verifiers: [verifier] })).toThrow(
        'of other bytes',
      );
      refused.receipt++;
    }
  }
  return refused;
}

function* bytesChanged(original: Buffer): Generator<Buffer> {
  for (let at = 0; at < original.length; at++) {
    for (const value of [0x00, 0x09, 0x0a, 0x20, 0x41, 0x80, (original[at] ?? 0) ^ 0x20, (original[at] ?? 0) ^ 1]) {
      const changed = Buffer.from(original);
      changed[at] = value;
      yield changed;
    }
    yield Buffer.concat([original.subarray(0, at), original.subarray(at + 1)]);
    yield Buffer.concat([original.subarray(0, at), Buffer.from('a'), original.subarray(at)]);
  }
}

function* linesChanged(original: Buffer): Generator<Buffer> {
  const lines = original.toString('latin1').split('\r\n');
  const joined = (changed: readonly string[]): Buffer => Buffer.from(changed.join('\r\n'), 'latin1');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    yield joined([...lines.slice(0, i), ...lines.slice(i + 1)]);
    yield joined([...lines.slice(0, i), line, ...lines.slice(i)]);
    yield joined([...lines.slice(0, i), lines[i + 1] ?? '', line, ...lines.slice(i + 2)]);
    yield joined([...lines.slice(0, i), '', ...lines.slice(i)]);
    yield joined(lines.slice(0, i));
  }
}

test('every byte of a message changed, dropped, doubled: refused by the grammar or by the receipt', async () => {
  const original = latin1(single(undefined, 'ご確認ください。\r\n'));
  const refused = await blindChanges(original, bytesChanged(original));
  console.log('message, bytes changed:', refused);
  expect(refused.grammar).toBeGreaterThan(5_000);
});

test('every line of a message with files dropped, doubled, swapped: refused by the grammar or by the receipt', async () => {
  const original = await specimen();
  const refused = await blindChanges(original, linesChanged(original));
  console.log('message with files, lines changed:', refused);
  expect(refused.grammar).toBeGreaterThan(250);
});

test('the number of breaches, by rule', () => {
  const counts = MESSAGE_RULES.map(({ rule, breaches }) => [rule, breaches.length] as const);
  console.log(counts.map(([rule, count]) => `${String(count).padStart(5)}  ${rule}`).join('\n'));
  console.log(`${counts.reduce((sum, [, count]) => sum + count, 0)} breaches of ${counts.length} message rules`);
  expect(b64('a')).toBe('YQ==\r\n');
});
