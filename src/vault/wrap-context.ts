/** What binds a wrapped data key to its place: HPKE info is the role, aad is `tenant|objectId|kind`, both ASCII. */
import type { SealRole } from '../message/roles.ts';
import type { ObjectRef } from './vault.ts';
import type { Context } from './wrap.ts';

export const wrapContext = ({ tenant, objectId, kind }: ObjectRef, role: SealRole): Context => ({
  info: Buffer.from(role, 'ascii'),
  aad: Buffer.from(`${tenant}|${objectId}|${kind}`, 'ascii'),
});
