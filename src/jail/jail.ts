/**
 * Disposable processes that open strangers' files. The one interface between flow/ and them.
 *
 * Promises: an answer of kind 'done' carries bytes and JSON that have the right framing, size, hash and nonce, and
 * nothing more: what they say is not believed. Whatever a child does (dies, hangs, lies about framing, exceeds a
 * limit) is a value; only the failure of our own machinery (no process can be started) rejects, with E_JAIL_UNAVAILABLE.
 * A process serves one tenant and is killed on change of tenant, after N documents, and after any trouble.
 */

import type { SafeType } from '../message/file-type.ts';
import type { ChildAnswer, ChildJob } from '../message/jobs.ts';

export type JailAnswer<T> =
  | { readonly kind: 'done'; readonly value: T }
  | {
      readonly kind: 'failed';
      readonly why: 'timeout' | 'crashed' | 'lied' | 'limit';
      /** For the log: exit signal, framing fault. Never content. */
      readonly detail: string;
      /** The attachment that the child said it was opening, when it said so. */
      readonly part?: string;
    };

/** One file of our own output, for the inspector. */
export interface InspectedFile {
  readonly type: SafeType;
  readonly bytes: Uint8Array;
}

export interface Jail {
  /** Runs one job in a child. `input`: the untrusted bytes (empty for a notice). `fresh`: a process nobody used before. */
  run(
    job: ChildJob,
    input: Uint8Array,
    options: { readonly tenant: string; readonly deadlineMs: number; readonly fresh?: boolean },
  ): Promise<JailAnswer<ChildAnswer>>;
  /** Judges files of our own output in a process that never saw an original. Empty list: no problem found. */
  inspect(
    files: readonly InspectedFile[],
    options: { readonly tenant: string; readonly deadlineMs: number },
  ): Promise<JailAnswer<readonly string[]>>;
  /** Starts spare processes so that the first message does not wait. */
  warm(): Promise<void>;
  /** Kills all children. */
  close(): Promise<void>;
}
