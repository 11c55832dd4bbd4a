/**
 * Writes the audit log. The end of the chain is read inside the caller's transaction, so a rollback leaves nothing to
 * repair and two processes of one name cannot fork a chain: (chain, seq) is unique.
 */
import { sign } from 'node:crypto';
import { CompiledQuery } from 'kysely';
import type { Tx } from '../database/database.ts';
import type { RoleKeys } from '../keys/keys.ts';
import { canonicalJson } from '../message/canonical.ts';
import type { Role } from '../message/roles.ts';
import type { AuditFact, AuditLog } from './audit.ts';
import { chainName, entryHash, GENESIS } from './entry.ts';

export interface AuditOptions {
  readonly role: Role;
  /** Name of this machine among several (`instance` of the settings). */
  readonly instance: string;
  readonly keys: Pick<RoleKeys, 'auditSigner'>;
}

// Written out, since every mail appends several: Kysely would spend longer building them than SQLite running them.
const LAST = 'select seq, hash from audit_entry where chain = ? order by seq desc limit 1';
const APPEND = `
  insert into audit_entry (chain, seq, at, tenant, event, message_id, facts, previous, hash, key_id, signature)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

interface Link {
  readonly seq: number;
  readonly hash: string;
}

/** @throws GatewayError E_KEY_MISSING when this role has no audit key. */
export function openAudit({ role, instance, keys }: AuditOptions): AuditLog {
  const { keyId, privateKey } = keys.auditSigner();

  return {
    async append(tx: Tx, fact: AuditFact): Promise<void> {
      const chain = chainName(role, instance, fact.tenant);
      const last = await lastOf(tx, chain);
      const { tenant, event, messageId, at } = fact;
      const facts = canonicalJson(fact.facts);
      const { seq, previous } = { seq: last.seq + 1, previous: last.hash };
      const hash = entryHash({ chain, seq, at, tenant, event, messageId, facts, previous });
      const signature = sign(null, hash, privateKey).toString('base64');
      await tx.executeQuery(
        CompiledQuery.raw(APPEND, [
          chain,
          seq,
          at,
          tenant,
          event,
          messageId,
          facts,
          previous,
          hash.toString('hex'),
          keyId,
          signature,
        ]),
      );
    },
  };
}

async function lastOf(tx: Tx, chain: string): Promise<Link> {
  const { rows } = await tx.executeQuery(CompiledQuery.raw(LAST, [chain]) as CompiledQuery<Link>);
  return rows[0] ?? { seq: 0, hash: GENESIS };
}
