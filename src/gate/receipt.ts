/** Receipts: placeholder of the contract, implemented by the gate's author. */

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
