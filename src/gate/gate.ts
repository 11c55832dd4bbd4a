/**
 * The last check before LGWAN, parent's half: MIME grammar of our own output (gate/grammar.ts), the inspector's verdict
 * on each file, then the receipt. Nothing else in the program signs one.
 *
 * Promises: `pass` answers 'passed' only when (a) every byte of the draft fits the grammar, (b) the inspector, asked in
 * a process of its own, found no problem in any leaf, (c) the receipt was signed over exactly these bytes. Every other
 * case, time-out and crash included, is 'refused'; there is no third way.
 */
import type { Jail } from '../jail/jail.ts';
import type { RoleKeys } from '../keys/keys.ts';
import type { ReceiptFacts } from './receipt.ts';

export type GateVerdict =
  /** The message with its receipt on top: what the outlet will send, byte for byte. */
  | { readonly kind: 'passed'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'refused';
      readonly by: 'grammar' | 'inspector' | 'inspector-failed';
      readonly problems: readonly string[];
    };

export interface GateDeps {
  readonly jail: Pick<Jail, 'inspect'>;
  readonly keys: Pick<RoleKeys, 'receiptSigner'>;
}

export type Pass = (deps: GateDeps, draft: Uint8Array, facts: ReceiptFacts, deadlineMs: number) => Promise<GateVerdict>;
