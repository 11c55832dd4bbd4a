/**
 * The audit log: one hash chain per (writing process, tenant), each entry signed by the writing role's audit key.
 *
 * Promises: an entry is appended in the transaction of what it tells, so neither exists without the other; entries are
 * never changed. hash = SHA-256 over a domain tag and the canonical JSON of (chain, seq, at, tenant, event, messageId,
 * facts, previous); the first entry's `previous` is 64 zeros.
 */
import type { Tx } from '../database/database.ts';

export type AuditEvent =
  | 'accepted'
  | 'sanitized'
  | 'held'
  | 'gate-refused'
  | 'jail-failed'
  | 'original-lost'
  | 'door-refused'
  | 'delivery-intended'
  | 'delivered'
  | 'deferred'
  | 'refused'
  | 'undeliverable'
  | 'expired'
  | 'notice-queued'
  | 'address-probed'
  | 'preview-read'
  | 'vault-repaired'
  | 'orphans-erased'
  | 'started'
  | 'stopped';

export interface AuditFact {
  readonly tenant: string;
  readonly event: AuditEvent;
  readonly messageId: string | null;
  /** Unix ms. */
  readonly at: number;
  /** Small and flat; no body text, no passwords. */
  readonly facts: Readonly<Record<string, string | number | readonly string[]>>;
}

export interface AuditLog {
  append(tx: Tx, fact: AuditFact): Promise<void>;
}
