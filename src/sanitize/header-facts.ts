/** What a message's header said, as data: read in mime/facts.ts, written anew by compose.ts. */
import type { UntrustedMailbox } from './header-fields.ts';

/** What the original's header said: decoded, duplicates resolved, otherwise as the sender wrote it. */
export interface HeaderFacts {
  readonly subject: string;
  readonly from: readonly UntrustedMailbox[];
  readonly to: readonly UntrustedMailbox[];
  readonly cc: readonly UntrustedMailbox[];
  readonly replyTo: readonly UntrustedMailbox[];
  /** The Date field's value, '' when missing. */
  readonly date: string;
  /** With angle brackets as it stands there; an unusable id is replaced here and dropped below. */
  readonly messageId: string;
  /** May name several; the first usable one is kept. */
  readonly inReplyTo: string;
  readonly references: readonly string[];
}
