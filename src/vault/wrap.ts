/**
 * Wrapping the data key to a role: HPKE base mode, single shot (RFC 9180 §6.1), DHKEM(X25519, HKDF-SHA256),
 * HKDF-SHA256, AES-256-GCM, on node:crypto. Result: enc (32 bytes) and ciphertext with tag (secret + 16).
 * AES-128-GCM is here for the RFC's own test vectors only: A.1 is the suite nearest to ours.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { publicKeyObject, publicKeyOf, secretKey } from '../keys/raw.ts';

export interface Aead {
  /** RFC 9180 §7.3. */
  readonly id: number;
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm';
  readonly keyBytes: number;
}

export const AES_256_GCM: Aead = { id: 0x0002, cipher: 'aes-256-gcm', keyBytes: 32 };
export const AES_128_GCM: Aead = { id: 0x0001, cipher: 'aes-128-gcm', keyBytes: 16 };

export const ENC_BYTES = 32;
const TAG_BYTES = 16;

/** RFC 9180 §4.1: suite_id of DHKEM(X25519, HKDF-SHA256). */
const KEM_SUITE = Buffer.from('4b454d0020', 'hex');
const VERSION = Buffer.from('HPKE-v1', 'ascii');
const MODE_BASE = 0x00;
const EMPTY = Buffer.alloc(0);

export interface Context {
  /** HPKE info: the role's name, ASCII. */
  readonly info: Uint8Array;
  readonly aad: Uint8Array;
}

/** @param ephemeral a fresh X25519 key; given by tests that need the same result twice */
export function wrap(
  recipientRaw: Uint8Array,
  context: Context,
  secret: Uint8Array,
  ephemeral: KeyObject = generateKeyPairSync('x25519').privateKey,
  aead: Aead = AES_256_GCM,
): Uint8Array {
  const enc = publicKeyOf(ephemeral).raw;
  const dh = diffieHellman({ privateKey: ephemeral, publicKey: recipientKey(recipientRaw) });
  const { key, nonce } = schedule(sharedSecret(dh, enc, recipientRaw), context.info, aead);
  const cipher = createCipheriv(aead.cipher, secretKey(key), nonce).setAAD(context.aad);
  return Buffer.concat([enc, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
}

/** The secret, or undefined when it was not wrapped to this key in this context, or was changed. */
export function unwrap(
  privateKey: KeyObject,
  recipientRaw: Uint8Array,
  context: Context,
  wrapped: Uint8Array,
  aead: Aead = AES_256_GCM,
): Uint8Array | undefined {
  if (wrapped.length < ENC_BYTES + TAG_BYTES) return undefined;
  const enc = wrapped.subarray(0, ENC_BYTES);
  try {
    // Refuses points of small order: OpenSSL fails on an all-zero result (RFC 9180 §7.1.4).
    const dh = diffieHellman({ privateKey, publicKey: publicKeyObject('X25519', enc) });
    const { key, nonce } = schedule(sharedSecret(dh, enc, recipientRaw), context.info, aead);
    const decipher = createDecipheriv(aead.cipher, secretKey(key), nonce).setAAD(context.aad);
    decipher.setAuthTag(wrapped.subarray(wrapped.length - TAG_BYTES));
    return Buffer.concat([decipher.update(wrapped.subarray(ENC_BYTES, wrapped.length - TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** RFC 9180 §4.1 Encap/Decap: ExtractAndExpand(dh, enc || pkRm). */
function sharedSecret(dh: Uint8Array, enc: Uint8Array, recipientRaw: Uint8Array): Buffer {
  const ikm = labeledIkm(KEM_SUITE, 'eae_prk', dh);
  return hkdf(ikm, EMPTY, labeledInfo(KEM_SUITE, 'shared_secret', Buffer.concat([enc, recipientRaw]), 32), 32);
}

/** RFC 9180 §5.1 KeySchedule with mode_base: psk and psk_id are empty. */
function schedule(shared: Uint8Array, info: Uint8Array, aead: Aead): { readonly key: Buffer; readonly nonce: Buffer } {
  const suite = Buffer.from([...Buffer.from('HPKE'), 0x00, 0x20, 0x00, 0x01, aead.id >> 8, aead.id & 0xff]);
  const context = scheduleContext(suite, info);
  const ikm = labeledIkm(suite, 'secret', EMPTY);
  const expand = (label: string, length: number): Buffer =>
    hkdf(ikm, shared, labeledInfo(suite, label, context, length), length);
  return { key: expand('key', aead.keyBytes), nonce: expand('base_nonce', 12) };
}

/** key_schedule_context by suite and info: there are as many as roles. */
const contexts = new Map<string, Buffer>();

function scheduleContext(suite: Buffer, info: Uint8Array): Buffer {
  const name = Buffer.concat([suite, info]).toString('latin1');
  let context = contexts.get(name);
  if (context === undefined) {
    const pskIdHash = extract(EMPTY, labeledIkm(suite, 'psk_id_hash', EMPTY));
    context = Buffer.concat([
      Buffer.from([MODE_BASE]),
      pskIdHash,
      extract(EMPTY, labeledIkm(suite, 'info_hash', info)),
    ]);
    contexts.set(name, context);
  }
  return context;
}

/** What LabeledExtract hashes (RFC 9180 §4). */
const labeledIkm = (suite: Uint8Array, label: string, ikm: Uint8Array): Buffer =>
  Buffer.concat([VERSION, suite, Buffer.from(label, 'ascii'), ikm]);

/** What LabeledExpand hashes (RFC 9180 §4). */
const labeledInfo = (suite: Uint8Array, label: string, info: Uint8Array, length: number): Buffer =>
  Buffer.concat([Buffer.from([0, length]), VERSION, suite, Buffer.from(label, 'ascii'), info]);

/** RFC 5869: Extract and Expand in one call. */
const hkdf = (ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secretKey(ikm), salt, info, length));

const extract = (salt: Uint8Array, ikm: Uint8Array): Buffer => createHmac('sha256', salt).update(ikm).digest();

/** The recipients are the few keys of our own roles: parsing each once saves 30 µs a mail. */
const recipients = new Map<string, KeyObject>();

function recipientKey(raw: Uint8Array): KeyObject {
  const name = Buffer.from(raw).toString('latin1');
  let key = recipients.get(name);
  if (key === undefined) {
    key = publicKeyObject('X25519', raw);
    recipients.set(name, key);
  }
  return key;
}
