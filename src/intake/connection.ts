/**
 * smtp-server's connection, tightened: our guard looks at every command first, replies carry our own status codes and
 * never grow, trusted peers are greeted without the library's timer. Version-bound to smtp-server 3.21.6: everything of
 * it that is not a documented option is used in this file only.
 */
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { SMTPServer } from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection';
import type { Origin } from '../message/envelope.ts';
import { guardCommand, type TlsState } from './command.ts';
import { cleanReplyText, type Reply } from './reply.ts';
import { Transaction } from './transaction.ts';

const STATUS = /^[245]\.\d{1,3}\.\d{1,3} /;
const TOO_MANY_ERRORS: Reply = [421, '4.7.0', 'Too many errors'];
const TOO_SOON: Reply = [421, '4.7.0', 'You talk too soon'];
export const SHUTTING_DOWN: Reply = [421, '4.3.2', 'Service closing, try again later'];

/** What every connection of one server shares. */
export interface ConnectionShell {
  readonly startTls: boolean;
  needsTls(peer: string): boolean;
  readonly maxErrors: number;
  readonly isDraining: () => boolean;
  /** The connection is closed for its mistakes. Called once. */
  tooManyErrors(connection: GuardedConnection): void;
  /** The conversation has ended; called once. The socket may still wait for the peer's FIN. */
  ended(connection: GuardedConnection): void;
  /** The socket has closed. */
  gone(connection: GuardedConnection): void;
}

/** Where a connection stands, for the clocks of patience.ts. */
export type Activity =
  | { readonly kind: 'command' }
  | { readonly kind: 'data'; readonly bytes: number; readonly heldByUs: boolean }
  /** The peer waits for us: a recipient is looked up, a message is being stored. */
  | { readonly kind: 'busy' };

/** Who is at the other end, and what was read of the socket to know it. */
export interface Caller {
  /** Address under which the door counts the connection: the socket's, or the one that a listed proxy announced. */
  readonly peer: string;
  /** Octets of the PROXY header; 0 without one. */
  readonly headerBytes: number;
}

export class GuardedConnection extends SMTPConnection {
  /** See Caller. */
  readonly peer: string;
  readonly #headerBytes: number;
  readonly #shell: ConnectionShell;
  #transaction = new Transaction();
  #address = '';
  #errors = 0;
  #closeAfterReply = false;
  #ended = false;
  /** Recipients refused as unknown since the last accepted message. */
  unknownRecipients = 0;
  /** By performance.now(), as all clocks of a connection: nobody sets it. */
  readonly openedAtMs: number;
  /** When we last said something: from then on the peer has its turn. */
  repliedAtMs: number;

  constructor(
    server: SMTPServer,
    socket: Socket | TLSSocket,
    options: SMTPConnectionOptions | null | undefined,
    shell: ConnectionShell,
    { peer, headerBytes }: Caller,
  ) {
    super(server, socket, { ...options, remoteAddress: peer });
    this.peer = peer;
    this.#headerBytes = headerBytes;
    this.#shell = shell;
    this.openedAtMs = performance.now();
    this.repliedAtMs = this.openedAtMs;
  }

  /** Recipients and sender of the transaction that is going on. */
  get transaction(): Transaction {
    return this.#transaction;
  }

  /** Path of the MAIL or RCPT command that is being answered, as our own parser read it. */
  get address(): string {
    return this.#address;
  }

  /** @param receivedAtMs Unix ms at which DATA began. */
  origin(receivedAtMs: number): Origin {
    const cipher = this.tlsOptions;
    return {
      peerAddress: this.remoteAddress,
      untrustedHelo: (this.hostNameAppearsAs || '').replace(/[^\x20-\x7e]/g, '').slice(0, 255),
      tls: cipher === false ? '' : `${cipher.version} ${cipher.standardName ?? cipher.name}`,
      receivedAtMs,
    };
  }

  get activity(): Activity {
    const parser = this._parser;
    if (parser !== false && parser._dataMode) {
      const data = this._dataStream;
      return { kind: 'data', bytes: parser.dataBytes, heldByUs: Boolean(data) && isFull(data as unknown as Readable) };
    }
    return this._handlerPending || this._dataStream ? { kind: 'busy' } : { kind: 'command' };
  }

  /** Ends the connection once the next reply is out: what the peer has sent after it is not read. */
  closeAfterReply(): void {
    this.#closeAfterReply = true;
  }

  /** A message of this connection was accepted: its earlier mistakes are forgiven. */
  forgive(): void {
    this.#errors = 0;
    this.unknownRecipients = 0;
  }

  reply([code, status, text]: Reply): void {
    this.send(code, `${status} ${text}`);
  }

  /** Says why and ends the connection wherever it stands; a message that was coming in is not accepted. */
  cut(reply: Reply): void {
    this.reply(reply);
    this.close();
    if (this.activity.kind === 'data') this._socket.destroySoon();
  }

  override close(): void {
    super.close();
    this.#end();
  }

  /** Not the socket's 'close' event: STARTTLS takes all listeners off the plain socket. */
  override _onClose(): void {
    super._onClose();
    this.#end();
    this.#shell.gone(this);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#shell.ended(this);
  }

  /** Greets as soon as the event loop has once looked whether the peer spoke first, instead of after 100 ms. */
  override init(): void {
    this._setListeners(() => setImmediate(() => setImmediate(() => this.#greet())));
  }

  #greet(): void {
    if (this._closing || this._closed) return;
    if (this._socket.bytesRead > this.#headerBytes) this.reply(TOO_SOON);
    else this.connectionReady();
  }

  override _resetSession(): void {
    this.#transaction = new Transaction();
    super._resetSession();
  }

  override _onCommand(command: Buffer, callback: () => void = () => undefined): void {
    if (this._upgrading) super._onCommand(command, callback);
    else if (!this._ready) this.reply(TOO_SOON);
    else if (this.#shell.isDraining()) this.reply(SHUTTING_DOWN);
    else this.#guarded(command, callback);
  }

  #guarded(command: Buffer, callback: () => void): void {
    const verdict = guardCommand(command, this.#tlsState());
    if (verdict.kind === 'pass') {
      this.#address = verdict.address ?? '';
      super._onCommand(command, callback);
      return;
    }
    this.reply(verdict.reply);
    setImmediate(() => this._whenWritable(callback));
  }

  #tlsState(): TlsState {
    if (!this.#shell.startTls) return 'not-offered';
    return !this.secure && this.#shell.needsTls(this.peer) ? 'missing' : 'offered';
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    this.repliedAtMs = performance.now();
    if (typeof data === 'string') super.send(code, cleanReplyText(data), STATUS.test(data) ? false : context);
    else super.send(code, data, context);
    if (this.#closeAfterReply) this.close();
    if (code === 530 || code === 555 || (code >= 500 && code <= 504)) this.#countError();
  }

  #countError(): void {
    this.#errors++;
    if (this.#errors !== this.#shell.maxErrors) return;
    this.#shell.tooManyErrors(this);
    this.reply(TOO_MANY_ERRORS);
  }
}

/** True when we have not taken what the peer has sent: it is not the peer who is slow. */
const isFull = (stream: Readable & { readonly writableNeedDrain?: boolean }): boolean =>
  stream.writableNeedDrain === true;
