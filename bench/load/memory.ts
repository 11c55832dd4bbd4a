/** What a group of processes holds in memory: proportional set size (PSS), shared pages counted once. */
import { readFileSync } from 'node:fs';

export interface MemoryWatch {
  /** @returns the largest sum seen, in bytes */
  stop(): number;
}

/** Looks are rare because each one costs the watched processes a lock of their address space. */
const LOOK_MS = 400;

export function watchMemory(pids: () => readonly number[], everyMs: number = LOOK_MS): MemoryWatch {
  let peak = 0;
  const look = (): void => {
    peak = Math.max(
      peak,
      pids().reduce((sum, pid) => sum + pssOf(pid), 0),
    );
  };
  look();
  const timer = setInterval(look, everyMs);
  return {
    stop() {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}

function pssOf(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
