/**
 * The file operations of directory stores, apart so that tests can fail, count or drop each of them.
 *
 * Opening, closing and small writes are done at once on the calling thread: they end in the page cache, and for a 5 kB
 * mail a detour over the thread pool costs three times the work. Whatever waits for the disk (syncs, large writes and
 * reads) does not block.
 */
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsync,
  openSync,
  read,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
  writev,
} from 'node:fs';

/** Up to here an operation on the page cache takes less time than handing it to another thread. */
const SMALL_BYTES = 64 * 1024;

export interface Disk {
  open(path: string, flags: 'wx' | 'w' | 'r'): number;
  /** Appends all pieces. */
  write(fd: number, pieces: readonly Uint8Array[]): Promise<void>;
  size(fd: number): number;
  /** May read less than asked only at the end of the file. */
  read(fd: number, offset: number, length: number): Promise<Buffer>;
  syncData(fd: number): Promise<void>;
  /** Makes names in the folder durable. */
  syncFolder(path: string): Promise<void>;
  close(fd: number): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
}

/** Readable by the gateway's group: roles have their own uids and one group (design.md §4). */
const FILE_MODE = 0o640;

export const realDisk: Disk = {
  open: (path, flags) => openSync(path, flags, FILE_MODE),
  write: (fd, pieces) => {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    return bytes > SMALL_BYTES ? writeLarge(fd, pieces, bytes) : writeSmall(fd, Buffer.concat(pieces, bytes));
  },
  size: (fd) => fstatSync(fd).size,
  read: readAll,
  syncData: (fd) => settle((done) => fdatasync(fd, done)),
  syncFolder: async (path) => {
    const fd = openSync(path, 'r');
    try {
      await settle((done) => fsync(fd, done));
    } finally {
      closeSync(fd);
    }
  },
  close: (fd) => closeSync(fd),
  rename: (from, to) => renameSync(from, to),
  unlink: (path) => unlinkSync(path),
};

type Done = (error: Error | null) => void;

const settle = (start: (done: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => start((error) => (error === null ? resolve() : reject(error))));

async function writeSmall(fd: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** write(2) may take less than offered, for one when the disk is nearly full; the next call then tells why. */
async function writeLarge(fd: number, pieces: readonly Uint8Array[], bytes: number): Promise<void> {
  const written = await new Promise<number>((resolve, reject) =>
    writev(fd, pieces, (error, count) => (error === null ? resolve(count) : reject(error))),
  );
  if (written < bytes) await writeSmall(fd, Buffer.concat(pieces, bytes).subarray(written));
}

async function readAll(fd: number, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const count = await readSome(fd, buffer, filled, length - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

async function readSome(fd: number, into: Buffer, at: number, length: number, position: number): Promise<number> {
  if (length <= SMALL_BYTES) return readSync(fd, into, at, length, position);
  return new Promise((resolve, reject) =>
    read(fd, into, at, length, position, (error, count) => (error === null ? resolve(count) : reject(error))),
  );
}
