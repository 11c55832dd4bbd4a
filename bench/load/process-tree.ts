/** CPU time of a tree of processes by /proc, where no control group can be had. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CpuGroup, kill, openCpuGroup } from './cpu-group.ts';

/** USER_HZ of Linux on x86-64 and arm64. */
const MS_PER_TICK = 10;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Its own time and that of children it waited for. */
  readonly ticks: number;
}

/**
 * The group where this machine has one, else the tree of processes below the one that was started: good to 10 ms, blind
 * for orphans that ended. Fit to see that a bench runs, not to publish its figures.
 */
export function openRuler(name: string): CpuGroup {
  const ruler = groupOrTree(name);
  open.add(ruler);
  const close = async (): Promise<void> => {
    open.delete(ruler);
    await ruler.close();
  };
  return { ...ruler, close };
}

const open = new Set<CpuGroup>();

/** For a bench that is interrupted: nothing that it started goes on running. */
export async function closeRulers(): Promise<void> {
  await Promise.all([...open].map((ruler) => ruler.close()));
}

function groupOrTree(name: string): CpuGroup {
  try {
    return openCpuGroup(name);
  } catch {
    return openTree();
  }
}

function openTree(): CpuGroup {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-tree-'));
  const file = join(folder, 'roots');
  const tree = (): readonly Stat[] => below(rootsIn(file));
  return {
    ruler: 'process tree',
    wrapper: ['/bin/sh', '-c', `echo $$ >> ${file} && exec "$@"`, 'enter'],
    cpuMs: () => tree().reduce((sum, { ticks }) => sum + ticks * MS_PER_TICK, 0),
    pids: () => tree().map(({ pid }) => pid),
    async close() {
      for (let tries = 0; tree().length > 0 && tries < 50; tries++) {
        for (const { pid } of tree()) kill(pid);
        await sleep(100);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function rootsIn(file: string): ReadonlySet<number> {
  try {
    return new Set(readFileSync(file, 'utf8').trim().split('\n').map(Number));
  } catch {
    return new Set();
  }
}

function below(roots: ReadonlySet<number>): readonly Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(name) ?? []);
  const found = all.filter(({ pid }) => roots.has(pid));
  for (let i = 0; i < found.length; i++) found.push(...all.filter(({ parent }) => parent === found[i]?.pid));
  return found;
}

/** proc_pid_stat(5): fields 4 ppid, 14–17 utime, stime, cutime, cstime; the name in field 2 may hold anything. */
function statOf(pid: string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { pid: Number(pid), parent: Number(fields[1]), ticks };
  } catch {
    return undefined;
  }
}
