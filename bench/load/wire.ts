/**
 * The bench's sender: the same SMTP dialog to whoever is measured, pipelined as Postfix's own client does (RFC 2920),
 * from bytes that were made ready before the clock runs. Who does not offer PIPELINING, or is faster without it, gets
 * one command at a time.
 */
import { connect, type Socket } from 'node:net';

export interface WireMail {
  readonly reversePath: string;
  readonly recipients: readonly string[];
  /** CRLF line ends, not dot-stuffed. */
  readonly bytes: Buffer;
}

export interface WireTarget {
  readonly port: number;
  /** Use PIPELINING where it is offered. */
  readonly pipelining: boolean;
}

export interface WireResult {
  readonly accepted: boolean;
  /** Last reply, or why there was none. */
  readonly reply: string;
}

/** Nobody is waited for longer than this for one reply. */
const REPLY_MS = 120_000;

/** Mails over N connections that stay open; a mail whose connection breaks is not sent again. */
export async function sendOverWire(
  mails: readonly WireMail[],
  target: WireTarget,
  connections: number,
): Promise<readonly WireResult[]> {
  const ready = mails.map(prepared);
  const results: WireResult[] = new Array(mails.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    let dialog: Dialog | undefined;
    for (let index = next++; index < ready.length; index = next++) {
      const mail = ready[index];
      if (mail === undefined) continue;
      try {
        dialog ??= await Dialog.open(target);
        results[index] = await dialog.send(mail);
      } catch (error) {
        results[index] = { accepted: false, reply: (error as Error).message };
        dialog?.end();
        dialog = undefined;
      }
    }
    await dialog?.quit();
  };
  await Promise.all(Array.from({ length: Math.min(connections, mails.length) }, lane));
  return results;
}

/** One mail on a new connection. @returns milliseconds from connect() to the 250 after the dot. @throws when it is not taken. */
export async function acknowledgedMs(mail: WireMail, target: WireTarget): Promise<number> {
  const bytes = prepared(mail);
  const startedAt = performance.now();
  const dialog = await Dialog.open(target);
  const { accepted, reply } = await dialog.send(bytes);
  const ms = performance.now() - startedAt;
  await dialog.quit();
  if (!accepted) throw new Error(`not taken: ${reply}`);
  return ms;
}

interface Prepared {
  readonly envelope: readonly string[];
  /** Dot-stuffed, with the final dot (RFC 5321 §4.5.2). */
  readonly data: Buffer;
}

function prepared({ reversePath, recipients, bytes }: WireMail): Prepared {
  const stuffed =
    bytes.includes('\r\n.') || bytes[0] === 0x2e
      ? Buffer.from(bytes.toString('latin1').replace(/(^|\r\n)\./g, '$1..'), 'latin1')
      : bytes;
  const ended = stuffed.subarray(-2).equals(Buffer.from('\r\n'));
  return {
    envelope: [`MAIL FROM:<${reversePath}>`, ...recipients.map((address) => `RCPT TO:<${address}>`), 'DATA'],
    data: Buffer.concat([stuffed, Buffer.from(ended ? '.\r\n' : '\r\n.\r\n')]),
  };
}

class Dialog {
  readonly #socket: Socket;
  #text = '';
  #broken: Error | undefined;
  #wake: (() => void) | undefined;
  #pipelining = false;

  private constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setTimeout(REPLY_MS, () => this.#fail(new Error(`no reply for ${REPLY_MS} ms`)));
    this.#socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      this.#wake?.();
    });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('connection closed')));
  }

  static async open({ port, pipelining }: WireTarget): Promise<Dialog> {
    const dialog = new Dialog(port);
    await dialog.#expect('220');
    dialog.#socket.write('EHLO sender.example\r\n');
    dialog.#pipelining = /^250[- ]PIPELINING\r?$/im.test(await dialog.#expect('250')) && pipelining;
    return dialog;
  }

  /** @throws Error when the dialog got out of step; a refusal of the mail is a result. */
  async send({ envelope, data }: Prepared): Promise<WireResult> {
    const replies: string[] = [];
    if (this.#pipelining) this.#socket.write(envelope.map((line) => `${line}\r\n`).join(''));
    for (const line of envelope) {
      if (!this.#pipelining) this.#socket.write(`${line}\r\n`);
      replies.push(await this.#reply());
    }
    const refused = replies.find((reply) => !/^[23]/.test(reply));
    if (refused !== undefined) throw new Error(refused);
    this.#socket.write(data);
    const reply = await this.#reply();
    return { accepted: reply.startsWith('250'), reply };
  }

  async quit(): Promise<void> {
    this.#socket.write('QUIT\r\n');
    await this.#reply().catch(() => '');
    this.end();
  }

  end(): void {
    this.#socket.destroy();
  }

  async #expect(code: string): Promise<string> {
    const reply = await this.#reply();
    if (!reply.startsWith(code)) throw new Error(reply);
    return reply;
  }

  /** One whole reply, all its lines (RFC 5321 §4.2.1). */
  async #reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\n/.exec(this.#text);
      if (match !== null) {
        this.#text = this.#text.slice(match[0].length);
        return match[0].trimEnd();
      }
      if (this.#broken !== undefined) throw this.#broken;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #fail(error: Error): void {
    this.#broken ??= error;
    this.#wake?.();
    this.#socket.destroy();
  }
}
