/**
 * Raw 32-byte keys and Node's KeyObjects: X25519 (RFC 7748) and Ed25519 (RFC 8032), wrapped as RFC 8410 says.
 * An Ed25519 or X25519 key in DER is a fixed prefix and the 32 bytes, so no ASN.1 reader is needed.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import type { PublicKey } from './keys.ts';

export type Curve = 'X25519' | 'Ed25519';

export const RAW_BYTES = 32;

/** RFC 8410 §4 and §7: SubjectPublicKeyInfo and PKCS#8 up to the key's own bytes. */
const PREFIX: Readonly<Record<Curve, { readonly spki: Buffer; readonly pkcs8: Buffer }>> = {
  X25519: prefix('302a300506032b656e032100', '302e020100300506032b656e04220420'),
  Ed25519: prefix('302a300506032b6570032100', '302e020100300506032b657004220420'),
};

function prefix(spki: string, pkcs8: string): { readonly spki: Buffer; readonly pkcs8: Buffer } {
  return { spki: Buffer.from(spki, 'hex'), pkcs8: Buffer.from(pkcs8, 'hex') };
}

/** First 16 hex digits of the SHA-256 of the raw key: long enough to tell keys apart, and no secret. */
export const keyIdOf = (raw: Uint8Array): string => createHash('sha256').update(raw).digest('hex').slice(0, 16);

const publicHalves = new WeakMap<KeyObject, PublicKey>();

/** The public half of a private or public key, raw. */
export function publicKeyOf(key: KeyObject): PublicKey {
  const known = publicHalves.get(key) ?? derivePublicKey(key);
  publicHalves.set(key, known);
  return known;
}

function derivePublicKey(key: KeyObject): PublicKey {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  // As JWK (RFC 8037): OpenSSL's encoder, which writes DER, takes thirty times longer, and every mail makes such keys.
  const raw = new Uint8Array(Buffer.from(half.export({ format: 'jwk' }).x ?? '', 'base64url'));
  return { keyId: keyIdOf(raw), raw };
}

export function publicKeyObject(curve: Curve, raw: Uint8Array): KeyObject {
  if (raw.length !== RAW_BYTES) throw new RangeError(`a raw ${curve} key has ${RAW_BYTES} bytes, not ${raw.length}`);
  return createPublicKey({ key: Buffer.concat([PREFIX[curve].spki, raw]), format: 'der', type: 'spki' });
}

/** @param raw 32 secret bytes: an X25519 scalar or an Ed25519 seed. */
export function privateKeyObject(curve: Curve, raw: Uint8Array): KeyObject {
  if (raw.length !== RAW_BYTES) throw new RangeError(`a raw ${curve} key has ${RAW_BYTES} bytes, not ${raw.length}`);
  return createPrivateKey({ key: Buffer.concat([PREFIX[curve].pkcs8, raw]), format: 'der', type: 'pkcs8' });
}

export function generate(curve: Curve): KeyObject {
  return curve === 'X25519' ? generateKeyPairSync('x25519').privateKey : generateKeyPairSync('ed25519').privateKey;
}

export const curveOf = (key: KeyObject): string =>
  key.asymmetricKeyType === 'x25519' ? 'X25519' : key.asymmetricKeyType === 'ed25519' ? 'Ed25519' : 'another kind';

/**
 * Secret bytes as node:crypto likes them best: given plain bytes, each cipher and derivation of Node 24 makes and drops
 * an exception with its stack before it looks at them (14 µs, about twenty times a mail).
 */
export const secretKey = (bytes: Uint8Array): KeyObject => createSecretKey(bytes);
