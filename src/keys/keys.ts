/**
 * Where each key comes from and who may use it (docs/keys.md has the table).
 *
 * A process sees a `RoleKeys`: all public keys, and the private keys of its own role only. Nothing here hands out
 * another role's private key, and the supervisor gives each role's process only the files of that role.
 */
import type { KeyObject } from 'node:crypto';
import type { Role, SealRole } from '../message/roles.ts';

export interface PublicKey {
  /** First 16 hex digits of the SHA-256 of the raw 32 bytes. */
  readonly keyId: string;
  /** Raw 32 bytes: X25519 for sealing, Ed25519 for signing. */
  readonly raw: Uint8Array;
}

export interface RoleKeys {
  readonly role: Role;
  /** X25519 key to which objects for `role` are sealed now. */
  sealingKey(role: SealRole): PublicKey;
  /** Private X25519 key of this process's role. @throws GatewayError E_KEY_MISSING when it is another role's or not there. */
  openingKey(role: SealRole, keyId: string): KeyObject;
  /** Ed25519 key that signs receipts: sanitizer only. */
  receiptSigner(): { readonly keyId: string; readonly privateKey: KeyObject };
  /** Ed25519 public keys whose receipts the outlet trusts. */
  receiptVerifiers(): readonly PublicKey[];
  /** Ed25519 key with which this role signs its audit entries. */
  auditSigner(): { readonly keyId: string; readonly privateKey: KeyObject };
  auditVerifiers(): readonly (PublicKey & { readonly role: Role })[];
}
