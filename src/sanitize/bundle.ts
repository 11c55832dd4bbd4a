/**
 * Files found in one container, handed on together: as a ZIP of our own with the same tree.
 *
 * A reader with forty attachments of one mail has lost the folders that said what belongs where. Whatever the container was
 * (an archive of any kind, a mail in a mail), the bundle is the same; a container in a container becomes a folder, so there
 * is never an archive in an archive.
 */
import type { SafeFile } from './converter.ts';
import { zipFile } from './formats/zip/write.ts';
import { type Placed, treePaths } from './names.ts';

export interface Bundle {
  readonly file: SafeFile;
  /** Final path of each file in it, in the same order. */
  readonly paths: readonly string[];
}

export function bundle(untrustedStem: string, files: readonly (SafeFile & Placed)[]): Bundle {
  const paths = treePaths(files);
  const members = files.map(({ type, bytes }, i) => ({ path: paths[i] ?? '', type, bytes }));
  return { file: { type: 'zip', untrustedStem, bytes: zipFile(members) }, paths };
}

/** Folders in a name as the sender wrote it: both kinds of slash, without what leads nowhere or elsewhere. */
export const foldersOf = (untrustedName: string): readonly string[] =>
  untrustedName
    .split(/[\\/]/)
    .slice(0, -1)
    .filter((segment) => !/^\s*(?:\.{0,2}|[A-Za-z]:)\s*$/.test(segment));
