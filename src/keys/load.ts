/** A role's view of the keys: every public key, and the private ones of its own folder. */
import type { KeyObject } from 'node:crypto';
import { GatewayError } from '../message/errors.ts';
import type { Role, SealRole } from '../message/roles.ts';
import { currentOf, type PublicEntry, publicFile, readPublicKeys } from './directory.ts';
import type { PublicKey, RoleKeys } from './keys.ts';
import { type PrivateEntry, readPrivateKeys } from './private.ts';
import { type KeySlot, OPENER, sameSlot } from './purposes.ts';

/**
 * Reads public.json and the role's own folder, no other file.
 * @throws GatewayError E_KEY_MISSING, E_KEY_UNREADABLE
 */
export function loadRoleKeys(dataDir: string, role: Role): RoleKeys {
  return roleKeys(role, readPublicKeys(publicFile(dataDir)), readPrivateKeys(dataDir, role));
}

/** Receipt keys out of a public.json, for whoever verifies without a data folder. */
export const loadReceiptVerifiers = (file: string): readonly PublicKey[] =>
  readPublicKeys(file).filter(({ purpose }) => purpose === 'receipt');

/** @param own private keys of `role`; entries of other roles are not served. */
export function roleKeys(role: Role, entries: readonly PublicEntry[], own: readonly PrivateEntry[]): RoleKeys {
  const privateKey = (slot: KeySlot, keyId: string): KeyObject => {
    const found = own.find((candidate) => candidate.keyId === keyId && sameSlot(candidate, slot));
    if (slot.role !== role || found === undefined) throw missing(slot, role, keyId);
    return found.key;
  };
  const current = (slot: KeySlot): PublicEntry => {
    const found = currentOf(entries, slot);
    if (found === undefined) throw missing(slot, role);
    return found;
  };
  const signer = (slot: KeySlot): { readonly keyId: string; readonly privateKey: KeyObject } => {
    if (slot.role !== role) throw missing(slot, role);
    const { keyId } = current(slot);
    return { keyId, privateKey: privateKey(slot, keyId) };
  };

  return {
    role,
    sealingKey: (to: SealRole) => current({ purpose: 'sealing', role: OPENER[to] }),
    openingKey: (to, keyId) => privateKey({ purpose: 'sealing', role: OPENER[to] }, keyId),
    receiptSigner: () => signer({ purpose: 'receipt', role: 'sanitizer' }),
    receiptVerifiers: () => entries.filter(({ purpose }) => purpose === 'receipt'),
    auditSigner: () => signer({ purpose: 'audit', role }),
    auditVerifiers: () => entries.filter(({ purpose }) => purpose === 'audit'),
  };
}

function missing({ purpose, role: owner }: KeySlot, role: Role, keyId?: string): GatewayError {
  const why =
    owner === role ? 'it is not in the keys folder: restore it from backup' : `the ${role} role has no right to it`;
  const details = { purpose, owner, role, ...(keyId === undefined ? {} : { keyId }) };
  return new GatewayError('E_KEY_MISSING', `${purpose} key of ${owner}: ${why}`, details);
}
