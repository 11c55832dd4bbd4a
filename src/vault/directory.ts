/**
 * A store in a folder: `<path>/<last character of the id>/<id>.share` and `.key`.
 *
 * 32 folders: with three objects a mail and a year of 10,000 mails a day each holds about 340,000 records, which hashed
 * directories carry, and writers of one moment meet in the same folder often enough to share its sync.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../message/errors.ts';
import { isId } from '../message/ids.ts';
import { type Disk, realDisk } from './disk.ts';
import { FolderSync } from './folder-sync.ts';
import type { Part } from './format.ts';
import type { Piece, RecordName, RecordWriter, Store } from './store.ts';

const FOLDERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const FILE = /^([0-9A-Z]{26})\.(share|key)$/;

export interface DirectorySettings {
  readonly name: string;
  readonly path: string;
}

/**
 * Makes the folders that are missing; durable when it resolves. For the process that starts the others.
 * @param gid group of all roles when started as root: it may read and write the store
 */
export async function prepareDirectory({ name, path }: DirectorySettings, gid?: number): Promise<void> {
  try {
    for (const folder of [path, ...[...FOLDERS].map((letter) => join(path, letter))]) prepareFolder(folder, gid);
    await realDisk.syncFolder(path);
    await realDisk.syncFolder(join(path, '..'));
  } catch (cause) {
    throw failure(cause, name, 'preparing the folders');
  }
}

function prepareFolder(folder: string, gid: number | undefined): void {
  const fresh = mkdirSync(folder, { recursive: true }) !== undefined;
  // The umask would take the group's right to write.
  if (fresh) chmodSync(folder, 0o770);
  if (gid !== undefined) chownSync(folder, statSync(folder).uid, gid);
}

/** Opens the store, making its folders where they are missing. @throws GatewayError E_STORE_UNAVAILABLE */
export async function openDirectory(settings: DirectorySettings, disk: Disk = realDisk): Promise<Store> {
  await completeDirectory(settings);
  return directoryAsItIs(settings, disk);
}

async function completeDirectory(settings: DirectorySettings): Promise<void> {
  // A role that may only use what the supervisor prepared must not fail at what it needs not do.
  const complete = [...FOLDERS].every((letter) => existsSync(join(settings.path, letter)));
  if (!complete) await prepareDirectory(settings);
}

/** Opens the store and makes nothing. */
export const directoryAsItIs = (settings: DirectorySettings, disk: Disk = realDisk): Store =>
  new DirectoryStore(settings, disk);

class DirectoryStore implements Store {
  readonly name: string;
  readonly #path: string;
  readonly #disk: Disk;
  readonly #folders: FolderSync;

  constructor({ name, path }: DirectorySettings, disk: Disk) {
    this.name = name;
    this.#path = path;
    this.#disk = disk;
    this.#folders = new FolderSync((folder) => disk.syncFolder(folder));
  }

  create(name: RecordName, mode: 'new' | 'replace'): RecordWriter {
    const path = this.#file(name);
    return new FileWriter(this.name, path, this.#folder(name), mode, this.#disk, this.#folders);
  }

  async read(name: RecordName, offset: number, length: number): Promise<Piece | undefined> {
    try {
      const fd = this.#disk.open(this.#file(name), 'r');
      try {
        const recordBytes = this.#disk.size(fd);
        const wanted = Math.max(0, Math.min(length, recordBytes - offset));
        return { bytes: await this.#disk.read(fd, offset, wanted), recordBytes };
      } finally {
        this.#disk.close(fd);
      }
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT' && this.#folderExists(name)) return undefined;
      throw failure(cause, this.name, 'reading');
    }
  }

  async remove(name: RecordName): Promise<void> {
    try {
      this.#disk.unlink(this.#file(name));
    } catch (cause) {
      if (codeOf(cause) !== 'ENOENT' || !this.#folderExists(name)) throw failure(cause, this.name, 'removing');
    }
    // Also when the name was gone already: an earlier attempt may have stopped before this.
    await this.#folders.sync(this.#folder(name)).catch((cause: unknown) => {
      throw failure(cause, this.name, 'syncing a removal');
    });
  }

  async *list(): AsyncIterable<RecordName> {
    for (const letter of FOLDERS) {
      for await (const { name } of await this.#opened(letter)) {
        const [, objectId = '', part = ''] = FILE.exec(name) ?? [];
        if (isId(objectId) && isPart(part)) yield { objectId, part };
      }
    }
  }

  async probe(): Promise<void> {
    const folder = join(this.#path, '0');
    const writer = new FileWriter(
      this.name,
      join(folder, `probe-${process.pid}`),
      folder,
      'replace',
      this.#disk,
      this.#folders,
    );
    await writer.append([Buffer.from('probe')]);
    await writer.finish();
    this.#disk.unlink(join(folder, `probe-${process.pid}`));
  }

  #opened(letter: string): ReturnType<typeof opendir> {
    return opendir(join(this.#path, letter)).catch((cause: unknown) => {
      throw failure(cause, this.name, 'listing');
    });
  }

  /** Tells a record that is not there from a store that is not there. */
  #folderExists(name: RecordName): boolean {
    return statSync(this.#folder(name), { throwIfNoEntry: false }) !== undefined;
  }

  #folder({ objectId }: RecordName): string {
    // Ids become file names: nothing else may.
    if (!isId(objectId)) throw new RangeError('not an object id');
    return join(this.#path, objectId.slice(-1));
  }

  #file(name: RecordName): string {
    return join(this.#folder(name), `${name.objectId}.${name.part}`);
  }
}

const isPart = (text: string): text is Part => text === 'share' || text === 'key';

/** The file is made by the first `append`, so a small object opens, writes and closes once. */
class FileWriter implements RecordWriter {
  readonly #store: string;
  readonly #final: string;
  readonly #path: string;
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #folders: FolderSync;
  readonly #mode: 'new' | 'replace';
  #fd: number | undefined;
  #state: 'unmade' | 'made' | 'finished' = 'unmade';

  constructor(store: string, final: string, folder: string, mode: 'new' | 'replace', disk: Disk, folders: FolderSync) {
    this.#store = store;
    this.#final = final;
    this.#path = mode === 'new' ? final : `${final}.new`;
    this.#folder = folder;
    this.#disk = disk;
    this.#folders = folders;
    this.#mode = mode;
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#disk.write(this.#open(), pieces);
    } catch (cause) {
      throw failure(cause, this.#store, 'writing');
    }
  }

  async finish(): Promise<void> {
    try {
      const fd = this.#open();
      if (this.#mode === 'replace') {
        await this.#disk.syncData(fd);
        this.#disk.rename(this.#path, this.#final);
        await this.#folders.sync(this.#folder);
      } else {
        // The name is there since `open`: both syncs may share one commit of the file system's journal.
        const syncs = [this.#disk.syncData(fd), this.#folders.sync(this.#folder)];
        // Both have ended before the file may be closed.
        await Promise.allSettled(syncs);
        await Promise.all(syncs);
      }
      this.#state = 'finished';
      this.#close();
    } catch (cause) {
      throw failure(cause, this.#store, 'syncing');
    }
  }

  async abort(): Promise<void> {
    if (this.#state === 'unmade' || (this.#state === 'finished' && this.#mode === 'replace')) return;
    try {
      this.#close();
    } finally {
      // Best effort: what cannot be removed now has no trailer or no key share and is found by check.ts.
      try {
        this.#disk.unlink(this.#path);
      } catch {}
    }
  }

  #open(): number {
    if (this.#fd === undefined) {
      this.#fd = this.#disk.open(this.#path, this.#mode === 'new' ? 'wx' : 'w');
      this.#state = 'made';
    }
    return this.#fd;
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) this.#disk.close(fd);
  }
}

const FULL = ['ENOSPC', 'EDQUOT'];

const codeOf = (cause: unknown): string => (cause instanceof Error && 'code' in cause ? String(cause.code) : '');

function failure(cause: unknown, store: string, doing: string): Error {
  if (cause instanceof GatewayError) return cause;
  const code = codeOf(cause);
  if (code === 'EEXIST') return new Error(`store ${store} has a record of this name`, { cause });
  const full = FULL.includes(code);
  const what = full ? `store ${store} is full` : `store ${store} failed while ${doing}`;
  return new GatewayError(full ? 'E_STORE_FULL' : 'E_STORE_UNAVAILABLE', what, { store, cause: code }, { cause });
}
