/** Every kind of key this gateway has: what it is for, whose it is, on which curve. docs/keys.md tells the rest. */
import { ROLES, type Role, type SealRole } from '../message/roles.ts';
import type { Curve } from './raw.ts';

export type Purpose = 'sealing' | 'receipt' | 'audit';

export const PURPOSES: readonly Purpose[] = ['sealing', 'receipt', 'audit'];

export interface KeySlot {
  readonly purpose: Purpose;
  readonly role: Role;
}

export const CURVE: Readonly<Record<Purpose, Curve>> = { sealing: 'X25519', receipt: 'Ed25519', audit: 'Ed25519' };

/** Which process opens what is sealed to whom. */
export const OPENER: Readonly<Record<SealRole, Role>> = {
  sanitizer: 'sanitizer',
  'outlet-lgwan': 'outlet',
  admin: 'admin',
};

/** One slot holds one current key and any number of former ones. */
export const SLOTS: readonly KeySlot[] = [
  ...Object.values(OPENER).map((role) => ({ purpose: 'sealing', role }) as const),
  { purpose: 'receipt', role: 'sanitizer' },
  ...ROLES.map((role) => ({ purpose: 'audit', role }) as const),
];

export const sameSlot = (a: KeySlot, b: KeySlot): boolean => a.purpose === b.purpose && a.role === b.role;
