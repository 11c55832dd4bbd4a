/** Municipalities: whose address this is, whether it exists, and which policy it falls under. */
import type { Route } from '../message/envelope.ts';

export type RecipientVerdict =
  | { readonly kind: 'known'; readonly tenant: string; readonly policy: string; readonly address: string }
  /** 550 5.7.1: no tenant has this domain. */
  | { readonly kind: 'relay' }
  /** 550 5.1.1 */
  | { readonly kind: 'unknown' }
  /** 451 4.4.3: we cannot know in time. */
  | { readonly kind: 'undecided' };

export interface Tenants {
  /** @param address local part and domain as accepted by intake/address.ts; compared in exact ASCII lower case. */
  check(address: string): Promise<RecipientVerdict>;
  /** Recipients grouped by (tenant, effective policy), in order of first mention. All must be known. */
  routesOf(recipients: readonly string[]): readonly Route[];
}
