/** Replies of the next hop as we keep them: printable ASCII, one line, at most 512 characters (database/schema.ts). */

const MAX_REPLY = 512;

export const cleanReply = (reply: string): string =>
  reply
    .replace(/[\r\n]+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_REPLY);

/**
 * Whether a refusal says that the message is too large for the hop (RFC 1870 §6, RFC 3463 §3.3, §3.4), not that a
 * mailbox is full: that is 552 too, with X.2.2.
 */
export const isTooLarge = (reply: string): boolean =>
  /^5\d\d[ -]5\.(?:3\.4|2\.3)\b/.test(reply) || /^552[ -](?!5\.)/.test(reply);
