/** The processes of one peer: started into one group, so that all their CPU time counts, and ended together. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import type { CpuGroup } from '../load/cpu-group.ts';
import { openRuler } from '../load/process-tree.ts';

export interface Processes {
  readonly cpu: CpuGroup;
  /** @param env beside PATH and LANG, nothing is inherited. */
  run(command: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess;
  stop(): Promise<void>;
}

/** @param logFile where stderr goes; default: nowhere. */
export function openProcesses(name: string, logFile?: string): Processes {
  const cpu = openRuler(name);
  const children: ChildProcess[] = [];
  return {
    cpu,
    run(command, env = {}) {
      const [file = '', ...args] = [...cpu.wrapper, ...command];
      const child = spawn(file, args, {
        stdio: ['ignore', 'ignore', logFile === undefined ? 'ignore' : 'pipe'],
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C', ...env },
      });
      child.stderr?.on('data', (chunk: Buffer) => appendFileSync(logFile ?? '', chunk));
      children.push(child);
      return child;
    },
    async stop() {
      await cpu.close();
      for (const child of children) child.unref();
    },
  };
}
