/** Reading big-endian numbers and judging zlib streams: what every strict reader here needs. */
import { inflateSync } from 'node:zlib';

/** Unsigned 16-bit big-endian number; NaN past the end, so that every comparison with it fails. */
export const u16 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? Number.NaN) * 256 + (bytes[at + 1] ?? Number.NaN);

/** Unsigned 32-bit big-endian number; NaN past the end. */
export const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 65_536 + u16(bytes, at + 2);

/** One character per byte. Only for short pieces of structure, never for whole files. */
export const latin1 = (bytes: Uint8Array, from = 0, to = bytes.length): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.max(0, Math.min(to, bytes.length) - from)).toString('latin1');

/** What `inflateSync` answers with `info: true`; the Node typings know only the plain answer. */
interface InflateAnswer {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * Decodes one zlib stream (RFC 1950) to its end.
 * @param maxBytes More than this is refused while decoding, so a bomb costs no more than an honest stream.
 * @returns the content, or a sentence: broken stream, wrong checksum, too long, bytes after the end.
 */
export function inflateWhole(stream: Uint8Array, maxBytes: number): Uint8Array | string {
  // CM 8, window 32 KiB or less, no preset dictionary, header check (RFC 1950 §2.2): zlib checks all but the dictionary.
  if (((stream[1] ?? 0) & 0x20) !== 0) return 'zlib stream asks for a preset dictionary';
  try {
    const options = { info: true, maxOutputLength: Math.max(1, maxBytes) };
    const answer = inflateSync(stream, options) as unknown as InflateAnswer;
    if (answer.engine.bytesWritten !== stream.length) return 'bytes after the end of the zlib stream';
    return answer.buffer;
  } catch (error) {
    return `zlib stream broken: ${error instanceof Error ? error.message.slice(0, 80) : 'unknown'}`;
  }
}
