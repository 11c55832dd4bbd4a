/**
 * Shamir's secret sharing of the wrapped data key (80 bytes), k of n, and the record in which a store keeps one share.
 * Record: header (format.ts), 2 bytes length, the share (one byte for each of the secret, then its coordinate x),
 * SHA-256 of all before. Fewer than k shares tell nothing; deleting the records erases the object for good.
 */
import { combine } from 'shamir-secret-sharing';
import { encodeHeader, parseHeader, type ShareHeader } from './format.ts';
import { divide, multiply, productsOf } from './gf256.ts';
import { DIGEST_BYTES, sha256 } from './share.ts';

/** So many bytes of chance. */
export type Random = (length: number) => Uint8Array;

export interface KeyShare {
  readonly header: ShareHeader;
  readonly share: Uint8Array;
}

/** Longest record; more is not ours. */
export const MAX_KEY_RECORD_BYTES = 4096;

/**
 * n shares at the coordinates 1 … n. Written here because the package asks the system for chance byte by byte, which
 * costs more than all other cryptography of a small mail; its `combine` opens what this makes.
 * @param random cryptographically strong
 */
export function splitKey(secret: Uint8Array, n: number, k: number, random: Random): readonly Uint8Array[] {
  const terms = [secret, ...Array.from({ length: k - 1 }, () => random(secret.length))];
  return Array.from({ length: n }, (_, index) => shareAt(index + 1, terms));
}

/** For each byte its polynomial Σ terms[i]·xⁱ at x, by Horner's rule; x itself is the last byte of the share. */
function shareAt(x: number, terms: readonly Uint8Array[]): Uint8Array {
  const timesX = productsOf(x);
  const share = new Uint8Array(terms[0]!.length + 1);
  for (let i = 0; i < share.length - 1; i++) {
    share[i] = terms.reduceRight((sum, term) => timesX[sum]! ^ term[i]!, 0);
  }
  share[share.length - 1] = x;
  return share;
}

/** The package insists on Uint8Array itself: a Buffer is copied. */
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
