/**
 * Takes away what a crash left in the vault: objects that no row of the database knows (accept.ts, process.ts).
 *
 * Promises: never erases an object that the database knows, nor one that may still become known. An orphan is only a
 * suspect at first; it is erased when it is an orphan still after two more hours of this process's own running time, so
 * neither a slow peer, nor a machine that stood still, nor a clock that jumped makes a mail in work look abandoned.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { AuditLog } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../telemetry/log.ts';
import { findOrphans } from '../vault/check.ts';
import type { Store } from '../vault/store.ts';
import type { Vault } from '../vault/vault.ts';

export interface SweepDeps {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly vault: Pick<Vault, 'erase'>;
  readonly stores: readonly Store[];
  /** Unix ms: how old an id says it is. */
  readonly now: () => number;
  /** Milliseconds that this process has run, by a clock that nobody sets. */
  readonly runningMs: () => number;
  readonly log: Log;
}

export interface Sweeper {
  /** One look at everything. @returns how many objects were erased. Never rejects. */
  sweep(): Promise<number>;
}

/** Younger objects are not even suspects. */
const SUSPECT_AGE_MS = 3_600_000;

/** Twice the longest session of a peer (intake/limits.ts): its message is accepted or refused by then. */
const SUSPECT_MS = 7_200_000;

/** Objects named in one audit entry. */
const BATCH = 100;

/** Questions to the database before others in this process get their turn. */
const QUESTIONS = 50;

export function openSweeper(deps: SweepDeps): Sweeper {
  /** Suspects, and when they were first seen (`runningMs`). */
  let suspects: ReadonlyMap<string, number> = new Map();

  return {
    async sweep() {
      try {
        const orphans = await look(deps);
        const nowMs = deps.runningMs();
        suspects = new Map(orphans.map((id) => [id, suspects.get(id) ?? nowMs]));
        const ripe = orphans.filter((id) => nowMs - (suspects.get(id) ?? nowMs) >= SUSPECT_MS);
        return await eraseAll(deps, ripe);
      } catch (error) {
        deps.log.warn('sweep-failed', { error: String(error) });
        return 0;
      }
    },
  };
}

async function look({ database, stores, now }: SweepDeps): Promise<readonly string[]> {
  let asked = 0;
  const isKnown = async (objectId: string): Promise<boolean> => {
    if (++asked % QUESTIONS === 0) await breathe();
    const row = await database.read.selectFrom('object').select('id').where('id', '=', objectId).executeTakeFirst();
    return row !== undefined;
  };
  const found: string[] = [];
  for await (const { objectId } of findOrphans(stores, isKnown, now() - SUSPECT_AGE_MS)) found.push(objectId);
  return found;
}

async function eraseAll(deps: SweepDeps, ripe: readonly string[]): Promise<number> {
  let erased = 0;
  for (let from = 0; from < ripe.length; from += BATCH) {
    const unknown = await recordErasure(deps, ripe.slice(from, from + BATCH));
    for (const objectId of unknown) await deps.vault.erase({ objectId });
    erased += unknown.length;
  }
  if (erased > 0) deps.log.info('orphans-erased', { objects: erased });
  return erased;
}

/** Asked once more where nobody else can write, and told before it is done. @returns those that are unknown still. */
async function recordErasure({ database, audit, now }: SweepDeps, ids: readonly string[]): Promise<readonly string[]> {
  return database.write(async (tx) => {
    const rows = await tx.selectFrom('object').select('id').where('id', 'in', ids).execute();
    const known = new Set(rows.map(({ id }) => id));
    const unknown = ids.filter((id) => !known.has(id));
    if (unknown.length > 0) {
      const facts = { objects: unknown };
      await audit.append(tx, { tenant: 'gateway', event: 'orphans-erased', messageId: null, at: now(), facts });
    }
    return unknown;
  });
}
