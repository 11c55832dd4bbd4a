/**
 * Judges: strangers that look at what the gateway passed on (threats.md §3). None of them imports product code; the list
 * of what may stand in an output was read out of docs/output-grammar*.md, not out of the writers.
 */
import type { Canary } from '../kit/canary.ts';
import type { Tool } from './tools.ts';

export type LeafType = 'pdf' | 'png' | 'jpeg' | 'csv' | 'text' | 'zip' | 'unknown';

/** One file of a forwarded message, also one inside of an archive of ours. */
export interface Leaf {
  readonly name: string;
  /** By its Content-Type, inside of archives by its extension. */
  readonly type: LeafType;
  /** Absolute path of its decoded bytes. */
  readonly file: string;
  /** Place of the archive among the leaves; undefined for a leaf of the message itself. */
  readonly archive: number | undefined;
}

/** An output as the gateway's report names it. */
export interface Promised {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Inside of which archive it stands; '' for an attachment. */
  readonly archivePath: string;
}

/** One forwarded message, spread out on a desk for all judges. */
export interface Subject {
  /** What findings call it: path of the input. */
  readonly id: string;
  /** Absolute path of the message in CRLF form, receipt on top. */
  readonly file: string;
  /** Absolute path of the decoded text body. */
  readonly body: string;
  readonly leaves: readonly Leaf[];
  readonly promised: readonly Promised[];
  /** Planted in the original, and what must become of them. */
  readonly canaries: readonly Canary[];
  /** Absolute path of the mail that went in; '' for controls made by hand. */
  readonly original: string;
}

export interface Finding {
  /** `id` of the subject. */
  readonly subject: string;
  readonly what: string;
}

/** A subject that a judge must find something in. */
export interface Control {
  readonly subject: Subject;
  /** A piece of what it must say: red for another reason is not red. */
  readonly says: RegExp;
}

export interface Judge {
  readonly name: string;
  /** What it looks for, in half a line. */
  readonly looksFor: string;
  /** Programs and modules it cannot do without. */
  readonly needs: readonly Tool[];
  /** All subjects in one call, so that a program is started once for many files. Rejects only when a tool breaks. */
  judge(subjects: readonly Subject[]): Promise<readonly Finding[]>;
  /** Made anew in `folder`; all must be found. */
  positiveControls(folder: string): Promise<readonly Control[]>;
}

/** A judge that looks at one subject at a time. */
export const oneByOne =
  (look: (subject: Subject) => readonly string[]) =>
  async (subjects: readonly Subject[]): Promise<readonly Finding[]> =>
    subjects.flatMap((subject) => look(subject).map((what) => ({ subject: subject.id, what })));
