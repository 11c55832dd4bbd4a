/** `sekisho verify`: what later hops and mailbox files do to a message is undone and said; everything else is refused with its reason. */
import { expect, test } from 'vitest';
import { verifyForwarded } from '../../../src/gate/forwarded.ts';
import { signReceipt } from '../../../src/gate/receipt.ts';
import { privateKeyObject, publicKeyOf } from '../../../src/keys/raw.ts';
import { FACTS } from '../../attacks/gate/door.ts';
import { single } from '../../attacks/gate/specimens.ts';

const privateKey = privateKeyObject('Ed25519', new Uint8Array(32).fill(7));
const verifier = publicKeyOf(privateKey);
const signer = { keyId: verifier.keyId, privateKey };
const signed = Buffer.from(signReceipt(Buffer.from(single(), 'latin1'), FACTS, signer)).toString('latin1');

const verify = (text: string) => verifyForwarded(Buffer.from(text, 'latin1'), [verifier]);
const verified = (...repairs: readonly object[]) => ({ kind: 'verified', repairs });
const refused = (problem: string, ...repairs: readonly object[]) => ({ kind: 'refused', problems: [problem], repairs });
const skipped = (...names: readonly string[]) => ({ kind: 'trace-fields-skipped', names });
const lf = (text: string): string => text.replaceAll('\r\n', '\n');

const LF_REPAIR = { kind: 'line-ends-restored' };
const NO_RECEIPT = 'receipt: none where it must stand';

test.each(
  'Received Return-Path Delivered-To Envelope-To X-Original-To X-9 DKIM-Signature Authentication-Results Received-SPF ARC-Seal ARC-Message-Signature ARC-Authentication-Results RECEIVED'.split(
    ' ',
  ),
)('%s may stand above, folded or not', (name) => {
  for (const value of ['x', '', ' x\r\n y', ' x\r\n\ty\r\n z: w', '\r\n\t'])
    expect(verify(`${name}:${value}\r\n${signed}`)).toMatchObject(verified(skipped(name)));
});

test.each([
  'Subject',
  'Received-',
  'XReceived',
  'Receive',
  'X',
  'X-',
  'X-a_b',
  'X-A b',
  'From',
  'ARC',
  'ARC-Seal-2',
  'ARC-',
  '',
  'dkim-signature-x',
  'x-dkim signature',
])('«%s» may not', (name) => {
  expect(verify(`${name}: x\r\n${signed}`)).toMatchObject(refused(NO_RECEIPT));
  expect(verify(`Received: x\r\n${name}: x\r\n${signed}`)).toMatchObject(refused(NO_RECEIPT));
});

test('nothing stands before the first name', () => {
  expect(verify(` Received: x\r\n${signed}`)).toMatchObject(refused(NO_RECEIPT));
});

test('names of trace fields are said in their order; they have at most 100 octets', () => {
  expect(verify(`Received: a\r\nX-B: c\r\nReceived: d\r\n${signed}`)).toMatchObject(
    verified(skipped('Received', 'X-B', 'Received')),
  );
  const longest = `X-${'a'.repeat(98)}`;
  expect(verify(`${longest}: b\r\n${signed}`)).toMatchObject(verified(skipped(longest)));
  expect(verify(`${longest}a: b\r\n${signed}`)).toMatchObject(refused(NO_RECEIPT));
});

test('500 trace fields, not more', () => {
  const fields = (count: number): string => 'Received: x\r\n'.repeat(count);
  expect(verify(fields(500) + signed).kind).toBe('verified');
  expect(verify(fields(501) + signed)).toMatchObject(refused('receipt: too many trace fields above'));
});

test.each([
  ['nothing', ''],
  ['no field at all', 'x'],
  ['a trace field without end', 'Received: x'],
  ['a trace field and nothing', 'Received: x\r\n'],
  ['a trace field without end, folded', 'Received: x\r\n y'],
  ['a body', `\r\n${signed}`],
  ['our receipt folded into another field', `Received: x\r\n ${signed}`],
])('no receipt: %s', (_, text) => {
  expect(verify(text)).toMatchObject(refused(NO_RECEIPT));
});

test('a receipt of another form is named as such', () => {
  expect(verify('Sekisho-Receipt: v=2\r\n\r\n')).toMatchObject(refused('receipt: another form than ours'));
  expect(verify(`Received: a\r\nSekisho-Receipt: x\r\n${signed}`)).toMatchObject(
    refused('receipt: another form than ours', skipped('Received')),
  );
});

test('an mbox line goes away, and only on top', () => {
  const line = { kind: 'mbox-line-removed' };
  expect(verify(`From MAILER-DAEMON Sun Nov 22\n${signed}`)).toMatchObject(verified(line));
  expect(verify(`From \n${lf(signed)}`)).toMatchObject(verified(line, LF_REPAIR));
  expect(verify(`From x\r\n${signed}`)).toMatchObject(verified(line));
  expect(verify('From x')).toMatchObject(refused(NO_RECEIPT, line));
  expect(verify(`From ${signed.replaceAll('\n', '')}`)).toMatchObject(refused(NO_RECEIPT, line));
  expect(verify(`\nFrom x\n${signed}`)).toMatchObject(refused(NO_RECEIPT, LF_REPAIR));
  expect(verify(`From: x\n${signed}`)).toMatchObject(refused(NO_RECEIPT, LF_REPAIR));
});

test('line ends come back, whatever letters stand there', () => {
  expect(verify(lf(signed))).toMatchObject(verified(LF_REPAIR));
  expect(verify(`X-A: \xe9\xff\r\n${signed}`)).toMatchObject(verified(skipped('X-A')));
  const wide = Buffer.from(signReceipt(Buffer.from('\xe9\r\n', 'latin1'), FACTS, signer)).toString('latin1');
  // The hash fits, so what is wrong is the grammar, not the bytes.
  expect(verify(lf(wide))).toMatchObject(refused('header: no MIME-Version', LF_REPAIR));
});

test('what a mailbox file adds to the end or takes from it', () => {
  expect(verify(`${signed}\r\n`)).toMatchObject(verified({ kind: 'empty-line-at-end-removed' }));
  expect(verify(signed.slice(0, -2))).toMatchObject(verified({ kind: 'last-line-end-restored' }));
  expect(verify(lf(signed).slice(0, -1))).toMatchObject(verified(LF_REPAIR, { kind: 'last-line-end-restored' }));
  for (const text of [
    `${signed}xy`,
    `${signed}\r\n\r\n`,
    `${signed}\r\nx`,
    signed.slice(0, -3),
    signed.slice(0, -1),
    `${signed}  `,
  ])
    expect(verify(text)).toMatchObject(refused('receipt: of other bytes'));
});

test('the problems of the grammar are handed on', () => {
  const wrong = Buffer.from(`${single()}-epilogue\r\n`, 'latin1');
  expect(verifyForwarded(signReceipt(wrong, FACTS, signer), [verifier])).toMatchObject(
    refused('bytes after the message'),
  );
});

test('a signature by another key is said before anything else', () => {
  const other = { ...publicKeyOf(privateKeyObject('Ed25519', new Uint8Array(32).fill(8))), keyId: verifier.keyId };
  expect(verifyForwarded(Buffer.from(`${signed}x`, 'latin1'), [other])).toMatchObject(
    refused('receipt: a wrong signature'),
  );
});
