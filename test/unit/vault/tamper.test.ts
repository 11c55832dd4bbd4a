/** What insiders and disks do to shares (threats N03, F14, F32, F33): one store is survived and named, two are an error. */
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Part } from '../../../src/vault/format.ts';
import { parseHeader } from '../../../src/vault/format.ts';
import { ShareEncoder } from '../../../src/vault/share.ts';
import type { ObjectRef } from '../../../src/vault/vault.ts';
import { type Bench, freshRef, openBench, pattern } from './bench.ts';

const MIB = 1 << 20;

type Region = readonly [name: string, part: Part, at: (length: number) => number];

const REGIONS: readonly Region[] = [
  ['magic', 'share', () => 1],
  ['version', 'share', () => 4],
  ['header length', 'share', () => 7],
  ['object id', 'share', () => 30],
  ['index', 'share', (length) => (length < 0 ? 0 : 255)],
  ['first stripe', 'share', () => 1000],
  ['first stripe’s length', 'share', () => 400],
  ['second stripe', 'share', () => 900_000],
  ['key share header', 'key', () => 40],
  ['key share', 'key', (length) => length - 40],
  ['key share digest', 'key', (length) => length - 1],
];

const damage = (bench: Bench, store: string, ref: ObjectRef, [, part, at]: Region): void =>
  bench.flip(store, ref, part, at);

test.each(REGIONS)('F33 one store’s %s changed: another share is used and the store is named', async (...region) => {
  for (const store of ['a', 'b']) {
    const bench = await openBench();
    const clear = pattern(2 * MIB + 77);
    const object = await bench.intake.put(freshRef(), 'sanitizer', clear);
    damage(bench, store, object, region);
    expect(Buffer.from(await bench.sanitizer.read(object)).equals(clear)).toBe(true);
    expect(bench.alarms).toEqual([{ kind: 'share-bad', store, objectId: object.objectId, tenant: 'chuo' }]);
  }
});

test.each(REGIONS)('F33 two stores’ %s changed: an error, never other bytes', async (...region) => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(2 * MIB + 77));
  damage(bench, 'a', object, region);
  damage(bench, 'c', object, region);
  await expect(bench.sanitizer.read(object)).rejects.toMatchObject({ code: 'E_OBJECT_TAMPERED' });
});

test('different stripes changed in different stores: each stripe finds its two healthy shares', async () => {
  const bench = await openBench();
  const clear = pattern(3 * MIB);
  const object = await bench.intake.put(freshRef(), 'sanitizer', clear);
  const stripe = (number: number) => () => 1000 + number * (MIB / 2);
  bench.flip('a', object, 'share', stripe(0));
  bench.flip('b', object, 'share', stripe(1));
  bench.flip('c', object, 'share', stripe(2));
  expect(Buffer.from(await bench.sanitizer.read(object)).equals(clear)).toBe(true);
});

test('F33 a share rewritten with right digests is outdone by the authentication of the whole', async () => {
  const bench = await openBench();
  const clear = pattern(3000);
  const object = await bench.intake.put(freshRef(), 'sanitizer', clear);
  const path = bench.file('a', object, 'share');
  const parsed = parseHeader('share', readFileSync(path));
  const encoder = new ShareEncoder(parsed!.header);
  const forged = encoder.stripe({ counter: 0, last: true }, 3016, Buffer.alloc(1508, 'evil'));
  writeFileSync(path, Buffer.concat([encoder.header, ...forged]));
  expect(Buffer.from(await bench.sanitizer.read(object)).equals(clear)).toBe(true);
  expect(bench.alarms).toMatchObject([{ kind: 'share-bad', store: 'a' }]);
});

test.each(['share', 'key'] as const)('F32 one %s record lost, cut short or emptied', async (part) => {
  for (const hurt of [rmSync, (path: string) => truncateSync(path, 200), (path: string) => truncateSync(path, 0)]) {
    const bench = await openBench();
    const clear = pattern(MIB + 5);
    const object = await bench.intake.put(freshRef(), 'sanitizer', clear);
    hurt(bench.file('b', object, part));
    expect(Buffer.from(await bench.sanitizer.read(object)).equals(clear)).toBe(true);
  }
});

test('F32 a whole store lost', async () => {
  const bench = await openBench();
  const clear = pattern(MIB + 5);
  const object = await bench.intake.put(freshRef(), 'sanitizer', clear);
  rmSync(join(bench.root, 'a'), { recursive: true });
  expect(Buffer.from(await bench.sanitizer.read(object)).equals(clear)).toBe(true);
});

test('N03 shares swapped between two objects never open as the other', async () => {
  for (const stores of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
    const bench = await openBench();
    const [one, two] = [freshRef(), freshRef()];
    const first = await bench.intake.put(one, 'sanitizer', pattern(400));
    await bench.intake.put(two, 'sanitizer', pattern(500));
    for (const store of stores) {
      for (const part of ['share', 'key'] as const) {
        copyFileSync(bench.file(store, two, part), bench.file(store, one, part));
      }
    }
    const read = bench.sanitizer.read(first);
    if (stores.length === 1) await expect(read).resolves.toHaveLength(400);
    else await expect(read).rejects.toMatchObject({ code: 'E_OBJECT_TAMPERED' });
  }
});

test('N03 the same object under another tenant or kind does not open', async () => {
  const bench = await openBench();
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(400));
  for (const other of [
    { ...object, tenant: 'minato' },
    { ...object, kind: 'preview' as const },
  ]) {
    await expect(bench.sanitizer.read(other)).rejects.toMatchObject({ code: 'E_OBJECT_TAMPERED' });
  }
});
