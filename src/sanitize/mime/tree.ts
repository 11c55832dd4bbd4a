/**
 * What a message's bytes turn out to be: a tree of parts, with every byte accounted for.
 *
 * Values only; `parseMessage` (message.ts) makes them. All text in here comes from the sender.
 */

/** One header field. Offsets are into the message's bytes, end exclusive, including the field's own line end. */
export interface HeaderField {
  /** Lower case, without the white space and NULs some writers put around it. */
  readonly name: string;
  /** Everything after the colon, folds removed (RFC 5322 §2.2.3), one byte a char (latin1). */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

export interface ContentType {
  /** Lower case `type/subtype`; 'text/plain' where the field is missing (RFC 2045 §5.2). */
  readonly type: string;
  /** Parameter names in lower case; values one byte a char, RFC 2231 continuations joined. The first of duplicates. */
  readonly params: Readonly<Record<string, string>>;
}

/** What a byte of the input is. 'gap': nobody's; 'unread': behind a limit. */
export type SpanKind = 'envelope' | 'header' | 'body' | 'delimiter' | 'preamble' | 'epilogue' | 'gap' | 'unread';

/** Half-open range of the input. The spans of a message, in order, tile it exactly. */
export interface Span {
  readonly kind: SpanKind;
  readonly start: number;
  readonly end: number;
}

export interface Defect {
  /** Stable word, see DEFECTS in defects.ts. */
  readonly what: string;
  readonly count: number;
}

/** How a leaf came to our knowledge. 'reading': another reading of an ambiguous header than the main one. */
export type SeenBy = 'both' | 'first' | 'second' | 'reading';

export interface Leaf {
  readonly kind: 'leaf';
  /** Position in the tree: '1', '2.1'; leaves of the union outside the main reading: 'u1', 'u2' … */
  readonly path: string;
  readonly header: readonly HeaderField[];
  readonly contentType: ContentType;
  /** Lower case, '' when missing: 'inline', 'attachment' … */
  readonly disposition: string;
  /** All file names it claims, decoded, best first: filename*, filename, name*, name; no duplicates. */
  readonly untrustedNames: readonly string[];
  /** Content-ID without angle brackets, '' when missing. */
  readonly contentId: string;
  /** Transfer encoding as understood, lower case; 'unknown:…' when we do not decode it (the leaf must be held). */
  readonly encoding: string;
  /** Charset label, '' when missing. */
  readonly charset: string;
  /** Media types of the multiparts around it, outermost first. */
  readonly within: readonly string[];
  /** Transfer encoding undone. Raw when `encoding` is unknown. */
  readonly bytes: Uint8Array;
  /** Range of the encoded body in the input; 0,0 for a leaf that only the second reader saw. */
  readonly start: number;
  readonly end: number;
  readonly seenBy: SeenBy;
}

export interface Multipart {
  readonly kind: 'multipart';
  readonly path: string;
  readonly header: readonly HeaderField[];
  readonly contentType: ContentType;
  readonly children: readonly Entity[];
}

export type Entity = Multipart | Leaf;

export interface MimeMessage {
  /** The message's own header fields, in order. */
  readonly header: readonly HeaderField[];
  readonly root: Entity;
  /** All leaves of the main reading in order of appearance, then the union's. */
  readonly leaves: readonly Leaf[];
  readonly defects: readonly Defect[];
  readonly spans: readonly Span[];
  /** Why the whole message must be held, if it must (design.md §2, «Ambiguous MIME»). */
  readonly hold?: 'fragment' | 'remote-content' | 'limit-exceeded' | 'unexplained-bytes';
  /** Names of limits that were met, like 'maxParts'. */
  readonly limits: readonly string[];
}

export interface ParseOptions {
  readonly limits: { readonly maxParts: number; readonly maxDepth: number };
  /** 'any': LF line ends are everyday (a file from disk); 'crlf': each is a defect. Both are read. */
  readonly lineEnds: 'crlf' | 'any';
}
