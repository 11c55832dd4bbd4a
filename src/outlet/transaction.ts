/**
 * One SMTP transaction towards the next hop and what each answer means for its recipient (RFC 5321 §4.2.1, §4.2.5):
 * 2yz taken, 4yz later, 5yz refused. What says nothing about the mail (no connection, TLS, greeting, 421, silence) is
 * 'later'.
 */
import { Readable } from 'node:stream';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { RecipientResult } from './outlet.ts';
import { cleanReply } from './reply.ts';

/** Parts of nodemailer's error that we read. */
interface SmtpError extends Error {
  readonly code?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
  readonly recipient?: string;
}

/** nodemailer's envelope: it notes the answers to RCPT on the object it was given (smtp-connection, _setEnvelope). */
interface Envelope {
  from: string;
  to: string[];
  size: number;
  accepted?: string[];
  rejectedErrors?: SmtpError[];
}

export interface Attempt {
  readonly results: readonly RecipientResult[];
  /** The connection broke before a single octet of the message was taken: trying anew is safe. */
  readonly untouched: boolean;
}

/** Slowest next hop that is waited for, after the fixed part: octets a second. */
const MIN_RATE = 10_000;
/** A hop that trickles its replies never meets the silence timeout: a try ends after this many of them. */
export const FIXED_TIMEOUTS = 4;

/** Sends `bytes` once. Never throws; after anything but a clean end the caller must not use the connection again. */
export async function transact(
  connection: SMTPConnection,
  recipients: readonly string[],
  bytes: Uint8Array,
  timeoutMs: number,
): Promise<Attempt & { readonly reusable: boolean }> {
  const envelope: Envelope = { from: '', to: [...recipients], size: bytes.length };
  // One chunk, not one octet after the other.
  const body = Readable.from([Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)], { objectMode: false });
  const deadlineMs = timeoutMs * FIXED_TIMEOUTS + (bytes.length / MIN_RATE) * 1000;
  const deadline = setTimeout(() => connection.close(), deadlineMs);
  try {
    const response = await send(connection, envelope, body);
    return { results: afterSuccess(recipients, envelope, response), untouched: false, reusable: true };
  } catch (cause) {
    const error = asSmtpError(cause);
    const reusable = isAboutMail(error) && (await reset(connection));
    const untouched = !body.readableDidRead && (error.responseCode ?? 421) === 421;
    return { results: afterFailure(recipients, envelope, error, body.readableEnded), untouched, reusable };
  } finally {
    clearTimeout(deadline);
    body.destroy();
  }
}

function send(connection: SMTPConnection, envelope: Envelope, body: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    // close() by the deadline calls back nobody.
    connection.once('end', () => reject(Object.assign(new Error('connection closed'), { code: 'ECONNECTION' })));
    connection.send(envelope, body, (error, info) => {
      if (error) reject(error);
      else resolve(info?.response ?? '');
    });
  });
}

function reset(connection: SMTPConnection): Promise<boolean> {
  return new Promise((resolve) => {
    connection.once('end', () => resolve(false));
    connection.reset((error) => resolve(!error));
  });
}

/** The session stands, only this mail or its recipients were refused. */
const isAboutMail = (error: SmtpError): boolean =>
  (error.code === 'EENVELOPE' || error.code === 'EMESSAGE') && error.responseCode !== 421;

function afterSuccess(recipients: readonly string[], envelope: Envelope, response: string): readonly RecipientResult[] {
  const taken: RecipientResult = { kind: 'taken', recipient: '', reply: cleanReply(response) };
  return recipients.map((recipient) => ofRecipient(recipient, envelope) ?? { ...taken, recipient });
}

function afterFailure(
  recipients: readonly string[],
  envelope: Envelope,
  error: SmtpError,
  sentWhole: boolean,
): readonly RecipientResult[] {
  const overall = { kind: kindOf(error), reply: cleanReply(replyOf(error, sentWhole)) };
  // A hop that refused MAIL answers the pipelined RCPTs with «bad sequence»: those answers mean nothing.
  const isMailRefused = error.command === 'MAIL FROM';
  return recipients.map(
    (recipient) => (isMailRefused ? undefined : ofRecipient(recipient, envelope)) ?? { ...overall, recipient },
  );
}

/** The hop's own answer to this RCPT, when it was not 2yz. */
function ofRecipient(recipient: string, envelope: Envelope): RecipientResult | undefined {
  const error = envelope.rejectedErrors?.find((each) => each.recipient === recipient);
  if (error === undefined) return undefined;
  const kind = (error.responseCode ?? 0) >= 500 ? 'refused' : 'later';
  return { kind, recipient, reply: cleanReply(error.response ?? error.message) };
}

function kindOf(error: SmtpError): 'later' | 'refused' {
  if (!isAboutMail(error)) return 'later';
  const code = error.responseCode ?? (isOverSize(error) ? 552 : 0);
  return code >= 500 ? 'refused' : 'later';
}

/** Without a reply: nodemailer compared the size with the hop's SIZE and did not even ask (RFC 1870 §6.4). */
const isOverSize = (error: SmtpError): boolean =>
  error.responseCode === undefined && error.code === 'EMESSAGE' && error.command === 'MAIL FROM';

function replyOf(error: SmtpError, sentWhole: boolean): string {
  if (error.response !== undefined) return error.response;
  if (isOverSize(error)) return `552 5.3.4 not sent: ${error.message}`;
  if (sentWhole) return 'connection closed after data';
  return `${error.code ?? 'failed'}: ${error.message}`;
}

const asSmtpError = (error: unknown): SmtpError => (error instanceof Error ? error : new Error(String(error)));

/** What is 'later' for every recipient: there was no session at all. */
export function unreachable(recipients: readonly string[], cause: unknown): readonly RecipientResult[] {
  const error = asSmtpError(cause);
  const reply = cleanReply(replyOf(error, false));
  return recipients.map((recipient) => ({ kind: 'later', recipient, reply }));
}
