/**
 * Receipts: what our signature says about one message (docs/receipt.md has the exact bytes).
 *
 * Promises: `signReceipt` is called by pass.ts alone, after both halves of the gate. `verifyForDelivery` is the only
 * maker of a `CheckedMessage`; it compares everything that the database knows with what was signed, and the bytes with
 * the hash, so what the outlet sends is what the gate saw.
 */
import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import type { PublicKey } from '../keys/keys.ts';
import { publicKeyObject } from '../keys/raw.ts';
import { GatewayError } from '../message/errors.ts';
import { type Receipt, readReceiptField, signedString, writeReceiptField } from './receipt-field.ts';

/** What a receipt states besides the hash of the bytes. */
export interface ReceiptFacts {
  readonly tenant: string;
  readonly messageId: string;
  readonly policyVersion: string;
  /** Unix ms. */
  readonly atMs: number;
  readonly recipients: readonly string[];
  /** 16 random bytes in hex; kept in the database. */
  readonly recipientSalt: string;
}

declare const checked: unique symbol;

/** A message whose receipt and hash were verified in this process. Only `verifyForDelivery` makes one. */
export interface CheckedMessage {
  readonly [checked]: true;
  readonly messageId: string;
  readonly recipients: readonly string[];
  readonly bytes: Uint8Array;
  /** SHA-256 (hex) of all bytes after the receipt field. */
  readonly sha256: string;
}

export interface ReceiptSigner {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** What the outlet knows itself of a message, to be compared with the receipt. */
export interface Expected extends Omit<ReceiptFacts, 'atMs'> {
  /** Ed25519 keys whose receipts are trusted. */
  readonly verifiers: readonly PublicKey[];
}

/**
 * Puts the receipt on top of a message.
 * @param draft CRLF form, already judged by both halves of the gate.
 * @throws GatewayError E_RECEIPT_INVALID when a fact cannot be spelled in a receipt.
 */
export function signReceipt(draft: Uint8Array, facts: ReceiptFacts, signer: ReceiptSigner): Uint8Array {
  const unsigned = {
    keyId: signer.keyId,
    time: new Date(facts.atMs).toISOString(),
    tenant: facts.tenant,
    messageId: facts.messageId,
    policyVersion: facts.policyVersion,
    recipients: digestOfRecipients(facts.recipients, facts.recipientSalt),
    sha256: sha256(draft),
  };
  const signature = sign(null, Buffer.from(signedString(unsigned)), signer.privateKey);
  const field = Buffer.from(writeReceiptField({ ...unsigned, signature }));
  // Read back at once: a tenant or policy name that the grammar has no place for must fail here, not at the outlet.
  if (readReceiptField(field) === undefined) throw invalid('a fact does not fit the grammar');
  return Buffer.concat([field, draft]);
}

/**
 * Judges the very bytes that are to go over the wire.
 * @throws GatewayError E_RECEIPT_INVALID when anything at all differs; the message must not leave.
 */
export function verifyForDelivery(bytes: Uint8Array, expected: Expected): CheckedMessage {
  const found = readReceiptField(bytes);
  if (found === undefined) throw invalid('no receipt, or one of another form');
  const { receipt, end } = found;
  const problem = signatureProblem(receipt, expected.verifiers);
  if (problem !== '') throw invalid(problem);
  if (receipt.tenant !== expected.tenant) throw invalid('of another tenant');
  if (receipt.messageId !== expected.messageId) throw invalid('of another message');
  if (receipt.policyVersion !== expected.policyVersion) throw invalid('of another policy version');
  if (receipt.recipients !== digestOfRecipients(expected.recipients, expected.recipientSalt)) {
    throw invalid('of other recipients');
  }
  const digest = sha256(bytes.subarray(end));
  if (receipt.sha256 !== digest) throw invalid('of other bytes');
  const { messageId, recipients } = expected;
  // The one cast that makes the brand: everything above has been compared.
  return { messageId, recipients, bytes, sha256: digest } as unknown as CheckedMessage;
}

/** What is wrong with the signature, '' when nothing is. */
export function signatureProblem(receipt: Receipt, verifiers: readonly PublicKey[]): string {
  const key = verifiers.find(({ keyId }) => keyId === receipt.keyId);
  if (key === undefined) return `signed by key ${receipt.keyId}, which is not trusted here`;
  const signed = Buffer.from(signedString(receipt));
  return verify(null, signed, publicKeyObject('Ed25519', key.raw), receipt.signature) ? '' : 'a wrong signature';
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Whom the message is for, without telling it: the salt stays in the database.
 * SHA-256 over the salt's 16 bytes and the addresses, sorted by their UTF-8 bytes, each once, each followed by LF.
 */
function digestOfRecipients(recipients: readonly string[], salt: string): string {
  if (!/^[0-9a-f]{32}$/.test(salt)) throw invalid('recipient salt is not 16 bytes in hex');
  if (recipients.length === 0 || recipients.some((address) => /[\0-\x1f\x7f]/.test(address))) {
    throw invalid('a recipient that no envelope can have');
  }
  const sorted = [...new Set(recipients)].map((address) => Buffer.from(`${address}\n`)).sort(Buffer.compare);
  return sha256(Buffer.concat([Buffer.from(salt, 'hex'), ...sorted]));
}

const invalid = (what: string): GatewayError => new GatewayError('E_RECEIPT_INVALID', `receipt: ${what}`);
