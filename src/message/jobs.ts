/**
 * What crosses between a parent and its jailed child: plain data both ways. The parent believes none of the answers;
 * bytes go through the gate, the report through a strict schema.
 */
import type { Policy } from '../policy/policy.ts';
import type { SafeType } from './file-type.ts';
import type { BlockReason, HoldReason } from './outcome.ts';
import type { Report } from './report.ts';

/** Facts that we know ourselves, not from the message. */
export interface TrustedFacts {
  /** Our id of this message: shown to readers as 受付番号. */
  readonly messageId: string;
  readonly tenant: { readonly id: string; readonly name: string; readonly domains: readonly string[] };
  /** Our own host name, for Received and for Message-IDs that we make. */
  readonly gatewayHost: string;
  readonly reversePath: string;
  readonly recipients: readonly string[];
  readonly peerAddress: string;
  /** Unix time in milliseconds. */
  readonly receivedAtMs: number;
  readonly originalBytes: number;
  /** How the tenant's people reach those who can help; printed in the notice. */
  readonly contact: string;
}

/** Sanitize one message. The original's bytes travel beside this. */
export interface MessageJob {
  readonly kind: 'message';
  readonly facts: TrustedFacts;
  readonly policy: Policy;
  /** Parts that killed a child before: held without being opened. Key: AttachmentReport.path. */
  readonly holdParts: Readonly<Record<string, BlockReason>>;
  readonly passwords: readonly string[];
  /** 'any': a file from disk with LF line ends is read and the repair reported; over SMTP only 'crlf' arrives. */
  readonly lineEnds: 'crlf' | 'any';
}

/** Sanitize one document (offline command). Its bytes travel beside this. */
export interface DocumentJob {
  readonly kind: 'document';
  readonly untrustedName: string;
  readonly policy: Policy;
  readonly passwords: readonly string[];
}

/** The mail that could not be delivered: the notice's own facts are another message's. */
export interface NoticedMail {
  readonly messageId: string;
  readonly reversePath: string;
  readonly receivedAtMs: number;
}

/** Write a message from trusted facts alone. */
export interface NoticeJob {
  readonly kind: 'notice';
  readonly facts: TrustedFacts;
  readonly notice:
    | { readonly kind: 'message-held'; readonly reason: HoldReason }
    | {
        readonly kind: 'undeliverable';
        readonly about: NoticedMail;
        readonly failed: readonly { readonly recipient: string; readonly reply: string }[];
      }
    /** For its recipients: the next hop takes no mail of this size. */
    | { readonly kind: 'too-large'; readonly about: NoticedMail };
  /** Whom it goes to, and who stands in From. */
  readonly to: readonly string[];
  readonly from: string;
  readonly policyVersion: string;
}

/** Draw some pages of a document for another child. Its bytes travel beside this; the answer goes to that child. */
export interface PagesJob {
  readonly kind: 'pages';
  readonly policy: Policy;
  readonly passwords: readonly string[];
  /** Pages from … to - 1, counted from 0. */
  readonly from: number;
  readonly to: number;
  readonly timeMs: number;
  /** Budget of one page's picture. */
  readonly pageBytes: number;
}

export type ChildJob = MessageJob | DocumentJob | NoticeJob;

/** What the admin page shows of a message; sealed to the admin role. */
export interface Preview {
  readonly version: 1;
  readonly textBefore: string;
  readonly textAfter: string;
  readonly hiddenText: string;
}

export type ChildAnswer =
  /** `message` and `notice` jobs: our message in CRLF form, without receipt. `holdReason`: only a notice could be written. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array; readonly report: Report; readonly preview: Preview }
  | { readonly kind: 'document'; readonly files: readonly DraftFile[]; readonly report: Report };

export interface DraftFile {
  readonly name: string;
  readonly type: SafeType;
  readonly bytes: Uint8Array;
}
