/**
 * Mail that came before: a peer that lost our 250 sends the same octets again (RFC 1047, RFC 5321 §4.5.4.1).
 *
 * It is delivered again and said to be a copy, in the audit log and in the log, never dropped: the first one may have
 * been held or refused since, and what looks like a copy may be a person's wish. Both go on under the Message-ID that
 * the sender wrote, so mail programs that show one of two do so.
 */
import type { Tx } from '../database/database.ts';
import type { Route } from '../message/envelope.ts';

/** Relays give up after five days (RFC 5321 §4.5.4.1); later the same octets are somebody's intention. */
const WINDOW_MS = 5 * 24 * 3_600_000;

/** @returns the newest message with the same octets, sender and one of these recipients. */
export async function earlierCopy(
  tx: Tx,
  { tenant, recipients }: Route,
  reversePath: string,
  sha256: string,
  nowMs: number,
): Promise<string | undefined> {
  const row = await tx
    .selectFrom('message')
    .innerJoin('recipient', 'recipient.message_id', 'message.id')
    .select('message.id')
    .where('message.sha256', '=', sha256)
    .where('message.tenant', '=', tenant)
    .where('message.reverse_path', '=', reversePath)
    .where('message.received_at', '>', nowMs - WINDOW_MS)
    .where('recipient.address', 'in', recipients)
    .orderBy('message.id', 'desc')
    .executeTakeFirst();
  return row?.id;
}
