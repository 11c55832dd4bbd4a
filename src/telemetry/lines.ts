/**
 * Lines to a file descriptor, never waited for. A log that nobody reads (a full pipe of a service manager, a disk that
 * hangs) would otherwise stop the event loop of every role, and mail with it: write(2) to a pipe blocks, and Node
 * writes to a pipe's stderr synchronously.
 *
 * Promises: `write` returns at once; lines stay whole and in order; at most `maxBytes` wait; what is beyond is dropped,
 * counted, and told when there is room again. What matters more than that is in the audit log, which is in the database.
 */
import { write as fsWrite, writeSync } from 'node:fs';

/** `write` of node:fs, as far as it is used. */
export type WriteSome = (fd: number, bytes: Buffer, done: (error: Error | null, written: number) => void) => void;

export interface LineWriterOptions {
  readonly fd: number;
  /** Default 1 MiB: some thousand lines. */
  readonly maxBytes?: number;
  /** Lines were dropped, and there is room again. */
  onRoom(dropped: number): void;
  readonly write?: WriteSome;
}

const MAX_BYTES = 1024 * 1024;
/** A descriptor that is set to non-blocking by another program answers EAGAIN while it is full. */
const AGAIN_MS = 100;
/** A write that lasts longer has nobody at its other end. */
const STUCK_MS = 1000;

export class LineWriter {
  readonly #fd: number;
  readonly #maxBytes: number;
  readonly #onRoom: (dropped: number) => void;
  readonly #write: WriteSome;
  #waiting: string[] = [];
  #bytes = 0;
  #dropped = 0;
  /** When the write that is going on began (performance.now); undefined when there is none. */
  #since: number | undefined;
  #planned = false;

  constructor({ fd, maxBytes = MAX_BYTES, onRoom, write = fsWrite }: LineWriterOptions) {
    this.#fd = fd;
    this.#maxBytes = maxBytes;
    this.#onRoom = onRoom;
    this.#write = write;
  }

  /** @param line with its line end. */
  write(line: string): void {
    if (this.#bytes + line.length > this.#maxBytes) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(line);
    this.#bytes += line.length;
    this.#plan();
  }

  /** For a process that ends: what waits is written now, unless nobody is reading. */
  end(): void {
    if (this.#since !== undefined && performance.now() - this.#since > STUCK_MS) return;
    try {
      writeSync(this.#fd, this.#waiting.join(''));
    } catch {
      // Nobody is there to be told.
    }
    this.#waiting = [];
  }

  /** Lines of one turn of the event loop go together, and those before an exit are still here for `end`. */
  #plan(): void {
    if (this.#planned || this.#since !== undefined) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#next();
    });
  }

  #next(): void {
    if (this.#waiting.length === 0 || this.#since !== undefined) return;
    this.#bytes = 0;
    this.#send(Buffer.from(this.#waiting.splice(0).join('')));
  }

  #send(bytes: Buffer): void {
    this.#since ??= performance.now();
    this.#write(this.#fd, bytes, (error, written) => this.#wrote(bytes, error, written));
  }

  #wrote(bytes: Buffer, error: Error | null, written: number): void {
    if (error !== null && 'code' in error && error.code === 'EAGAIN') {
      setTimeout(() => this.#send(bytes), AGAIN_MS).unref();
      return;
    }
    if (error === null && written < bytes.length) {
      this.#send(bytes.subarray(written));
      return;
    }
    this.#since = undefined;
    const dropped = this.#dropped;
    this.#dropped = 0;
    // A line that could not be written at all (EPIPE, EIO) is lost as those beyond the limit are.
    if (dropped > 0 && error === null) this.#onRoom(dropped);
    this.#plan();
  }
}
