/**
 * Reads a message that went over other hops and into a file, for `sekisho verify`: it finds our receipt again and says
 * what it had to undo. Believes nothing but the signature: a repair that is wrong makes the hash differ.
 */
import { createHash } from 'node:crypto';
import type { PublicKey } from '../keys/keys.ts';
import { type Draft, readDraft } from './grammar.ts';
import { signatureProblem } from './receipt.ts';
import { FIELD_NAME, type Receipt, readReceiptField } from './receipt-field.ts';

/** What was undone before the hash fitted. */
export type Repair =
  | { readonly kind: 'mbox-line-removed' }
  | { readonly kind: 'line-ends-restored' }
  | { readonly kind: 'trace-fields-skipped'; readonly names: readonly string[] }
  | { readonly kind: 'empty-line-at-end-removed' }
  | { readonly kind: 'last-line-end-restored' };

export type ForwardedVerdict =
  | {
      readonly kind: 'verified';
      readonly receipt: Receipt;
      readonly repairs: readonly Repair[];
      /** The message as the gate saw it, for the inspector. */
      readonly draft: Extract<Draft, { kind: 'fits' }>;
    }
  | { readonly kind: 'refused'; readonly problems: readonly string[]; readonly repairs: readonly Repair[] };

/** Fields that a later hop puts on top (RFC 5321 §4.4, RFC 8601, RFC 6376, RFC 8617), ASCII case ignored. */
const TRACE =
  /^(?:received|return-path|delivered-to|envelope-to|x-[a-z0-9-]+|dkim-signature|authentication-results|received-spf|arc-(?:seal|message-signature|authentication-results))$/i;

/** A field's name with its colon behind it; nobody's trace field has a longer one. */
const NAME = /^[!-9;-~]{1,100}(?=:)/;

/** More than a hundred hops is a loop (RFC 5321 §6.3). */
const MAX_TRACE_FIELDS = 500;

/** Judges a forwarded message: receipt, hash and gate grammar. The inspector's half is the caller's, in the jail. */
export function verifyForwarded(file: Uint8Array, verifiers: readonly PublicKey[]): ForwardedVerdict {
  const repairs: Repair[] = [];
  const refused = (...problems: string[]): ForwardedVerdict => ({ kind: 'refused', problems, repairs });

  const message = withLineEnds(withoutMboxLine(Buffer.from(file), repairs), repairs);
  const start = receiptStart(message, repairs);
  if (typeof start === 'string') return refused(start);
  const found = readReceiptField(message.subarray(start));
  if (found === undefined) return refused('receipt: another form than ours');
  const { receipt, end } = found;
  const problem = signatureProblem(receipt, verifiers);
  if (problem !== '') return refused(`receipt: ${problem}`);

  const signed = signedBytes(message.subarray(start + end), receipt.sha256, repairs);
  if (signed === undefined) return refused('receipt: of other bytes');
  const draft = readDraft(signed);
  return draft.kind === 'fits' ? { kind: 'verified', receipt, repairs, draft } : refused(...draft.problems);
}

/** A line `From …` on top is a mailbox file's separator (RFC 4155). */
function withoutMboxLine(file: Buffer, repairs: Repair[]): Buffer {
  if (file.toString('latin1', 0, 5) !== 'From ') return file;
  repairs.push({ kind: 'mbox-line-removed' });
  // Without a line end it is all there is, and no receipt.
  return file.subarray(file.indexOf(0x0a) + 1);
}

/** Every LF without CR gets one: our messages have none, so a store or a later hop took it away. */
function withLineEnds(file: Buffer, repairs: Repair[]): Buffer {
  const text = file.toString('latin1');
  if (!/(?<!\r)\n/.test(text)) return file;
  repairs.push({ kind: 'line-ends-restored' });
  return Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'latin1');
}

/** Offset of our field; only trace fields may stand above it. */
function receiptStart(message: Buffer, repairs: Repair[]): number | string {
  const names: string[] = [];
  for (let at = 0; names.length <= MAX_TRACE_FIELDS; ) {
    const name = NAME.exec(message.toString('latin1', at, at + 101))?.[0];
    if (name === FIELD_NAME) {
      if (names.length > 0) repairs.push({ kind: 'trace-fields-skipped', names });
      return at;
    }
    if (name === undefined || !TRACE.test(name)) return 'receipt: none where it must stand';
    names.push(name);
    at = endOfField(message, at);
  }
  return 'receipt: too many trace fields above';
}

/** Offset behind a field with its folded lines. */
function endOfField(message: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const end = message.indexOf('\r\n', at);
    if (end < 0) return message.length;
    at = end + 2;
    if (message[at] !== 0x20 && message[at] !== 0x09) return at;
  }
}

/** The bytes that the hash names: as they are, or with what mailbox files add to and take from the end. */
function signedBytes(rest: Buffer, sha256: string, repairs: Repair[]): Buffer | undefined {
  const fits = (bytes: Buffer): boolean => createHash('sha256').update(bytes).digest('hex') === sha256;
  if (fits(rest)) return rest;
  if (rest.toString('latin1', rest.length - 4) === '\r\n\r\n' && fits(rest.subarray(0, -2))) {
    repairs.push({ kind: 'empty-line-at-end-removed' });
    return rest.subarray(0, -2);
  }
  const completed = Buffer.concat([rest, Buffer.from('\r\n')]);
  if (!fits(completed)) return undefined;
  repairs.push({ kind: 'last-line-end-restored' });
  return completed;
}
