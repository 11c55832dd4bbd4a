/**
 * The child's side of protocol.ts: waits for a job, runs it, answers, waits again.
 *
 * Reads and writes are synchronous on purpose: a progress frame must have left the process before the converter that
 * may never return is entered, and between two jobs nothing of the last one can go on running. End of input ends the
 * process: the parent is gone.
 */
import { createHash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import {
  decodeHead,
  decodeJson,
  encodeFrame,
  FRAME,
  HEAD_BYTES,
  type HelpRequest,
  isRecord,
  type Parcel,
} from './protocol.ts';

const STDIN = 0;
const STDOUT = 1;

/** Exit codes of a child, seen in the parent's log. sysexits.h: 70 is an internal fault, 76 a protocol fault. */
const EXIT = { parentGone: 0, threw: 70, badRequest: 76 } as const;

/** What a child asks another one to do; the document goes beside it. */
type Wanted = Omit<HelpRequest, 'bytes'>;

/** Asks for help with a document and returns at once; what it returns waits for the answer. Undefined when asked before. */
export type CallForHelp = (wanted: Wanted, bytes: Uint8Array) => (() => Parcel | undefined) | undefined;

/** Does one job. `onPart` tells the parent which attachment is opened next. */
export type Handler = (ask: Parcel, onPart: (path: string) => void, callForHelp: CallForHelp) => Promise<Parcel>;

/** Writes of libraries to the console would be read as frames; what they say is about content, so it goes nowhere. */
export function muteConsole(): void {
  const mute = (): void => undefined;
  for (const name of ['log', 'info', 'debug', 'warn', 'error', 'trace'] as const) console[name] = mute;
}

/** Serves jobs for ever. Everything that a job needs is imported before this is called: 'ready' means ready. */
export async function serve(handler: Handler): Promise<never> {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, () => process.exit(EXIT.threw));
  }
  writeAll(encodeFrame(FRAME.ready, {}, 0));
  for (;;) {
    const { nonce, ask } = readAsk();
    const onPart = (part: string): void => writeAll(encodeFrame(FRAME.progress, { nonce, part }, 0));
    let reply: Parcel;
    try {
      reply = await handler(ask, onPart, helpLine(nonce));
    } catch (error) {
      writeAll(encodeFrame(FRAME.threw, { nonce, place: placeOf(error) }, 0));
      process.exit(EXIT.threw);
    }
    writeAnswer(nonce, reply);
  }
}

/** One call for help, for one job. The parent always answers it, with nothing at worst; else the job's clock ends us both. */
function helpLine(nonce: string): CallForHelp {
  let hasAsked = false;
  return (wanted, bytes) => {
    if (hasAsked) return undefined;
    hasAsked = true;
    writeAll(encodeFrame(FRAME.help, { nonce, ...wanted }, bytes.length));
    writeAll(bytes);
    return () => readHelped(nonce);
  };
}

/** What an earlier job left unread is thrown away by its nonce. */
function readHelped(nonce: string): Parcel | undefined {
  for (;;) {
    const frame = readFrame();
    if (frame.kind !== FRAME.helped) process.exit(EXIT.badRequest);
    if (frame.nonce === nonce) return frame.parcel.body === null ? undefined : frame.parcel;
  }
}

/** Name and innermost place in our own code, like `TypeError sanitize/mime/tree.ts:31:5`: its message may quote the mail. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error ';
  const place = /\/(?:src|dist)\/([0-9A-Za-z._/-]+:\d+:\d+)/.exec(error.stack ?? '')?.[1] ?? '';
  return `${/^[A-Za-z]{1,40}$/.test(error.name) ? error.name : 'Error'} ${place.slice(-150)}`;
}

function writeAnswer(nonce: string, reply: Parcel): void {
  const blobs = reply.blobs.map((blob) => ({
    bytes: blob.length,
    sha256: createHash('sha256').update(blob).digest('hex'),
  }));
  const total = blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  writeAll(encodeFrame(FRAME.answer, { nonce, body: reply.body, blobs }, total));
  for (const blob of reply.blobs) writeAll(blob);
}

function readAsk(): { readonly nonce: string; readonly ask: Parcel } {
  for (;;) {
    const { kind, nonce, parcel } = readFrame();
    if (kind === FRAME.ask && isRecord(parcel.body)) return { nonce, ask: parcel };
    // Help that came when its job had ended.
    if (kind !== FRAME.helped) process.exit(EXIT.badRequest);
  }
}

function readFrame(): { readonly kind: number; readonly nonce: string; readonly parcel: Parcel } {
  const head = decodeHead(readAll(HEAD_BYTES));
  if (head === undefined) process.exit(EXIT.badRequest);
  const header = decodeJson(readAll(head.headerBytes));
  const bytes = readAll(head.blobBytes);
  if (header === undefined) process.exit(EXIT.badRequest);
  const { nonce, body, blobs: lengths } = header;
  if (typeof nonce !== 'string' || !Array.isArray(lengths)) process.exit(EXIT.badRequest);
  const blobs: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    if (typeof length !== 'number') process.exit(EXIT.badRequest);
    blobs.push(bytes.subarray(at, at + length));
    at += length;
  }
  return { kind: head.kind, nonce, parcel: { body, blobs } };
}

function readAll(length: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const got = patiently(() => readSync(STDIN, buffer, filled, length - filled, null));
    if (got === 0) process.exit(EXIT.parentGone);
    filled += got;
  }
  return buffer;
}

function writeAll(bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += patiently(() => writeSync(STDOUT, bytes, written));
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** The descriptors block, unless a library touched process.stdout; then EAGAIN is waited out. */
function patiently(io: () => number): number {
  for (;;) {
    try {
      return io();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'EAGAIN') process.exit(EXIT.parentGone);
      Atomics.wait(PAUSE, 0, 0, 1);
    }
  }
}
