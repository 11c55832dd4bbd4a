/** Attempts to take more than the child's share. */

import { threadsStarted } from './processes.ts';
import { call, errnoName, native } from './raw.ts';
import { type Attempt, could, refused, type Targets, type Tried } from './targets.ts';

const PROT_READ_WRITE = 3n;
const MAP = { shared: 0x01, private: 0x02, anonymous: 0x20, growsDown: 0x100 } as const;

/** V8's own mappings stand within the limit too: a little above it shows that there is none. */
const BEYOND = 1.25;

function grabbed(targets: Targets, flags: number): Tried {
  const wanted = Math.ceil(targets.allowedMiB * BEYOND);
  const got = Number(native(targets).grab(BigInt(flags), PROT_READ_WRITE, BigInt(wanted)));
  return got >= wanted ? could(`${got} MiB`) : refused(`${got} of ${wanted} MiB`);
}

const take = (id: string, what: string, run: (targets: Targets) => Tried): Attempt => ({
  id,
  aim: 'exhaust',
  what,
  by: 'native',
  spoils: true,
  run,
});

/** Far above RLIMIT_NOFILE (64) and RLIMIT_NPROC (4,096). */
const MANY_FILES = 512;
const MANY_THREADS = 4500;

export const EXHAUSTION: readonly Attempt[] = [
  take('memory', 'take more memory than allowed', (t) => grabbed(t, MAP.private | MAP.anonymous)),
  take('memory-shared', 'take it as shared memory, which RLIMIT_DATA does not count', (t) =>
    grabbed(t, MAP.shared | MAP.anonymous),
  ),
  take('memory-stack', 'take it as a growing stack, which RLIMIT_DATA does not count', (t) =>
    grabbed(t, MAP.private | MAP.anonymous | MAP.growsDown),
  ),
  take('stack-limit', 'lift the limit of the stack, so that the next program gets its memory as stack', (t) => {
    const RLIMIT_STACK = 3;
    const unlimited = Buffer.alloc(16, 0xff);
    const result = call(t, 'prlimit64', 0, RLIMIT_STACK, unlimited, 0);
    return result < 0 ? refused(errnoName(result)) : could('unlimited');
  }),
  {
    ...take('memory-script', 'take more memory by buffers of JavaScript', () => refused('')),
    by: 'script',
    run({ allowedMiB }) {
      const held: Buffer[] = [];
      try {
        while (held.length * 64 < allowedMiB * BEYOND) held.push(Buffer.alloc(64 * 2 ** 20, 1));
        return could(`${held.length * 64} MiB`);
      } catch (error) {
        return refused(`${(error as Error).name} after ${held.length * 64} MiB`);
      }
    },
  },
  take('descriptors', 'open more than 64 files', (t) => {
    let count = 0;
    for (let result = 0; count < MANY_FILES && result >= 0; ) {
      result = call(t, 'eventfd2', 0, 0);
      if (result >= 0) count += 1;
    }
    return count >= MANY_FILES ? could(`${count}`) : refused(`${count} of ${MANY_FILES}`);
  }),
  take('threads', 'start more than 4,096 threads', (t) => {
    const started = threadsStarted(t, MANY_THREADS);
    return started >= MANY_THREADS ? could(`${started}`) : refused(`${started} of ${MANY_THREADS}`);
  }),
  take('core', 'have a core dump written', (t) => {
    const RLIMIT_CORE = 4;
    const unlimited = Buffer.alloc(16, 0xff);
    const result = call(t, 'prlimit64', 0, RLIMIT_CORE, unlimited, 0);
    return result < 0 ? refused(errnoName(result)) : could('allowed');
  }),
  {
    ...take('endless', 'work for ever (its parent’s deadline ends it)', () => refused('')),
    by: 'script',
    run() {
      for (let n = 0; ; n = (n + 1) % 7) if (n > 7) return refused('never');
    },
  },
];
