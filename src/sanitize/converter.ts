/**
 * The one contract every converter of untrusted content implements.
 *
 * A converter takes the bytes of ONE file and answers with files that were built anew, or with the reason why that was
 * not possible. It never edits the original in place, never touches disk, network, clock or environment, and never
 * answers "unchanged". It may throw: the registry turns every surprise into `blocked` (the only place that fails closed).
 */
import type { FileType, SafeType } from '../message/file-type.ts';
import type { BlockReason, PartOutcome, Removal } from '../message/outcome.ts';
import type { LinkReport } from '../message/report.ts';
import type { Policy } from '../policy/policy.ts';

/** One file out of a message. All fields come from the sender: trust none of them. */
export interface UntrustedFile {
  /** What `detect` found by looking at the bytes; never taken from a name. */
  readonly type: FileType;
  /** Decoded file name, any Unicode. For names of outputs and for reports only. */
  readonly untrustedName: string;
  /** Charset label of the part, '' when there was none. Only text formats look at it. */
  readonly untrustedCharset: string;
  readonly bytes: Uint8Array;
}

declare const builtByUs: unique symbol;

/** Bytes that came out of one of our encoders. The brand keeps untrusted bytes from being passed on by accident. */
export type BuiltBytes = Uint8Array & { readonly [builtByUs]: true };

/** The only place where bytes become "built by us". Call it on output of an encoder, never on input. */
export const built = (bytes: Uint8Array): BuiltBytes => bytes as BuiltBytes;

export interface SafeFile {
  readonly type: SafeType;
  /** Stem without extension, still as the sender wrote it; compose.ts cleans it and adds the extension of `type`. */
  readonly untrustedStem: string;
  readonly bytes: BuiltBytes;
  readonly pages?: number;
}

export type Conversion =
  | {
      readonly kind: 'converted';
      readonly outcome: Exclude<PartOutcome, 'blocked' | 'waiting-for-password'>;
      readonly files: readonly SafeFile[];
      /** Files found in it beside what it shows, like a PDF's attachments: each goes its own way, one level deeper. */
      readonly entries?: readonly InnerFile[];
      /** Links in it that can no longer be clicked, at most 200 (body/links.ts). */
      readonly links?: readonly LinkReport[];
      readonly removed: readonly Removal[];
      /** Names of limits that were met on the way, like 'maxPages'. */
      readonly limits?: readonly string[];
      readonly detail?: string;
    }
  /** A file of files: each entry goes its own way through detection and conversion, one level deeper. */
  | {
      readonly kind: 'container';
      readonly entries: readonly InnerFile[];
      /** What it says itself, like the text of a mail. */
      readonly files: readonly SafeFile[];
      /** How it ends when something of it goes on. */
      readonly outcome: 'rebuilt' | 'text';
      /** Names what is written of it as a whole. */
      readonly untrustedStem: string;
      readonly removed: readonly Removal[];
      readonly limits?: readonly string[];
      readonly detail?: string;
    }
  | Held;

export type Held =
  | { readonly kind: 'blocked'; readonly reason: BlockReason; readonly detail: string }
  | { readonly kind: 'waiting-for-password'; readonly detail: string };

export const blocked = (reason: BlockReason, detail: string): Held => ({ kind: 'blocked', reason, detail });

/** A file found in another one. All fields come from the sender. */
export interface InnerFile {
  /** As the container has it, folders included (`/` or `\\` between them). */
  readonly untrustedName: string;
  /** Where it is named differently in several places: the others. */
  readonly otherUntrustedNames: readonly string[];
  readonly untrustedCharset: string;
  readonly declaredType: string;
  /** How much deeper than its container it lies; at least 1. */
  readonly levels: number;
  /** Its bytes, or why they cannot be had. Called once, right before the file is looked at; may throw. */
  open(limits: OpenLimits): Uint8Array | Held;
}

export interface OpenLimits {
  /** More than this is not to be unpacked. */
  readonly maxBytes: number;
  /** True when time is up; long loops ask. */
  readonly isLate: () => boolean;
}

/** What the message's limits leave for files inside the one at hand. */
export interface Left {
  readonly files: number;
  /** Unpacked bytes, all inner files together. */
  readonly bytes: number;
  /** Levels below this file; above 0 whenever a converter is asked. */
  readonly depth: number;
}

/** A part of the work that another process may do meanwhile: pages from … to - 1 of the document. */
export interface HelpWanted {
  readonly from: number;
  readonly to: number;
  readonly timeMs: number;
  /** Budget of one page's picture. */
  readonly pageBytes: number;
}

/** JSON and the bytes beside it. */
export interface Help {
  readonly body: unknown;
  readonly blobs: readonly Uint8Array[];
}

/** Another jailed process of the same tenant, reached through the parent. What it answers is as untrusted as the document. */
export interface Helper {
  /** Asks, at most once in a job, and goes on. @returns a function that waits for the answer; undefined when it may not ask */
  ask(wanted: HelpWanted, bytes: Uint8Array): (() => Help | undefined) | undefined;
}

/** Everything a converter may ask of the outside world. Deliberately short. */
export interface ConvertContext {
  readonly policy: Policy;
  readonly passwords: readonly string[];
  readonly left: Left;
  /** performance.now() at which the document's time is up; long loops check it and answer blocked('timeout'). */
  readonly deadline: number;
  readonly helper?: Helper;
}

export interface Converter {
  /** Short stable name; appears in reports. */
  readonly name: string;
  readonly accepts: readonly FileType[];
  /** The four lines of docs/formats.md, in English. */
  readonly documentation: {
    readonly danger: string;
    readonly method: string;
    readonly kept: string;
    readonly lost: string;
  };
  convert(file: UntrustedFile, context: ConvertContext): Promise<Conversion>;
}
