/** Attempts to start something else, and to lay hands on the process that started us. */
import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import {
  AT_FDCWD,
  addressOf,
  attempt,
  call,
  callAsParent,
  errnoName,
  listSome,
  native,
  readSome,
  tried,
} from './raw.ts';
import { type Attempt, anyOf, could, refused, type Targets, type Tried } from './targets.ts';

/** Exit code that tells the parent: another program runs in our place. */
export const OTHER_PROGRAM = 42;

/** Nobody’s. */
const OTHER_USER = 12_345;

const SIGCHLD = 17;
/** Ignored by whoever does not ask for it; the parent asks. */
const SIGWINCH = 28;
const CLONE_VM = 0x100;
const CLONE_VFORK = 0x4000;

const F = { setfd: 2, getfl: 3, setfl: 4, setown: 8, setsig: 10 } as const;
const O_ASYNC = 0x2000;
const PTRACE_SEIZE = 0x4206;
const RLIMIT_NOFILE = 7;
const PR_SET_PDEATHSIG = 1;

/** Argument vector of execve: pointers, then a null one. */
function vector(
  targets: Targets,
  words: readonly string[],
): { readonly bytes: Buffer; readonly held: readonly Buffer[] } {
  const held = words.map((word) => Buffer.from(`${word}\0`));
  const bytes = Buffer.alloc(8 * (words.length + 1));
  for (const [index, buffer] of held.entries()) bytes.writeBigInt64LE(addressOf(targets, buffer), 8 * index);
  return { bytes, held };
}

/** Node has its three pipes closed at an execve; the next program needs them. */
function keepPipes(targets: Targets): void {
  for (const descriptor of [0, 1, 2]) call(targets, 'fcntl', descriptor, F.setfd, 0);
}

function become(targets: Targets, path: string, args: readonly string[]): Tried {
  const [argv, envp] = [vector(targets, [path, ...args]), vector(targets, ['PATH=/usr/bin:/bin'])];
  keepPipes(targets);
  return tried(call(targets, 'execve', path, argv.bytes, envp.bytes));
}

const native_ = (aim: 'process' | 'parent', id: string, what: string, run: (targets: Targets) => Tried): Attempt => ({
  id,
  aim,
  what,
  by: 'native',
  run,
});
const start = native_.bind(null, 'process');
const parent = native_.bind(null, 'parent');

export const PROCESSES: readonly Attempt[] = [
  {
    id: 'spawn-script',
    aim: 'process',
    what: 'start a shell or node by node:child_process',
    by: 'script',
    run() {
      try {
        const shell = spawnSync('/bin/sh', ['-c', 'exit 0']);
        const node = spawnSync(process.execPath, ['--version']);
        const error = shell.error ?? node.error;
        if (shell.error !== undefined && node.error !== undefined)
          return refused((error as NodeJS.ErrnoException).code ?? 'error');
        return could('started');
      } catch (error) {
        return refused((error as NodeJS.ErrnoException).code ?? 'threw');
      }
    },
  },
  {
    id: 'worker-script',
    aim: 'process',
    what: 'start a worker thread by node:worker_threads',
    by: 'script',
    run: () =>
      new Promise((resolve) => {
        const worker = new Worker('0', { eval: true });
        worker.once('online', () => resolve(could('online')));
        worker.once('error', (error: NodeJS.ErrnoException) => resolve(refused(error.code ?? 'error')));
      }),
  },
  start('fork', 'fork', (targets) =>
    anyOf([
      tried(callAsParent(targets, 'fork')),
      // Where there is no such call (aarch64) and beside it where there is: the same by clone.
      tried(callAsParent(targets, 'clone', SIGCHLD, 0, 0, 0, 0)),
    ]),
  ),
  start('vfork', 'vfork (also by clone, sharing memory)', (targets) =>
    anyOf([
      tried(callAsParent(targets, 'vfork')),
      tried(callAsParent(targets, 'clone', CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0)),
    ]),
  ),
  start('clone3', 'clone3, whose flags a filter cannot see', (targets) => {
    const args = Buffer.alloc(64);
    args.writeBigUInt64LE(BigInt(SIGCHLD), 32);
    return tried(callAsParent(targets, 'clone3', args, args.length));
  }),
  {
    ...start('exec-shell', 'become a shell (execve /bin/sh)', (t) =>
      become(t, '/bin/sh', ['-c', `exit ${OTHER_PROGRAM}`]),
    ),
    spoils: true,
  },
  {
    ...start('exec-tool', 'become setpriv, unshare or bwrap, which may stand in a private root', (targets) =>
      anyOf(
        ['/usr/bin/setpriv', '/usr/bin/unshare', '/usr/bin/bwrap'].map((tool) =>
          // An option that none of them has: they end with 1, which is not our doing.
          become(targets, tool, ['--escape']),
        ),
      ),
    ),
    spoils: true,
  },
  {
    ...start('exec-node', 'become node again, without its permission model', (targets) =>
      become(targets, process.execPath, ['-e', `process.exit(${OTHER_PROGRAM})`]),
    ),
    spoils: true,
  },
  {
    ...start('execveat', 'become node again by the other call (execveat)', (targets) => {
      keepPipes(targets);
      const argv = vector(targets, [process.execPath, '-e', `process.exit(${OTHER_PROGRAM})`]);
      return tried(call(targets, 'execveat', AT_FDCWD, process.execPath, argv.bytes, vector(targets, []).bytes, 0));
    }),
    spoils: true,
  },
  {
    ...start('uid', 'become another user (setresuid)', (t) =>
      attempt(t, 'setresuid', OTHER_USER, OTHER_USER, OTHER_USER),
    ),
    spoils: true,
  },
];

/** A process looks for its parent by the number it was told, and by the one it sees. */
const pids = (targets: Targets): readonly number[] =>
  [...new Set([targets.parentPid, call(targets, 'getppid')])].filter((pid) => pid > 1);

const atParent = (targets: Targets, action: (pid: number) => Tried): Tried => anyOf(pids(targets).map(action));

const signalInfo = (): Buffer => {
  const info = Buffer.alloc(128);
  info.writeInt32LE(SIGWINCH, 0);
  // SI_QUEUE
  info.writeInt32LE(-1, 8);
  return info;
};

export const PARENT: readonly Attempt[] = [
  parent('parent-environ', 'read the parent’s environment', (targets) =>
    atParent(targets, (pid) => readSome(targets, `/proc/${pid}/environ`)),
  ),
  parent('parent-maps', 'read the parent’s memory map', (targets) =>
    atParent(targets, (pid) => readSome(targets, `/proc/${pid}/maps`)),
  ),
  parent('parent-mem', 'read the parent’s memory through /proc', (targets) =>
    atParent(targets, (pid) => readSome(targets, `/proc/${pid}/mem`, BigInt(targets.parentAddress))),
  ),
  parent('parent-fd', 'list what the parent has open, and read it', (targets) =>
    atParent(targets, (pid) =>
      anyOf([listSome(targets, `/proc/${pid}/fd`), readSome(targets, `/proc/${pid}/fd/${targets.parentDescriptor}`)]),
    ),
  ),
  parent('parent-vm', 'read the parent’s memory (process_vm_readv)', (targets) => {
    const into = Buffer.alloc(64);
    const local = Buffer.alloc(16);
    local.writeBigInt64LE(addressOf(targets, into), 0);
    local.writeBigInt64LE(64n, 8);
    const remote = Buffer.alloc(16);
    remote.writeBigInt64LE(BigInt(targets.parentAddress), 0);
    remote.writeBigInt64LE(64n, 8);
    return atParent(targets, (pid) => attempt(targets, 'process_vm_readv', pid, local, 1, remote, 1, 0));
  }),
  {
    // A traced parent stands still at its next signal: the tracer must be gone before that.
    ...parent('parent-ptrace', 'trace the parent (ptrace)', (targets) =>
      atParent(targets, (pid) => attempt(targets, 'ptrace', PTRACE_SEIZE, pid, 0, 0)),
    ),
    spoils: true,
  },
  parent('parent-getfd', 'take an open file of the parent (pidfd_getfd)', (targets) =>
    atParent(targets, (pid) => {
      const handle = call(targets, 'pidfd_open', pid, 0);
      if (handle < 0) return refused(errnoName(handle));
      return attempt(targets, 'pidfd_getfd', handle, targets.parentDescriptor, 0);
    }),
  ),
  {
    ...parent('signal-script', 'signal the parent by process.kill', () => refused('')),
    by: 'script',
    run: ({ parentPid }) =>
      anyOf(
        [parentPid, process.ppid]
          .filter((pid) => pid > 1)
          .map((pid) => {
            try {
              process.kill(pid, 'SIGWINCH');
              return could('signalled');
            } catch (error) {
              return refused((error as NodeJS.ErrnoException).code ?? 'threw');
            }
          }),
      ),
  },
  parent('signal', 'signal the parent (kill)', (targets) =>
    atParent(targets, (pid) => attempt(targets, 'kill', pid, SIGWINCH)),
  ),
  parent('signal-thread', 'signal it as a thread (tgkill, tkill)', (targets) =>
    atParent(targets, (pid) =>
      anyOf([attempt(targets, 'tgkill', pid, pid, SIGWINCH), attempt(targets, 'tkill', pid, SIGWINCH)]),
    ),
  ),
  parent('signal-queue', 'signal it with a value (rt_sigqueueinfo)', (targets) =>
    atParent(targets, (pid) => attempt(targets, 'rt_sigqueueinfo', pid, SIGWINCH, signalInfo())),
  ),
  parent('signal-pidfd', 'signal it through a pidfd', (targets) =>
    atParent(targets, (pid) => {
      const handle = call(targets, 'pidfd_open', pid, 0);
      return handle < 0 ? refused(errnoName(handle)) : attempt(targets, 'pidfd_send_signal', handle, SIGWINCH, 0, 0);
    }),
  ),
  {
    ...parent('signal-io', 'have the kernel signal it when our input moves (fcntl F_SETOWN, F_SETSIG)', (targets) =>
      atParent(targets, (pid) => {
        const owned = attempt(targets, 'fcntl', 0, F.setown, pid);
        if (!owned.could) return owned;
        const chosen = attempt(targets, 'fcntl', 0, F.setsig, SIGWINCH);
        if (!chosen.could) return chosen;
        const flags = call(targets, 'fcntl', 0, F.getfl, 0);
        return attempt(targets, 'fcntl', 0, F.setfl, flags | O_ASYNC);
      }),
    ),
    spoils: true,
  },
  parent('parent-limits', 'change the parent’s limits (prlimit)', (targets) =>
    atParent(targets, (pid) => {
      const limits = Buffer.alloc(16);
      const known = attempt(targets, 'prlimit64', pid, RLIMIT_NOFILE, 0, limits);
      // What it has already: a success harms nobody.
      return known.could ? attempt(targets, 'prlimit64', pid, RLIMIT_NOFILE, limits, 0) : known;
    }),
  ),
  parent('parent-priority', 'slow the parent down (setpriority, sched_setaffinity)', (targets) =>
    atParent(targets, (pid) => {
      const mask = Buffer.alloc(128, 0xff);
      return anyOf([
        attempt(targets, 'setpriority', 0, pid, 0),
        attempt(targets, 'sched_setaffinity', pid, mask.length, mask),
      ]);
    }),
  ),
  {
    ...parent('outlive', 'live on when the parent dies (clear PR_SET_PDEATHSIG)', (targets) =>
      attempt(targets, 'prctl', PR_SET_PDEATHSIG, 0, 0, 0, 0),
    ),
    spoils: true,
  },
];

/** Threads of our own are no escape; more than the limit are. */
export const threadsStarted = (targets: Targets, count: number): number =>
  Number(native(targets).threads(BigInt(count)));
