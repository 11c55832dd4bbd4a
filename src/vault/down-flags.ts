/**
 * Stores an operator declared down: an empty file `<folder>/<store name>`, written by `sekisho vault down NAME` and
 * removed by `sekisho vault up NAME`, seen by every process of this machine.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Looked at on each write: once a second is quick enough for a person's command. */
const FRESH_MS = 1000;

export function declareDown(folder: string, store: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, store), '');
}

export const declareUp = (folder: string, store: string): void => rmSync(join(folder, store), { force: true });

/** For `VaultDeps.isDeclaredDown`. */
export function downFlags(folder: string, now: () => number = performance.now.bind(performance)) {
  const seen = new Map<string, { readonly down: boolean; readonly at: number }>();
  return (store: string): boolean => {
    const known = seen.get(store);
    if (known !== undefined && now() - known.at < FRESH_MS) return known.down;
    const down = existsSync(join(folder, store));
    seen.set(store, { down, at: now() });
    return down;
  };
}
