/** The server that makes guarded connections: who gets in, what happens to MAIL, RCPT and DATA, how it all ends. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection';
import type { Settings } from '../config/schema.ts';
import { GatewayError } from '../message/errors.ts';
import type { Log } from '../telemetry/log.ts';
import { type Caller, type ConnectionShell, GuardedConnection, SHUTTING_DOWN } from './connection.ts';
import type { IntakeDeps, TlsFiles } from './deps.ts';
import { affordableConnections, openFilesLimit } from './descriptors.ts';
import type { IntakeLimits } from './limits.ts';
import { Patience } from './patience.ts';
import { Door, peerList, plainAddress } from './peers.ts';
import { announcedBy } from './proxied.ts';
import { type ReceiveLimits, receive } from './receive.ts';
import { cleanReplyText, Refusal, type Reply, replyTo } from './reply.ts';

const MIB = 1024 * 1024;
/** How long a refused peer gets to read why. */
const LINGER_MS = 1000;
/** How often a closing server looks whether its connections have gone. */
const CLOSE_POLL_MS = 20;

type Done = (error?: Error | null, text?: string) => void;

export class GuardedServer extends SMTPServer {
  readonly #settings: Pick<Settings, 'host' | 'intake'>;
  readonly #limits: IntakeLimits;
  readonly #receiveLimits: ReceiveLimits;
  readonly #deps: IntakeDeps;
  readonly #door: Door;
  readonly #guarded = new Map<string, GuardedConnection>();
  readonly #isProxy: (address: string) => boolean;
  /** Sockets of load balancers that have not yet said for whom they speak. */
  readonly #unannounced = new Set<Socket>();
  readonly #shell: ConnectionShell;
  readonly #sweeper: NodeJS.Timeout;
  #draining = false;

  constructor(
    settings: Pick<Settings, 'host' | 'intake'>,
    tls: TlsFiles | undefined,
    limits: IntakeLimits,
    deps: IntakeDeps,
  ) {
    const { intake, host } = settings;
    super({
      name: host,
      heloResponse: '%s',
      size: intake.maxMessageMiB * MIB,
      socketTimeout: intake.idleSeconds * 1000,
      maxCommandLength: limits.maxCommandBytes,
      lenientAddressParsing: true,
      disableReverseLookup: true,
      authMethods: [],
      authOptional: true,
      hideSTARTTLS: tls === undefined,
      hideENHANCEDSTATUSCODES: false,
      hideDSN: false,
      hideSMTPUTF8: true,
      disabledCommands: tls === undefined ? ['AUTH', 'STARTTLS'] : ['AUTH'],
      minVersion: 'TLSv1.2',
      logger: false,
      ...tls,
    });
    this.#settings = settings;
    this.#limits = limits;
    this.#deps = deps;
    const maxConnections = carried(intake.maxConnections, deps.log);
    this.#door = new Door({ ...intake, maxConnections });
    const maxBytes = intake.maxMessageMiB * MIB;
    const { bareLineEnds, maxReceivedFields } = intake;
    const maxDrainBytes = maxBytes * limits.drainFactor;
    this.#receiveLimits = { ...limits, maxBytes, bareLineEnds, maxReceivedFields, maxDrainBytes };
    this.#isProxy = peerList(intake.proxies, 'intake.proxies');
    this.#shell = {
      startTls: tls !== undefined,
      needsTls: peerList(intake.tlsRequired, 'intake.tlsRequired'),
      maxErrors: limits.maxErrors,
      isDraining: () => this.#draining,
      tooManyErrors: ({ peer }) => {
        deps.log.warn('intake-refused', { at: 'command', peer, code: 421, mistakes: limits.maxErrors });
      },
      ended: ({ peer }) => this.#door.leave(peer),
      gone: ({ id }) => this.#guarded.delete(id),
    };
    // Beyond this the kernel's backlog is a better queue than our 421s.
    this.server.maxConnections = 2 * maxConnections + 50;
    this.#sweeper = this.#startSweeper();
    this.on('error', (error: unknown) => deps.log.debug('intake-connection-error', { code: codeOf(error) }));
  }

  override connect(socket: Socket | TLSSocket, options?: SMTPConnectionOptions | null): void {
    const address = plainAddress(socket.remoteAddress ?? '');
    if (this.#isProxy(address) && !this.#draining) this.#announce(socket, address, options);
    else this.#letIn(socket, { peer: address, headerBytes: 0 }, options);
  }

  /** A load balancer says first for whom it speaks; whoever that is meets the list of peers like anybody. */
  #announce(socket: Socket | TLSSocket, proxy: string, options?: SMTPConnectionOptions | null): void {
    this.#unannounced.add(socket);
    announcedBy(socket, this.#limits.proxyHeaderMs)
      .then(({ source, bytes }) => {
        this.#letIn(socket, { peer: plainAddress(source ?? proxy), headerBytes: bytes }, options);
      })
      .catch((error: unknown) => {
        socket.destroy();
        const why = error instanceof Error ? error.message : 'failed';
        // A balancer that only looks whether the port is open says nothing and goes.
        if (why === 'closed') this.#deps.log.debug('intake-proxy-refused', { peer: proxy, why });
        else this.#deps.log.warn('intake-proxy-refused', { peer: proxy, why });
      })
      .finally(() => this.#unannounced.delete(socket));
  }

  #letIn(socket: Socket | TLSSocket, caller: Caller, options?: SMTPConnectionOptions | null): void {
    const refusal = this.#draining ? SHUTTING_DOWN : this.#door.enter(caller.peer);
    if (refusal !== undefined) {
      // Every few seconds, when it is a balancer's own health check.
      const fields = { peer: caller.peer, code: refusal[0] };
      if (this.#isProxy(caller.peer)) this.#deps.log.debug('intake-peer-refused', fields);
      else this.#deps.log.warn('intake-peer-refused', fields);
      turnAway(socket, refusal);
      return;
    }
    const connection = new GuardedConnection(this, socket, options, this.#shell, caller);
    this.connections.add(connection);
    this.#guarded.set(connection.id, connection);
    connection.on('error', (error: Error) => this._onError(error));
    connection.init();
  }

  override onConnect(_session: SMTPServerSession, done: Done): void {
    done();
  }

  override onMailFrom(_address: unknown, session: SMTPServerSession, done: Done): void {
    const connection = this.#connectionOf(session);
    connection.transaction.begin(connection.address);
    done();
  }

  override onRcptTo(_address: unknown, session: SMTPServerSession, done: Done): void {
    const connection = this.#connectionOf(session);
    const limits = { maxRecipients: this.#settings.intake.maxRecipients, maxTenants: this.#limits.maxTenants };
    connection.transaction
      .add(connection.address, this.#deps, limits)
      .then(() => done())
      .catch((error: unknown) => done(this.#refused('RCPT', connection, this.#countUnknown(connection, error))));
  }

  override onData(data: Parameters<SMTPServer['onData']>[0], session: SMTPServerSession, done: Done): void {
    const connection = this.#connectionOf(session);
    receive(data, this.#deps, this.#receiveLimits, connection.transaction, connection.origin(this.#deps.now()))
      .then((id) => {
        connection.forgive();
        done(null, `2.0.0 Accepted ${id}`);
      })
      .catch((error: unknown) => done(this.#refused('DATA', connection, error)));
  }

  /** See Intake.close. */
  async shutDown(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    clearInterval(this.#sweeper);
    this.server.close();
    for (const socket of this.#unannounced) socket.destroy();
    const deadline = performance.now() + this.#limits.graceMs;
    while (this.#guarded.size > 0 && performance.now() < deadline) {
      for (const connection of this.#guarded.values()) {
        if (connection.activity.kind === 'command') connection.reply(SHUTTING_DOWN);
      }
      await new Promise((resolve) => setTimeout(resolve, CLOSE_POLL_MS));
    }
    for (const connection of this.#guarded.values()) connection.cut(SHUTTING_DOWN);
  }

  #connectionOf(session: SMTPServerSession): GuardedConnection {
    const connection = this.#guarded.get(session.id);
    if (connection === undefined) throw new GatewayError('E_SHUTTING_DOWN', 'the connection has gone');
    return connection;
  }

  /**
   * A peer that tries addresses hears 421 in the end (threats.tsv S29). The bound is the number of recipients of one
   * transaction, so a mailing list with dead addresses is never cut short within one mail.
   */
  #countUnknown(connection: GuardedConnection, error: unknown): unknown {
    if (!(error instanceof GatewayError) || error.code !== 'E_RECIPIENT_UNKNOWN') return error;
    connection.unknownRecipients++;
    if (connection.unknownRecipients < this.#settings.intake.maxRecipients) return error;
    return new Refusal([421, '4.7.0', 'Too many unknown recipients'], true);
  }

  /** The error that makes the library send our reply; what was unexpected goes to the log. */
  #refused(at: 'RCPT' | 'DATA', connection: GuardedConnection, error: unknown): Error {
    const [code, status, text] = replyTo(error);
    if (error instanceof Refusal && error.closes) connection.closeAfterReply();
    const fields = { at, peer: connection.peer, code, status };
    if (code >= 500 || error instanceof Refusal) this.#deps.log.info('intake-refused', fields);
    else this.#deps.log.error('intake-failed', fields, error);
    return Object.assign(new Error(`${status} ${text}`), { responseCode: code });
  }

  #startSweeper(): NodeJS.Timeout {
    const patience = new Patience({ ...this.#limits, commandMs: this.#settings.intake.idleSeconds * 1000 });
    const sweep = () => {
      const nowMs = performance.now();
      for (const connection of this.#guarded.values()) {
        const reply = patience.verdict(connection, nowMs);
        if (reply !== undefined) connection.cut(reply);
      }
    };
    return setInterval(sweep, this.#limits.sweepMs).unref();
  }
}

/** As many connections as are configured, and no more than the descriptors carry. */
function carried(configured: number, log: Log): number {
  const descriptors = openFilesLimit();
  const carries = Math.min(configured, affordableConnections(descriptors));
  if (carries < configured) log.warn('intake-few-descriptors', { configured, carries, descriptors });
  return carries;
}

/** One reply instead of a greeting (RFC 5321 §3.1), then the end. */
function turnAway(socket: Socket, [code, status, text]: Reply): void {
  socket.on('error', () => undefined);
  socket.resume();
  socket.end(`${code} ${status} ${cleanReplyText(text)}\r\n`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown');
