/** Waits for what another program does by itself. */
import { setTimeout as sleep } from 'node:timers/promises';

/** @throws Error that names `what` after `timeoutMs`; what `holds` throws. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, timeoutMs = 30_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what}: not after ${timeoutMs} ms`);
    await sleep(50);
  }
}
