/** Receipts: one spelling, one golden vector, exact comparison at the outlet, repairs at `verify`. */
import { sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { verifyForwarded } from '../../../src/gate/forwarded.ts';
import { signReceipt, verifyForDelivery } from '../../../src/gate/receipt.ts';
import { type Receipt, readReceiptField, signedString, writeReceiptField } from '../../../src/gate/receipt-field.ts';
import { privateKeyObject, publicKeyOf } from '../../../src/keys/raw.ts';
import { FACTS } from '../../attacks/gate/door.ts';
import { single, specimen } from '../../attacks/gate/specimens.ts';

const golden = new URL('../../../fixtures/receipt/golden/', import.meta.url);

/** A key for tests only: 32 times 0x07. */
const privateKey = privateKeyObject('Ed25519', new Uint8Array(32).fill(7));
const verifier = publicKeyOf(privateKey);
const signer = { keyId: verifier.keyId, privateKey };
const expected = { ...FACTS, verifiers: [verifier] };

const draft = Buffer.from(single(), 'latin1');
const signed = signReceipt(draft, FACTS, signer);
const fieldLength = signed.length - draft.length;

test('golden vector: the same message, facts and key give the same bytes for ever', () => {
  expect(Buffer.from(signed).equals(readFileSync(new URL('message.eml', golden)))).toBe(true);
});

test('the field stands on top, in lines of at most 76 octets', () => {
  const lines = Buffer.from(signed.subarray(0, fieldLength)).toString('latin1').split('\r\n');
  expect(lines[0]).toMatch(/^Sekisho-Receipt: v=1; /);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(76);
  expect(Buffer.from(signed.subarray(fieldLength)).equals(draft)).toBe(true);
});

test('the outlet accepts exactly what was signed', () => {
  const message = verifyForDelivery(signed, { ...expected, recipients: [...FACTS.recipients].reverse() });
  expect(message).toMatchObject({ messageId: FACTS.messageId, bytes: signed });
});

test.each([
  ['another tenant', { tenant: 'kita' }],
  ['another message', { messageId: '01JD9ZK3V7Q8W2M4N6P0R5S7TA' }],
  ['another policy', { policyVersion: 'fedcba9876543210' }],
  ['a recipient more', { recipients: [...FACTS.recipients, 'x@chuo.lg.jp'] }],
  ['a recipient less', { recipients: FACTS.recipients.slice(1) }],
  ['no recipient', { recipients: [] }],
  ['another salt', { recipientSalt: '00112233445566778899aabbccddee00' }],
  ['no salt', { recipientSalt: '' }],
  ['another key', { verifiers: [publicKeyOf(privateKeyObject('Ed25519', new Uint8Array(32).fill(8)))] }],
  ['no key', { verifiers: [] }],
  [
    'another key under the same id',
    { verifiers: [{ ...publicKeyOf(privateKeyObject('Ed25519', new Uint8Array(32).fill(8))), keyId: verifier.keyId }] },
  ],
])('the outlet refuses a receipt for %s', (_, change) => {
  expect(() => verifyForDelivery(signed, { ...expected, ...change })).toThrow(
    expect.objectContaining({ code: 'E_RECEIPT_INVALID' }),
  );
});

test('every byte of the receipt and of the message counts', () => {
  let refused = 0;
  for (let at = 0; at < signed.length; at++) {
    for (const bit of [1, 0x20]) {
      const changed = Buffer.from(signed);
      changed[at] = (changed[at] ?? 0) ^ bit;
      expect(() => verifyForDelivery(changed, expected)).toThrow('receipt:');
      refused++;
    }
  }
  expect(refused).toBe(2 * signed.length);
});

test('the signature has one spelling: spare bits of its base64 are zero', () => {
  const text = Buffer.from(signed).toString('latin1');
  const at = text.indexOf('==\r\nReceived') - 1;
  for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') {
    if (letter === text[at]) continue;
    const changed = Buffer.from(text.slice(0, at) + letter + text.slice(at + 1), 'latin1');
    expect(() => verifyForDelivery(changed, expected)).toThrow('receipt:');
  }
});

test('a message without receipt, with two, cut or grown is refused', () => {
  const field = signed.subarray(0, fieldLength);
  for (const bytes of [
    draft,
    Buffer.concat([field, signed]),
    signed.subarray(0, -1),
    Buffer.concat([signed, Buffer.from('\r\n')]),
    Buffer.alloc(0),
    Buffer.concat([Buffer.from('X-A: b\r\n'), signed]),
  ]) {
    expect(() => verifyForDelivery(bytes, expected)).toThrow(expect.objectContaining({ code: 'E_RECEIPT_INVALID' }));
  }
});

test('facts that a receipt cannot spell are refused at signing', () => {
  for (const change of [
    { tenant: 'a b' },
    { tenant: 'a;\r\n' },
    { tenant: '' },
    { messageId: 'x' },
    { policyVersion: 'a;b' },
    { recipients: ['a\nb'] },
  ]) {
    expect(() => signReceipt(draft, { ...FACTS, ...change }, signer)).toThrow('receipt:');
  }
});

const TRACE = Buffer.from(
  'Return-Path: <>\r\nDelivered-To: soumu@chuo.lg.jp\r\nX-Original-To: soumu@chuo.lg.jp\r\nReceived: from gw (gw [10.0.0.1])\r\n\tby mail; Sun, 22 Nov 2026 23:23:00 +0900\r\n',
);
const lf = (bytes: Uint8Array): Buffer =>
  Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\r\n', '\n'), 'latin1');

test.each<readonly [string, Buffer, readonly string[]]>([
  ['as it was sent', Buffer.from(signed), []],
  ['with trace fields above', Buffer.concat([TRACE, signed]), ['trace-fields-skipped']],
  ['from a Maildir with LF', lf(Buffer.concat([TRACE, signed])), ['line-ends-restored', 'trace-fields-skipped']],
  [
    'with LF trace fields above CRLF',
    Buffer.concat([lf(TRACE), signed]),
    ['line-ends-restored', 'trace-fields-skipped'],
  ],
  [
    'out of an mbox',
    lf(Buffer.concat([Buffer.from('From MAILER-DAEMON Sun Nov 22 23:23:00 2026\n'), TRACE, signed, Buffer.from('\n')])),
    ['mbox-line-removed', 'line-ends-restored', 'trace-fields-skipped', 'empty-line-at-end-removed'],
  ],
  ['without its last line end', Buffer.from(signed.subarray(0, -2)), ['last-line-end-restored']],
])('verify: a message %s is verified, and says what was undone', (_, file, kinds) => {
  const verdict = verifyForwarded(file, [verifier]);
  expect(verdict).toMatchObject({ kind: 'verified', receipt: { keyId: verifier.keyId, tenant: 'chuo' } });
  expect(verdict.repairs.map(({ kind }) => kind)).toEqual(kinds);
});

test.each<readonly [string, Buffer]>([
  ['with a Subject above the receipt', Buffer.concat([Buffer.from('Subject: x\r\n'), signed])],
  ['with a body above the receipt', Buffer.concat([Buffer.from('\r\nx\r\n'), signed])],
  [
    'with a byte of text changed',
    Buffer.from(Buffer.from(signed).toString('latin1').replace('Soumu-ka', 'Soumu-kb'), 'latin1'),
  ],
  ['with a part added at the end', Buffer.concat([signed, Buffer.from('x\r\n')])],
  ['without receipt', draft],
  ['that is empty', Buffer.alloc(0)],
  [
    'with a header field added below',
    Buffer.from(Buffer.from(signed).toString('latin1').replace('MIME-Version', 'X-A: b\r\nMIME-Version'), 'latin1'),
  ],
])('verify: a message %s is refused', (_, file) => {
  expect(verifyForwarded(file, [verifier]).kind).toBe('refused');
});

test('verify: a key that is not trusted is named', () => {
  expect(verifyForwarded(signed, [])).toMatchObject({
    kind: 'refused',
    problems: [expect.stringContaining(verifier.keyId)],
  });
});

test('verify: a signed message outside the grammar is refused all the same', async () => {
  const wrong = Buffer.concat([await specimen(), Buffer.from('epilogue\r\n')]);
  expect(verifyForwarded(signReceipt(wrong, FACTS, signer), [verifier]).kind).toBe('refused');
});

/** The receipt's fields as an object, signed anew after a change: what an attacker with our key could write. */
function resigned(change: Partial<Omit<Receipt, 'signature'>>): Buffer {
  const found = readReceiptField(signed);
  if (found === undefined) throw new Error('no receipt');
  const receipt = { ...found.receipt, ...change };
  const signature = sign(null, Buffer.from(signedString(receipt)), privateKey);
  return Buffer.concat([Buffer.from(writeReceiptField({ ...receipt, signature })), draft]);
}

test('the field is read to its end and no further', () => {
  expect(readReceiptField(signed)?.end).toBe(fieldLength);
  expect(readReceiptField(signed.subarray(0, fieldLength))?.end).toBe(fieldLength);
  expect(readReceiptField(signed.subarray(0, fieldLength - 1))).toBe(undefined);
  expect(readReceiptField(Buffer.concat([signed.subarray(0, fieldLength), Buffer.from(' folded')]))).toBe(undefined);
  expect(verifyForDelivery(resigned({}), expected).sha256).toMatch(/^[0-9a-f]{64}$/);
});

test('the longest facts fit into a receipt', () => {
  const facts = { ...FACTS, tenant: 't'.repeat(64), policyVersion: 'p'.repeat(40) };
  const bytes = signReceipt(draft, facts, signer);
  expect(verifyForDelivery(bytes, { ...expected, ...facts })).toMatchObject({ messageId: FACTS.messageId });
  for (const change of [{ tenant: 't'.repeat(65) }, { policyVersion: 'p'.repeat(41) }])
    expect(() => signReceipt(draft, { ...facts, ...change }, signer)).toThrow(
      'receipt: a fact does not fit the grammar',
    );
});

test.each([
  '2026-02-30T14:22:01.000Z',
  '2026-13-01T14:22:01.000Z',
  '2026-11-22T24:00:00.000Z',
  '2026-11-22T14:22:01:000Z',
])('a moment that does not exist is no receipt: %s', (time) => {
  expect(readReceiptField(resigned({ time }))).toBe(undefined);
  expect(() => verifyForDelivery(resigned({ time }), expected)).toThrow('receipt: no receipt, or one of another form');
});

test.each<readonly [string, object]>([
  ['of another tenant', { tenant: 'kita' }],
  ['of another message', { messageId: '01JD9ZK3V7Q8W2M4N6P0R5S7TA' }],
  ['of another policy version', { policyVersion: 'fedcba9876543210' }],
  ['of other recipients', { recipients: ['x@chuo.lg.jp'] }],
  ['a recipient that no envelope can have', { recipients: [] }],
  ['a recipient that no envelope can have', { recipients: [...FACTS.recipients, 'a\nb@chuo.lg.jp'] }],
  ['a recipient that no envelope can have', { recipients: ['a\x7f@chuo.lg.jp'] }],
  ['recipient salt is not 16 bytes in hex', { recipientSalt: '' }],
  ['recipient salt is not 16 bytes in hex', { recipientSalt: `0${FACTS.recipientSalt}` }],
  ['recipient salt is not 16 bytes in hex', { recipientSalt: `${FACTS.recipientSalt}0` }],
  ['recipient salt is not 16 bytes in hex', { recipientSalt: `x${FACTS.recipientSalt}` }],
  ['recipient salt is not 16 bytes in hex', { recipientSalt: FACTS.recipientSalt.toUpperCase() }],
  ['recipient salt is not 16 bytes in hex', { recipientSalt: FACTS.recipientSalt.slice(1) }],
])('the outlet says what differs: %s', (why, change) => {
  expect(() => verifyForDelivery(signed, { ...expected, ...change })).toThrow(`receipt: ${why}`);
});

test('addresses may be in any letters, and each counts once', () => {
  const recipients = ['b@例え.jp', 'a@chuo.lg.jp', 'é@chuo.lg.jp'];
  const bytes = signReceipt(draft, { ...FACTS, recipients }, signer);
  const same = { ...expected, recipients: [...recipients].reverse().concat('a@chuo.lg.jp') };
  expect(verifyForDelivery(bytes, same).recipients).toEqual(same.recipients);
});

test('a receipt and its bytes are told apart from others', () => {
  expect(() => verifyForDelivery(draft, expected)).toThrow('receipt: no receipt, or one of another form');
  expect(() => verifyForDelivery(signed.subarray(0, -1), expected)).toThrow('receipt: of other bytes');
});

test('among several trusted keys the one that signed is asked', () => {
  const other = publicKeyOf(privateKeyObject('Ed25519', new Uint8Array(32).fill(8)));
  expect(verifyForDelivery(signed, { ...expected, verifiers: [other, verifier] }).bytes).toBe(signed);
  expect(() => verifyForDelivery(signed, { ...expected, verifiers: [other] })).toThrow(
    `receipt: signed by key ${verifier.keyId}, which is not trusted here`,
  );
  const forged = resigned({ tenant: 'kita' });
  expect(() => verifyForDelivery(Buffer.concat([forged.subarray(0, 100), signed.subarray(100)]), expected)).toThrow(
    'receipt:',
  );
  expect(() => verifyForDelivery(signed, { ...expected, verifiers: [{ ...other, keyId: verifier.keyId }] })).toThrow(
    'receipt: a wrong signature',
  );
});
