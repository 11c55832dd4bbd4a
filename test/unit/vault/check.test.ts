import { copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryKeys } from '../../../src/keys/temporary.ts';
import { newId } from '../../../src/message/ids.ts';
import { checkVault, findOrphans, type ObjectCheck } from '../../../src/vault/check.ts';
import { openDirectory } from '../../../src/vault/directory.ts';
import { encodeHeader, parseHeader } from '../../../src/vault/format.ts';
import { openVault } from '../../../src/vault/open.ts';
import { type ObjectRepair, repairVault } from '../../../src/vault/repair.ts';
import { ShareEncoder } from '../../../src/vault/share.ts';
import type { ObjectRef } from '../../../src/vault/vault.ts';
import { type Bench, freshRef, openBench, pattern } from './bench.ts';

const MIB = 1 << 20;
const PARTS = ['share', 'key'] as const;

async function check(bench: Bench, ref: ObjectRef): Promise<ObjectCheck> {
  for await (const found of checkVault(bench.stores, [ref])) return found;
  throw new Error('no answer');
}

async function repair(bench: Bench, ref: ObjectRef): Promise<ObjectRepair> {
  for await (const repaired of repairVault(bench.stores, [ref])) return repaired;
  throw new Error('no answer');
}

/** All files of the object, by store and part. */
const contents = (bench: Bench, ref: ObjectRef): Record<string, string> =>
  Object.fromEntries(
    bench.stores.flatMap(({ name }) =>
      PARTS.map((part) => [`${name} ${part}`, readFileSync(bench.file(name, ref, part)).toString('base64')]),
    ),
  );

test('a whole object has no problems and repair leaves it alone', async () => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(2 * MIB + 3));
  expect(await check(bench, object)).toMatchObject({ state: 'whole', problems: [] });
  expect(await repair(bench, object)).toMatchObject({ state: 'whole', rebuilt: [] });
});

test.each(['a', 'b', 'c'])('F32 share and key share of store %s lost: rebuilt byte for byte', async (store) => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(2 * MIB + 3));
  const before = contents(bench, object);
  for (const part of PARTS) rmSync(bench.file(store, object, part));
  expect(await check(bench, object)).toMatchObject({
    state: 'repairable',
    problems: [
      { store, part: 'share', condition: 'missing' },
      { store, part: 'key', condition: 'missing' },
    ],
  });
  expect(await repair(bench, object)).toMatchObject({ before: 'repairable', state: 'whole', problems: [] });
  expect(contents(bench, object)).toEqual(before);
});

test.each([
  ['header', 'share', () => 30],
  ['stripe', 'share', (length: number) => length - 1000],
  ['trailer', 'share', (length: number) => length - 100],
  ['last byte', 'share', (length: number) => length - 1],
  ['key share', 'key', (length: number) => length - 50],
] as const)('F33 a changed %s is found, named and rebuilt', async (_, part, at) => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(MIB + 3));
  const before = contents(bench, object);
  bench.flip('b', object, part, at);
  expect(await check(bench, object)).toMatchObject({
    state: 'repairable',
    problems: [{ store: 'b', part, condition: 'damaged' }],
  });
  expect(await repair(bench, object)).toMatchObject({ state: 'whole', rebuilt: [{ store: 'b', part }] });
  expect(contents(bench, object)).toEqual(before);
});

test('a share cut short or longer than it was is found', async () => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(MIB + 3));
  const path = bench.file('a', object, 'share');
  const whole = readFileSync(path);
  for (const changed of [whole.subarray(0, -1), whole.subarray(0, 300), Buffer.concat([whole, Buffer.alloc(5)])]) {
    writeFileSync(path, changed);
    expect(await check(bench, object)).toMatchObject({
      state: 'repairable',
      problems: [{ store: 'a', condition: 'damaged' }],
    });
  }
});

/** What a store can do that knows the format: another fragment under digests that fit it. */
function rewrite(bench: Bench, store: string, ref: ObjectRef): void {
  const path = bench.file(store, ref, 'share');
  const { header } = parseHeader('share', readFileSync(path))!;
  const encoder = new ShareEncoder(header);
  const stripe = encoder.stripe({ counter: 0, last: true }, 3016, Buffer.alloc(1508, 'evil'));
  const own = encoder.digest();
  const all = header.stores.map(() => own);
  const trailer = encoder.trailer({ sealedBytes: 3016, stripes: 1, shareDigests: all, keyDigests: all });
  writeFileSync(path, Buffer.concat([encodeHeader('share', header), ...stripe, trailer]));
}

test('F33 a store that rewrites its share with right digests is outvoted', async () => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(3000));
  const before = contents(bench, object);
  rewrite(bench, 'a', object);
  expect(await check(bench, object)).toMatchObject({
    state: 'repairable',
    problems: [{ store: 'a', part: 'share', condition: 'changed' }],
  });
  await repair(bench, object);
  expect(contents(bench, object)).toEqual(before);
});

test('F33 as many stores on one side as on the other: disputed, and repair takes no side', async () => {
  const bench = await openBench({ names: ['a', 'b'] });
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(3000));
  rewrite(bench, 'a', object);
  expect(await repair(bench, object)).toMatchObject({ state: 'disputed', rebuilt: [] });
  await expect(bench.sanitizer.read(object)).rejects.toMatchObject({ code: 'E_OBJECT_TAMPERED' });
});

test('N03 a share of another object, and a share of another store, are found in the wrong place', async () => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(3000));
  const other = await bench.intake.put(freshRef(), 'sanitizer', pattern(3000));
  const before = contents(bench, object);
  for (const part of PARTS) copyFileSync(bench.file('a', other, part), bench.file('a', object, part));
  expect(await check(bench, object)).toMatchObject({
    state: 'repairable',
    problems: [{ condition: 'changed' }, { condition: 'changed' }],
  });
  await repair(bench, object);
  for (const part of PARTS) copyFileSync(bench.file('c', object, part), bench.file('b', object, part));
  expect(await check(bench, object)).toMatchObject({
    state: 'repairable',
    problems: [
      { store: 'b', condition: 'changed' },
      { store: 'b', condition: 'changed' },
    ],
  });
  await repair(bench, object);
  expect(contents(bench, object)).toEqual(before);
});

test('two stores gone: lost, and repair invents nothing', async () => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(3000));
  for (const store of ['a', 'b']) rmSync(bench.file(store, object, 'share'));
  expect(await repair(bench, object)).toMatchObject({ state: 'lost', rebuilt: [] });
  expect(readdirSync(join(bench.root, 'a'), { recursive: true }).filter((f) => String(f).endsWith('.share'))).toEqual(
    [],
  );
});

test('an erased object is missing, not damaged; a half-erased one does not come back', async () => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(3000));
  for (const store of ['a', 'b']) rmSync(bench.file(store, object, 'key'));
  expect(await repair(bench, object)).toMatchObject({ state: 'lost' });
  await bench.intake.erase(object);
  expect(await check(bench, object)).toMatchObject({ state: 'missing' });
});

test('a store that does not answer is no evidence of loss', async () => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(3000));
  for (const store of ['a', 'b']) rmSync(join(bench.root, store), { recursive: true });
  expect(await check(bench, object)).toMatchObject({ state: 'unknown' });
});

test('a fresh store in the place of a lost one gets its shares; one added later gets none', async () => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(3000));
  const replaced = await openDirectory({ name: 'd', path: join(bench.root, 'd') });
  const stores = [...bench.stores.slice(0, 2), replaced];
  for await (const found of repairVault(stores, [object]))
    expect(found).toMatchObject({ before: 'repairable', state: 'whole' });
  expect(readFileSync(bench.file('d', object, 'share')).equals(readFileSync(bench.file('c', object, 'share')))).toBe(
    true,
  );
  const added = [...bench.stores, await openDirectory({ name: 'e', path: join(bench.root, 'e') })];
  for await (const found of checkVault(added, [object])) expect(found).toMatchObject({ state: 'whole' });
});

test('F36 an object written while a store was down is repaired when it is back', async () => {
  const bench = await openBench({ isDeclaredDown: (store) => store === 'c' });
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(MIB + 3000));
  expect(bench.alarms).toContainEqual({
    kind: 'written-degraded',
    objectId: object.objectId,
    tenant: 'chuo',
    without: ['c'],
  });
  expect(await repair(bench, object)).toMatchObject({ before: 'repairable', state: 'whole' });
  truncateSync(bench.file('a', object, 'share'), 0);
  await expect(bench.sanitizer.read(object)).resolves.toHaveLength(MIB + 3000);
});

test('orphans: old objects that the database does not know, also half-written ones', async () => {
  const bench = await openBench();
  const [known, forgotten, halfWritten, young] = [newId(1000), newId(1000), newId(1000), newId(9000)];
  const intake = openVault({
    stores: bench.stores,
    threshold: 2,
    keys: temporaryKeys()('intake'),
    failuresUntilDown: 3,
  });
  for (const objectId of [known, forgotten, young])
    await intake.put({ ...freshRef(), objectId }, 'sanitizer', pattern(10));
  await bench.stores[1]!.create({ objectId: halfWritten, part: 'share' }, 'new').append([Buffer.from('half')]);
  const found = [];
  for await (const orphan of findOrphans(bench.stores, async (id) => id === known, 5000)) found.push(orphan);
  expect(found.sort((x, y) => y.stores.length - x.stores.length)).toEqual([
    { objectId: forgotten, stores: ['a', 'b', 'c'] },
    { objectId: halfWritten, stores: ['b'] },
  ]);
});
