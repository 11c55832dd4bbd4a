/**
 * Starts one process for each role, restarts what dies, passes doorbells. It holds no key, opens no mail and listens
 * nowhere.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GatewayError } from '../message/errors.ts';
import type { Role } from '../message/roles.ts';
import type { Log } from '../telemetry/log.ts';
import { asToSupervisor, type ToRole } from './doorbell.ts';
import type { Separation } from './separation.ts';

export interface SupervisorOptions {
  readonly roles: readonly Role[];
  readonly configFile: string;
  /**
   * What stood in it when it was checked. A role that dies comes back with the same settings as those that live: a file
   * that somebody is editing would give it other ones, or none.
   */
  readonly configText: string;
  readonly separation: Separation;
  readonly log: Log;
}

export interface Supervisor {
  /** Ports by role; resolves when every role has said that it is ready. @throws GatewayError E_ROLE_NOT_STARTED */
  readonly ready: Promise<ReadonlyMap<Role, number>>;
  /** Process ids of the roles that run now. */
  pids(): ReadonlyMap<Role, number>;
  /** Stops intake first, so that nothing new comes in, then the others; resolves when all are gone. */
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A role that dies at once again and again is a matter for a person; until then it is tried ever more slowly. */
const FIRST_RESTART_MS = 100;
const MAX_RESTART_MS = 5_000;

/** A role that ran this long was healthy: its next restart is quick again. «Ready» alone is no health: it may die at its first mail. */
const HEALTHY_MS = 10_000;

/** Deaths before the first «ready» after which the start has failed. */
const MAX_START_FAILURES = 3;

/** DATA in progress and a document in the jail get this long to finish. */
const STOP_MS = 30_000;

interface Running {
  readonly process: ChildProcess;
  readonly startedAtMs: number;
}

export function startSupervisor(options: SupervisorOptions): Supervisor {
  const running = new Map<Role, Running>();
  const ports = new Map<Role, number>();
  const failures = new Map<Role, number>();
  const started = Promise.withResolvers<ReadonlyMap<Role, number>>();
  started.promise.catch(() => {});
  let stopping = false;

  function start(role: Role): void {
    const { command, args, uid, gid } = options.separation.commandFor(role, [MAIN, 'role', role, options.configFile]);
    const child = spawn(command, args, {
      stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
      env: roleEnvironment(),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    // A role that is gone before it has read shows that by its exit.
    child.stdin?.on('error', () => {}).end(options.configText);
    running.set(role, { process: child, startedAtMs: performance.now() });
    child.on('message', (message) => onMessage(role, message));
    child.on('error', (error) => {
      options.log.error('role-not-started', { of: role }, error);
      // A program that could not be spawned never exits.
      if (child.pid === undefined) void onExit(role, error.message);
    });
    child.on('exit', (code, signal) => void onExit(role, `${signal ?? code}`));
  }

  function onMessage(role: Role, untrusted: unknown): void {
    const message = asToSupervisor(untrusted);
    if (message?.kind === 'ring') send(message.role, { kind: 'ring' });
    if (message?.kind !== 'ready') return;
    options.log.info('role-ready', { of: role });
    ports.set(role, message.port);
    if (options.roles.every((each) => ports.has(each))) started.resolve(ports);
  }

  async function onExit(role: Role, how: string): Promise<void> {
    const ranMs = performance.now() - (running.get(role)?.startedAtMs ?? 0);
    running.delete(role);
    if (stopping) return;
    const failed = ranMs > HEALTHY_MS ? 1 : (failures.get(role) ?? 0) + 1;
    failures.set(role, failed);
    options.log.error('role-died', { of: role, how, failed });
    if (!ports.has(role) && failed >= MAX_START_FAILURES) {
      const what = `role ${role} does not start (${how}); its lines in the log above say why`;
      started.reject(new GatewayError('E_ROLE_NOT_STARTED', what, { role }));
      return;
    }
    await sleep(Math.min(FIRST_RESTART_MS * 2 ** (failed - 1), MAX_RESTART_MS));
    if (!stopping) start(role);
  }

  function send(role: Role, message: ToRole): void {
    const child = running.get(role)?.process;
    if (child?.connected) child.send(message, undefined, undefined, () => {});
  }

  for (const role of options.roles) start(role);

  return {
    ready: started.promise,
    pids: () => new Map([...running].map(([role, { process: child }]) => [role, child.pid ?? 0])),
    async stop() {
      stopping = true;
      for (const role of options.roles) {
        const child = running.get(role)?.process;
        if (child !== undefined) await stopOne(child, () => send(role, { kind: 'stop' }));
      }
    },
  };
}

async function stopOne(child: ChildProcess, ask: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  ask();
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(killer);
}

/**
 * glibc (mallopt(3)) raises its mmap threshold to 32 MiB by itself and then keeps what large mails used. With the
 * threshold fixed, buffers from 128 KiB on go back to the system when they are freed.
 */
const MALLOC_GIVES_BACK = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_ARENA_MAX: '2' };

/** Roles inherit no secrets by environment. More libuv threads: each share is synced in one (peers.md). */
function roleEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '/', LANG = 'C.UTF-8', TZ } = process.env;
  const zone = TZ === undefined ? {} : { TZ };
  return { PATH, HOME, LANG, UV_THREADPOOL_SIZE: '16', NODE_NO_WARNINGS: '1', ...MALLOC_GIVES_BACK, ...zone };
}
