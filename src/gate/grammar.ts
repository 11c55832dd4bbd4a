/**
 * The message grammar of our own output, read byte by byte: docs/output-grammar.md §1–§5 (INV-01 … INV-05).
 *
 * Promises: 'fits' means that every byte of the draft is explained by that text and has its one possible spelling: the
 * header is written again and compared, base64 is canonical, boundaries and part headers are literals. Nothing is
 * guessed, nothing skipped. What the leaves contain is the inspector's half.
 */

import type { SafeType } from '../message/file-type.ts';
import { SAFE_TYPES } from '../message/file-type.ts';
import { readBase64Body } from './base64.ts';
import { decodeUtf8 } from './characters.ts';
import { readFileName } from './filename.ts';
import { readHeader } from './header.ts';

/** One attachment. */
export interface Leaf {
  readonly type: SafeType;
  readonly name: string;
  readonly bytes: Uint8Array;
}

export type Draft =
  | {
      readonly kind: 'fits';
      /** Our id of the message, as its Received field names it. */
      readonly id: string;
      /** UTF-8, without byte order mark. */
      readonly bodyText: Uint8Array;
      readonly leaves: readonly Leaf[];
    }
  | { readonly kind: 'misfit'; readonly problems: readonly string[] };

/** 500 mailboxes, each with an address of 254 octets and a display name of 200 code points, are below this. */
const MAX_HEADER_BYTES = 2 * 1024 * 1024;
const MAX_ATTACHMENTS = 500;

const SINGLE = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n';
const MIXED = 'Content-Type: multipart/mixed;\r\n boundary="';
const HEADER_END = '\r\nMIME-Version: 1.0\r\n';
const BOUNDARY = /^=_sekisho_[0-9a-f]{32}$/;
const BOUNDARY_LENGTH = '=_sekisho_'.length + 32;

/** First bytes of each type's file (INV-05); how the file goes on, the inspector judges. */
const MAGIC: Readonly<Record<SafeType, Buffer>> = {
  pdf: Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'),
  png: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
  jpeg: Buffer.from('\xff\xd8\xff\xdb', 'latin1'),
  csv: Buffer.from('\xef\xbb\xbf"', 'latin1'),
  text: Buffer.from('\xef\xbb\xbf', 'latin1'),
  zip: Buffer.from('PK\x03\x04\x14\x00\x00\x08'),
};

/** The value of a leaf's Content-Type, by type. */
const MEDIA = new Map<string, SafeType>(
  (['pdf', 'png', 'jpeg', 'csv', 'text', 'zip'] as const).map((type) => {
    const { mediaType } = SAFE_TYPES[type];
    return [mediaType.startsWith('text/') ? `${mediaType}; charset=utf-8` : mediaType, type];
  }),
);

/** Thrown and caught in this file only: the first byte that does not fit ends the reading. */
class Misfit extends Error {}

/** Judges a composed message, without receipt. Never throws for what stands in it. */
export function readDraft(bytes: Uint8Array): Draft {
  try {
    return readMessage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (error) {
    // Also when the reader itself fails: nothing that stands in a draft may end in a retry without end.
    const what = error instanceof Misfit ? error.message : `reader failed: ${String(error).slice(0, 200)}`;
    return { kind: 'misfit', problems: [what] };
  }
}

function readMessage(input: Buffer): Draft {
  const headerEnd = input.subarray(0, MAX_HEADER_BYTES).indexOf(HEADER_END, 0, 'latin1');
  if (headerEnd < 0) throw new Misfit('header: no MIME-Version');
  const end = headerEnd + HEADER_END.length;
  const header = readHeader(input.toString('latin1', 0, end - 2));
  if (typeof header === 'string') throw new Misfit(header);

  const cursor = new Cursor(input, end);
  const content = cursor.sees(MIXED) ? readMixed(cursor) : { bodyText: readSingle(cursor), leaves: [] };
  if (!cursor.isAtEnd) throw new Misfit('bytes after the message');
  return { kind: 'fits', id: header.id, ...content };
}

/** The text part: alone, or first of several. */
function readSingle(cursor: Cursor): Uint8Array {
  cursor.take(SINGLE);
  const body = cursor.base64();
  if (beginsLike('text', body)) throw new Misfit('body: byte order mark');
  const text = decodeUtf8(body);
  if (text === undefined) throw new Misfit('body: not UTF-8');
  if (!text.endsWith('\r\n')) throw new Misfit('body: does not end with CRLF');
  return body;
}

function readMixed(cursor: Cursor): { readonly bodyText: Uint8Array; readonly leaves: readonly Leaf[] } {
  cursor.take(MIXED);
  const boundary = cursor.takeLength(BOUNDARY_LENGTH);
  if (!BOUNDARY.test(boundary)) throw new Misfit('boundary of another form');
  cursor.take(`"\r\n\r\n--${boundary}\r\n`);
  const bodyText = readSingle(cursor);

  const leaves: Leaf[] = [];
  const names = new Set<string>();
  while (!cursor.sees(`--${boundary}--`)) {
    cursor.take(`--${boundary}\r\n`);
    const leaf = readAttachment(cursor);
    const key = leaf.name.normalize('NFKC').toLowerCase();
    if (names.has(key)) throw new Misfit('two attachments of one name');
    names.add(key);
    if (leaves.push(leaf) > MAX_ATTACHMENTS) throw new Misfit('too many attachments');
  }
  if (leaves.length === 0) throw new Misfit('multipart without attachment');
  cursor.take(`--${boundary}--\r\n`);
  return { bodyText, leaves };
}

function readAttachment(cursor: Cursor): Leaf {
  cursor.take('Content-Type: ');
  const type = MEDIA.get(cursor.line());
  if (type === undefined) throw new Misfit('attachment: media type is none of ours');
  cursor.take('Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n');
  const lines: string[] = [];
  while (!cursor.sees('\r\n')) {
    // 120 code points of 12 octets each need 24 lines.
    if (lines.push(cursor.line()) > 40) throw new Misfit('file name: too many lines');
  }
  cursor.take('\r\n');
  const name = readFileName(lines, SAFE_TYPES[type].extension);
  if (typeof name !== 'string') throw new Misfit(name.problem);
  const bytes = cursor.base64();
  if (!beginsLike(type, bytes)) throw new Misfit(`attachment: does not begin like ${type}`);
  return { type, name, bytes };
}

const beginsLike = (type: SafeType, bytes: Uint8Array): boolean =>
  MAGIC[type].equals(bytes.subarray(0, MAGIC[type].length));

/** Goes forward only. */
class Cursor {
  readonly #input: Buffer;
  #at: number;

  constructor(input: Buffer, at: number) {
    this.#input = input;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#input.length;
  }

  sees(text: string): boolean {
    return this.#input.toString('latin1', this.#at, this.#at + text.length) === text;
  }

  take(text: string): void {
    if (!this.sees(text)) throw new Misfit(`at ${this.#at}: not ${JSON.stringify(text.slice(0, 60))}`);
    this.#at += text.length;
  }

  takeLength(length: number): string {
    const text = this.#input.toString('latin1', this.#at, this.#at + length);
    this.#at += length;
    return text;
  }

  /** The next line without its CRLF. Part headers are short: docs/output-grammar.md §1. */
  line(): string {
    const end = this.#input.subarray(this.#at, this.#at + 80).indexOf('\r\n', 0, 'latin1');
    if (end < 0) throw new Misfit(`at ${this.#at}: no line end`);
    const text = this.takeLength(end);
    this.#at += 2;
    return text;
  }

  base64(): Uint8Array {
    const body = readBase64Body(this.#input, this.#at);
    if (typeof body === 'string') throw new Misfit(body);
    this.#at = body.end;
    return body.bytes;
  }
}
