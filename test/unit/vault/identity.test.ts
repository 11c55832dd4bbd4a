import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { absentUntil } from '../../../src/vault/absent.ts';
import { directoryAsItIs, openDirectory, prepareDirectory } from '../../../src/vault/directory.ts';
import { forget, presenceOf, remember } from '../../../src/vault/identity.ts';

async function stand() {
  const root = mkdtempSync(join(tmpdir(), 'sekisho-identity-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const known = join(root, 'known');
  const place = (name: string) => ({ name, path: join(root, name) });
  for (const name of ['a', 'b']) {
    await prepareDirectory(place(name));
    await remember(place(name), known);
  }
  return { root, known, place };
}

test('a store is known by its mark, for ever, and remembering it again changes nothing', async () => {
  const { known, place } = await stand();
  expect(presenceOf(place('a'), known)).toEqual({ kind: 'present' });
  await remember(place('a'), known);
  expect(presenceOf(place('a'), known)).toEqual({ kind: 'present' });
});

test('F11 an empty folder in the place of a known store is an absent disk, the disk of another store is another store', async () => {
  const { root, known, place } = await stand();
  renameSync(join(root, 'a'), join(root, 'away'));
  mkdirSync(join(root, 'a'));
  expect(presenceOf(place('a'), known)).toEqual({ kind: 'absent', found: '' });
  rmSync(join(root, 'a'), { recursive: true });
  renameSync(join(root, 'b'), join(root, 'a'));
  expect(presenceOf(place('a'), known)).toEqual({ kind: 'absent', found: 'b' });
  renameSync(join(root, 'a'), join(root, 'b'));
  renameSync(join(root, 'away'), join(root, 'a'));
  expect(presenceOf(place('a'), known)).toEqual({ kind: 'present' });
});

test('benign twins: a new store, one of a version without marks, and one in the place of a broken one', async () => {
  const { root, known, place } = await stand();
  expect(presenceOf(place('new'), known)).toEqual({ kind: 'unknown' });
  await openDirectory(place('old'));
  writeFileSync(join(root, 'old', 'A', 'something.share'), '');
  expect(presenceOf(place('old'), known)).toEqual({ kind: 'unknown' });
  await remember(place('old'), known);
  expect(presenceOf(place('old'), known)).toEqual({ kind: 'present' });
  rmSync(join(root, 'a'), { recursive: true });
  forget('a', known);
  expect(presenceOf(place('a'), known)).toEqual({ kind: 'unknown' });
});

test('damaged memory of a store is no leave to make a new one of another name', async () => {
  const { root, known, place } = await stand();
  writeFileSync(join(known, 'a.json'), '{');
  expect(presenceOf(place('a'), known)).toEqual({ kind: 'unknown' });
  expect(presenceOf({ name: 'c', path: join(root, 'a') }, known)).toEqual({ kind: 'absent', found: 'a' });
});

test('F32 an absent store refuses every step and leaves nothing, and is the store itself once its mark is back', async () => {
  const { root, known, place } = await stand();
  renameSync(join(root, 'a'), join(root, 'away'));
  mkdirSync(join(root, 'a'));
  const store = absentUntil(directoryAsItIs(place('a')), () => presenceOf(place('a'), known).kind === 'present');
  const name = { objectId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', part: 'share' } as const;
  const unavailable = { code: 'E_STORE_UNAVAILABLE', retryable: true };
  const writer = store.create(name, 'new');
  await expect(writer.append([Buffer.from('x')])).rejects.toMatchObject(unavailable);
  await expect(writer.finish()).rejects.toMatchObject(unavailable);
  await writer.abort();
  await expect(store.read(name, 0, 1)).rejects.toMatchObject(unavailable);
  await expect(store.remove(name)).rejects.toMatchObject(unavailable);
  await expect(store.probe()).rejects.toMatchObject(unavailable);
  await expect(store.list()[Symbol.asyncIterator]().next()).rejects.toMatchObject(unavailable);
  expect(readdirSync(join(root, 'a'))).toEqual([]);
  rmSync(join(root, 'a'), { recursive: true });
  renameSync(join(root, 'away'), join(root, 'a'));
  await store.probe();
  const again = store.create(name, 'new');
  await again.append([Buffer.from('x')]);
  await again.finish();
  expect((await store.read(name, 0, 9))?.bytes.toString()).toBe('x');
});
