/**
 * Format version 1 is fixed: the golden objects of fixtures/vault/v1 open for ever, and the same chance makes the same
 * bytes. When this turns red the format has changed: that needs a version 2 beside it, not new fixtures.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { roleKeys } from '../../../src/keys/load.ts';
import { privateKeyObject, publicKeyOf } from '../../../src/keys/raw.ts';
import type { Role, SealRole } from '../../../src/message/roles.ts';
import { checkObject } from '../../../src/vault/check.ts';
import { openDirectory } from '../../../src/vault/directory.ts';
import { type OpenedVault, openVault } from '../../../src/vault/open.ts';
import type { Store } from '../../../src/vault/store.ts';
import type { ObjectKind } from '../../../src/vault/vault.ts';
import { pattern } from './bench.ts';

interface Case {
  readonly objectId: string;
  readonly tenant: string;
  readonly kind: ObjectKind;
  readonly sealedTo: SealRole;
  readonly role: Role;
  readonly k: number;
  readonly stores: readonly string[];
  /** Length of `pattern` (bench.ts) that is the clear text. */
  readonly bytes: number;
  /** The role's X25519 scalar, hex. */
  readonly privateKey: string;
  /** Seed of the chance: SHAKE256(seed | number of the request), as long as asked. */
  readonly seed: string;
  /** SHA-256 of every record, by file name. */
  readonly records: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('../../../fixtures/vault/v1', import.meta.url));
const cases = readdirSync(root);

const readCase = (name: string): Case => JSON.parse(readFileSync(join(root, name, 'case.json'), 'utf8'));

function chance(seed: string): (length: number) => Uint8Array {
  let request = 0;
  return (outputLength) => createHash('shake256', { outputLength }).update(`${seed}|${request++}`).digest();
}

async function open(it: Case, folder: string): Promise<{ vault: OpenedVault; stores: readonly Store[] }> {
  const stores = await Promise.all(it.stores.map((name) => openDirectory({ name, path: join(folder, name) })));
  const key = privateKeyObject('X25519', Buffer.from(it.privateKey, 'hex'));
  const slot = { purpose: 'sealing', role: it.role } as const;
  const half = publicKeyOf(key);
  const keys = roleKeys(it.role, [{ ...slot, ...half, madeAt: '' }], [{ ...slot, keyId: half.keyId, file: '', key }]);
  const vault = openVault({ stores, threshold: it.k, keys, failuresUntilDown: 1, random: chance(it.seed) });
  return { vault, stores };
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-golden-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

const recordsIn = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(share|key)$/.test(file))
      .sort()
      .map((file) => [
        file,
        createHash('sha256')
          .update(readFileSync(join(folder, file)))
          .digest('hex'),
      ]),
  );

describe.each(cases)('fixtures/vault/v1/%s', (name) => {
  const it = readCase(name);

  test('the same chance writes the same records', async () => {
    const folder = scratch();
    const { vault } = await open(it, folder);
    await vault.put(it, it.sealedTo, pattern(it.bytes));
    const records = recordsIn(folder);
    expect(records).toEqual(it.records);
    const kept = join(root, name, 'stores');
    for (const file of readdirSync(join(root, name)).includes('stores') ? Object.keys(records) : []) {
      expect(readFileSync(join(folder, file)).equals(readFileSync(join(kept, file))), file).toBe(true);
    }
  });

  test.runIf(readdirSync(join(root, name)).includes('stores'))('the golden records open and are whole', async () => {
    const folder = scratch();
    cpSync(join(root, name, 'stores'), folder, { recursive: true });
    const { vault, stores } = await open(it, folder);
    const chunks: Uint8Array[] = [];
    for await (const chunk of vault.open(it, it.sealedTo)) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(pattern(it.bytes))).toBe(true);
    expect(await checkObject(stores, it)).toMatchObject({ state: 'whole', problems: [] });
  });
});
