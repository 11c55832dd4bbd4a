/** A bare SMTP client: one command, one reply (RFC 5321 §4.2). For probes; messages go over nodemailer. */
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

export interface SmtpReply {
  readonly code: number;
  /** Text of each line without the code. */
  readonly lines: readonly string[];
}

export interface SmtpDialog {
  greeting(): Promise<SmtpReply>;
  command(line: string): Promise<SmtpReply>;
  /** Verifies the certificate. What arrived in the clear before is thrown away (threats.tsv S33). */
  startTls(options: ConnectionOptions): Promise<void>;
  /** Says QUIT and waits for nothing. */
  end(): void;
}

/** A reply of more than this is no reply; EHLO answers have some 500 octets. */
const MAX_REPLY_BYTES = 16 * 1024;
const LINE = /^(\d{3})([ -]?)(.*)$/;

/** @param timeoutMs for each reply, however slowly its octets come. */
export async function openDialog(host: string, port: number, timeoutMs: number): Promise<SmtpDialog> {
  const dialog = new Dialog(connectTcp({ host, port }), timeoutMs);
  await dialog.event('connect');
  return dialog;
}

class Dialog implements SmtpDialog {
  #socket: Socket;
  readonly #timeoutMs: number;
  #received = '';
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(socket: Socket, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#socket = this.#watch(socket);
  }

  greeting(): Promise<SmtpReply> {
    return this.#reply();
  }

  command(line: string): Promise<SmtpReply> {
    if (/[\r\n]/.test(line)) throw new TypeError('a command is one line');
    this.#socket.write(`${line}\r\n`);
    return this.#reply();
  }

  async startTls(options: ConnectionOptions): Promise<void> {
    this.#socket.removeAllListeners('data');
    this.#received = '';
    this.#socket = this.#watch(connectTls({ ...options, socket: this.#socket }));
    await this.event('secureConnect');
  }

  end(): void {
    if (this.#socket.writable) this.#socket.end('QUIT\r\n');
    setTimeout(() => this.#socket.destroy(), 1000).unref();
  }

  /** Waits for an event of the socket. */
  event(name: 'connect' | 'secureConnect'): Promise<void> {
    let happened = false;
    this.#socket.once(name, () => {
      happened = true;
      this.#wake();
    });
    return this.#until(() => (happened ? true : undefined)).then(() => undefined);
  }

  #watch(socket: Socket): Socket {
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      if (this.#received.length > MAX_REPLY_BYTES) this.#fail(new Error('reply too long'));
      this.#wake();
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('connection closed')));
    return socket;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  #reply(): Promise<SmtpReply> {
    return this.#until(() => this.#takeReply());
  }

  #takeReply(): SmtpReply | undefined {
    const lines: string[] = [];
    let at = 0;
    for (;;) {
      const end = this.#received.indexOf('\r\n', at);
      if (end < 0) return undefined;
      const match = LINE.exec(this.#received.slice(at, end));
      if (match === null) throw new Error('not an SMTP reply');
      at = end + 2;
      lines.push(match[3] ?? '');
      if (match[2] === '-') continue;
      this.#received = this.#received.slice(at);
      return { code: Number(match[1]), lines };
    }
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    const deadline = performance.now() + this.#timeoutMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#failure !== undefined) throw this.#failure;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) {
        this.#socket.destroy();
        throw new Error('timeout');
      }
      await this.#change(leftMs);
    }
  }

  #change(leftMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, leftMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
