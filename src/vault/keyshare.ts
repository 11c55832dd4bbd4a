/**
 * Shamir's secret sharing of the wrapped data key (80 bytes), k of n, and the record in which a store keeps one share.
 * Record: header (format.ts), 2 bytes length, the share (one byte for each of the secret, then its coordinate x),
 * SHA-256 of all before. Fewer than k shares tell nothing; deleting the records erases the object for good.
 */
import { combine, split } from 'shamir-secret-sharing';
import { encodeHeader, parseHeader, type ShareHeader } from './format.ts';
import { divide, multiply } from './gf256.ts';
import { DIGEST_BYTES, sha256 } from './share.ts';

export interface KeyShare {
  readonly header: ShareHeader;
  readonly share: Uint8Array;
}

/** Longest record; more is not ours. */
export const MAX_KEY_RECORD_BYTES = 4096;

export type Split = (secret: Uint8Array, shares: number, threshold: number) => Promise<readonly Uint8Array[]>;

/** The package insists on Uint8Array itself: a Buffer is copied. */
export const splitKey: Split = (secret, n, k) => split(new Uint8Array(secret), n, k);

export const combineKey = (shares: readonly KeyShare[]): Promise<Uint8Array> =>
  combine(shares.map(({ share }) => new Uint8Array(share)));

export const coordinateOf = (share: Uint8Array): number => share[share.length - 1]!;

/** The share at coordinate x, byte for byte as it was, out of any k others (Lagrange; the field of the package). */
export function rebuildKeyShare(shares: readonly Uint8Array[], x: number): Uint8Array {
  const xs = shares.map(coordinateOf);
  const weights = xs.map((xi) =>
    xs.reduce((product, xj) => (xj === xi ? product : multiply(product, divide(x ^ xj, xi ^ xj))), 1),
  );
  const rebuilt = new Uint8Array(shares[0]!.length);
  for (let i = 0; i < rebuilt.length - 1; i++) {
    rebuilt[i] = shares.reduce((sum, share, j) => sum ^ multiply(weights[j]!, share[i]!), 0);
  }
  rebuilt[rebuilt.length - 1] = x;
  return rebuilt;
}

export function encodeKeyShare({ header, share }: KeyShare): Buffer {
  const length = Buffer.from([share.length >> 8, share.length & 0xff]);
  const content = Buffer.concat([encodeHeader('key', header), length, share]);
  return Buffer.concat([content, sha256(content)]);
}

/** Digest by which the trailers of all shares know this record. */
export const keyRecordDigest = (record: Buffer): Buffer => record.subarray(record.length - DIGEST_BYTES);

/** Undefined when the record is damaged. */
export function parseKeyShare(record: Buffer): KeyShare | undefined {
  const parsed = parseHeader('key', record);
  if (parsed === undefined) return undefined;
  const { header, raw } = parsed;
  const rest = record.subarray(raw.length);
  if (rest.length < 2 + DIGEST_BYTES || rest.length !== 2 + rest.readUInt16BE() + DIGEST_BYTES) return undefined;
  const share = rest.subarray(2, rest.length - DIGEST_BYTES);
  const intact = sha256(record.subarray(0, record.length - DIGEST_BYTES)).equals(keyRecordDigest(record));
  return intact && share.length > 1 && coordinateOf(share) === header.x[header.index] ? { header, share } : undefined;
}
