/** Where the bench's mails end: takes everything, keeps it in memory, remembers when the last one came. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface MemorySink {
  readonly port: number;
  readonly received: readonly Buffer[];
  /** Milliseconds of performance.now() when the last mail was complete. */
  lastAtMs(): number;
  clear(): void;
  close(): Promise<void>;
}

export async function openMemorySink(): Promise<MemorySink> {
  let received: Buffer[] = [];
  let lastAtMs = 0;
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        received.push(Buffer.concat(chunks));
        lastAtMs = performance.now();
        done();
      });
    },
  });
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    get received() {
      return received;
    },
    lastAtMs: () => lastAtMs,
    clear() {
      received = [];
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
