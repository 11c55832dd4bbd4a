/** What a figure is worth nothing without: machine, kernel, commit, and how quiet it was. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Machine {
  readonly text: string;
  /** Load average of the last minute when the bench began. */
  readonly load: number;
}

/** Above this something else ran, and the figures are only good for their order of magnitude. */
export const QUIET_LOAD = 0.5;

const root = fileURLToPath(new URL('..', import.meta.url));

export function describeMachine(): Machine {
  const load = loadavg()[0] ?? 0;
  const cpu = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}`;
  return {
    load,
    text: `${cpu}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, ${system()}, Node ${process.version}; commit ${commit()}; ${new Date().toISOString().slice(0, 16)}Z`,
  };
}

function system(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown system';
  } catch {
    return 'unknown system';
  }
}

function commit(): string {
  try {
    const git = (...args: readonly string[]): string =>
      execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'src') !== '';
    return `${git('log', '-1', '--format=%h')}${changed ? ' with changes in src/' : ''}`;
  } catch {
    return 'unknown';
  }
}
