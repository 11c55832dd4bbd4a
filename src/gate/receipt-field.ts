/**
 * The `Sekisho-Receipt` field, read and written: docs/receipt.md. One receipt has one spelling, so the reader writes
 * what it read again and compares the bytes.
 */

export interface Receipt {
  /** Ed25519 key, as PublicKey.keyId. */
  readonly keyId: string;
  /** ISO 8601, UTC, with milliseconds. */
  readonly time: string;
  readonly tenant: string;
  readonly messageId: string;
  readonly policyVersion: string;
  /** Salted digest of the envelope recipients, lower-case hex. */
  readonly recipients: string;
  /** SHA-256 of all bytes after the field, lower-case hex. */
  readonly sha256: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

export const FIELD_NAME = 'Sekisho-Receipt';

/** Separates this signature from anything else the same key could ever sign. */
const DOMAIN_TAG = 'sekisho-receipt-v1';

/** Six lines of at most 76 octets. */
const MAX_FIELD_BYTES = 500;

const HEX = (length: number): string => `([0-9a-f]{${length}})`;
const FIELD = new RegExp(
  `^${FIELD_NAME}: v=1; k=${HEX(16)}; d=([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z);\r\n` +
    ' t=([A-Za-z0-9._-]{1,64});\r\n' +
    ' m=([0-9A-HJKMNP-TV-Z]{26}); p=([A-Za-z0-9._-]{1,40});\r\n' +
    ` r=${HEX(64)};\r\n h=${HEX(64)};\r\n` +
    ' s=([A-Za-z0-9+/]{64})\r\n ([A-Za-z0-9+/]{22}==)\r\n(?! )',
);

type FieldParts = readonly [string, string, string, string, string, string, string, string, string, string];

/** What the signature covers: ASCII, every value on a line of its own, LF at each end. */
export function signedString(receipt: Omit<Receipt, 'signature'>): string {
  const { keyId, time, tenant, messageId, policyVersion, recipients, sha256 } = receipt;
  return [DOMAIN_TAG, keyId, time, tenant, messageId, policyVersion, recipients, sha256, ''].join('\n');
}

/** The whole field with its CRLF. */
export function writeReceiptField(receipt: Receipt): string {
  const signature = Buffer.from(receipt.signature).toString('base64');
  return (
    `${FIELD_NAME}: v=1; k=${receipt.keyId}; d=${receipt.time};\r\n t=${receipt.tenant};\r\n` +
    ` m=${receipt.messageId}; p=${receipt.policyVersion};\r\n r=${receipt.recipients};\r\n h=${receipt.sha256};\r\n` +
    ` s=${signature.slice(0, 64)}\r\n ${signature.slice(64)}\r\n`
  );
}

/** Reads the field that a message begins with. @returns `undefined` when the bytes do not begin with a receipt. */
export function readReceiptField(bytes: Uint8Array): { readonly receipt: Receipt; readonly end: number } | undefined {
  const head = Buffer.from(bytes.subarray(0, MAX_FIELD_BYTES)).toString('latin1');
  const found = FIELD.exec(head);
  if (found === null) return undefined;
  // Every group of the pattern takes part in every match.
  const [field, keyId, time, tenant, messageId, policyVersion, recipients, sha256, begin, end] =
    found as unknown as FieldParts;
  const signature = Buffer.from(begin + end, 'base64');
  const receipt = { keyId, time, tenant, messageId, policyVersion, recipients, sha256, signature };
  const isMoment = !Number.isNaN(Date.parse(time)) && new Date(time).toISOString() === time;
  // Base64 has spare bits in its last character: writing it again finds them.
  return isMoment && writeReceiptField(receipt) === field ? { receipt, end: field.length } : undefined;
}
