/**
 * Counts lines of the header block while a message streams by. Not a parser: it knows where the block ends, how long it
 * is, how many fields and Received fields it has, and whether a receipt of our own is among them (a loop: what we sent
 * came back).
 *
 * The block ends at the first empty line, or at the first line that cannot be a field (RFC 5322 §2.2), as MTAs read it.
 * Header lines may have any length within the block's limit; body lines are not looked at.
 */
import { Refusal } from './reply.ts';

export interface HeaderLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaderFields: number;
  readonly maxReceivedFields: number;
}

const LF = 0x0a;
const CR = 0x0d;
/** Octets of a line that are looked at: enough for a field name, or one line of a receipt. */
const KEPT = 1024;
/** A receipt of ours is below 1 KiB; more of a field that claims to be one is not kept. */
const MAX_RECEIPT = 8192;

const FIELD = /^([\x21-\x39\x3b-\x7e]+)[ \t]*:/;

export class HeaderLines {
  readonly #limits: HeaderLimits;
  readonly #ownKeyIds: readonly string[];
  readonly #line = Buffer.alloc(KEPT);
  #lineBytes = 0;
  #bytes = 0;
  #fields = 0;
  #received = 0;
  #receipt: string | undefined;
  /** True when the block has ended. */
  over = false;

  /** @param ownKeyIds ids of the keys with which this gateway signs receipts, lower-case hex. */
  constructor(limits: HeaderLimits, ownKeyIds: readonly string[]) {
    this.#limits = limits;
    this.#ownKeyIds = ownKeyIds;
  }

  /** @param chunk bytes with CRLF line ends only. @throws Refusal 552 5.3.4 or 554 5.4.6. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.over; at++) {
      const byte = chunk[at] ?? 0;
      if (++this.#bytes > this.#limits.maxHeaderBytes) throw tooLarge();
      if (byte === LF) this.#endLine();
      else if (byte !== CR) {
        if (this.#lineBytes < KEPT) this.#line[this.#lineBytes] = byte;
        this.#lineBytes++;
      }
    }
  }

  /** The message ended, perhaps inside its header. @throws Refusal 554 5.4.6. */
  finish(): void {
    if (!this.over) this.#endBlock();
  }

  #endLine(): void {
    const length = Math.min(this.#lineBytes, KEPT);
    this.#lineBytes = 0;
    const text = this.#line.toString('latin1', 0, length);
    const name = FIELD.exec(text)?.[1];
    if (text.startsWith(' ') || text.startsWith('\t')) this.#continueField(text);
    else if (name === undefined) this.#endBlock();
    else this.#startField(name.toLowerCase(), text);
  }

  #startField(name: string, text: string): void {
    this.#endField();
    if (++this.#fields > this.#limits.maxHeaderFields) throw tooLarge();
    if (name === 'received' && ++this.#received > this.#limits.maxReceivedFields) throw loop();
    if (name === 'sekisho-receipt') this.#receipt = text;
  }

  #continueField(text: string): void {
    if (this.#receipt !== undefined && this.#receipt.length < MAX_RECEIPT) this.#receipt += text;
  }

  #endField(): void {
    if (this.#receipt === undefined) return;
    const value = this.#receipt.replace(/\s/g, '').toLowerCase();
    this.#receipt = undefined;
    if (this.#ownKeyIds.some((keyId) => value.includes(keyId))) throw loop();
  }

  #endBlock(): void {
    this.over = true;
    this.#endField();
  }
}

const tooLarge = (): Refusal => new Refusal([552, '5.3.4', 'Message header too large']);
const loop = (): Refusal => new Refusal([554, '5.4.6', 'Mail loop detected']);
