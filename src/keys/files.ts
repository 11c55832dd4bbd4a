/** Small files that must survive a power cut: content and folder are synced before anything here returns. */
import { closeSync, fchmodSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** @throws Error with code EEXIST when the file is there: a key is never overwritten. */
export function createFile(path: string, text: string, mode: number): void {
  writeSynced(path, text, mode);
  syncFolder(dirname(path));
}

/** Readers see the old content or the new one, never a mixture. */
export function replaceFile(path: string, text: string, mode: number): void {
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  writeSynced(fresh, text, mode);
  renameSync(fresh, path);
  syncFolder(dirname(path));
}

export function createFolder(path: string, mode: number): void {
  const made = mkdirSync(path, { recursive: true, mode });
  if (made !== undefined) syncFolder(dirname(path));
}

export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeSynced(path: string, text: string, mode: number): void {
  const fd = openSync(path, 'wx', mode);
  try {
    // The umask may have taken bits that readers of public.json need.
    fchmodSync(fd, mode);
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
