/** How one part of a message ended (design.md §2 «Words») and why, as values. */

/** Reasons a part is blocked. Each has a sentence for the reader in texts.ts and a fixture that shows it. */
export const BLOCK_REASONS = [
  'executable',
  'script',
  'macro',
  'office',
  'archive',
  'nested-mail',
  'media',
  'encrypted',
  'signed-data',
  'unsupported-image',
  'unsupported-type',
  'malformed',
  'limit-exceeded',
  'dynamic-form',
  'encoding-unknown',
  'fragment',
  'remote-content',
  'timeout',
  'sanitizer-failed',
] as const;

export type BlockReason = (typeof BLOCK_REASONS)[number];

/** Ends of a part. `blocked` carries its reason beside it. */
export type PartOutcome = 'rebuilt' | 'pdf' | 'text' | 'image' | 'waiting-for-password' | 'blocked';

/** Things that were in the original and are not in the result. Each has a sentence in texts.ts. */
export const REMOVALS = [
  'formula',
  'script',
  'action',
  'form',
  'embedded-file',
  'annotation',
  'link',
  'remote-image',
  'tracking-pixel',
  'hidden-text',
  'control-characters',
  'bidi-controls',
  'metadata',
  'animation',
  'signature',
  'alternative-body',
  'layer',
  'unmapped-characters',
  'failed-page',
  'encoded-block',
  'empty-file',
] as const;

export interface Removal {
  readonly what: (typeof REMOVALS)[number];
  /** At least 1. */
  readonly count: number;
}

/** Whole messages that are held: a notice goes on in their place. */
export const HOLD_REASONS = [
  'fragment',
  'remote-content',
  'limit-exceeded',
  'unexplained-bytes',
  'unreadable',
  'sanitizer-failed',
  'timeout',
  'gate-refused',
  'original-lost',
] as const;

export type HoldReason = (typeof HOLD_REASONS)[number];
