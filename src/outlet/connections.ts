/**
 * Connections to one next hop, kept open between mails. nodemailer's own pool is not used: it sends a message again by
 * itself when a connection breaks, and a message sent twice without our knowing is a second delivery.
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { NextHop } from './hop.ts';

/** Idle connections go before the next hop's usual limit (Postfix smtpd_timeout under load: 10 s; else 300 s). */
const IDLE_MS = 8_000;
/** A relay that is there answers a connection at once; its network may not. */
const CONNECT_MS = 30_000;

interface Idle {
  readonly connection: SMTPConnection;
  readonly timer: NodeJS.Timeout;
}

export class Connections {
  readonly #hop: NextHop;
  readonly #idle: Idle[] = [];
  readonly #busy = new Set<SMTPConnection>();
  readonly #waiting: (() => void)[] = [];
  #open = 0;

  constructor(hop: NextHop) {
    this.#hop = hop;
  }

  /** Runs `work` with a connection, at most `maxConnections` at once. `fresh`: not one that has been idle. */
  async use<T>(work: (connection: SMTPConnection, reused: boolean) => Promise<T>, fresh = false): Promise<T> {
    while (this.#open >= this.#hop.maxConnections) await new Promise<void>((free) => this.#waiting.push(free));
    this.#open++;
    let connection: SMTPConnection | undefined;
    try {
      const kept = fresh ? undefined : this.#takeIdle();
      connection = kept ?? (await openConnection(this.#hop));
      this.#busy.add(connection);
      const result = await work(connection, kept !== undefined);
      this.#keep(connection);
      return result;
    } catch (error) {
      connection?.close();
      throw error;
    } finally {
      if (connection !== undefined) this.#busy.delete(connection);
      this.#open--;
      this.#waiting.shift()?.();
    }
  }

  /** Ends idle connections now, busy ones at once too: their mails count as not sent. */
  close(): void {
    for (const { connection, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      connection.quit();
    }
    for (const connection of this.#busy) connection.close();
  }

  #takeIdle(): SMTPConnection | undefined {
    const idle = this.#idle.pop();
    if (idle === undefined) return undefined;
    clearTimeout(idle.timer);
    return idle.connection;
  }

  #keep(connection: SMTPConnection): void {
    const forget = () => {
      const at = this.#idle.findIndex((each) => each.connection === connection);
      if (at < 0) return false;
      clearTimeout(this.#idle.splice(at, 1)[0]?.timer);
      return true;
    };
    connection.removeAllListeners('end').once('end', forget);
    const timer = setTimeout(() => forget() && connection.quit(), IDLE_MS);
    timer.unref();
    this.#idle.push({ connection, timer });
  }
}

/** Connected, greeted, EHLO said, TLS up where the mode asks for it. Rejects with nodemailer's error. */
function openConnection(hop: NextHop): Promise<SMTPConnection> {
  const connection = new SMTPConnection({
    host: hop.host,
    port: hop.port,
    secure: false,
    name: hop.ownName,
    requireTLS: hop.mode === 'required',
    ignoreTLS: hop.mode === 'none',
    tls: hop.tls,
    connectionTimeout: Math.min(CONNECT_MS, hop.timeoutMs),
    greetingTimeout: hop.timeoutMs,
    socketTimeout: hop.timeoutMs,
    maxResponseSize: 16 * 1024,
    logger: false,
  });
  return new Promise((resolve, reject) => {
    // Stays for the connection's life: an error after the last answer must not become an uncaught one.
    connection.on('error', reject);
    connection.once('end', () => reject(Object.assign(new Error('connection closed'), { code: 'ECONNECTION' })));
    connection.connect((error) => {
      if (error) reject(error);
      else resolve(connection);
    });
  });
}
