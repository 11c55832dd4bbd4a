/** Asks the next hop about one address: EHLO, STARTTLS as configured, MAIL <>, RCPT, QUIT. There is no DATA in here. */

import { openDialog, type SmtpDialog, type SmtpReply } from './dialog.ts';
import type { NextHop } from './hop.ts';

export async function probeRecipient(hop: NextHop, address: string): Promise<'exists' | 'unknown' | 'undecided'> {
  let dialog: SmtpDialog | undefined;
  try {
    dialog = await openDialog(hop.host, hop.port, hop.timeoutMs);
    return await ask(dialog, hop, address);
  } catch {
    // No connection, no TLS, silence, nonsense: nothing is known about the address.
    return 'undecided';
  } finally {
    dialog?.end();
  }
}

async function ask(dialog: SmtpDialog, hop: NextHop, address: string): Promise<'exists' | 'unknown' | 'undecided'> {
  if ((await dialog.greeting()).code !== 220) return 'undecided';
  let hello = await dialog.command(`EHLO ${hop.ownName}`);
  const offersTls = hello.lines.some((line) => /^STARTTLS\b/i.test(line));
  if (hop.mode === 'required' || (hop.mode !== 'none' && offersTls)) {
    if ((await dialog.command('STARTTLS')).code !== 220) return 'undecided';
    await dialog.startTls({ host: hop.host, ...hop.tls });
    hello = await dialog.command(`EHLO ${hop.ownName}`);
  }
  if (hello.code !== 250) return 'undecided';
  if ((await dialog.command('MAIL FROM:<>')).code !== 250) return 'undecided';
  return verdictOf(await dialog.command(`RCPT TO:<${address}>`));
}

/** Codes with which servers say «no such mailbox» (RFC 5321 §4.3.2); with X.7.Z or X.2.Z they say something else. */
const NO_MAILBOX: ReadonlySet<number> = new Set([550, 551, 553, 556]);

function verdictOf({ code, lines }: SmtpReply): 'exists' | 'unknown' | 'undecided' {
  if (code === 250 || code === 251) return 'exists';
  return NO_MAILBOX.has(code) && !/^5\.[27]\./.test(lines[0] ?? '') ? 'unknown' : 'undecided';
}
