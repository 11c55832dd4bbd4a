/**
 * Clocks against peers that hold a connection without using it (slow loris, threats.tsv S26). The library's idle timeout
 * starts anew with every octet; these do not.
 */
import type { Activity } from './connection.ts';
import type { IntakeLimits } from './limits.ts';
import type { Reply } from './reply.ts';

export interface Watched {
  readonly openedAtMs: number;
  readonly repliedAtMs: number;
  readonly activity: Activity;
}

export type PatienceLimits = Pick<IntakeLimits, 'sessionMs' | 'dataWindowMs' | 'minWindowBytes'> & {
  /** Time for one whole command line after our last reply. */
  readonly commandMs: number;
};

const TIMEOUT: Reply = [421, '4.4.2', 'Timeout, closing connection'];

/** Two slow windows in a row end it: one may have been our own disk. */
const SLOW_WINDOWS = 2;

interface Window {
  readonly startedAtMs: number;
  readonly bytes: number;
  readonly slow: number;
}

export class Patience {
  readonly #limits: PatienceLimits;
  readonly #windows = new WeakMap<Watched, Window>();

  constructor(limits: PatienceLimits) {
    this.#limits = limits;
  }

  /** The reply with which this connection ends now, or undefined when it may go on. */
  verdict(connection: Watched, nowMs: number): Reply | undefined {
    const { activity } = connection;
    const age = nowMs - connection.openedAtMs;
    if (activity.kind !== 'data') this.#windows.delete(connection);
    switch (activity.kind) {
      case 'busy':
        return undefined;
      case 'command':
        return age > this.#limits.sessionMs || nowMs - connection.repliedAtMs > this.#limits.commandMs
          ? TIMEOUT
          : undefined;
      case 'data':
        return age > 2 * this.#limits.sessionMs || this.#isTooSlow(connection, activity, nowMs) ? TIMEOUT : undefined;
    }
  }

  #isTooSlow(connection: Watched, data: Extract<Activity, { kind: 'data' }>, nowMs: number): boolean {
    const window = this.#windows.get(connection);
    if (window === undefined) {
      this.#windows.set(connection, { startedAtMs: nowMs, bytes: data.bytes, slow: 0 });
      return false;
    }
    if (nowMs - window.startedAtMs < this.#limits.dataWindowMs) return false;
    const isSlow = data.bytes - window.bytes < this.#limits.minWindowBytes && !data.heldByUs;
    const slow = isSlow ? window.slow + 1 : 0;
    this.#windows.set(connection, { startedAtMs: nowMs, bytes: data.bytes, slow });
    return slow >= SLOW_WINDOWS;
  }
}
