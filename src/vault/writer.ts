/**
 * Writing one object: clear bytes gather to chunks of 1 MiB, each is sealed, coded and handed to every store while the
 * next one gathers. Holds at most one clear chunk and the shares of two sealed ones (about 5 MiB with 2 of 3).
 */
import { createHash } from 'node:crypto';
import { GatewayError } from '../message/errors.ts';
import type { SealRole } from '../message/roles.ts';
import type { ObjectHeader } from './format.ts';
import type { Health } from './health.ts';
import { encodeKeyShare, keyRecordDigest } from './keyshare.ts';
import { encode } from './reedsolomon.ts';
import { CHUNK_BYTES, chunkData, sealChunk } from './seal.ts';
import { ShareEncoder } from './share.ts';
import type { RecordWriter, Store } from './store.ts';
import type { ObjectRef, StoredObject, VaultWriter } from './vault.ts';

export interface WriterDeps {
  readonly health: Health;
  /** All stores, in the order of the header's indexes; written are those that are up. */
  readonly stores: readonly Store[];
  readonly up: readonly Store[];
  readonly onDegraded: (without: readonly string[]) => void;
  readonly within: <T>(store: Store, work: Promise<T>) => Promise<T>;
}

export interface Sealing {
  readonly ref: ObjectRef;
  readonly sealTo: SealRole;
  readonly header: ObjectHeader;
  readonly dataKey: Uint8Array;
  /** One for each store, in the order of the indexes. */
  readonly keyShares: readonly Uint8Array[];
}

/** Where the shares of one index go; those of a store that is down are made and not written. */
interface Lane {
  readonly encoder: ShareEncoder;
  readonly keyRecord: Buffer;
  readonly to: { readonly store: Store; readonly share: RecordWriter; readonly key: RecordWriter } | undefined;
}

/** Most mails are shorter: a writer starts with this and grows. */
const FIRST_BUFFER_BYTES = 16 * 1024;

export class ObjectWriter implements VaultWriter {
  readonly #deps: WriterDeps;
  readonly #sealing: Sealing;
  readonly #lanes: readonly Lane[];
  readonly #associated: Buffer;
  readonly #clearHash = createHash('sha256');
  #buffer = Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES);
  #filled = 0;
  #clearBytes = 0;
  #sealedBytes = 0;
  #counter = 0;
  #written: Promise<void> = Promise.resolve();
  #state: 'open' | 'finished' | 'aborted' = 'open';

  constructor(deps: WriterDeps, sealing: Sealing) {
    this.#deps = deps;
    this.#sealing = sealing;
    this.#associated = chunkData(sealing.ref);
    this.#lanes = deps.stores.map((store, index) => this.#lane(store, index));
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#requireOpen();
    this.#clearHash.update(chunk);
    this.#clearBytes += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      // A full buffer is sealed when more comes: only then it is known not to be the last chunk.
      if (this.#filled === CHUNK_BYTES) await this.#guarded(() => this.#flush(false));
      at += this.#take(chunk.subarray(at));
    }
  }

  async finish(): Promise<StoredObject> {
    this.#requireOpen();
    await this.#guarded(async () => {
      await this.#flush(true);
      await this.#written;
      await this.#each(async ({ share, key }) => {
        await Promise.all([share.finish(), key.finish()]);
      });
    });
    this.#end('finished');
    this.#tellHealth();
    const { ref, sealTo } = this.#sealing;
    return { ...ref, sealedTo: sealTo, bytes: this.#clearBytes, sha256: this.#clearHash.digest('hex') };
  }

  async abort(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#end('aborted');
    await this.#written.catch(() => undefined);
    // A store that hangs must not hold the caller up; what it keeps is an orphan.
    const removals = this.#lanes.map(({ to }) => {
      return to && this.#deps.within(to.store, Promise.all([to.key.abort(), to.share.abort()]));
    });
    await Promise.allSettled(removals);
  }

  #lane(store: Store, index: number): Lane {
    const { header, ref, keyShares } = this.#sealing;
    const own = { ...header, index };
    const name = (part: 'share' | 'key') => ({ objectId: ref.objectId, part });
    return {
      encoder: new ShareEncoder(own),
      keyRecord: encodeKeyShare({ header: own, share: keyShares[index]! }),
      to: this.#deps.up.includes(store)
        ? { store, share: store.create(name('share'), 'new'), key: store.create(name('key'), 'new') }
        : undefined,
    };
  }

  #take(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, CHUNK_BYTES - this.#filled);
    if (this.#filled + count > this.#buffer.length) this.#grow(this.#filled + count);
    this.#buffer.set(bytes.subarray(0, count), this.#filled);
    this.#filled += count;
    return count;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, Math.max(needed, 4 * this.#buffer.length)));
    this.#buffer.copy(larger, 0, 0, this.#filled);
    this.#buffer.fill(0);
    this.#buffer = larger;
  }

  /** Seals what has gathered; resolves when the chunk before it has been taken by the stores. */
  async #flush(last: boolean): Promise<void> {
    const { k, n } = this.#sealing.header;
    const place = { counter: this.#counter, last };
    const clear = this.#buffer.subarray(0, this.#filled);
    const sealed = sealChunk(this.#sealing.dataKey, this.#associated, place, clear);
    const fragments = encode(sealed, k, n);
    const pieces = this.#lanes.map(({ encoder }, index) => {
      const head = place.counter === 0 ? [encoder.header] : [];
      return [...head, ...encoder.stripe(place, sealed.length, fragments[index]!)];
    });
    this.#filled = 0;
    this.#counter += 1;
    this.#sealedBytes += sealed.length;
    const trailers = last ? this.#trailers() : [];

    await this.#written;
    this.#written = this.#append((index) => [...pieces[index]!, ...trailers.slice(index, index + 1)], last);
    // Its failure is met at the next await of #written; until then it is not unhandled.
    this.#written.catch(() => undefined);
  }

  #append(piecesOf: (index: number) => readonly Uint8Array[], last: boolean): Promise<void> {
    return this.#each(async ({ share, key }, index, { keyRecord }) => {
      await share.append(piecesOf(index));
      if (last) await key.append([keyRecord]);
    });
  }

  #trailers(): readonly Buffer[] {
    const trailer = {
      sealedBytes: this.#sealedBytes,
      stripes: this.#counter,
      shareDigests: this.#lanes.map(({ encoder }) => encoder.digest()),
      keyDigests: this.#lanes.map(({ keyRecord }) => keyRecordDigest(keyRecord)),
    };
    return this.#lanes.map(({ encoder }) => encoder.trailer(trailer));
  }

  /** Does the same in every store that is up; waits for all of them, then fails with the worst. */
  async #each(work: (to: NonNullable<Lane['to']>, index: number, lane: Lane) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled(
      this.#lanes.map(async (lane, index) => {
        if (lane.to === undefined) return;
        const { store } = lane.to;
        await this.#deps.within(store, work(lane.to, index, lane)).catch((error: unknown) => {
          this.#deps.health.failed(store, error);
          throw error;
        });
      }),
    );
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    if (errors.length > 0) throw worst(errors);
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.abort();
      throw error;
    }
  }

  #tellHealth(): void {
    for (const { to } of this.#lanes) if (to !== undefined) this.#deps.health.worked(to.store);
    const without = this.#lanes.flatMap(({ to }, index) => (to === undefined ? [this.#deps.stores[index]!.name] : []));
    if (without.length > 0) this.#deps.onDegraded(without);
  }

  #end(state: 'finished' | 'aborted'): void {
    this.#state = state;
    this.#buffer.fill(0);
    this.#sealing.dataKey.fill(0);
  }

  #requireOpen(): void {
    if (this.#state !== 'open') {
      throw new GatewayError('E_STORE_UNAVAILABLE', `this object's writer is ${this.#state}`, {
        objectId: this.#sealing.ref.objectId,
      });
    }
  }
}

/** «Full» is told apart only when nothing worse happened: 452 tells the operator to make room. */
function worst(errors: readonly unknown[]): unknown {
  const full = (error: unknown): boolean => error instanceof GatewayError && error.code === 'E_STORE_FULL';
  return errors.find((error) => !full(error)) ?? errors[0];
}
