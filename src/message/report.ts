/** `report.json`: what came, what became of it. Published schema: docs/report.schema.json (generated from config/report-schema.ts). */
import type { FileType, SafeType } from './file-type.ts';
import type { BlockReason, HoldReason, PartOutcome, Removal } from './outcome.ts';

/** The message as a whole. */
export type Verdict =
  | { readonly kind: 'sanitized' }
  /** Something in it is held (blocked or waiting for a password). */
  | { readonly kind: 'sanitized-with-hold' }
  /** Nothing of it goes on; a notice does. */
  | { readonly kind: 'held'; readonly reason: HoldReason };

export interface LinkReport {
  /** What the reader of the original saw, at most 200 characters. */
  readonly untrustedText: string;
  /** Where it led: scheme and host as shown in the result, IDN in A-labels. */
  readonly target: string;
  readonly suspicion: readonly ('text-differs' | 'punycode' | 'ip-address' | 'local-path' | 'scheme')[];
}

export interface BodyReport {
  /** Charset as labelled ('' when missing) and as used. */
  readonly declaredCharset: string;
  readonly charset: string;
  readonly source: 'plain' | 'html' | 'none';
  readonly links: readonly LinkReport[];
  /** Text the reader of the original would not have seen; at most 2,000 characters. */
  readonly hiddenText: string;
  readonly removed: readonly Removal[];
}

export interface OutputReport {
  readonly name: string;
  /** Where it stands in the archive that was written of the outermost container; absent for an attachment of its own. */
  readonly archivePath?: string;
  readonly type: SafeType;
  readonly bytes: number;
  /** SHA-256 in lower-case hex. */
  readonly sha256: string;
  /** Pages of a PDF, frames of an image; absent for text. */
  readonly pages?: number;
}

export interface AttachmentReport {
  /** Position in the MIME tree, like '2' or '2.1', and in files of files, like '2/3'; also the key of `holdParts`. */
  readonly path: string;
  readonly untrustedName: string;
  readonly declaredType: string;
  readonly detectedType: FileType;
  readonly bytes: number;
  readonly sha256: string;
  readonly outcome: PartOutcome;
  readonly reason?: BlockReason;
  /** For the operator: what exactly was wrong, at most 500 characters. */
  readonly detail?: string;
  /** Files found in it when it was opened; each has an entry of its own under `path/1`, `path/2` … */
  readonly members?: number;
  readonly outputs: readonly OutputReport[];
  readonly removed: readonly Removal[];
  /** Links that can no longer be clicked; absent when there were none. */
  readonly links?: readonly LinkReport[];
}

export interface Report {
  readonly version: 1;
  readonly verdict: Verdict;
  /** The original's header facts, decoded and cleaned for display; each at most 1,000 characters. */
  readonly header: {
    readonly subject: string;
    readonly from: string;
    readonly to: string;
    readonly cc: string;
    readonly date: string;
    readonly messageId: string;
  };
  readonly body: BodyReport;
  readonly attachments: readonly AttachmentReport[];
  /** Deviations found in the MIME structure, as stable words like 'duplicate-boundary', with a count. */
  readonly defects: readonly { readonly what: string; readonly count: number }[];
  /** Names of limits that were met. */
  readonly limits: readonly string[];
  readonly versions: {
    readonly gateway: string;
    readonly policy: string;
    readonly engines: Readonly<Record<string, string>>;
  };
  /** Milliseconds a step took. */
  readonly timings: Readonly<Record<string, number>>;
}
