/** What is hashed and signed of an entry: the one definition that the writer and the verifier share. */
import { createHash } from 'node:crypto';
import type { Role } from '../message/roles.ts';

/** Separates these hashes from all others that the program makes. */
const DOMAIN = 'sekisho-audit-v1\n';

/** `previous` of a chain's first entry. */
export const GENESIS = '0'.repeat(64);

export interface EntryContent {
  readonly chain: string;
  readonly seq: number;
  readonly at: number;
  readonly tenant: string;
  readonly event: string;
  readonly messageId: string | null;
  /** Canonical JSON of the facts, as stored. */
  readonly facts: string;
  readonly previous: string;
}

export const chainName = (role: Role, instance: string, tenant: string): string => `${role}@${instance}/${tenant}`;

/** SHA-256 over the domain tag and the canonical JSON of the entry. Keys stand in their sorted order; facts are canonical already. */
export function entryHash(entry: EntryContent): Buffer {
  const text =
    `{"at":${entry.at},"chain":${JSON.stringify(entry.chain)},"event":${JSON.stringify(entry.event)},` +
    `"facts":${entry.facts},"messageId":${JSON.stringify(entry.messageId)},"previous":"${entry.previous}",` +
    `"seq":${entry.seq},"tenant":${JSON.stringify(entry.tenant)}}`;
  return createHash('sha256').update(DOMAIN).update(text).digest();
}
