/** A vault over three folders, and hands that do what disks and insiders do. Shared by the tests of this folder. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryKeys } from '../../../src/keys/temporary.ts';
import { newId } from '../../../src/message/ids.ts';
import { openDirectory } from '../../../src/vault/directory.ts';
import { type Disk, realDisk } from '../../../src/vault/disk.ts';
import type { Part } from '../../../src/vault/format.ts';
import type { VaultAlarm } from '../../../src/vault/health.ts';
import { type OpenedVault, openVault, type VaultDeps } from '../../../src/vault/open.ts';
import type { RecordName, Store } from '../../../src/vault/store.ts';
import type { ObjectRef } from '../../../src/vault/vault.ts';

export interface Bench {
  readonly root: string;
  readonly stores: readonly Store[];
  readonly alarms: VaultAlarm[];
  /** As the intake sees it: it can seal, not open. */
  readonly intake: OpenedVault;
  readonly sanitizer: OpenedVault;
  readonly outlet: OpenedVault;
  file(store: string, ref: ObjectRef, part: Part): string;
  /** Overwrites one byte with another value. */
  flip(store: string, ref: ObjectRef, part: Part, at: (length: number) => number): void;
}

export async function openBench(
  settings: { readonly names?: readonly string[]; readonly disk?: (store: string) => Disk } & Partial<VaultDeps> = {},
): Promise<Bench> {
  const { names = ['a', 'b', 'c'], disk = () => realDisk, ...deps } = settings;
  const root = mkdtempSync(join(tmpdir(), 'sekisho-vault-'));
  const stores = await Promise.all(names.map((name) => openDirectory({ name, path: join(root, name) }, disk(name))));
  const alarms: VaultAlarm[] = [];
  const keysOf = temporaryKeys();
  const vaultOf = (role: 'intake' | 'sanitizer' | 'outlet'): OpenedVault =>
    openVault({
      stores,
      threshold: 2,
      keys: keysOf(role),
      failuresUntilDown: 3,
      onAlarm: (alarm) => alarms.push(alarm),
      ...deps,
    });
  const bench: Bench = {
    root,
    stores,
    alarms,
    intake: vaultOf('intake'),
    sanitizer: vaultOf('sanitizer'),
    outlet: vaultOf('outlet'),
    file: (store, { objectId }, part) => join(root, store, objectId.slice(-1), `${objectId}.${part}`),
    flip(store, ref, part, at) {
      const path = bench.file(store, ref, part);
      const bytes = readFileSync(path);
      const place = at(bytes.length);
      bytes[place] = bytes[place]! ^ 0x40;
      writeFileSync(path, bytes);
    },
  };
  onTestFinished(() => {
    for (const vault of [bench.intake, bench.sanitizer, bench.outlet]) vault.close();
    rmSync(root, { recursive: true });
  });
  return bench;
}

export const freshRef = (kind: ObjectRef['kind'] = 'original'): ObjectRef => ({
  objectId: newId(),
  tenant: 'chuo',
  kind,
});

/** Bytes that differ from place to place, so that a mixed-up chunk shows. */
export function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + (i >>> 16)) & 0xff;
  return bytes;
}

export async function namesIn(store: Store): Promise<RecordName[]> {
  const found: RecordName[] = [];
  for await (const name of store.list()) found.push(name);
  return found;
}
