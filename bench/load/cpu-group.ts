/**
 * CPU time of a whole family of processes, children that ended long ago included: a control group of its own (cgroup2),
 * which a process enters before it becomes what is measured. The same ruler for us and for every peer.
 */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface CpuGroup {
  readonly ruler: 'control group' | 'process tree';
  /** Command to put before another: it enters the group, then becomes that other. */
  readonly wrapper: readonly string[];
  /** CPU time used so far, user and system, in milliseconds. */
  cpuMs(): number;
  pids(): readonly number[];
  /** Ends what is left in the group and removes it. */
  close(): Promise<void>;
}

let count = 0;

/** @throws Error when this machine gives us no control groups: there is then no fair figure. */
export function openCpuGroup(name: string): CpuGroup {
  const folder = join(parentFolder(), `sekisho-${name}-${process.pid}-${++count}`);
  mkdirSync(folder);
  const pids = (): readonly number[] =>
    readFileSync(join(folder, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map(Number);
  return {
    ruler: 'control group',
    wrapper: ['/bin/sh', '-c', `echo $$ > ${folder}/cgroup.procs && exec "$@"`, 'enter'],
    cpuMs: () => Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(folder, 'cpu.stat'), 'utf8'))?.[1]) / 1000,
    pids,
    async close() {
      for (let tries = 0; pids().length > 0 && tries < 50; tries++) {
        for (const pid of pids()) kill(pid);
        await sleep(100);
      }
      await removed(folder);
    },
  };
}

/** Our own group where cgroup2 is mounted alone, its root where it stands beside the older kind. */
function parentFolder(): string {
  const mount = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(join(path, 'cgroup.procs')));
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  if (mount === undefined || own === undefined) throw new Error('no cgroup2 here: CPU time cannot be measured fairly');
  const folder = join(mount, own);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new Error(`control groups under ${folder} are not ours to make: run as root`);
  }
  return folder;
}

/** The kernel holds the group for a moment after its last process has gone (EBUSY). */
async function removed(folder: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      rmdirSync(folder);
      return;
    } catch {
      await sleep(100);
    }
  }
  rmdirSync(folder);
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
}
