/** Canonical base64 (RFC 4648 §3.5, §4): the one spelling of some bytes, checked before anything is decoded. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CR = 0x0d;
const LF = 0x0a;
const PAD = 0x3d;
const OTHER = 64;

/** RFC 2045 §6.8: the longest line, and the length of every line but the last. */
const LINE = 76;

/** Six-bit value by byte; 64 for bytes outside the alphabet. */
const VALUES = new Uint8Array(256).fill(OTHER);
for (let value = 0; value < OTHER; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

export interface Base64Body {
  readonly bytes: Uint8Array;
  /** Offset behind the last line's CRLF. */
  readonly end: number;
}

/**
 * Reads a base64 body: full lines of 76, a last one of 4 to 76, each with CRLF. It ends before the first line that
 * begins with another character, or at the end of the input.
 * @returns the decoded bytes, or a sentence.
 */
export function readBase64Body(input: Buffer, start: number): Base64Body | string {
  let at = start;
  for (;;) {
    const lineStart = at;
    const limit = Math.min(lineStart + LINE, input.length);
    while (at < limit && VALUES[input[at]!]! < OTHER) at++;
    const problem = paddingProblem(input, lineStart, at);
    if (problem !== undefined) return problem;
    while (at < limit && input[at] === PAD) at++;

    const length = at - lineStart;
    if (length === 0) return 'an empty base64 line';
    if (input[at] !== CR || input[at + 1] !== LF) return 'a base64 line that does not end where it must';
    const padded = input[at - 1] === PAD;
    at += 2;
    if (at === input.length || VALUES[input[at]!]! === OTHER) break;
    if (length !== LINE || padded) return 'base64 goes on after its last line';
  }
  return { bytes: Buffer.from(input.toString('latin1', start, at), 'base64'), end: at };
}

/** Judges the end of a line: whole quadruples, at most two pads, pad bits zero. */
function paddingProblem(input: Buffer, lineStart: number, at: number): string | undefined {
  const rest = (at - lineStart) % 4;
  const pads = input[at] === PAD ? (input[at + 1] === PAD ? 2 : 1) : 0;
  if (rest === 0) return pads === 0 ? undefined : 'base64 padding that is not needed';
  if (rest === 1 || rest + pads !== 4) return 'base64 padding is missing';
  const last = VALUES[input[at - 1]!]!;
  return (last & (rest === 2 ? 15 : 3)) === 0 ? undefined : 'base64 pad bits are not zero';
}
