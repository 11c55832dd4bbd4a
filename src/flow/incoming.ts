/** What intake hands to the first use case: everything known about one SMTP transaction whose bytes are in the vault. */
import type { Envelope, Origin, Route } from '../message/envelope.ts';
import type { StoredObject } from '../vault/vault.ts';

export interface Incoming {
  readonly envelope: Envelope;
  readonly origin: Origin;
  /** Recipients by (tenant, policy); each becomes a message of its own. */
  readonly routes: readonly Route[];
  /** One sealed original per tenant of `routes`. */
  readonly originals: ReadonlyMap<string, StoredObject>;
  /** Bare CR or LF that were rewritten because the configuration says `normalize`. */
  readonly bareLineEndsFixed: number;
}

/** Resolves with the new messages' ids when they survive a power cut; only then may the peer read 250 (RFC 5321 §6.1). */
export type Accept = (incoming: Incoming) => Promise<readonly string[]>;
