/**
 * Rebuilds lost and changed shares and key shares, byte for byte as they were, from k good ones. No private key is
 * needed and nothing is decrypted. What was rebuilt is put in place only when its digest is the one that the stores
 * remember, so repair cannot spread a wrong share.
 */
import { type Agreement, checkObject, type Finding, type ObjectCheck, type Problem, placeOf } from './check.ts';
import { encodeHeader } from './format.ts';
import { encodeKeyShare, keyRecordDigest, rebuildKeyShare } from './keyshare.ts';
import { type Fragment, rebuild } from './reedsolomon.ts';
import { fullStripeBytes, parseStripe, ShareEncoder, type Stripe, sha256 } from './share.ts';
import type { Store } from './store.ts';
import type { ObjectRef } from './vault.ts';

export interface ObjectRepair extends ObjectCheck {
  /** How it was before; `state` and `problems` tell how it is now. */
  readonly before: ObjectCheck['state'];
  readonly rebuilt: readonly Pick<Problem, 'store' | 'part'>[];
}

/** Checks each object and rebuilds what can be rebuilt. A store that fails leaves its problem standing. */
export async function* repairVault(
  stores: readonly Store[],
  objects: Iterable<ObjectRef> | AsyncIterable<ObjectRef>,
): AsyncIterable<ObjectRepair> {
  for await (const ref of objects) {
    const found = await checkObject(stores, ref);
    if (found.state !== 'repairable' || found.agreement === undefined) {
      yield { ref, state: found.state, problems: found.problems, before: found.state, rebuilt: [] };
      continue;
    }
    const rebuilt = await repairObject(stores, found, found.agreement);
    const { state, problems } = rebuilt.length === 0 ? found : await checkObject(stores, ref);
    yield { ref, state, problems, before: found.state, rebuilt };
  }
}

async function repairObject(
  stores: readonly Store[],
  { problems }: Finding,
  agreement: Agreement,
): Promise<ObjectRepair['rebuilt']> {
  const rebuilt: Pick<Problem, 'store' | 'part'>[] = [];
  for (const { store: name, part } of problems) {
    const store = stores.find((candidate) => candidate.name === name);
    const index = store && placeOf(store, agreement.header, stores);
    if (store === undefined || index === undefined) continue;
    const work = part === 'share' ? rebuildShare(store, index, agreement) : rebuildKey(store, index, agreement);
    if (await work.catch(() => false)) rebuilt.push({ store: name, part });
  }
  return rebuilt;
}

async function rebuildKey(store: Store, index: number, { header, trailer, keyShares }: Agreement): Promise<boolean> {
  const good = [...keyShares.values()].slice(0, header.k).map(({ share }) => share);
  const share = rebuildKeyShare(good, header.x[index]!);
  const record = encodeKeyShare({ header: { ...header, index }, share });
  if (!keyRecordDigest(record).equals(trailer.keyDigests[index]!)) return false;
  const writer = store.create({ objectId: header.objectId, part: 'key' }, 'replace');
  try {
    await writer.append([record]);
    await writer.finish();
    return true;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function rebuildShare(store: Store, index: number, agreement: Agreement): Promise<boolean> {
  const { header, trailer } = agreement;
  const encoder = new ShareEncoder({ ...header, index });
  const writer = store.create({ objectId: header.objectId, part: 'share' }, 'replace');
  try {
    await writer.append([encoder.header]);
    for (let counter = 0; counter < trailer.stripes; counter++) {
      const { fragment, last, sealedLength } = await rebuildStripe(agreement, counter, index);
      await writer.append(encoder.stripe({ counter, last }, sealedLength, fragment));
    }
    if (!encoder.digest().equals(trailer.shareDigests[index]!)) {
      await writer.abort();
      return false;
    }
    await writer.append([encoder.trailer(trailer)]);
    await writer.finish();
    return true;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function rebuildStripe({ header, shares }: Agreement, counter: number, index: number): Promise<Stripe> {
  const stripes = await Promise.all(
    [...shares].slice(0, header.k).map(([from, store]) => readStripe(store, { ...header, index: from }, counter)),
  );
  const { last, sealedLength } = stripes[0]!.stripe;
  const fragments: Fragment[] = stripes.map(({ from, stripe }) => ({ index: from, bytes: stripe.fragment }));
  return { last, sealedLength, fragment: Buffer.from(rebuild(fragments, header.k, index)) };
}

async function readStripe(
  store: Store,
  header: Agreement['header'],
  counter: number,
): Promise<{ readonly from: number; readonly stripe: Stripe }> {
  const raw = encodeHeader('share', header);
  const full = fullStripeBytes(header.k);
  const piece = await store.read({ objectId: header.objectId, part: 'share' }, raw.length + counter * full, full);
  const stripe = piece && parseStripe(sha256(raw), header.k, counter, piece.bytes);
  if (stripe === undefined) throw new Error('a share that was good a moment ago is not any more');
  return { from: header.index, stripe };
}
