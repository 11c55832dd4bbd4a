/**
 * One share of an object: header, stripes, trailer (docs/vault-format.md).
 *
 * Stripe: 1 byte (1 for the last, else 0), 4 bytes length of the sealed chunk, the fragment, and
 * SHA-256(SHA-256(header) | 4 bytes stripe number | the bytes before). All stripes but the last are of full size, so the
 * place of each is known without reading the others. Trailer: 'SKVT', 8 bytes sealed length of the object, 4 bytes
 * number of stripes, n digests of the shares, n digests of the key share records, SHA-256(SHA-256(header) | all that).
 * The digest of a share is SHA-256(header | digest of each stripe). Each share knows the others' digests: a store that
 * changes its share and recomputes everything in it is outvoted. Numbers are big-endian.
 */
import { createHash, hash } from 'node:crypto';
import { encodeHeader, type ShareHeader } from './format.ts';
import { fragmentLength } from './reedsolomon.ts';
import { type ChunkPlace, SEALED_CHUNK_BYTES } from './seal.ts';

export const DIGEST_BYTES = 32;
const STRIPE_HEAD_BYTES = 5;
const STRIPE_FRAME_BYTES = STRIPE_HEAD_BYTES + DIGEST_BYTES;
const TRAILER_MAGIC = 'SKVT';
const TRAILER_HEAD_BYTES = 16;

export interface Stripe {
  readonly last: boolean;
  /** Length of the sealed chunk of which `fragment` is a part. */
  readonly sealedLength: number;
  readonly fragment: Buffer;
}

export interface Trailer {
  /** Sum of the sealed chunks' lengths. */
  readonly sealedBytes: number;
  readonly stripes: number;
  /** In the order of the indexes, 32 bytes each. */
  readonly shareDigests: readonly Buffer[];
  readonly keyDigests: readonly Buffer[];
}

export const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer');

/** Bytes of every stripe but the last. */
export const fullStripeBytes = (k: number): number => stripeBytes(SEALED_CHUNK_BYTES, k);

export const stripeBytes = (sealedLength: number, k: number): number =>
  STRIPE_FRAME_BYTES + fragmentLength(sealedLength, k);

export const trailerBytes = (n: number): number => TRAILER_HEAD_BYTES + (2 * n + 1) * DIGEST_BYTES;

/** Writes one share, piece by piece. */
export class ShareEncoder {
  readonly header: Buffer;
  readonly #headerDigest: Buffer;
  readonly #body: ReturnType<typeof createHash>;

  constructor(header: ShareHeader) {
    this.header = encodeHeader('share', header);
    this.#headerDigest = sha256(this.header);
    this.#body = createHash('sha256').update(this.header);
  }

  stripe(place: ChunkPlace, sealedLength: number, fragment: Uint8Array): readonly Uint8Array[] {
    const head = stripeHead(place.last, sealedLength);
    const digest = stripeDigest(this.#headerDigest, place.counter, head, fragment);
    this.#body.update(digest);
    return [head, fragment, digest];
  }

  /** Digest of the whole share; after the last stripe, once. */
  digest(): Buffer {
    return this.#body.digest();
  }

  trailer(trailer: Trailer): Buffer {
    const head = Buffer.alloc(TRAILER_HEAD_BYTES);
    head.write(TRAILER_MAGIC, 'latin1');
    head.writeBigUInt64BE(BigInt(trailer.sealedBytes), 4);
    head.writeUInt32BE(trailer.stripes, 12);
    const content = Buffer.concat([head, ...trailer.shareDigests, ...trailer.keyDigests]);
    return Buffer.concat([content, trailerDigest(this.#headerDigest, content)]);
  }
}

/** A stripe out of the bytes at its place (more may follow them), or undefined when they are damaged. */
export function parseStripe(headerDigest: Buffer, k: number, counter: number, bytes: Buffer): Stripe | undefined {
  if (bytes.length < STRIPE_FRAME_BYTES) return undefined;
  const last = bytes[0] === 1;
  const sealedLength = bytes.readUInt32BE(1);
  if (sealedLength > SEALED_CHUNK_BYTES || (!last && sealedLength !== SEALED_CHUNK_BYTES)) return undefined;
  const end = STRIPE_HEAD_BYTES + fragmentLength(sealedLength, k);
  if (bytes.length < end + DIGEST_BYTES) return undefined;
  const fragment = bytes.subarray(STRIPE_HEAD_BYTES, end);
  const digest = stripeDigest(headerDigest, counter, bytes.subarray(0, STRIPE_HEAD_BYTES), fragment);
  return digest.equals(bytes.subarray(end, end + DIGEST_BYTES)) ? { last, sealedLength, fragment } : undefined;
}

/** The trailer, or undefined when `bytes` are not exactly one. */
export function parseTrailer(headerDigest: Buffer, n: number, bytes: Buffer): Trailer | undefined {
  if (bytes.length !== trailerBytes(n) || bytes.toString('latin1', 0, 4) !== TRAILER_MAGIC) return undefined;
  const content = bytes.subarray(0, bytes.length - DIGEST_BYTES);
  if (!trailerDigest(headerDigest, content).equals(bytes.subarray(content.length))) return undefined;
  const digests = Array.from({ length: 2 * n }, (_, i) => {
    const start = TRAILER_HEAD_BYTES + i * DIGEST_BYTES;
    return Buffer.from(bytes.subarray(start, start + DIGEST_BYTES));
  });
  return {
    sealedBytes: Number(bytes.readBigUInt64BE(4)),
    stripes: bytes.readUInt32BE(12),
    shareDigests: digests.slice(0, n),
    keyDigests: digests.slice(n),
  };
}

function stripeHead(last: boolean, sealedLength: number): Buffer {
  const head = Buffer.alloc(STRIPE_HEAD_BYTES);
  head[0] = last ? 1 : 0;
  head.writeUInt32BE(sealedLength, 1);
  return head;
}

function stripeDigest(headerDigest: Buffer, counter: number, head: Uint8Array, fragment: Uint8Array): Buffer {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(counter);
  return createHash('sha256').update(headerDigest).update(number).update(head).update(fragment).digest();
}

const trailerDigest = (headerDigest: Buffer, content: Buffer): Buffer =>
  createHash('sha256').update(headerDigest).update(content).digest();
