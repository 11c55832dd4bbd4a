/**
 * Whether an address exists, asked of the next hop: intake may not reach it, so the outlet role asks by a `probe` job and
 * writes the answer into the table address_check (flow/probe.ts), where it stays valid for a while.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { newId } from '../message/ids.ts';
import type { Queue } from '../queue/queue.ts';

export type ProbedVerdict = 'exists' | 'unknown' | 'undecided';

export interface ProbeDeps {
  readonly database: Database;
  readonly queue: Pick<Queue, 'put'>;
  /** Tells the outlet that a probe waits. */
  readonly ring: () => void;
  /** Unix ms. */
  readonly now: () => number;
}

/** Open questions at once; a flood of random addresses is answered 451 beyond it and fills no queue. */
const MAX_OPEN = 500;
/** First and longest wait between two looks at the table: an idle outlet answers within some 10 ms. */
const FIRST_POLL_MS = 10;
const MAX_POLL_MS = 200;
/** An answer from further ahead was written under a clock that has been set back since: it would be believed for years. */
const MAX_SKEW_MS = 300_000;

export class ProbedAddresses {
  readonly #deps: ProbeDeps;
  readonly #open = new Map<string, Promise<ProbedVerdict>>();
  #closed = false;

  constructor(deps: ProbeDeps) {
    this.#deps = deps;
  }

  /** @param key see addressKey. @param waitMs how long an answer may take before it is 'undecided'. */
  async verdict(tenant: string, key: string, waitMs: number): Promise<ProbedVerdict> {
    const remembered = await this.#remembered(tenant, key);
    if (remembered !== undefined) return remembered;
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    if (this.#closed || this.#open.size >= MAX_OPEN) return 'undecided';
    const asked = this.#ask(tenant, key, waitMs).finally(() => this.#open.delete(key));
    this.#open.set(key, asked);
    return asked;
  }

  close(): void {
    this.#closed = true;
  }

  async #remembered(tenant: string, key: string): Promise<ProbedVerdict | undefined> {
    const nowMs = this.#deps.now();
    const row = await this.#deps.database.read
      .selectFrom('address_check')
      .select('verdict')
      .where('address', '=', key)
      .where('tenant', '=', tenant)
      .where('valid_until', '>', nowMs)
      .where('checked_at', '<', nowMs + MAX_SKEW_MS)
      .executeTakeFirst();
    return row?.verdict;
  }

  async #ask(tenant: string, key: string, waitMs: number): Promise<ProbedVerdict> {
    const { database, queue, ring, now } = this.#deps;
    const nowMs = now();
    const payload = JSON.stringify({ address: key });
    const job = {
      id: `probe-${newId(nowMs)}`,
      kind: 'probe',
      tenant,
      messageId: null,
      lane: 'light',
      payload,
    } as const;
    await database.write((tx) => queue.put(tx, [job], nowMs));
    ring();
    const deadline = performance.now() + waitMs;
    for (let pollMs = FIRST_POLL_MS; !this.#closed && performance.now() < deadline; pollMs = longer(pollMs)) {
      await sleep(pollMs);
      const answer = await this.#remembered(tenant, key);
      if (answer !== undefined) return answer;
    }
    return 'undecided';
  }
}

const longer = (pollMs: number): number => Math.min(pollMs * 2, MAX_POLL_MS);
