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
for (const [value, letter] of [...ALPHABET].entries()) VALUES[letter.charCodeAt(0)] = value;

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
    while (at < lineStart + LINE && isLetter(input[at])) at++;
    const pads = input[at] === PAD ? (input[at + 1] === PAD ? 2 : 1) : 0;
    const problem = paddingProblem((at - lineStart) % 4, pads, VALUES[input[at - 1]!]!);
    if (problem !== undefined) return problem;
    at += pads;

    const length = at - lineStart;
    if (length === 0) return 'an empty base64 line';
    if (input[at] !== CR || input[at + 1] !== LF) return 'a base64 line that does not end where it must';
    at += 2;
    if (!isLetter(input[at])) break;
    if (length !== LINE || pads > 0) return 'base64 goes on after its last line';
  }
  return { bytes: Buffer.from(input.toString('latin1', start, at), 'base64'), end: at };
}

/** False behind the end of the input as well. */
const isLetter = (byte: number | undefined): boolean => VALUES[byte!]! < OTHER;

/**
 * Judges the end of a line: whole quadruples, at most two pads, pad bits zero.
 * @param rest characters behind the last whole quadruple
 * @param last value of the character before the pads
 */
function paddingProblem(rest: number, pads: number, last: number): string | undefined {
  if (rest === 0) return pads === 0 ? undefined : 'base64 padding that is not needed';
  // One character over is never whole: there are at most two pads.
  if (rest + pads !== 4) return 'base64 padding is missing';
  return (last & (rest === 2 ? 15 : 3)) === 0 ? undefined : 'base64 pad bits are not zero';
}
