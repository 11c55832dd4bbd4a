/** Puts the vault together: health of the stores, writers, readers, and what belongs to neither. */
import { createHash, randomBytes } from 'node:crypto';
import type { RoleKeys } from '../keys/keys.ts';
import { privateKeyObject, RAW_BYTES } from '../keys/raw.ts';
import { GatewayError } from '../message/errors.ts';
import { isId } from '../message/ids.ts';
import type { SealRole } from '../message/roles.ts';
import { isTenant } from './format.ts';
import { Health, type StoreHealth, type VaultAlarm } from './health.ts';
import { coordinateOf, type Random, splitKey } from './keyshare.ts';
import { type ReaderDeps, readObject } from './reader.ts';
import { DATA_KEY_BYTES } from './seal.ts';
import type { Store } from './store.ts';
import type { ObjectRef, StoredObject, Vault } from './vault.ts';
import { wrap } from './wrap.ts';
import { wrapContext } from './wrap-context.ts';
import { ObjectWriter, type Sealing } from './writer.ts';

export interface VaultDeps {
  /** One share each; their order is the order of the indexes of new objects. */
  readonly stores: readonly Store[];
  /** k, at least 2. */
  readonly threshold: number;
  readonly keys: RoleKeys;
  readonly failuresUntilDown: number;
  /** Stores an operator declared down (down-flags.ts); asked at each write. */
  readonly isDeclaredDown?: (store: string) => boolean;
  readonly onAlarm?: (alarm: VaultAlarm) => void;
  /** How long a store may take for one step before it counts as failed. */
  readonly storeTimeoutMs?: number;
  /** How long a store may take to answer a reader before others are asked instead. */
  readonly readTimeoutMs?: number;
  readonly probeEveryMs?: number;
  /** Where chance comes from; other than the default only for golden vectors. */
  readonly random?: Random;
}

export interface OpenedVault extends Vault {
  stores(): readonly StoreHealth[];
  /** Stops probing. Open writers and readers go on. */
  close(): void;
}

/** A local disk that takes longer has failed; the peer waits 10 minutes for our answer (RFC 5321 §4.5.3.2.6). */
const STORE_TIMEOUT_MS = 60_000;
/** Other shares are there to be read: waiting for a slow store has little use. */
const READ_TIMEOUT_MS = 10_000;
const PROBE_EVERY_MS = 2000;

export function openVault(deps: VaultDeps): OpenedVault {
  const { stores, threshold, keys } = deps;
  requireSane(deps);
  const onAlarm = deps.onAlarm ?? (() => undefined);
  const health = new Health({
    stores,
    failuresUntilDown: deps.failuresUntilDown,
    isDeclaredDown: deps.isDeclaredDown ?? (() => false),
    onAlarm,
    probeEveryMs: deps.probeEveryMs ?? PROBE_EVERY_MS,
  });
  const within = deadline(deps.storeTimeoutMs ?? STORE_TIMEOUT_MS);
  const withinRead = deadline(deps.readTimeoutMs ?? READ_TIMEOUT_MS);
  const names = stores.map(({ name }) => name);

  const vault: OpenedVault = {
    async create(ref, sealTo) {
      requireRef(ref);
      const up = health.up();
      if (up.length < threshold) {
        const what = `${up.length} of ${stores.length} stores work, ${threshold} needed`;
        throw new GatewayError('E_STORE_UNAVAILABLE', what, { objectId: ref.objectId });
      }
      const sealing = prepare(ref, sealTo, keys, names, threshold, deps.random ?? randomBytes);
      const { objectId, tenant } = ref;
      const onDegraded = (without: readonly string[]): void =>
        onAlarm({ kind: 'written-degraded', objectId, tenant, without });
      return new ObjectWriter({ health, stores, up, within, onDegraded }, sealing);
    },

    async put(ref, sealTo, bytes) {
      const writer = await vault.create(ref, sealTo);
      await writer.write(bytes);
      return writer.finish();
    },

    open(ref, sealedTo) {
      const { objectId, tenant } = ref;
      const reader: ReaderDeps = {
        // Whoever failed last is asked last.
        stores: [...stores].sort((a, b) => health.failures(a) - health.failures(b)),
        keys,
        threshold,
        within: withinRead,
        onBad: (store) => onAlarm({ kind: 'share-bad', objectId, tenant, store: store.name }),
        onUnavailable: (store, error) => health.failed(store, error),
      };
      return readObject(reader, ref, sealedTo);
    },

    read: (object) => readWhole(vault.open(object, object.sealedTo), object),

    async erase({ objectId }) {
      // Key shares first: from then on nothing opens it, wherever copies of the shares may be.
      for (const part of ['key', 'share'] as const) {
        await Promise.all(stores.map((store) => within(store, store.remove({ objectId, part }))));
      }
    },

    stores: () => health.report(),
    close: () => health.close(),
  };
  return vault;
}

/** A mistake of ours, not of the mail's: these go into file names and associated data. */
function requireRef({ objectId, tenant }: ObjectRef): void {
  if (!isId(objectId) || !isTenant(tenant)) throw new RangeError('not an object id and tenant');
}

function requireSane({ stores, threshold }: VaultDeps): void {
  const names = new Set(stores.map(({ name }) => name));
  if (threshold < 2 || stores.length < threshold || stores.length > 16 || names.size !== stores.length) {
    const what = `${threshold} of ${names.size} differently named stores: needs 2 ≤ k ≤ n ≤ 16`;
    throw new GatewayError('E_CONFIG_INVALID', what, { threshold, stores: stores.length });
  }
}

function prepare(
  ref: ObjectRef,
  sealTo: SealRole,
  keys: RoleKeys,
  stores: readonly string[],
  k: number,
  random: Random,
): Sealing {
  const { objectId, tenant, kind } = ref;
  const recipient = keys.sealingKey(sealTo);
  const dataKey = random(DATA_KEY_BYTES);
  const ephemeral = privateKeyObject('X25519', random(RAW_BYTES));
  const wrapped = wrap(recipient.raw, wrapContext(ref, sealTo), dataKey, ephemeral);
  const n = stores.length;
  const keyShares = splitKey(wrapped, n, k, random);
  const x = keyShares.map(coordinateOf);
  const header = { objectId, tenant, kind, sealedTo: sealTo, keyId: recipient.keyId, k, n, stores, x };
  return { ref: { objectId, tenant, kind }, sealTo, header, dataKey, keyShares };
}

async function readWhole(chunks: AsyncIterable<Uint8Array>, object: StoredObject): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    // Checked as it comes: an object that is longer than the database says is not gathered to its end.
    if (bytes > object.bytes) throw notAsExpected(object);
    hash.update(chunk);
    parts.push(chunk);
  }
  if (bytes !== object.bytes || hash.digest('hex') !== object.sha256) throw notAsExpected(object);
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes);
}

const notAsExpected = ({ objectId }: StoredObject): GatewayError =>
  new GatewayError('E_OBJECT_TAMPERED', 'length or SHA-256 differ from what was recorded', { objectId });

function deadline(timeoutMs: number): <T>(store: Store, work: Promise<T>) => Promise<T> {
  return async (store, work) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const what = `store ${store.name} did not answer within ${timeoutMs} ms`;
        reject(new GatewayError('E_STORE_UNAVAILABLE', what, { store: store.name }));
      }, timeoutMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
