/**
 * SMTP replies (RFC 5321 §4.2, enhanced codes RFC 3463). Texts are fixed words of ours: nothing a client sent is echoed,
 * nothing about our inside is told.
 */
import { GatewayError } from '../message/errors.ts';

/** Reply code, enhanced status code, text. */
export type Reply = readonly [code: number, status: string, text: string];

/** A refusal of one command or message. What the client reads stands in `reply`; `closes` ends the connection after it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reply: Reply;
  readonly closes: boolean;

  constructor(reply: Reply, closes = false) {
    super(reply[2]);
    this.reply = reply;
    this.closes = closes;
  }
}

const INTERNAL: Reply = [451, '4.3.0', 'Try again later'];

/** The reply to any failure: a refusal's own, a GatewayError's, otherwise 451 4.3.0. */
export function replyTo(error: unknown): Reply {
  if (error instanceof Refusal) return error.reply;
  return error instanceof GatewayError ? error.smtp : INTERNAL;
}

/** RFC 5321 §4.5.3.1.5: a reply line is at most 512 octets with code and CRLF; the longest code part is `250 2.0.0 `. */
const MAX_TEXT = 490;

/** Printable ASCII of at most one reply line. */
export const cleanReplyText = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_TEXT);
