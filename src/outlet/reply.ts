/** Replies of the next hop as we keep them: printable ASCII, one line, at most 512 characters (database/schema.ts). */

const MAX_REPLY = 512;

export const cleanReply = (reply: string): string =>
  reply
    .replace(/[\r\n]+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_REPLY);
