/**
 * A next hop of our own: a bare SMTP server on loopback that keeps the octets exactly as they came over the wire and
 * answers as a test says. No library in between, so what it kept is what was sent.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { keepArrived } from './collect/collector.ts';

export interface HopMail {
  readonly reversePath: string;
  /** Those that got 250. */
  readonly recipients: readonly string[];
  /** DATA without dot-stuffing and without the final dot. */
  readonly bytes: Buffer;
  /** Id that the receipt names, '' without a receipt. */
  readonly messageId: string;
  /** When its last octet had come, Unix ms. */
  readonly atMs: number;
}

export interface HopOptions {
  readonly port?: number;
  /** Reply to RCPT; undefined: 250. */
  answerRcpt?(address: string): string | undefined;
  /** Reply to the message; undefined: 250 and it is kept. */
  answerData?(recipients: readonly string[]): string | undefined;
  /** Milliseconds before the reply to a message. Default 0. */
  readonly delayMs?: number;
}

export interface Hop {
  readonly port: number;
  readonly received: readonly HopMail[];
  close(): Promise<void>;
}

const END = Buffer.from('\r\n.\r\n');
const CRLF = Buffer.from('\r\n');

export async function openHop(options: HopOptions = {}): Promise<Hop> {
  const received: HopMail[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    talk(socket, options, (mail) => received.push(mail));
  });
  const port = await listen(server, options.port ?? 0);
  return {
    port,
    received,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });

function talk(socket: Socket, options: HopOptions, keep: (mail: HopMail) => void): void {
  let pending = Buffer.alloc(0);
  let inData = false;
  let reversePath = '';
  let recipients: string[] = [];
  const say = (reply: string): void => {
    if (socket.writable) socket.write(`${reply}\r\n`);
  };
  const message = (wire: Buffer): void => {
    const bytes = unstuffed(wire);
    const mail = { reversePath, recipients, bytes, messageId: receiptId(bytes), atMs: Date.now() };
    const refusal = options.answerData?.(recipients);
    keepArrived(bytes);
    if (refusal === undefined) keep(mail);
    const answer = (): void => say(refusal ?? '250 2.0.0 taken');
    if (options.delayMs === undefined) answer();
    else setTimeout(answer, options.delayMs);
  };
  const command = (line: string): string => {
    const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
    switch (line.slice(0, 4).toUpperCase()) {
      case 'EHLO':
        return '250-hop.example\r\n250-PIPELINING\r\n250 8BITMIME';
      case 'MAIL':
        [reversePath, recipients] = [address, []];
        return '250 2.1.0 ok';
      case 'RCPT': {
        const refusal = options.answerRcpt?.(address);
        if (refusal === undefined) recipients.push(address);
        return refusal ?? '250 2.1.5 ok';
      }
      case 'DATA':
        inData = recipients.length > 0;
        return inData ? '354 go' : '554 5.5.1 no recipients';
      case 'QUIT':
        setImmediate(() => socket.end());
        return '221 2.0.0 bye';
      default:
        return '250 2.0.0 ok';
    }
  };
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      // The CRLF that ended DATA's command line counts for an empty message; ours are never empty.
      const end = pending.indexOf(inData ? END : CRLF);
      if (end < 0) return;
      const size = (inData ? END : CRLF).length;
      const piece = pending.subarray(0, end);
      pending = pending.subarray(end + size);
      if (inData) {
        inData = false;
        message(Buffer.concat([piece, CRLF]));
      } else say(command(piece.toString('latin1')));
    }
  });
  say('220 hop.example ESMTP');
}

/** RFC 5321 §4.5.2: one dot goes from the start of each line that has it. */
const unstuffed = (wire: Buffer): Buffer => Buffer.from(wire.toString('latin1').replace(/(^|\r\n)\./g, '$1'), 'latin1');

const receiptId = (bytes: Buffer): string =>
  /^Sekisho-Receipt: [\s\S]{0,300}?\r\n m=([0-9A-Z]{26});/.exec(bytes.subarray(0, 500).toString('latin1'))?.[1] ?? '';
