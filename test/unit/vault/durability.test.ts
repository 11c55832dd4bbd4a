/**
 * What survives a power cut (F13), and what a failing disk leaves (F07, F11, F35). A recording disk notes every file
 * made, every sync and every name; a file counts as safe when its content was synced after the last write and its folder
 * after it was named. Taking out any one sync must show.
 */
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type Disk, realDisk } from '../../../src/vault/disk.ts';
import { declareDown, declareUp, downFlags } from '../../../src/vault/down-flags.ts';
import { FolderSync } from '../../../src/vault/folder-sync.ts';
import { freshRef, namesIn, openBench, pattern } from './bench.ts';

const MIB = 1 << 20;

/** A disk that forgets what was not synced. */
class Recorder {
  readonly #paths = new Map<number, string>();
  readonly #content = new Map<string, 'dirty' | 'safe'>();
  readonly #name = new Map<string, 'dirty' | 'safe'>();
  syncs = 0;
  /** Number of the sync that is skipped; 0 for none. */
  skip = 0;

  readonly disk: Disk = {
    ...realDisk,
    open: (path, flags) => {
      const fd = realDisk.open(path, flags);
      this.#paths.set(fd, path);
      if (flags !== 'r') {
        this.#content.set(path, 'dirty');
        this.#name.set(path, 'dirty');
      }
      return fd;
    },
    write: (fd, pieces) => {
      this.#content.set(this.#paths.get(fd)!, 'dirty');
      return realDisk.write(fd, pieces);
    },
    syncData: async (fd) => {
      if (++this.syncs === this.skip) return;
      await realDisk.syncData(fd);
      this.#content.set(this.#paths.get(fd)!, 'safe');
    },
    syncFolder: async (folder) => {
      const skipped = ++this.syncs === this.skip;
      const named = [...this.#name.keys()].filter((path) => dirname(path) === folder);
      await realDisk.syncFolder(folder);
      if (!skipped) for (const path of named) this.#name.set(path, 'safe');
    },
    rename: (from, to) => {
      realDisk.rename(from, to);
      this.#content.set(to, this.#content.get(from)!);
      this.#name.set(to, 'dirty');
      this.#content.delete(from);
      this.#name.delete(from);
    },
  };

  /** Files that a power cut right now would take. */
  unsafe(): readonly string[] {
    return [...this.#content.keys()].filter(
      (path) => this.#content.get(path) !== 'safe' || this.#name.get(path) !== 'safe',
    );
  }
}

async function writeWith(recorder: Recorder, bytes: number): Promise<readonly string[]> {
  const { intake } = await openBench({ disk: () => recorder.disk });
  await intake.put(freshRef(), 'sanitizer', pattern(bytes));
  return recorder.unsafe();
}

test.each([100, 3 * MIB])(
  'F13 when finish resolves (%i bytes), all six records and their names are synced',
  async (bytes) => {
    const recorder = new Recorder();
    expect(await writeWith(recorder, bytes)).toEqual([]);
    // One a share, one a key share, one a folder, in three stores: none is superfluous, none is missing.
    expect(recorder.syncs).toBe(9);
  },
);

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('F13 without sync %i something would be lost', async (skip) => {
  const recorder = new Recorder();
  recorder.skip = skip;
  expect(await writeWith(recorder, 100)).not.toEqual([]);
});

test('F13 a replaced record is synced before it is renamed, and its name after', async () => {
  const recorder = new Recorder();
  const { stores } = await openBench({ disk: () => recorder.disk });
  const writer = stores[0]!.create({ objectId: freshRef().objectId, part: 'share' }, 'replace');
  await writer.append([Buffer.from('x')]);
  await writer.finish();
  expect(recorder.unsafe()).toEqual([]);
});

test('writers of one moment share the sync of a folder; a later one waits for its own', async () => {
  const running: (() => void)[] = [];
  const syncs = new FolderSync(() => new Promise((resolve) => running.push(resolve)));
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
  const done: string[] = [];
  void syncs.sync('f').then(() => done.push('first'));
  void syncs.sync('f').then(() => done.push('second'));
  await turn();
  expect(running).toHaveLength(1);
  void syncs.sync('f').then(() => done.push('late'));
  running[0]!();
  await turn();
  expect(done).toEqual(['first', 'second']);
  running[1]!();
  await turn();
  expect(done).toEqual(['first', 'second', 'late']);
});

/** A disk that fails at one kind of operation while `broken`. */
function failing(
  operation: 'open' | 'write' | 'syncData' | 'syncFolder',
  code: string,
  state: { broken: boolean },
): Disk {
  const fail = (): never => {
    throw Object.assign(new Error(code), { code });
  };
  return {
    ...realDisk,
    open: (path, flags) =>
      state.broken && operation === 'open' && flags !== 'r' ? fail() : realDisk.open(path, flags),
    write: async (fd, pieces) => (state.broken && operation === 'write' ? fail() : realDisk.write(fd, pieces)),
    syncData: async (fd) => (state.broken && operation === 'syncData' ? fail() : realDisk.syncData(fd)),
    syncFolder: async (path) => (state.broken && operation === 'syncFolder' ? fail() : realDisk.syncFolder(path)),
  };
}

test.each([
  ['open', 'ENOSPC', 'E_STORE_FULL'],
  ['write', 'ENOSPC', 'E_STORE_FULL'],
  ['write', 'EDQUOT', 'E_STORE_FULL'],
  ['syncData', 'ENOSPC', 'E_STORE_FULL'],
  ['open', 'EACCES', 'E_STORE_UNAVAILABLE'],
  ['open', 'EROFS', 'E_STORE_UNAVAILABLE'],
  ['write', 'EIO', 'E_STORE_UNAVAILABLE'],
  ['syncData', 'EIO', 'E_STORE_UNAVAILABLE'],
  ['syncFolder', 'EIO', 'E_STORE_UNAVAILABLE'],
] as const)(
  'F07 F11 one store fails to %s with %s: %s, nothing half-written anywhere, well again after',
  async (operation, code, expected) => {
    const state = { broken: true };
    const { intake, sanitizer, stores } = await openBench({
      disk: (store) => (store === 'b' ? failing(operation, code, state) : realDisk),
    });
    for (const bytes of [100, 3 * MIB]) {
      await expect(intake.put(freshRef(), 'sanitizer', pattern(bytes))).rejects.toMatchObject({ code: expected });
    }
    for (const store of stores) expect(await namesIn(store)).toEqual([]);
    state.broken = false;
    const object = await intake.put(freshRef(), 'sanitizer', pattern(100));
    await expect(sanitizer.read(object)).resolves.toHaveLength(100);
  },
);

test('a failing store counts as down after N failures in a row, the others suffice, and it comes back by itself', async () => {
  const state = { broken: true };
  const bench = await openBench({
    disk: (store) => (store === 'c' ? failing('syncData', 'EIO', state) : realDisk),
    failuresUntilDown: 3,
    probeEveryMs: 15,
  });
  await expect(bench.intake.put(freshRef(), 'sanitizer', pattern(10))).rejects.toMatchObject({
    code: 'E_STORE_UNAVAILABLE',
  });
  expect(bench.intake.stores()[2]).toEqual({ store: 'c', down: false, failures: 1 });
  // Probes do the rest.
  await expect.poll(() => bench.intake.stores()[2]?.down).toBe(true);
  expect(bench.alarms).toContainEqual({ kind: 'store-down', store: 'c', by: 'failures' });
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(10));
  expect(bench.alarms).toContainEqual({
    kind: 'written-degraded',
    objectId: object.objectId,
    tenant: 'chuo',
    without: ['c'],
  });
  await expect(bench.sanitizer.read(object)).resolves.toHaveLength(10);
  state.broken = false;
  await expect.poll(() => bench.intake.stores()[2]?.down).toBe(false);
  expect(bench.alarms).toContainEqual({ kind: 'store-up', store: 'c' });
  await bench.intake.put(freshRef(), 'sanitizer', pattern(10));
  expect(await namesIn(bench.stores[2]!)).toHaveLength(2);
});

test('a full store is never left out by itself', async () => {
  const state = { broken: true };
  const bench = await openBench({
    disk: (store) => (store === 'c' ? failing('write', 'ENOSPC', state) : realDisk),
    failuresUntilDown: 1,
  });
  for (let i = 0; i < 3; i++) {
    await expect(bench.intake.put(freshRef(), 'sanitizer', pattern(10))).rejects.toMatchObject({
      code: 'E_STORE_FULL',
    });
  }
  expect(bench.intake.stores()[2]).toMatchObject({ down: false });
});

test('an operator’s word takes a store out and in again; with fewer than k left nothing is accepted', async () => {
  const flags = await openBench();
  const folder = join(flags.root, 'down');
  let now = 0;
  const bench = await openBench({ isDeclaredDown: downFlags(folder, () => now) });
  declareDown(folder, 'a');
  await bench.intake.put(freshRef(), 'sanitizer', pattern(10));
  expect(await namesIn(bench.stores[0]!)).toEqual([]);
  now += 2000;
  declareDown(folder, 'b');
  await expect(bench.intake.put(freshRef(), 'sanitizer', pattern(10))).rejects.toMatchObject({
    code: 'E_STORE_UNAVAILABLE',
  });
  declareUp(folder, 'a');
  declareUp(folder, 'b');
  now += 2000;
  await bench.intake.put(freshRef(), 'sanitizer', pattern(10));
  expect(await namesIn(bench.stores[0]!)).toHaveLength(2);
  expect(bench.alarms.filter(({ kind }) => kind === 'store-down')).toMatchObject([
    { store: 'a', by: 'operator' },
    { store: 'b' },
  ]);
});

test('F35 a store that hangs: writing is refused in time, reading takes other shares', async () => {
  const state = { hang: false };
  const hanging: Disk = {
    ...realDisk,
    syncData: (fd) => (state.hang ? new Promise(() => undefined) : realDisk.syncData(fd)),
    read: (fd, offset, length) => (state.hang ? new Promise(() => undefined) : realDisk.read(fd, offset, length)),
  };
  const bench = await openBench({
    disk: (store) => (store === 'a' ? hanging : realDisk),
    storeTimeoutMs: 50,
    readTimeoutMs: 50,
    probeEveryMs: 100_000,
  });
  const object = await bench.intake.put(freshRef(), 'sanitizer', pattern(10));
  state.hang = true;
  await expect(bench.intake.put(freshRef(), 'sanitizer', pattern(10))).rejects.toMatchObject({
    code: 'E_STORE_UNAVAILABLE',
  });
  await expect(bench.sanitizer.read(object)).resolves.toHaveLength(10);
});

test('a store whose folder is gone refuses instead of starting anew', async () => {
  const bench = await openBench();
  rmSync(join(bench.root, 'b'), { recursive: true });
  await expect(bench.intake.put(freshRef(), 'sanitizer', pattern(10))).rejects.toMatchObject({
    code: 'E_STORE_UNAVAILABLE',
  });
  expect(readdirSync(bench.root).sort()).toEqual(['a', 'c']);
});
