/**
 * The processes of one program: who serves which tenant, who is spare, who waits.
 *
 * A process belongs to one tenant from its first job to its death. At most `maxBound` processes belong to tenants; one
 * more, untouched, stands ready. Waiting tenants take turns, so that one with a thousand jobs delays nobody else's.
 *
 * A child with a long document may be helped by a second process of its tenant, once in a job and only by one that is free
 * at that moment. Mail goes first: whoever has to wait takes the helper's place, and the asker does its pages itself.
 */

import { GatewayError } from '../message/errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { JailAnswer } from './jail.ts';
import { JailedProcess } from './jailed-process.ts';
import type { Command } from './launcher.ts';
import type { AnswerBounds, HelpRequest, Parcel } from './protocol.ts';

export interface CrewOptions {
  /** For the log: 'sanitizer' or 'inspector'. */
  readonly name: string;
  readonly command: () => Command;
  readonly maxBound: number;
  readonly maxJobsPerProcess: number;
  readonly log: Log;
}

export interface Task {
  readonly tenant: string;
  readonly parcel: Parcel;
  readonly bounds: AnswerBounds;
  readonly deadlineMs: number;
  /** A process that nobody used before. */
  readonly fresh: boolean;
  /** What another process is to be asked when the child calls for help; undefined: nothing. */
  readonly help?: (request: HelpRequest) => Pick<Task, 'parcel' | 'bounds'> | undefined;
}

/** A helper has half of the asker's time, so that the other half is left to do without. */
const HELP_PART = 0.5;

interface Waiter {
  readonly fresh: boolean;
  readonly take: (process: JailedProcess) => void;
  readonly refuse: (error: Error) => void;
}

/** Starts that fail in a row before whoever waits is told; then pauses grow up to the longest. */
const FAILURES_UNTIL_REFUSED = 3;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A tenant's process that was idle this long is given up: memory, and what it may remember of that tenant's mail. */
const MAX_IDLE_MS = 10 * 60_000;

export class Crew {
  readonly #options: CrewOptions;
  readonly #all = new Set<JailedProcess>();
  #spare: JailedProcess | undefined;
  #starting = 0;
  #waiting = new Map<string, Waiter[]>();
  #warming: { readonly ready: () => void; readonly refuse: (error: Error) => void }[] = [];
  /** Starts that failed and spares that ended by themselves, since the last answer that was 'done'. */
  #failures = 0;
  #lastFailure = '';
  #pause: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(), MAX_IDLE_MS / 10);
    this.#sweeper.unref();
  }

  /** Process ids alive now, for tests and the process table of `doctor`. */
  get pids(): readonly number[] {
    return [...this.#all].map(({ pid }) => pid);
  }

  /**
   * Runs one task. When a process that had served before turns out to be broken, the mail that broke it may be an
   * earlier one: the task is then run once more, in an untouched process, within the time that is left.
   * @throws GatewayError E_JAIL_UNAVAILABLE when no process can be started.
   */
  async run(task: Task): Promise<JailAnswer<Parcel>> {
    const startedMs = performance.now();
    const first = await this.#runOnce(task, task.deadlineMs);
    const leftMs = Math.floor(task.deadlineMs - (performance.now() - startedMs));
    if (first.answer.kind === 'done' || !first.wasUsed || leftMs < 1) return first.answer;
    this.#options.log.warn('jail.again', { program: this.#options.name, tenant: task.tenant, why: first.answer.why });
    return (await this.#runOnce({ ...task, fresh: true }, leftMs)).answer;
  }

  /** Resolves when a spare stands ready. @throws GatewayError E_JAIL_UNAVAILABLE */
  warm(): Promise<void> {
    if (this.#spare !== undefined) return Promise.resolve();
    if (this.#isClosed) return Promise.reject(unavailable('closing'));
    return new Promise((ready, refuse) => {
      this.#warming.push({ ready, refuse });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    clearTimeout(this.#pause);
    this.#refuseAll('closing');
    const all = [...this.#all];
    for (const process of all) process.kill();
    await Promise.all(all.map(({ gone }) => gone));
  }

  async #runOnce(task: Task, deadlineMs: number): Promise<{ answer: JailAnswer<Parcel>; wasUsed: boolean }> {
    const process = await new Promise<JailedProcess>((take, refuse) =>
      this.#enqueue(task.tenant, { fresh: task.fresh, take, refuse }),
    );
    const wasUsed = process.served > 0;
    let helper: JailedProcess | undefined;
    const answer = await process.ask(task.parcel, task.bounds, deadlineMs, async (request, leftMs) => {
      const ask = task.help?.(request);
      helper = ask === undefined ? undefined : this.#helperFor(task.tenant);
      return ask === undefined || helper === undefined
        ? undefined
        : this.#helped(helper, { ...task, ...ask }, Math.min(request.timeMs, leftMs * HELP_PART));
    });
    // What nobody waits for any more is not finished.
    if (helper?.isHelping === true) helper.kill();
    if (answer.kind === 'done') this.#failures = 0;
    if (answer.kind === 'failed') this.#logTrouble(task.tenant, process, answer);
    else if (process.served >= this.#options.maxJobsPerProcess) process.kill();
    this.#dispatch();
    return { answer, wasUsed };
  }

  /** A process that is free now, while nobody waits for one. */
  #helperFor(tenant: string): JailedProcess | undefined {
    if (this.#isClosed || this.#waiting.size > 0) return undefined;
    const own = this.#idle().find((process) => process.tenant === tenant);
    if (own !== undefined) return this.#bindTo(own, tenant);
    const spare = this.#spare;
    if (spare === undefined || spare.isDead || this.#bound().length >= this.#options.maxBound) return undefined;
    return this.#takeSpare(spare, tenant);
  }

  async #helped(helper: JailedProcess, task: Task, timeMs: number): Promise<Parcel | undefined> {
    helper.isHelping = true;
    const answer = await helper.ask(task.parcel, task.bounds, Math.max(1, Math.floor(timeMs)));
    helper.isHelping = false;
    if (answer.kind === 'failed') this.#logTrouble(task.tenant, helper, answer);
    else if (helper.served >= this.#options.maxJobsPerProcess) helper.kill();
    this.#dispatch();
    return answer.kind === 'done' ? answer.value : undefined;
  }

  #enqueue(tenant: string, waiter: Waiter): void {
    if (this.#isClosed) {
      waiter.refuse(unavailable('closing'));
      return;
    }
    const queue = this.#waiting.get(tenant);
    if (queue === undefined) this.#waiting.set(tenant, [waiter]);
    else queue.push(waiter);
    this.#dispatch();
  }

  /** Gives processes to whoever waits, tenant by tenant in turn, then starts what is missing. */
  #dispatch(): void {
    if (this.#isClosed) return;
    for (let isMoving = true; isMoving; ) {
      isMoving = false;
      for (const [tenant, queue] of [...this.#waiting]) {
        const waiter = queue[0];
        const process = waiter === undefined ? undefined : this.#processFor(tenant, waiter.fresh);
        if (waiter === undefined || process === undefined) continue;
        isMoving = true;
        queue.shift();
        // Behind the others: a Map keeps the order of insertion.
        this.#waiting.delete(tenant);
        if (queue.length > 0) this.#waiting.set(tenant, queue);
        waiter.take(process);
      }
    }
    this.#startMissing();
  }

  #processFor(tenant: string, fresh: boolean): JailedProcess | undefined {
    const own = fresh ? undefined : this.#idle().find((process) => process.tenant === tenant);
    if (own !== undefined) return this.#bindTo(own, tenant);
    const spare = this.#spare;
    if (spare === undefined || spare.isDead) return undefined;
    const bound = this.#bound();
    if (bound.length >= this.#options.maxBound) {
      if (this.#endHelp()) return this.#takeSpare(spare, tenant);
      // Its own busy process is free again in milliseconds; another's costs a second of CPU to replace.
      if (!fresh && bound.some((process) => process.tenant === tenant)) return undefined;
      if (!this.#evict()) return undefined;
    }
    return this.#takeSpare(spare, tenant);
  }

  #takeSpare(spare: JailedProcess, tenant: string): JailedProcess {
    this.#spare = undefined;
    return this.#bindTo(spare, tenant);
  }

  /** A mail waits: one that only helps gives up its place. */
  #endHelp(): boolean {
    const helper = this.#bound().find((process) => process.isHelping);
    helper?.kill();
    return helper !== undefined;
  }

  /** Reserved from now on: `isReserved` keeps a second taker away until `ask` begins. */
  #bindTo(process: JailedProcess, tenant: string): JailedProcess {
    process.tenant = tenant;
    process.isReserved = true;
    return process;
  }

  /** Ends the idle process that was used longest ago. */
  #evict(): boolean {
    const oldest = this.#idle().sort((a, b) => a.idleSinceMs - b.idleSinceMs)[0];
    oldest?.kill();
    return oldest !== undefined;
  }

  #bound(): readonly JailedProcess[] {
    return [...this.#all].filter((process) => process.tenant !== undefined && !process.isDead);
  }

  #idle(): JailedProcess[] {
    return this.#bound().filter((process) => !process.isReserved && !process.isBusy);
  }

  #startMissing(): void {
    if (this.#pause !== undefined || this.#isClosed) return;
    const waiting = [...this.#waiting.values()].reduce((sum, queue) => sum + queue.length, 0);
    const room = this.#options.maxBound - this.#bound().length;
    const wanted = Math.max(1, Math.min(waiting + 1, room + 1));
    const present = this.#starting + (this.#spare === undefined ? 0 : 1);
    for (let missing = wanted - present; missing > 0; missing -= 1) this.#start();
  }

  #start(): void {
    this.#starting += 1;
    const process = new JailedProcess(this.#options.command());
    this.#all.add(process);
    void process.gone.then(() => this.#bury(process));
    void process.started.then((started) => {
      this.#starting -= 1;
      if (started.kind === 'failed') {
        this.#startFailed(started.detail);
        return;
      }
      // More may have been started for waiters that were served otherwise meanwhile.
      if (this.#spare === undefined) this.#spare = process;
      else process.kill();
      for (const { ready } of this.#warming.splice(0)) ready();
      this.#dispatch();
    });
  }

  #bury(process: JailedProcess): void {
    this.#all.delete(process);
    const { name, log } = this.#options;
    log.debug('jail.gone', { program: name, child: process.pid, served: process.served, stderr: process.stderrBytes });
    const wasSpare = this.#spare === process;
    if (wasSpare) this.#spare = undefined;
    // A spare that nobody asked and that died or spoke all the same: start anew, but not in a frenzy.
    if (wasSpare) this.#startFailed('ended while idle');
    else this.#dispatch();
  }

  #startFailed(detail: string): void {
    if (this.#isClosed) return;
    this.#failures += 1;
    this.#lastFailure = detail;
    this.#options.log.warn('jail.start-failed', { program: this.#options.name, failures: this.#failures, detail });
    if (this.#failures >= FAILURES_UNTIL_REFUSED) this.#refuseAll(this.#lastFailure);
    if (this.#pause !== undefined) return;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#dispatch();
    }, pauseMs);
  }

  #refuseAll(detail: string): void {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const { refuse } of this.#warming.splice(0)) refuse(unavailable(detail));
    for (const queue of waiting.values()) for (const waiter of queue) waiter.refuse(unavailable(detail));
  }

  #sweep(): void {
    const beforeMs = performance.now() - MAX_IDLE_MS;
    for (const process of this.#idle()) if (process.idleSinceMs < beforeMs) process.kill();
  }

  #logTrouble(tenant: string, process: JailedProcess, answer: Extract<JailAnswer<Parcel>, { kind: 'failed' }>): void {
    const { name, log } = this.#options;
    const { why, detail, part } = answer;
    log.warn('jail.trouble', { program: name, tenant, child: process.pid, why, detail, part, served: process.served });
  }
}

const unavailable = (detail: string): GatewayError =>
  new GatewayError('E_JAIL_UNAVAILABLE', `no jailed process can be started: ${detail}`);
