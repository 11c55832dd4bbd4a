import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { temporaryKeys } from '../../../src/keys/temporary.ts';
import { openVault } from '../../../src/vault/open.ts';
import { freshRef, namesIn, openBench, pattern } from './bench.ts';

const MIB = 1 << 20;

test.each([0, 1, 5000, MIB - 1, MIB, MIB + 1, 5 * MIB + 7])('%i bytes come back as they were', async (length) => {
  const { intake, sanitizer, alarms } = await openBench();
  const clear = pattern(length);
  const object = await intake.put(freshRef(), 'sanitizer', clear);
  expect(object).toMatchObject({ bytes: length, sealedTo: 'sanitizer', tenant: 'chuo' });
  expect((await sanitizer.read(object)).length).toBe(length);
  expect(Buffer.from(await sanitizer.read(object)).equals(clear)).toBe(true);
  expect(alarms).toEqual([]);
});

test('chunks of any size, any k of n: the object comes back (property)', async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 6 });
  const code = fc.constantFrom([2, 2], [2, 3], [3, 4], [3, 5], [4, 6]);
  await fc.assert(
    fc.asyncProperty(sizes, code, async (chunks, [k = 2, n = 3]) => {
      const names = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, n);
      const { intake, sanitizer, root } = await openBench({ names, threshold: k });
      const writer = await intake.create(freshRef(), 'sanitizer');
      for (const size of chunks) await writer.write(pattern(size));
      const object = await writer.finish();
      for (const name of names.slice(0, n - k)) rmSync(join(root, name), { recursive: true });
      const read = await sanitizer.read(object);
      expect(Buffer.from(read).equals(Buffer.concat(chunks.map(pattern)))).toBe(true);
    }),
    { numRuns: 12 },
  );
});

test('open yields authenticated chunks of at most 1 MiB', async () => {
  const { intake, sanitizer } = await openBench();
  const ref = freshRef();
  await intake.put(ref, 'sanitizer', pattern(2 * MIB + 5));
  const lengths: number[] = [];
  for await (const chunk of sanitizer.open(ref, 'sanitizer')) lengths.push(chunk.length);
  expect(lengths).toEqual([MIB, MIB, 5]);
});

test('S: only the role it was sealed to opens an object', async () => {
  const { intake, sanitizer, outlet } = await openBench();
  const object = await intake.put(freshRef(), 'sanitizer', pattern(100));
  await expect(intake.read(object)).rejects.toMatchObject({ code: 'E_KEY_MISSING' });
  await expect(outlet.read(object)).rejects.toMatchObject({ code: 'E_KEY_MISSING' });
  // Another label does not help: the object knows to whom it was sealed.
  await expect(outlet.read({ ...object, sealedTo: 'outlet-lgwan' })).rejects.toMatchObject({
    code: 'E_OBJECT_TAMPERED',
  });
  await expect(sanitizer.read(object)).resolves.toHaveLength(100);
});

test('a key of the same role from elsewhere does not open', async () => {
  const { intake, stores } = await openBench();
  const object = await intake.put(freshRef(), 'sanitizer', pattern(100));
  const stranger = openVault({ stores, threshold: 2, keys: temporaryKeys()('sanitizer'), failuresUntilDown: 3 });
  await expect(stranger.read(object)).rejects.toMatchObject({ code: 'E_KEY_MISSING' });
});

test('nothing is there before finish, and abort leaves nothing', async () => {
  const { intake, sanitizer, stores } = await openBench();
  const ref = freshRef();
  const writer = await intake.create(ref, 'sanitizer');
  await writer.write(pattern(3 * MIB));
  await expect(sanitizer.open(ref, 'sanitizer')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'E_OBJECT_MISSING',
  });
  await writer.abort();
  await writer.abort();
  for (const store of stores) expect(await namesIn(store)).toEqual([]);
});

test('abort after finish keeps the object', async () => {
  const { intake, sanitizer } = await openBench();
  const writer = await intake.create(freshRef(), 'sanitizer');
  await writer.write(pattern(10));
  const object = await writer.finish();
  await writer.abort();
  await expect(sanitizer.read(object)).resolves.toHaveLength(10);
});

test('erase removes every record and may be repeated', async () => {
  const { intake, sanitizer, stores } = await openBench();
  const object = await intake.put(freshRef(), 'sanitizer', pattern(MIB + 9));
  const other = await intake.put(freshRef(), 'sanitizer', pattern(9));
  await intake.erase(object);
  await intake.erase(object);
  await expect(sanitizer.read(object)).rejects.toMatchObject({ code: 'E_OBJECT_MISSING' });
  await expect(sanitizer.read(other)).resolves.toHaveLength(9);
  for (const store of stores) expect(await namesIn(store)).toHaveLength(2);
});

test('crypto-erase: shares without key shares open nothing', async () => {
  const { intake, sanitizer, stores } = await openBench();
  const object = await intake.put(freshRef(), 'sanitizer', pattern(500));
  for (const store of stores) await store.remove({ objectId: object.objectId, part: 'key' });
  await expect(sanitizer.read(object)).rejects.toMatchObject({ code: 'E_OBJECT_MISSING' });
});

test('N01 N11 F34 no store holds a readable canary, in any common encoding', async () => {
  const { intake, root } = await openBench();
  const canary = 'CANARY-7f3a-予算案';
  const forms = [canary, 'CANARY-7f3a'].flatMap((text) => [
    Buffer.from(text),
    Buffer.from(Buffer.from(text).toString('base64')),
    Buffer.from(Buffer.from(text).toString('hex')),
    Buffer.from(text, 'utf16le'),
  ]);
  await intake.put(freshRef(), 'sanitizer', Buffer.from(canary.repeat(5000)));
  for (const name of ['a', 'b', 'c']) {
    const files = readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).filter((f) => f.includes('.'));
    expect(files).toHaveLength(2);
    for (const file of files) {
      const bytes = readFileSync(join(root, name, file));
      for (const form of forms) expect(bytes.includes(form)).toBe(false);
    }
  }
});

test('F34 every k−1 stores together open nothing', async () => {
  for (const kept of ['a', 'b', 'c']) {
    const { intake, sanitizer, root } = await openBench();
    const object = await intake.put(freshRef(), 'sanitizer', pattern(100));
    for (const name of ['a', 'b', 'c']) if (name !== kept) rmSync(join(root, name), { recursive: true });
    await expect(sanitizer.read(object)).rejects.toMatchObject({ code: 'E_STORE_UNAVAILABLE' });
  }
});

test('read compares with what the database says', async () => {
  const { intake, sanitizer } = await openBench();
  const object = await intake.put(freshRef(), 'sanitizer', pattern(100));
  const other = await intake.put(freshRef(), 'sanitizer', pattern(101));
  for (const wrong of [
    { ...object, bytes: 99 },
    { ...object, sha256: other.sha256 },
    { ...object, bytes: 1000 },
  ]) {
    await expect(sanitizer.read(wrong)).rejects.toMatchObject({ code: 'E_OBJECT_TAMPERED' });
  }
});

test('F46 an id used twice is refused and the first object stays', async () => {
  const { intake, sanitizer, alarms } = await openBench();
  const ref = freshRef();
  const object = await intake.put(ref, 'sanitizer', pattern(100));
  await expect(intake.put(ref, 'sanitizer', pattern(200))).rejects.toThrow();
  await expect(sanitizer.read(object)).resolves.toHaveLength(100);
  expect(alarms).toEqual([]);
});
