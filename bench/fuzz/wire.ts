/** A socket without a network: what a client sends is pushed, what the server answers is kept. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

const MAX_TURNS = 2_000;
/** Octets of a segment below which the server gets to read it before the next one. */
const SMALL = 1_000;
/** Turns of the event loop without an answer after which the server is taken to wait for the client. */
const IDLE_TURNS = 12;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Wire extends Duplex {
  readonly remoteAddress: string;
  readonly remotePort = 40_000;
  readonly localAddress = '127.0.0.1';
  readonly localPort = 25;
  bytesRead = 0;
  /** Everything the server said, as Latin-1. */
  said = '';
  closed_ = false;

  constructor(remoteAddress: string) {
    super({ allowHalfOpen: true });
    this.remoteAddress = remoteAddress;
    this.on('error', () => undefined);
    this.once('close', () => {
      this.closed_ = true;
    });
  }

  get readyState(): string {
    return this.writable ? 'open' : 'closed';
  }

  setNoDelay(): this {
    return this;
  }

  /** Clocks are not what is looked at here. */
  setTimeout(): this {
    return this;
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {
    // Pushed by the client's side.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.said += chunk.toString('latin1');
    done();
  }

  /** What the server's code takes for a socket: all it calls is above. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  send(bytes: Buffer): void {
    if (this.closed_ || this.destroyed || this.readableEnded) return;
    this.bytesRead += bytes.length;
    this.push(bytes);
  }

  /** Small segments each in a turn of their own. */
  async sendIn(bytes: Buffer, segment: number): Promise<void> {
    const size = segment > 0 ? segment : 1;
    for (let at = 0; at < bytes.length; at += size) {
      this.send(bytes.subarray(at, at + size));
      if (size < SMALL) await turn();
    }
  }

  /** Until the server has been silent for some turns, or the connection has ended. */
  async quiet(): Promise<void> {
    let [idle, before] = [0, this.said.length];
    for (let turns = 0; idle < IDLE_TURNS && turns < MAX_TURNS && !this.closed_; turns++) {
      await turn();
      idle = this.said.length === before && this.readableLength === 0 ? idle + 1 : 0;
      before = this.said.length;
    }
  }

  /** The client goes. */
  async hangUp(): Promise<void> {
    if (!this.destroyed) this.push(null);
    await this.quiet();
    if (!this.destroyed) this.destroy();
    for (let turns = 0; turns < 50 && !this.closed_; turns++) await turn();
    await turn();
  }
}
