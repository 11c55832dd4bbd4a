/**
 * Keys that live in memory only, for runs that leave nothing behind: `sekisho sanitize` signs with them (no outlet
 * trusts their receipts), and tests seal with them.
 */
import type { Role } from '../message/roles.ts';
import type { RoleKeys } from './keys.ts';
import { roleKeys } from './load.ts';
import type { PrivateEntry } from './private.ts';
import { CURVE, SLOTS } from './purposes.ts';
import { generate, publicKeyOf } from './raw.ts';

/** A full set of fresh keys; ask for the view of each role. */
export function temporaryKeys(now: Date = new Date()): (role: Role) => RoleKeys {
  const own: PrivateEntry[] = SLOTS.map((slot) => {
    const key = generate(CURVE[slot.purpose]);
    return { ...slot, keyId: publicKeyOf(key).keyId, file: '', key };
  });
  const entries = own.map(({ purpose, role, key }) => ({
    purpose,
    role,
    ...publicKeyOf(key),
    madeAt: now.toISOString(),
  }));
  return (role) =>
    roleKeys(
      role,
      entries,
      own.filter((entry) => entry.role === role),
    );
}
