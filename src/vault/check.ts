/**
 * Finds lost and changed shares without any private key. Every trailer names the digests of all shares, so the stores
 * vote: what most of them remember is taken as the object, and each record is judged by it.
 */
import { isId } from '../message/ids.ts';
import { type Condition, claimOf, examine, type StoreView } from './examine.ts';
import type { ShareHeader } from './format.ts';
import type { KeyShare } from './keyshare.ts';
import type { Trailer } from './share.ts';
import type { Store } from './store.ts';
import type { ObjectRef } from './vault.ts';

export type ObjectState =
  | 'whole'
  /** It opens, yet some share must be rebuilt. */
  | 'repairable'
  /** Fewer than k good shares or key shares. */
  | 'lost'
  /** No record anywhere: erased, or never written. */
  | 'missing'
  /** As many stores remember one object as another: only opening it tells. */
  | 'disputed'
  /** A store did not answer, and without it there are fewer than k good shares. */
  | 'unknown';

export interface Problem {
  readonly store: string;
  readonly part: 'share' | 'key';
  readonly condition: Exclude<Condition, 'good'>;
}

export interface ObjectCheck {
  readonly ref: ObjectRef;
  readonly state: ObjectState;
  readonly problems: readonly Problem[];
}

/** What the stores agree about, and who holds which good record; repair.ts builds from it. */
export interface Agreement {
  readonly header: ShareHeader;
  readonly trailer: Trailer;
  readonly shares: ReadonlyMap<number, Store>;
  readonly keyShares: ReadonlyMap<number, KeyShare>;
}

export interface Finding extends ObjectCheck {
  readonly agreement: Agreement | undefined;
}

/** One answer for each object, in their order. @throws never for what a store does: that is in the answer */
export async function* checkVault(
  stores: readonly Store[],
  objects: Iterable<ObjectRef> | AsyncIterable<ObjectRef>,
): AsyncIterable<ObjectCheck> {
  for await (const ref of objects) {
    const { state, problems } = await checkObject(stores, ref);
    yield { ref, state, problems };
  }
}

export async function checkObject(stores: readonly Store[], ref: ObjectRef): Promise<Finding> {
  const views = await Promise.all(stores.map((store) => examine(store, ref)));
  const winner = vote(views);
  // A store that was added later has no share of this object.
  const concerned =
    winner.kind === 'object'
      ? views.filter(({ store }) => placeOf(store, winner.view.header, stores) !== undefined)
      : views;
  const judged = concerned.map((view) => (winner.kind === 'object' ? judge(view, winner.view, stores) : view));
  const problems = judged.flatMap(problemsOf);
  if (winner.kind !== 'object') {
    const gone = problems.every(({ condition }) => condition === 'missing');
    const state = winner.kind === 'tie' ? 'disputed' : gone ? 'missing' : silent(problems) ? 'unknown' : 'lost';
    return { ref, state, problems, agreement: undefined };
  }
  const agreement = agree(winner.view, judged);
  const { k } = agreement.header;
  const opens = agreement.shares.size >= k && agreement.keyShares.size >= k;
  const state = problems.length === 0 ? 'whole' : opens ? 'repairable' : silent(problems) ? 'unknown' : 'lost';
  return { ref, state, problems, agreement };
}

const silent = (problems: readonly Problem[]): boolean => problems.some(({ condition }) => condition === 'unavailable');

interface Claimant {
  readonly header: ShareHeader;
  readonly trailer: Trailer;
  readonly claim: string;
}

type Vote = { readonly kind: 'object'; readonly view: Claimant } | { readonly kind: 'tie' } | { readonly kind: 'none' };

function vote(views: readonly StoreView[]): Vote {
  const byClaim = new Map<string, Claimant[]>();
  for (const { share } of views) {
    const claim = claimOf(share);
    if (claim === undefined || share.header === undefined || share.trailer === undefined) continue;
    const claimant = { header: share.header, trailer: share.trailer, claim };
    byClaim.set(claim, [...(byClaim.get(claim) ?? []), claimant]);
  }
  const ranked = [...byClaim.values()].sort((a, b) => b.length - a.length);
  const [first, second] = ranked;
  if (first === undefined) return { kind: 'none' };
  return second?.length === first.length ? { kind: 'tie' } : { kind: 'object', view: first[0]! };
}

function judge(view: StoreView, { claim, trailer }: Claimant, stores: readonly Store[]): StoreView {
  const { share, key, store } = view;
  const shareFits =
    claimOf(share) === claim &&
    isAt(store, share.header!, stores) &&
    digestIs(share.digest, trailer.shareDigests, share.header!);
  const keyFits =
    key.keyShare !== undefined &&
    isAt(store, key.keyShare.header, stores) &&
    digestIs(key.digest, trailer.keyDigests, key.keyShare.header);
  return {
    store,
    share: share.condition === 'good' && !shareFits ? { ...share, condition: 'changed' } : share,
    key: key.condition === 'good' && !keyFits ? { ...key, condition: 'changed' } : key,
  };
}

const digestIs = (digest: Buffer | undefined, digests: readonly Buffer[], { index }: ShareHeader): boolean =>
  digest !== undefined && digests[index]?.equals(digest) === true;

const isAt = (store: Store, header: ShareHeader, stores: readonly Store[]): boolean =>
  placeOf(store, header, stores) === header.index;

/**
 * Which share belongs into a store: the one of its name; a store that took another one's place gets what belonged to a
 * store that is no longer configured. Undefined for a store that was added later: it has none.
 */
export function placeOf(store: Store, { stores: names }: ShareHeader, stores: readonly Store[]): number | undefined {
  const own = names.indexOf(store.name);
  if (own >= 0) return own;
  const vacant = names.flatMap((name, index) => (stores.some((other) => other.name === name) ? [] : [index]));
  return vacant[stores.filter(({ name }) => !names.includes(name)).indexOf(store)];
}

function problemsOf({ store, share, key }: StoreView): Problem[] {
  const parts = [
    { part: 'share', condition: share.condition },
    { part: 'key', condition: key.condition },
  ] as const;
  return parts.flatMap(({ part, condition }) => (condition === 'good' ? [] : [{ store: store.name, part, condition }]));
}

function agree({ header, trailer }: Claimant, views: readonly StoreView[]): Agreement {
  const shares = new Map<number, Store>();
  const keyShares = new Map<number, KeyShare>();
  for (const { store, share, key } of views) {
    if (share.condition === 'good' && share.header !== undefined) shares.set(share.header.index, store);
    if (key.condition === 'good' && key.keyShare !== undefined) keyShares.set(key.keyShare.header.index, key.keyShare);
  }
  return { header, trailer, shares, keyShares };
}

export interface Orphan {
  readonly objectId: string;
  readonly stores: readonly string[];
}

/**
 * Objects that the database does not know: a crash came between the stores and the transaction, or between the stores.
 * Remembers orphans only: a vault may hold millions of objects.
 * @param isKnown asks the database
 * @param madeBefore Unix ms; younger ones may belong to a mail that is just being accepted
 */
export async function* findOrphans(
  stores: readonly Store[],
  isKnown: (objectId: string) => Promise<boolean>,
  madeBefore: number,
): AsyncIterable<Orphan> {
  const holders = new Map<string, Set<string>>();
  for (const store of stores) {
    // An object's two records often stand side by side.
    let lastKnown = '';
    for await (const { objectId } of store.list()) {
      if (objectId === lastKnown || madeAt(objectId) >= madeBefore) continue;
      if (!holders.has(objectId) && (await isKnown(objectId))) lastKnown = objectId;
      else holders.set(objectId, (holders.get(objectId) ?? new Set()).add(store.name));
    }
  }
  for (const [objectId, names] of holders) yield { objectId, stores: [...names] };
}

/** Unix ms out of an id of message/ids.ts: its first ten characters. */
function madeAt(objectId: string): number {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  if (!isId(objectId)) return Number.POSITIVE_INFINITY;
  return [...objectId.slice(0, 10)].reduce((time, letter) => time * 32 + alphabet.indexOf(letter), 0);
}
