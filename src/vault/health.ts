/**
 * Which stores count as down. A store that fails makes writing fail (451) until it works again or is declared down: by
 * an operator (`isDeclaredDown`), or here after `failuresUntilDown` failures in a row. Then the others suffice. A failing
 * store is probed until it works again; each failed probe counts too, so a quiet night decides as fast as a busy day.
 * A full store is never declared down by itself: the peer is told 452 and keeps the mail.
 */
import { GatewayError } from '../message/errors.ts';
import type { Store } from './store.ts';

/** What an operator must hear of; main.ts turns it into log lines, metrics and audit entries. */
export type VaultAlarm =
  | { readonly kind: 'store-failed'; readonly store: string; readonly failures: number; readonly error: unknown }
  | { readonly kind: 'store-down'; readonly store: string; readonly by: 'operator' | 'failures' }
  | { readonly kind: 'store-up'; readonly store: string }
  /** Written with fewer shares than stores: to be repaired. */
  | {
      readonly kind: 'written-degraded';
      readonly objectId: string;
      readonly tenant: string;
      readonly without: readonly string[];
    }
  /** A share or key share that was lost or changed; another one took its place. */
  | { readonly kind: 'share-bad'; readonly objectId: string; readonly tenant: string; readonly store: string };

export interface StoreHealth {
  readonly store: string;
  readonly down: boolean;
  /** In a row. */
  readonly failures: number;
}

export interface HealthSettings {
  readonly stores: readonly Store[];
  readonly failuresUntilDown: number;
  /** Asked at each write; must be cheap. */
  readonly isDeclaredDown: (store: string) => boolean;
  readonly onAlarm: (alarm: VaultAlarm) => void;
  readonly probeEveryMs: number;
}

export class Health {
  readonly #settings: HealthSettings;
  readonly #failures = new Map<string, number>();
  readonly #down = new Set<string>();
  readonly #declared = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(settings: HealthSettings) {
    this.#settings = settings;
  }

  /** Stores to write to now. */
  up(): readonly Store[] {
    return this.#settings.stores.filter(({ name }) => !this.#declaredDown(name) && !this.#down.has(name));
  }

  report(): readonly StoreHealth[] {
    const up = this.up();
    return this.#settings.stores.map((store) => {
      return { store: store.name, down: !up.includes(store), failures: this.failures(store) };
    });
  }

  worked(store: Store): void {
    if (this.failures(store) === 0) return;
    this.#failures.delete(store.name);
    this.#stopProbing(store.name);
    this.#down.delete(store.name);
    this.#settings.onAlarm({ kind: 'store-up', store: store.name });
  }

  /** In a row. */
  failures(store: Store): number {
    return this.#failures.get(store.name) ?? 0;
  }

  failed(store: Store, error: unknown): void {
    // What is not a GatewayError is a mistake of ours (an id used twice), not the store's.
    if (!(error instanceof GatewayError)) return;
    const { failuresUntilDown, onAlarm } = this.#settings;
    const full = error.code === 'E_STORE_FULL';
    const failures = this.failures(store) + (full ? 0 : 1);
    if (!full) this.#failures.set(store.name, failures);
    onAlarm({ kind: 'store-failed', store: store.name, failures, error });
    if (full) return;
    if (failures >= failuresUntilDown && !this.#down.has(store.name)) {
      this.#down.add(store.name);
      onAlarm({ kind: 'store-down', store: store.name, by: 'failures' });
    }
    this.#probeLater(store);
  }

  close(): void {
    for (const name of [...this.#timers.keys()]) this.#stopProbing(name);
  }

  #declaredDown(name: string): boolean {
    const declared = this.#settings.isDeclaredDown(name);
    if (declared === this.#declared.has(name)) return declared;
    if (declared) this.#declared.add(name);
    else this.#declared.delete(name);
    const alarm = declared ? ({ kind: 'store-down', by: 'operator' } as const) : ({ kind: 'store-up' } as const);
    this.#settings.onAlarm({ ...alarm, store: name });
    return declared;
  }

  #probeLater(store: Store): void {
    if (this.#timers.has(store.name)) return;
    const probe = async (): Promise<void> => {
      this.#timers.delete(store.name);
      try {
        await store.probe();
        this.worked(store);
      } catch (error) {
        this.failed(store, error);
        // A full store is no failure, yet has not answered the question either.
        this.#probeLater(store);
      }
    };
    this.#timers.set(store.name, setTimeout(() => void probe(), this.#settings.probeEveryMs).unref());
  }

  #stopProbing(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
