/** What the kernel says about a running child, read from outside: its own words count for nothing here. */
import { readFileSync } from 'node:fs';

export interface KernelView {
  readonly uid: number;
  readonly noNewPrivs: boolean;
  readonly seccomp: boolean;
  readonly capabilities: boolean;
  /** RLIMIT_DATA in bytes and RLIMIT_FSIZE, RLIMIT_CORE are all bounded. */
  readonly limited: boolean;
}

/** Looks at the innermost process of the chain that starts with `pid`. `undefined`: /proc does not show it. */
export function viewProcess(pid: number): KernelView | undefined {
  try {
    const innermost = innermostOf(pid);
    const status = readFileSync(`/proc/${innermost}/status`, 'utf8');
    const limits = readFileSync(`/proc/${innermost}/limits`, 'utf8');
    return {
      uid: Number(field(status, 'Uid').split(/\s+/)[1] ?? 0),
      noNewPrivs: field(status, 'NoNewPrivs') === '1',
      seccomp: field(status, 'Seccomp') === '2',
      capabilities: !/^0+$/.test(field(status, 'CapEff')),
      limited: ['Max data size', 'Max file size', 'Max core file size'].every((name) => isBounded(limits, name)),
    };
  } catch {
    return undefined;
  }
}

/** Node itself under its launchers: those that fork (bwrap, unshare) have one child each, node has none. */
export function innermostOf(pid: number): number {
  const first = childrenOf(pid).split(' ')[0] ?? '';
  return first === '' ? pid : innermostOf(Number(first));
}

function childrenOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  } catch {
    return '';
  }
}

const field = (status: string, name: string): string =>
  new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? '';

const isBounded = (limits: string, name: string): boolean =>
  /^\d+\s+\d+/.test(new RegExp(`^${name}\\s+(.*)$`, 'm').exec(limits)?.[1] ?? '');
