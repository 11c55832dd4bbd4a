/** What the results mean: which attempts count, which got through, and which door of the product's own list each is. */
import type { OpenDoor } from '../../../../src/message/texts-jail.ts';
import { ATTEMPTS } from './attempts.ts';
import type { Results } from './suite.ts';

/** The door by which an attempt gets out where there is one. Whatever is not named here must never get through. */
const DOOR: Readonly<Record<OpenDoor, readonly string[]>> = {
  'node-again': ['exec-node'],
  processes: ['fork', 'vfork', 'clone3', 'clone-namespace', 'exec-tool', 'execveat', 'memfd', 'outlive'],
  memory: ['memory-shared', 'memory-stack'],
  'left-behind': ['shared-memory', 'message-queue', 'keyring'],
  'kernel-calls': [
    ...[
      'netlink',
      'raw-socket',
      'packet-socket',
      'socketpair',
      'send-descriptor',
      'io-uring',
      'handle',
      'perf',
      'userfaultfd',
    ],
    ...['aio', 'splice', 'personality', 'segments', 'numbers-32', 'unshare', 'watch', 'kernel-log', 'xattr-read'],
  ],
  parent: [
    ...['parent-environ', 'parent-maps', 'parent-mem', 'parent-fd', 'parent-vm', 'parent-ptrace', 'parent-getfd'],
    ...['signal', 'signal-thread', 'signal-queue', 'signal-pidfd', 'signal-io', 'parent-limits', 'parent-priority'],
  ],
};

export interface Verdict {
  /** Attempts whose control outside succeeded: only their refusal proves anything. */
  readonly counted: readonly string[];
  readonly unproven: readonly string[];
  /** Got through, by a door that the product tells of. */
  readonly byDoor: ReadonlyMap<OpenDoor, readonly string[]>;
  /** Got through, and nobody was told. */
  readonly escaped: readonly string[];
}

/** @param told doors that `doctor` names for this launcher */
export function judge(outside: Results, inside: Results, told: readonly OpenDoor[]): Verdict {
  const ids = ATTEMPTS.map(({ id }) => id);
  const counted = ids.filter((id) => outside.get(id)?.could === true);
  const through = ids.filter((id) => inside.get(id)?.could !== false);
  const byDoor = new Map(told.map((door) => [door, through.filter((id) => DOOR[door].includes(id))] as const));
  const known = new Set([...byDoor.values()].flat());
  return {
    counted,
    unproven: ids.filter((id) => !counted.includes(id)),
    byDoor,
    escaped: through.filter((id) => !known.has(id)),
  };
}
