/**
 * One child as its parent sees it: started, asked one thing at a time, killed.
 *
 * Promises: `ask` always resolves; whatever the child does is a value. After an answer that is not 'done' the process
 * is dead. A byte that nobody asked for kills it. Its stderr is counted, never kept once it has seen a message.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { AnswerReader, type Reading } from './answer-reader.ts';
import type { JailAnswer } from './jail.ts';
import { innermostOf } from './kernel-view.ts';
import type { Command } from './launcher.ts';
import {
  type AnswerBounds,
  decodeHead,
  encodeFrame,
  FRAME,
  type FrameKind,
  HEAD_BYTES,
  type HelpRequest,
  NONCE_BYTES,
  type Parcel,
} from './protocol.ts';

/** Cold start on a busy machine with modules to compile; measured: about 0.3 s. */
const READY_MS = 30_000;
/** What the launcher itself may say about why it could not start. */
const STARTUP_STDERR_BYTES = 2048;
const LAST_WORDS_MS = 50;
/** How long a launcher may take to notice that its child is gone. */
const UNWIND_MS = 250;
/** No honest child writes there at all; a flood costs us CPU. */
const MAX_STDERR_BYTES = 1024 * 1024;

type Answered = JailAnswer<Parcel>;

/** Finds somebody who does what a child asks for. Never rejects; undefined: nobody. @param leftMs until the asker's deadline */
export type GiveHelp = (request: HelpRequest, leftMs: number) => Promise<Parcel | undefined>;

interface Conversation {
  readonly reader: AnswerReader;
  readonly settle: (answer: Answered) => void;
  readonly timer: NodeJS.Timeout;
}

export class JailedProcess {
  readonly pid: number;
  /** Tenant it belongs to from its first job on. */
  tenant: string | undefined;
  /** Given to somebody who has not asked yet. */
  isReserved = false;
  /** At work for another child, not for a mail: gives way when a mail has to wait. */
  isHelping = false;
  /** Jobs given so far. */
  served = 0;
  /** Milliseconds of performance.now() when it last became idle. */
  idleSinceMs = 0;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  /** Resolves with 'ready', or with the reason why it never became so. */
  readonly started: Promise<{ readonly kind: 'ready' } | { readonly kind: 'failed'; readonly detail: string }>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #conversation: Conversation | undefined;
  #dead = false;
  #stderrBytes = 0;
  #startupStderr = '';
  #isReady = false;
  #announce: (failure?: string) => void = () => undefined;
  #readyBytes = Buffer.alloc(0);
  #lastGasp: { readonly why: 'limit' | 'lied' | 'crashed'; readonly detail: string } | undefined;

  constructor(command: Command) {
    this.#child = spawnCommand(command);
    this.pid = this.#child.pid ?? 0;
    this.started = new Promise((resolve) => {
      const timer = setTimeout(() => this.#end('no sign of readiness'), READY_MS);
      this.#announce = (failure) => {
        clearTimeout(timer);
        this.#announce = () => undefined;
        resolve(failure === undefined ? { kind: 'ready' } : { kind: 'failed', detail: failure });
      };
    });
    this.gone = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#end(`cannot start: ${error.message}`);
        if (this.pid === 0) resolve();
      });
      this.#child.once('exit', (code, signal) => {
        const detail = signal === null ? `exit ${code ?? '?'}` : `signal ${signal}`;
        resolve();
        // Before it was ready, the launcher's own words on stderr tell why; they may still be in the pipe.
        if (this.#isReady || this.#dead) this.#end(detail);
        else setTimeout(() => this.#end(detail), LAST_WORDS_MS);
      });
    });
    this.#listen();
  }

  get isDead(): boolean {
    return this.#dead;
  }

  get isBusy(): boolean {
    return this.#conversation !== undefined;
  }

  /** Bytes the child wrote to its stderr: a number for the debug log. */
  get stderrBytes(): number {
    return this.#stderrBytes;
  }

  /** Runs one job. @param deadlineMs wall clock; then SIGKILL. */
  ask(parcel: Parcel, bounds: AnswerBounds, deadlineMs: number, giveHelp?: GiveHelp): Promise<Answered> {
    if (this.#dead) return Promise.resolve({ kind: 'failed', why: 'crashed', detail: 'process was gone' });
    const nonce = randomBytes(NONCE_BYTES).toString('hex');
    this.served += 1;
    this.isReserved = false;
    const endsAtMs = performance.now() + deadlineMs;
    const onHelp = (request: HelpRequest): void => {
      void this.#help(nonce, giveHelp?.(request, endsAtMs - performance.now()));
    };
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#fail('timeout', `${deadlineMs} ms`), deadlineMs);
      this.#conversation = { reader: new AnswerReader(nonce, bounds, onHelp), settle: resolve, timer };
      this.#send(FRAME.ask, nonce, parcel);
    });
  }

  /** SIGKILL to the whole group; namespaces die with their first process. */
  kill(): void {
    this.#end('killed');
  }

  /** Passes on what the helper said, unless the job has ended meanwhile. */
  async #help(nonce: string, help: Promise<Parcel | undefined> | undefined): Promise<void> {
    const conversation = this.#conversation;
    const parcel = (await help) ?? { body: null, blobs: [] };
    if (this.#dead || this.#conversation !== conversation) return;
    this.#send(FRAME.helped, nonce, parcel);
  }

  #send(kind: FrameKind, nonce: string, parcel: Parcel): void {
    const blobs = parcel.blobs.map((blob) => blob.length);
    const total = blobs.reduce((sum, length) => sum + length, 0);
    const { stdin } = this.#child;
    // One writev; the stream keeps references to the blobs, not copies.
    stdin.cork();
    stdin.write(encodeFrame(kind, { nonce, body: parcel.body, blobs }, total));
    for (const blob of parcel.blobs) if (blob.length > 0) stdin.write(blob);
    stdin.uncork();
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#child;
    // EPIPE when the child died while we wrote: its exit tells the story.
    stdin.on('error', () => undefined);
    stdout.on('error', () => undefined);
    stderr.on('error', () => undefined);
    stdout.on('data', (chunk: Buffer) => this.#hear(chunk));
    stderr.on('data', (chunk: Buffer) => this.#countStderr(chunk));
  }

  #hear(chunk: Buffer): void {
    if (this.#dead) return;
    if (!this.#isReady) this.#hearReady(chunk);
    else if (this.#conversation === undefined) this.#end('spoke without being asked');
    else this.#hearAnswer(this.#conversation.reader.push(chunk));
  }

  #hearAnswer(reading: Reading): void {
    if (reading.kind === 'faulty') this.#fail(reading.fault.why, reading.fault.detail);
    else if (reading.kind === 'answered') this.#acceptSoon(reading.parcel);
  }

  /** The socket is looked at once more before the answer counts: a tail written along with it is a fault. */
  #acceptSoon(parcel: Parcel): void {
    const conversation = this.#conversation;
    setImmediate(() =>
      setImmediate(() => {
        if (conversation === undefined || this.#conversation !== conversation || this.#dead) return;
        this.#conversation = undefined;
        this.idleSinceMs = performance.now();
        clearTimeout(conversation.timer);
        conversation.settle({ kind: 'done', value: parcel });
      }),
    );
  }

  #hearReady(chunk: Buffer): void {
    this.#readyBytes = Buffer.concat([this.#readyBytes, chunk]);
    if (this.#readyBytes.length < HEAD_BYTES) return;
    const head = decodeHead(this.#readyBytes);
    const expected = HEAD_BYTES + (head?.headerBytes ?? 0);
    const isReadyFrame = head?.kind === FRAME.ready && head.headerBytes <= HEAD_BYTES && head.blobBytes === 0;
    if (!isReadyFrame || this.#readyBytes.length > expected) {
      this.#end('spoke before being asked');
      return;
    }
    if (this.#readyBytes.length < expected) return;
    this.#isReady = true;
    this.#startupStderr = '';
    this.idleSinceMs = performance.now();
    this.#announce();
  }

  #countStderr(chunk: Buffer): void {
    this.#stderrBytes += chunk.length;
    if (!this.#isReady && this.#startupStderr.length < STARTUP_STDERR_BYTES) {
      this.#startupStderr += chunk.toString('latin1').slice(0, STARTUP_STDERR_BYTES);
    }
    if (this.#stderrBytes > MAX_STDERR_BYTES) this.#fail('limit', 'flood on stderr');
  }

  #fail(why: 'timeout' | 'lied' | 'limit' | 'crashed', detail: string): void {
    if (why !== 'timeout') this.#lastGasp = { why, detail };
    const conversation = this.#conversation;
    this.#conversation = undefined;
    this.#end(detail);
    if (conversation !== undefined) settleFailed(conversation, why, detail);
  }

  /** Kills it (again, if need be) and ends whatever waits for it. */
  #end(detail: string): void {
    if (!this.#dead) {
      this.#dead = true;
      if (this.#child.exitCode === null && this.#child.signalCode === null) this.#signal();
      this.#child.stdin.destroy();
      this.#child.stdout.destroy();
      this.#child.stderr.destroy();
    }
    this.#announce(this.#startupStderr === '' ? detail : `${detail}: ${oneLine(this.#startupStderr)}`);
    const conversation = this.#conversation;
    this.#conversation = undefined;
    if (conversation !== undefined) {
      settleFailed(conversation, this.#lastGasp?.why ?? 'crashed', this.#lastGasp?.detail ?? detail);
    }
  }

  /**
   * The innermost process first: what launched it then reaps it and ends by itself, so that nothing is left as a
   * zombie where pid 1 does not reap (containers). Whoever is still there a moment later is killed as a group.
   */
  #signal(): void {
    if (this.pid === 0) return;
    const innermost = innermostOf(this.pid);
    if (innermost === this.pid || !sendKill(innermost)) {
      this.#killGroup();
      return;
    }
    const timer = setTimeout(() => this.#killGroup(), UNWIND_MS);
    this.#child.once('exit', () => clearTimeout(timer));
  }

  #killGroup(): void {
    const { exitCode, signalCode } = this.#child;
    // Once reaped, the number may belong to somebody else.
    if (exitCode !== null || signalCode !== null) return;
    // Under another user id we may not signal it: the closed stdin and the parent-death signal remain.
    if (!sendKill(-this.pid)) this.#child.kill('SIGKILL');
  }
}

function sendKill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

function settleFailed(conversation: Conversation, why: 'timeout' | 'crashed' | 'lied' | 'limit', detail: string): void {
  clearTimeout(conversation.timer);
  const { part } = conversation.reader;
  conversation.settle({ kind: 'failed', why, detail, ...(part === undefined ? {} : { part }) });
}

function spawnCommand(command: Command): ChildProcessByStdio<Writable, Readable, Readable> {
  const extra = command.extraInput;
  const child = spawn(command.file, [...command.args], {
    // `detached`: a group of its own, so that one signal reaches the launcher and what it started.
    detached: true,
    cwd: '/',
    env: { ...command.env },
    stdio: ['pipe', 'pipe', 'pipe', ...(extra === undefined ? [] : (['pipe'] as const))],
  });
  const filter = child.stdio[3];
  if (extra !== undefined && filter !== undefined && filter !== null && 'end' in filter) {
    filter.on('error', () => undefined);
    filter.end(extra);
  }
  // spawn's type cannot see that the first three are pipes once a fourth may follow.
  return child as unknown as ChildProcessByStdio<Writable, Readable, Readable>;
}

const oneLine = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ').trim();
