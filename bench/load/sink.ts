/**
 * Where the bench's mails end: takes everything, keeps it in memory, remembers when the last one came. A bare reader of
 * SMTP (RFC 5321, PIPELINING of RFC 2920, 8BITMIME of RFC 6152), so that it costs far less than whoever delivers to it.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface MemorySink {
  readonly port: number;
  /** Mails without dot-stuffing, in the order in which they were complete. */
  readonly received: readonly Buffer[];
  /** How many mails are complete. */
  readonly count: number;
  /** Milliseconds of performance.now() when the last mail was complete. */
  lastAtMs(): number;
  clear(): void;
  close(): Promise<void>;
}

const END_OF_DATA = Buffer.from('\r\n.\r\n');
const CAPABILITIES = '250-sink.example\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250 8BITMIME\r\n';

export async function openMemorySink(): Promise<MemorySink> {
  let received: Buffer[] = [];
  let lastAtMs = 0;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    readDialog(socket, (bytes) => {
      received.push(bytes);
      lastAtMs = performance.now();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get received() {
      return received.map(unstuffed);
    },
    get count() {
      return received.length;
    },
    lastAtMs: () => lastAtMs,
    clear() {
      received = [];
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Calls `onMail` with the bytes of each DATA, still dot-stuffed, before the 250 goes out. */
function readDialog(socket: Socket, onMail: (bytes: Buffer) => void): void {
  let pending: Buffer = Buffer.alloc(0);
  let mail: Buffer[] | undefined;
  socket.write('220 sink.example ESMTP\r\n');
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      if (mail !== undefined) {
        const end = pending.indexOf(END_OF_DATA);
        if (end < 0) {
          // The terminator may be cut by a chunk's end: its first four bytes stay pending.
          const whole = Math.max(0, pending.length - END_OF_DATA.length + 1);
          mail.push(pending.subarray(0, whole));
          pending = pending.subarray(whole);
          return;
        }
        mail.push(pending.subarray(0, end + 2));
        pending = pending.subarray(end + END_OF_DATA.length);
        onMail(mail.length === 1 ? Buffer.from(mail[0] ?? []) : Buffer.concat(mail));
        mail = undefined;
        socket.write('250 2.0.0 taken\r\n');
        continue;
      }
      const end = pending.indexOf('\r\n');
      if (end < 0) return;
      const verb = pending.toString('latin1', 0, Math.min(end, 4)).toUpperCase();
      pending = pending.subarray(end + 2);
      if (verb === 'DATA') mail = [];
      socket.write(REPLIES[verb] ?? '250 2.0.0 ok\r\n');
      if (verb === 'QUIT') socket.end();
    }
  });
}

const REPLIES: Readonly<Record<string, string>> = {
  EHLO: CAPABILITIES,
  DATA: '354 go on\r\n',
  QUIT: '221 2.0.0 bye\r\n',
};

/** RFC 5321 §4.5.2. */
function unstuffed(bytes: Buffer): Buffer {
  if (!bytes.includes('\r\n..') && bytes[0] !== 0x2e) return bytes;
  return Buffer.from(bytes.toString('latin1').replace(/(^|\r\n)\./g, '$1'), 'latin1');
}
