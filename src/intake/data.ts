/**
 * The octets of DATA, checked as they stream by (RFC 5321 §2.3.8): every line ends with CRLF and nothing else.
 *
 * Danger: a bare CR or LF is a line end to some hops and not to others, so a message can carry a second one inside
 * (SMTP smuggling, CVE-2023-51764/5/6); NUL cuts lines short in programs written in C.
 * Method: a state of one bit (was the last octet a CR) over all octets. Refused by default; where the configuration says
 * `normalize`, each bare one becomes CRLF and is counted. NUL is refused always.
 *
 * Nothing is kept: a line of the whole message's length costs no memory.
 */
import { type HeaderLimits, HeaderLines } from './header-lines.ts';
import { Refusal } from './reply.ts';

export interface DataLimits extends HeaderLimits {
  readonly maxBytes: number;
  readonly bareLineEnds: 'reject' | 'normalize';
}

const NUL = 0;
const LF = 0x0a;
const CR = 0x0d;
const CRLF = Buffer.from('\r\n');

export class DataChecker {
  readonly #limits: DataLimits;
  readonly #header: HeaderLines;
  #afterCr = false;
  #bytes = 0;
  #bareLineEndsFixed = 0;

  /** @param ownKeyIds see HeaderLines. */
  constructor(limits: DataLimits, ownKeyIds: readonly string[]) {
    this.#limits = limits;
    this.#header = new HeaderLines(limits, ownKeyIds);
  }

  get bareLineEndsFixed(): number {
    return this.#bareLineEndsFixed;
  }

  /** @returns the octets to store: the chunk itself unless something was rewritten. @throws Refusal for the message. */
  push(chunk: Buffer): Uint8Array {
    const clear = this.#isClean(chunk) ? chunk : this.#lineEnds(chunk);
    this.#count(clear);
    return clear;
  }

  /** @returns octets still to store. @throws Refusal for the message. */
  finish(): Uint8Array {
    const rest = this.#afterCr ? this.#fixed([Buffer.from('\n')]) : new Uint8Array(0);
    this.#count(rest);
    this.#header.finish();
    return rest;
  }

  #count(clear: Uint8Array): void {
    this.#bytes += clear.length;
    if (this.#bytes > this.#limits.maxBytes) throw new Refusal([552, '5.3.4', 'Message too large']);
    if (!this.#header.over) this.#header.push(clear);
  }

  /** The usual case, by the runtime's own search: a third of the time of looking at each octet here. */
  #isClean(chunk: Buffer): boolean {
    let at = 0;
    if (this.#afterCr && chunk.length > 0) {
      if (chunk[0] !== LF) return false;
      at = 1;
    }
    if (chunk.indexOf(NUL) >= 0) return false;
    for (;;) {
      const cr = chunk.indexOf(CR, at);
      const lf = chunk.indexOf(LF, at);
      const endsInCr = cr >= 0 && cr === chunk.length - 1;
      if (lf < 0 && (cr < 0 || endsInCr)) {
        this.#afterCr = endsInCr || (this.#afterCr && chunk.length === 0);
        return true;
      }
      if (lf < 0 || cr < 0 || cr !== lf - 1) return false;
      at = lf + 1;
    }
  }

  #lineEnds(chunk: Uint8Array): Uint8Array {
    let pieces: Uint8Array[] | undefined;
    let from = 0;
    let afterCr = this.#afterCr;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (byte > CR && !afterCr) continue;
      if (byte === NUL) throw new Refusal([550, '5.6.0', 'NUL octet in message'], true);
      const bareCr = afterCr && byte !== LF;
      const bareLf = byte === LF && !afterCr;
      afterCr = byte === CR;
      if (!bareCr && !bareLf) continue;
      pieces ??= [];
      // A bare CR has gone into the output already, perhaps with the chunk before: its LF is added here.
      pieces.push(chunk.subarray(from, at), bareCr ? CRLF.subarray(1) : CRLF);
      from = bareCr ? at : at + 1;
      this.#bareLineEnd();
    }
    this.#afterCr = afterCr;
    return pieces === undefined ? chunk : Buffer.concat([...pieces, chunk.subarray(from)]);
  }

  #bareLineEnd(): void {
    if (this.#limits.bareLineEnds === 'reject') {
      throw new Refusal([550, '5.6.11', 'Bare CR or LF in message: lines must end with CRLF'], true);
    }
    this.#bareLineEndsFixed++;
  }

  #fixed(pieces: readonly Uint8Array[]): Uint8Array {
    this.#afterCr = false;
    this.#bareLineEnd();
    return Buffer.concat(pieces);
  }
}
