/**
 * Reading one object: the data key out of any k key shares, then each stripe out of any k shares, mixed as they are
 * healthy. Only what AES-GCM has authenticated goes out; a wrong share costs another try and an alarm.
 */

import type { RoleKeys } from '../keys/keys.ts';
import { publicKeyOf } from '../keys/raw.ts';
import { GatewayError } from '../message/errors.ts';
import type { SealRole } from '../message/roles.ts';
import { agreementOf, encodeHeader, isOf, type ShareHeader } from './format.ts';
import { combineKey, type KeyShare, MAX_KEY_RECORD_BYTES, parseKeyShare } from './keyshare.ts';
import { findQuorum } from './quorum.ts';
import { decode } from './reedsolomon.ts';
import { chunkData, DATA_KEY_BYTES, openChunk } from './seal.ts';
import { fullStripeBytes, parseStripe, type Stripe, sha256 } from './share.ts';
import type { Store } from './store.ts';
import type { ObjectRef } from './vault.ts';
import { unwrap } from './wrap.ts';
import { wrapContext } from './wrap-context.ts';

export interface ReaderDeps {
  readonly stores: readonly Store[];
  readonly keys: RoleKeys;
  /** k of new objects: so many stores are asked at once. */
  readonly threshold: number;
  readonly onBad: (store: Store) => void;
  readonly onUnavailable: (store: Store, error: unknown) => void;
  readonly within: <T>(store: Store, work: Promise<T>) => Promise<T>;
}

/** Read at once when a share is opened: the whole share of a small object. */
const FIRST_READ_BYTES = 64 * 1024;

interface OpenedKey {
  readonly dataKey: Uint8Array;
  readonly header: ShareHeader;
}

export async function* readObject(deps: ReaderDeps, ref: ObjectRef, sealedTo: SealRole): AsyncIterable<Uint8Array> {
  const trouble = new Trouble(deps, ref);
  const { dataKey, header } = await openKey(deps, ref, sealedTo, trouble);
  const stripes = new StripeReader(deps, header, dataKey, trouble);
  try {
    for (let counter = 0, last = false; !last; counter++) {
      const chunk = await stripes.open(counter);
      last = chunk.last;
      if (chunk.clear.length > 0) yield chunk.clear;
    }
  } finally {
    dataKey.fill(0);
  }
}

/** What went wrong at which store: decides between «missing», «tampered» and «cannot tell now». */
class Trouble {
  readonly #deps: ReaderDeps;
  readonly #ref: ObjectRef;
  readonly #bad = new Set<Store>();
  readonly #told = new Set<Store>();
  #present = 0;
  #unavailable: unknown;

  constructor(deps: ReaderDeps, ref: ObjectRef) {
    this.#deps = deps;
    this.#ref = ref;
  }

  /** Bytes of a record; undefined when the store has none or cannot answer. */
  async read(store: Store, part: 'share' | 'key', offset: number, length: number): Promise<Buffer | undefined> {
    try {
      const { objectId } = this.#ref;
      const piece = await this.#deps.within(store, store.read({ objectId, part }, offset, length));
      if (piece === undefined) this.bad(store);
      else this.#present += 1;
      return piece?.bytes;
    } catch (error) {
      this.#unavailable ??= error;
      this.#deps.onUnavailable(store, error);
      return undefined;
    }
  }

  bad(store: Store): void {
    if (!this.#told.has(store)) this.#bad.add(store);
  }

  /** The object was read in spite of them: now it is known that they, not we, were wrong. */
  tell(): void {
    for (const store of this.#bad) {
      this.#told.add(store);
      this.#deps.onBad(store);
    }
    this.#bad.clear();
  }

  error(): unknown {
    const { objectId } = this.#ref;
    if (this.#unavailable !== undefined) return this.#unavailable;
    if (this.#present === 0) return new GatewayError('E_OBJECT_MISSING', 'no store has this object', { objectId });
    return new GatewayError('E_OBJECT_TAMPERED', 'too few healthy shares to open it', { objectId });
  }
}

async function openKey(deps: ReaderDeps, ref: ObjectRef, sealedTo: SealRole, trouble: Trouble): Promise<OpenedKey> {
  type Answer = KeyShare & { readonly store: Store };
  const ask = async (store: Store): Promise<Answer | undefined> => {
    const record = await trouble.read(store, 'key', 0, MAX_KEY_RECORD_BYTES);
    const parsed = record && parseKeyShare(record);
    if (parsed !== undefined && isOf(parsed.header, ref) && parsed.header.sealedTo === sealedTo) {
      return { ...parsed, store };
    }
    if (record !== undefined) trouble.bad(store);
    return undefined;
  };
  let missingKey: unknown;
  const found = await findQuorum<Store, Answer, OpenedKey>({
    stores: deps.stores,
    first: deps.threshold,
    ask,
    group: ({ header }) => agreementOf(header),
    needed: ({ header }) => header.k,
    index: ({ header }) => header.index,
    attempt: async (answers) => {
      const { header } = answers[0]!;
      try {
        const privateKey = deps.keys.openingKey(sealedTo, header.keyId);
        const wrapped = await combineKey(answers);
        const dataKey = unwrap(privateKey, publicKeyOf(privateKey).raw, wrapContext(ref, sealedTo), wrapped);
        return dataKey?.length === DATA_KEY_BYTES ? { dataKey, header } : undefined;
      } catch (error) {
        missingKey = error;
        return undefined;
      }
    },
  });
  if (found === undefined) throw missingKey ?? trouble.error();
  return found.result;
}

/** One store's share, as far as it has been looked at. */
interface Source {
  readonly store: Store;
  readonly index: number;
  readonly headerBytes: number;
  readonly headerDigest: Buffer;
  /** From the start of the share. */
  readonly begin: Buffer;
}

interface OpenedChunk {
  readonly clear: Buffer;
  readonly last: boolean;
}

class StripeReader {
  readonly #header: ShareHeader;
  readonly #dataKey: Uint8Array;
  readonly #associated: Buffer;
  readonly #trouble: Trouble;
  /** How the share of each index must begin, now that the key has told what the object is. */
  readonly #heads: readonly Buffer[];
  readonly #sources = new Map<Store, Promise<Source | undefined>>();
  /** Those that worked for the last stripe come first; data fragments before parity at the start. */
  #order: readonly Store[];

  constructor(deps: ReaderDeps, header: ShareHeader, dataKey: Uint8Array, trouble: Trouble) {
    this.#header = header;
    this.#dataKey = dataKey;
    this.#associated = chunkData(header);
    this.#trouble = trouble;
    this.#heads = header.stores.map((_, index) => encodeHeader('share', { ...header, index }));
    const place = ({ name }: Store): number => (header.stores.indexOf(name) + header.n + 1) % (header.n + 1);
    this.#order = [...deps.stores].sort((a, b) => place(a) - place(b));
  }

  async open(counter: number): Promise<OpenedChunk> {
    type Answer = Stripe & { readonly store: Store; readonly index: number };
    const { k } = this.#header;
    const found = await findQuorum<Store, Answer, OpenedChunk>({
      stores: this.#order,
      first: k,
      ask: async (store) => {
        const source = await this.#source(store);
        const stripe = source && (await this.#stripe(source, counter));
        return stripe && { ...stripe, store, index: source.index };
      },
      group: ({ last, sealedLength }) => `${last} ${sealedLength}`,
      needed: () => k,
      index: ({ index }) => index,
      attempt: async (answers) => {
        const { last, sealedLength } = answers[0]!;
        const fragments = answers.map(({ index, fragment }) => ({ index, bytes: fragment }));
        const sealed = decode(fragments, k, sealedLength);
        const clear = openChunk(this.#dataKey, this.#associated, { counter, last }, sealed);
        return clear && { clear, last };
      },
    });
    if (found === undefined) throw this.#trouble.error();
    this.#learn(found.used.map(({ store }) => store));
    return found.result;
  }

  /** Stores asked in vain are bad; those that worked are asked first from now on. */
  #learn(worked: readonly Store[]): void {
    const lastUsed = Math.max(...worked.map((store) => this.#order.indexOf(store)));
    for (const store of this.#order.slice(0, lastUsed)) if (!worked.includes(store)) this.#trouble.bad(store);
    this.#trouble.tell();
    this.#order = [...worked, ...this.#order.filter((store) => !worked.includes(store))];
  }

  #source(store: Store): Promise<Source | undefined> {
    let source = this.#sources.get(store);
    if (source === undefined) {
      source = this.#openSource(store);
      this.#sources.set(store, source);
    }
    return source;
  }

  async #openSource(store: Store): Promise<Source | undefined> {
    const begin = await this.#trouble.read(store, 'share', 0, FIRST_READ_BYTES);
    if (begin === undefined) return undefined;
    const index = this.#heads.findIndex((head) => head.equals(begin.subarray(0, head.length)));
    const head = this.#heads[index];
    if (head === undefined) {
      this.#trouble.bad(store);
      return undefined;
    }
    return { store, index, headerBytes: head.length, headerDigest: sha256(head), begin };
  }

  async #stripe(source: Source, counter: number): Promise<Stripe | undefined> {
    const { k } = this.#header;
    const full = fullStripeBytes(k);
    const offset = source.headerBytes + counter * full;
    const ahead = source.begin.subarray(offset, offset + full);
    const early = parseStripe(source.headerDigest, k, counter, ahead);
    if (early !== undefined) return early;
    const bytes = await this.#trouble.read(source.store, 'share', offset, full);
    const stripe = bytes && parseStripe(source.headerDigest, k, counter, bytes);
    if (bytes !== undefined && stripe === undefined) this.#trouble.bad(source.store);
    return stripe;
  }
}
