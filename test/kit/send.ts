/** Sends mails over real SMTP with N connections kept open, and keeps each reply. */
import SmtpConnection from 'nodemailer/lib/smtp-connection/index.js';

export interface OutgoingMail {
  readonly reversePath: string;
  readonly recipients: readonly string[];
  /** CRLF line ends, not dot-stuffed. */
  readonly bytes: Buffer;
}

export interface SendResult {
  readonly index: number;
  /** Undefined when the connection broke before a reply to the message: not acknowledged. */
  readonly reply: string | undefined;
  readonly accepted: boolean;
  readonly error: string;
}

export interface SendOptions {
  readonly port: number;
  readonly connections: number;
  /** After a broken connection the next mail goes over a new one; a mail that got no 250 is tried again this often. Default 0. */
  readonly retries?: number;
  /** Awaited before mail `index` goes out for the first time: spreads a load over time. */
  pause?(index: number): Promise<unknown>;
  /** Called after each answer. */
  onResult?(result: SendResult): void;
}

export async function sendAll(mails: readonly OutgoingMail[], options: SendOptions): Promise<readonly SendResult[]> {
  const results: SendResult[] = new Array(mails.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    let open: SmtpConnection | undefined;
    for (let index = next++; index < mails.length; index = next++) {
      const mail = mails[index];
      if (mail === undefined) continue;
      await options.pause?.(index);
      let result: SendResult = { index, reply: undefined, accepted: false, error: 'not sent' };
      for (let attempt = 0; attempt <= (options.retries ?? 0) && !result.accepted; attempt++) {
        try {
          open ??= await connected(options.port);
          result = { index, reply: await sendOne(open, mail), accepted: true, error: '' };
        } catch (error) {
          const { response, message } = error as Error & { response?: string };
          result = { index, reply: response, accepted: false, error: message };
          open?.close();
          open = undefined;
          await new Promise((resolve) => setTimeout(resolve, Math.min(20 * (attempt + 1), 500)));
        }
      }
      results[index] = result;
      options.onResult?.(result);
    }
    open?.quit();
  };
  await Promise.all(Array.from({ length: Math.min(options.connections, mails.length) }, lane));
  return results;
}

function connected(port: number): Promise<SmtpConnection> {
  return new Promise((resolve, reject) => {
    const connection = new SmtpConnection({ host: '127.0.0.1', port, ignoreTLS: true, name: 'sender.example' });
    connection.once('error', reject);
    connection.connect(() => {
      connection.removeListener('error', reject);
      connection.on('error', () => {});
      resolve(connection);
    });
  });
}

function sendOne(connection: SmtpConnection, mail: OutgoingMail): Promise<string> {
  return new Promise((resolve, reject) => {
    const onEnd = (): void => reject(new Error('connection closed'));
    connection.once('end', onEnd);
    connection.send({ from: mail.reversePath, to: [...mail.recipients] }, mail.bytes, (error, info) => {
      connection.removeListener('end', onEnd);
      if (error) reject(error);
      else resolve(info.response);
    });
  });
}
