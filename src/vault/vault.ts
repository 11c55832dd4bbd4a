/**
 * The vault: sealed objects, secret-shared over stores (design.md §6). It is also the spool.
 *
 * Promises: `finish` resolves only when every store has synced the object's share and key share and their folders
 * (a store declared down is left out, with k of n enough); before `finish` is called nothing of the object is visible
 * to `open`, and when it fails everything is removed again.
 * `open` yields only authenticated bytes; a tampered or lost share is replaced by others while k are left, otherwise it
 * throws E_OBJECT_TAMPERED or E_OBJECT_MISSING. Clear bytes exist in memory only.
 */

import type { SealRole } from '../message/roles.ts';

export type ObjectKind = 'original' | 'sanitized' | 'preview';

export interface ObjectRef {
  /** An id of message/ids.ts. */
  readonly objectId: string;
  readonly tenant: string;
  readonly kind: ObjectKind;
}

export interface StoredObject extends ObjectRef {
  readonly sealedTo: SealRole;
  /** Length and SHA-256 (lower-case hex) of the clear bytes. */
  readonly bytes: number;
  readonly sha256: string;
}

export interface VaultWriter {
  /** Resolves when it is good to write more (back-pressure). Rejects with E_STORE_UNAVAILABLE or E_STORE_FULL. */
  write(chunk: Uint8Array): Promise<void>;
  /** Seals the last chunk, writes trailers and key shares, syncs everything. */
  finish(): Promise<StoredObject>;
  /** Removes what was written; safe to call at any time, also after a failure. */
  abort(): Promise<void>;
}

export interface Vault {
  create(ref: ObjectRef, sealTo: SealRole): Promise<VaultWriter>;
  /** `create`, one `write`, `finish`. */
  put(ref: ObjectRef, sealTo: SealRole, bytes: Uint8Array): Promise<StoredObject>;
  /** Clear bytes in authenticated chunks of at most 1 MiB. Needs the role's private key in this process. */
  open(ref: ObjectRef, sealedTo: SealRole): AsyncIterable<Uint8Array>;
  /** All of `open` in one buffer. @throws GatewayError E_OBJECT_TAMPERED when length or sha256 differ from `expected`. */
  read(object: StoredObject): Promise<Uint8Array>;
  /** Deletes key shares, then shares, in every store (crypto-erase). Repeating it is harmless. */
  erase(ref: Pick<ObjectRef, 'objectId'>): Promise<void>;
}
