/** What every Store of the vault promises. Each implementation's test calls this with its own factory. */
import { expect, test } from 'vitest';
import { newId } from '../../src/message/ids.ts';
import type { RecordName, Store } from '../../src/vault/store.ts';

const share = (): RecordName => ({ objectId: newId(), part: 'share' });
const bytes = (text: string): Uint8Array => Buffer.from(text);

async function write(store: Store, name: RecordName, text: string, mode: 'new' | 'replace' = 'new'): Promise<void> {
  const writer = store.create(name, mode);
  await writer.append([bytes(text)]);
  await writer.finish();
}

const content = async (store: Store, name: RecordName): Promise<string | undefined> =>
  (await store.read(name, 0, 1000))?.bytes.toString();

async function names(store: Store): Promise<RecordName[]> {
  const found: RecordName[] = [];
  for await (const name of store.list()) found.push(name);
  return found;
}

export function storeContract(name: string, open: () => Promise<Store>): void {
  test(`${name}: pieces come back as one record, in any range`, async () => {
    const store = await open();
    const record = share();
    const writer = store.create(record, 'new');
    await writer.append([bytes('ab'), bytes('cd')]);
    await writer.append([bytes('ef')]);
    await writer.finish();
    expect(await content(store, record)).toBe('abcdef');
    expect(await store.read(record, 4, 100)).toEqual({ bytes: Buffer.from('ef'), recordBytes: 6 });
    expect(await store.read(record, 9, 1)).toEqual({ bytes: Buffer.alloc(0), recordBytes: 6 });
  });

  test(`${name}: a large record comes back whole`, async () => {
    const store = await open();
    const record = share();
    const large = Buffer.alloc(300_000, 'sekisho');
    const writer = store.create(record, 'new');
    await writer.append([large.subarray(0, 1000), large.subarray(1000)]);
    await writer.finish();
    expect((await store.read(record, 0, 400_000))?.bytes.equals(large)).toBe(true);
  });

  test(`${name}: F46 a record is never overwritten by a new one, and its writer cannot remove it`, async () => {
    const store = await open();
    const record = share();
    await write(store, record, 'first');
    const second = store.create(record, 'new');
    await expect(second.append([bytes('second')])).rejects.toThrow();
    await second.abort();
    expect(await content(store, record)).toBe('first');
  });

  test(`${name}: a replacement takes the place when it is finished, not before`, async () => {
    const store = await open();
    const record = share();
    await write(store, record, 'old');
    const writer = store.create(record, 'replace');
    await writer.append([bytes('new')]);
    expect(await content(store, record)).toBe('old');
    await writer.finish();
    await writer.abort();
    expect(await content(store, record)).toBe('new');
  });

  test.each(['unfinished', 'finished'])(`${name}: abort leaves nothing of a new record that was %s`, async (state) => {
    const store = await open();
    const record = share();
    const writer = store.create(record, 'new');
    await writer.append([bytes('x')]);
    if (state === 'finished') await writer.finish();
    await writer.abort();
    await writer.abort();
    expect(await store.read(record, 0, 1)).toBeUndefined();
    expect(await names(store)).toEqual([]);
  });

  test(`${name}: an aborted replacement leaves the old record`, async () => {
    const store = await open();
    const record = share();
    await write(store, record, 'old');
    const writer = store.create(record, 'replace');
    await writer.append([bytes('new')]);
    await writer.abort();
    expect(await content(store, record)).toBe('old');
    expect(await names(store)).toEqual([record]);
  });

  test(`${name}: share and key of one object are two records; list names both, remove takes one`, async () => {
    const store = await open();
    const record = share();
    const key: RecordName = { ...record, part: 'key' };
    await write(store, record, 's');
    await write(store, key, 'k');
    expect((await names(store)).map(({ part }) => part).sort()).toEqual(['key', 'share']);
    await store.remove(key);
    await store.remove(key);
    expect(await names(store)).toEqual([record]);
  });

  test(`${name}: a name that is no id is refused`, async () => {
    const store = await open();
    const wrong: RecordName = { objectId: '../../etc/passwd', part: 'share' };
    await expect(store.read(wrong, 0, 1)).rejects.toThrow();
    expect(() => store.create(wrong, 'new')).toThrow();
  });

  test(`${name}: a probe leaves nothing`, async () => {
    const store = await open();
    await store.probe();
    expect(await names(store)).toEqual([]);
  });
}
