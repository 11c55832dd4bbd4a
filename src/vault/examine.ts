/** Looks at one object's records in one store, without any private key: are they intact, and what do they claim? */
import { createHash } from 'node:crypto';
import { agreementOf, isOf, MAX_HEADER_BYTES, parseHeader, type ShareHeader } from './format.ts';
import { type KeyShare, keyRecordDigest, MAX_KEY_RECORD_BYTES, parseKeyShare } from './keyshare.ts';
import {
  DIGEST_BYTES,
  fullStripeBytes,
  parseStripe,
  parseTrailer,
  sha256,
  stripeBytes,
  type Trailer,
  trailerBytes,
} from './share.ts';
import type { Store } from './store.ts';
import type { ObjectRef } from './vault.ts';

export type Condition =
  | 'good'
  | 'missing'
  /** Its own digests do not fit: bits rotted, or it was cut off or never finished. */
  | 'damaged'
  /** Consistent in itself, but the other stores remember another one, or it belongs elsewhere. */
  | 'changed'
  /** The store did not answer. */
  | 'unavailable';

export interface ShareView {
  readonly condition: Condition;
  readonly header?: ShareHeader;
  /** Readable also in a share whose stripes are damaged. */
  readonly trailer?: Trailer;
  readonly digest?: Buffer;
}

export interface KeyView {
  readonly condition: Condition;
  readonly keyShare?: KeyShare;
  readonly digest?: Buffer;
}

export interface StoreView {
  readonly store: Store;
  readonly share: ShareView;
  readonly key: KeyView;
}

export async function examine(store: Store, ref: ObjectRef): Promise<StoreView> {
  const unavailable = (): { condition: Condition } => ({ condition: 'unavailable' });
  const [share, key] = await Promise.all([
    examineShare(store, ref).catch(unavailable),
    examineKey(store, ref).catch(unavailable),
  ]);
  return { store, share, key };
}

async function examineKey(store: Store, ref: ObjectRef): Promise<KeyView> {
  const piece = await store.read({ objectId: ref.objectId, part: 'key' }, 0, MAX_KEY_RECORD_BYTES);
  if (piece === undefined) return { condition: 'missing' };
  const keyShare = parseKeyShare(piece.bytes);
  if (keyShare === undefined) return { condition: 'damaged' };
  if (!isOf(keyShare.header, ref)) return { condition: 'changed' };
  return { condition: 'good', keyShare, digest: keyRecordDigest(piece.bytes) };
}

async function examineShare(store: Store, ref: ObjectRef): Promise<ShareView> {
  const name = { objectId: ref.objectId, part: 'share' } as const;
  const begin = await store.read(name, 0, MAX_HEADER_BYTES);
  if (begin === undefined) return { condition: 'missing' };
  const parsed = parseHeader('share', begin.bytes);
  if (parsed === undefined) return { condition: 'damaged' };
  const { header, raw } = parsed;
  if (!isOf(header, ref)) return { condition: 'changed' };

  const headerDigest = sha256(raw);
  const trailerAt = begin.recordBytes - trailerBytes(header.n);
  const end = await store.read(name, Math.max(0, trailerAt), trailerBytes(header.n));
  const trailer = end && parseTrailer(headerDigest, header.n, end.bytes);
  if (trailer === undefined) return { condition: 'damaged', header };
  const digest = await digestOfBody(store, name, header, raw, trailerAt, trailer);
  return digest === undefined
    ? { condition: 'damaged', header, trailer }
    : { condition: 'good', header, trailer, digest };
}

/** Digest of the share, or undefined unless every stripe is intact and they fill the share to its trailer. */
async function digestOfBody(
  store: Store,
  name: { readonly objectId: string; readonly part: 'share' },
  { k }: ShareHeader,
  raw: Buffer,
  trailerAt: number,
  trailer: Trailer,
): Promise<Buffer | undefined> {
  const headerDigest = sha256(raw);
  const body = createHash('sha256').update(raw);
  let sealedBytes = 0;
  for (let counter = 0, at = raw.length; ; counter++) {
    const piece = await store.read(name, at, fullStripeBytes(k));
    const stripe = piece && parseStripe(headerDigest, k, counter, piece.bytes);
    if (piece === undefined || stripe === undefined) return undefined;
    const length = stripeBytes(stripe.sealedLength, k);
    body.update(piece.bytes.subarray(length - DIGEST_BYTES, length));
    sealedBytes += stripe.sealedLength;
    at += length;
    if (!stripe.last) continue;
    const fits = at === trailerAt && counter + 1 === trailer.stripes && sealedBytes === trailer.sealedBytes;
    return fits ? body.digest() : undefined;
  }
}

/** What a share says about all shares of the object; equal for shares of one writing. */
export function claimOf({ header, trailer }: ShareView): string | undefined {
  if (header === undefined || trailer === undefined) return undefined;
  const digests = [...trailer.shareDigests, ...trailer.keyDigests].map((digest) => digest.toString('hex'));
  return [agreementOf(header), trailer.sealedBytes, trailer.stripes, ...digests].join();
}
