/**
 * Sealing: chunked AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015), as age does it.
 * Chunks of 1 MiB, each followed by its 16-byte tag; the last one is 0 to 1 MiB long, empty only in an empty object.
 * Nonce: 11 bytes chunk counter, big-endian, then 1 for the last chunk, else 0. The data key is fresh for each object,
 * so counting from 0 never repeats a nonce. Associated data: `tenant|objectId|kind|1` in ASCII. A chunk moved, swapped
 * between objects, left out or cut off at the end does not open.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { secretKey } from '../keys/raw.ts';
import { FORMAT_VERSION } from './format.ts';
import type { ObjectRef } from './vault.ts';

export const CHUNK_BYTES = 1 << 20;
export const TAG_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
export const DATA_KEY_BYTES = 32;

export interface ChunkPlace {
  /** Counted from 0. */
  readonly counter: number;
  readonly last: boolean;
}

export const chunkData = ({ tenant, objectId, kind }: ObjectRef): Buffer =>
  Buffer.from(`${tenant}|${objectId}|${kind}|${FORMAT_VERSION}`, 'ascii');

/** Ciphertext with its tag behind it. */
export function sealChunk(dataKey: Uint8Array, associated: Uint8Array, place: ChunkPlace, clear: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', secretKey(dataKey), nonce(place)).setAAD(associated);
  return Buffer.concat([cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
}

/** Clear bytes, or undefined when they are not authentic. */
export function openChunk(
  dataKey: Uint8Array,
  associated: Uint8Array,
  place: ChunkPlace,
  sealed: Uint8Array,
): Buffer | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', secretKey(dataKey), nonce(place)).setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const clear = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  try {
    decipher.final();
    return clear;
  } catch {
    return undefined;
  }
}

function nonce({ counter, last }: ChunkPlace): Buffer {
  const bytes = Buffer.alloc(12);
  // Objects are far below 2^32 chunks (4 PiB): the upper seven bytes of the counter stay 0.
  bytes.writeUInt32BE(counter, 7);
  bytes[11] = last ? 1 : 0;
  return bytes;
}
