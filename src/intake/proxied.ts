/** Reads the PROXY header off a new connection and leaves what follows it in the socket. */
import type { Socket } from 'node:net';
import { readProxyHeader } from './proxy-header.ts';

export interface Announced {
  /** Undefined: the balancer speaks for itself. */
  readonly source: string | undefined;
  /** Octets that the header took. */
  readonly bytes: number;
}

/** Why a connection has no header: nothing more is to be said to it. */
export class NoProxyHeader extends Error {
  override readonly name = 'NoProxyHeader';
}

/**
 * @param timeoutMs from now until the header is complete, however its octets trickle (proxy-protocol.txt §2: at least 3 s).
 * @throws NoProxyHeader when it is malformed, late, or the connection ends. The caller destroys the socket.
 */
export function announcedBy(socket: Socket, timeoutMs: number): Promise<Announced> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      socket.pause();
      socket.removeListener('data', onData).removeListener('close', onClose).removeListener('end', onClose);
      act();
    };
    const fail = (why: string): void => settle(() => reject(new NoProxyHeader(why)));
    const onClose = (): void => fail('closed');
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const reading = readProxyHeader(received);
      if (reading.kind === 'incomplete') return;
      if (reading.kind === 'invalid') {
        fail(reading.why);
        return;
      }
      const { bytes, source } = reading;
      settle(() => {
        if (received.length > bytes) socket.unshift(received.subarray(bytes));
        resolve({ source, bytes });
      });
    };
    const timer = setTimeout(() => fail('too slow'), timeoutMs);
    // Stays: between here and the connection's own handler a reset must not become an uncaught error.
    socket.on('error', () => undefined);
    socket.on('data', onData).once('close', onClose).once('end', onClose);
  });
}
