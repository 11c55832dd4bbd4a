/**
 * SMTP out. The only code that opens a socket towards LGWAN, and it takes nothing but a `CheckedMessage`, which only
 * the receipt's verification makes (gate/receipt.ts).
 */
import type { CheckedMessage } from '../gate/receipt.ts';

export type RecipientResult =
  | { readonly kind: 'taken'; readonly recipient: string; readonly reply: string }
  | { readonly kind: 'later'; readonly recipient: string; readonly reply: string }
  | { readonly kind: 'refused'; readonly recipient: string; readonly reply: string };

export interface Hop {
  readonly host: string;
  readonly port: number;
}

export interface Outlet {
  /**
   * One SMTP transaction with reverse-path `<>` to those recipients of the message that have no answer yet (a subset of
   * `message.recipients`). Answers for each of them; an unreachable hop is 'later' for all.
   */
  deliver(tenant: string, message: CheckedMessage, recipients: readonly string[]): Promise<readonly RecipientResult[]>;
  /** The hop used for a tenant, for the intent in the audit log. */
  hopOf(tenant: string): Hop;
  /** Whether the next hop would take this address: MAIL <>, RCPT, QUIT; never DATA. */
  probe(tenant: string, address: string): Promise<'exists' | 'unknown' | 'undecided'>;
  close(): Promise<void>;
}
