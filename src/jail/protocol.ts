/**
 * What travels between a parent and a jailed child over the child's stdin and stdout. Both directions use one frame:
 *
 *   0  4  magic 'SKJ1'
 *   4  4  kind: 1 ask, 2 answer, 3 progress, 4 ready, 5 threw, 6 help, 7 helped (big-endian, as all numbers)
 *   8  4  bytes of the header, JSON in UTF-8
 *  12  4  bytes of all blobs together
 *  16     header, then the blobs one after another
 *
 * Danger: the child may be hijacked; each of its bytes is the attacker's. Method: every length is compared with a
 * bound before a byte of memory is reserved for it, JSON is parsed only inside its bound, and anything unexpected is a
 * `Fault` that ends the child.
 *
 * Help: once in a job a child may ask for some pages of a document (6, with the document as its one blob). The parent gives
 * them to another process of the same tenant that is free at that moment, and answers (7) with what that one said, or with
 * `body: null`. The asker reads the answer before it goes on to its own.
 */
import type { Policy } from '../policy/policy.ts';

export const FRAME = { ask: 1, answer: 2, progress: 3, ready: 4, threw: 5, help: 6, helped: 7 } as const;
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

export const HEAD_BYTES = 16;
const MAGIC = 0x534b4a31;

/** 16 random bytes in hex: names a job, so that a late or early answer cannot be taken for another's. */
export const NONCE_BYTES = 16;

/** A progress frame names one attachment by its path in the MIME tree. */
export const MAX_PROGRESS_HEADER_BYTES = 512;
/** Twice the parts that a configuration may allow (config/schema.ts: 5,000), as a part may be opened by two readers. */
export const MAX_PROGRESS_FRAMES = 10_000;
/** AttachmentReport.path: numbers and dots for MIME, member counters for files in files. */
export const PART = /^[0-9A-Za-z._/-]{1,200}$/;

/** Kind of error and the place in our code; never the error's message, which may quote the mail. */
export const PLACE = /^[A-Za-z]{1,40} [0-9A-Za-z._/:-]{0,150}$/;

const MIB = 1024 * 1024;

/** How large an answer may be, in bytes. */
export interface AnswerBounds {
  readonly headerBytes: number;
  readonly blobBytes: number;
  readonly blobs: number;
  /** How large the document of a call for help may be; absent where no help is given. */
  readonly helpBytes?: number;
}

/** What a child asks another one to do: pages from … to - 1 of the document. Numbers of a child: believed by nobody. */
export interface HelpRequest {
  readonly from: number;
  readonly to: number;
  readonly timeMs: number;
  readonly pageBytes: number;
  readonly bytes: Uint8Array;
}

/** Report and notice of a message that has no files: generous for a form of one screen. */
export const NOTICE_BOUNDS: AnswerBounds = { headerBytes: 2 * MIB, blobBytes: 4 * MIB, blobs: 1 };
/** The inspector answers with sentences only. */
export const INSPECTION_BOUNDS: AnswerBounds = { headerBytes: MIB, blobBytes: 0, blobs: 0 };

/**
 * Bounds of a message or document under a policy. Base64 with its CRLFs makes 78 octets of 57 (× 1.37); the preview
 * carries the text three times and JSON may write a character in 6 octets.
 */
export function boundsOf(policy: Policy, files: 'one-message' | 'files'): AnswerBounds {
  const { maxOutputBytes, maxBodyChars, maxParts } = policy.limits;
  const textBytes = 3 * 6 * maxBodyChars;
  return {
    headerBytes: Math.min(8 * MIB + textBytes, 128 * MIB),
    blobBytes: Math.ceil((maxOutputBytes + 4 * maxBodyChars) * 1.4) + MIB,
    blobs: files === 'one-message' ? 1 : maxParts,
    helpBytes: policy.limits.maxFileBytes,
  };
}

/** Most text of one page, as JSON: a character, its advance and its place take about 60 octets. */
const PAGE_TEXT_BYTES = MIB;

/** Bounds of pages drawn for another child: pictures within their budget (the second try may be larger), text. */
export function boundsOfPages(policy: Policy, pages: number): AnswerBounds {
  const { maxOutputBytes } = policy.limits;
  return {
    headerBytes: Math.min(MIB + pages * PAGE_TEXT_BYTES, 128 * MIB),
    blobBytes: maxOutputBytes,
    blobs: pages,
  };
}

/** The first header a child gets and the first it sends. `blobs` are lengths in bytes; they add up to the frame's. */
export interface AskHeader {
  readonly nonce: string;
  readonly body: unknown;
  readonly blobs: readonly number[];
}

export interface AnswerHeader {
  readonly nonce: string;
  readonly body: unknown;
  readonly blobs: readonly { readonly bytes: number; readonly sha256: string }[];
}

/** What a child wants done or has done: JSON and the bytes beside it. */
export interface Parcel {
  readonly body: unknown;
  readonly blobs: readonly Uint8Array[];
}

/** Why a child's bytes are no answer. A value, not an error: a lying child is an everyday thing here. */
export interface Fault {
  readonly why: 'lied' | 'limit' | 'crashed';
  readonly detail: string;
}

export interface Head {
  readonly kind: number;
  readonly headerBytes: number;
  readonly blobBytes: number;
}

/** Head and header of a frame, ready to write; the blobs follow. */
export function encodeFrame(kind: FrameKind, header: unknown, blobBytes: number): Buffer {
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const frame = Buffer.allocUnsafe(HEAD_BYTES + json.length);
  frame.writeUInt32BE(MAGIC, 0);
  frame.writeUInt32BE(kind, 4);
  frame.writeUInt32BE(json.length, 8);
  frame.writeUInt32BE(blobBytes, 12);
  json.copy(frame, HEAD_BYTES);
  return frame;
}

/** `undefined`: these 16 bytes do not start a frame. */
export function decodeHead(bytes: Buffer): Head | undefined {
  if (bytes.readUInt32BE(0) !== MAGIC) return undefined;
  return { kind: bytes.readUInt32BE(4), headerBytes: bytes.readUInt32BE(8), blobBytes: bytes.readUInt32BE(12) };
}

/** JSON object in UTF-8, or `undefined`. */
export function decodeJson(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
