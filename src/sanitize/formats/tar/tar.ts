/**
 * tar → the files in it, each for itself.
 *
 * Danger: links and devices, names that lead out of a folder, archives behind the archive (threats.tsv A31). Method: headers.ts
 * reads every block or refuses. Kept: files, names, folders. Lost: times, owners, links, devices, empty folders.
 */
import { type ArchiveFile, archiveOf, ENTRIES_PER_FILE, overBounds } from '../../archive.ts';
import { blocked, type Conversion, type Converter, type Left } from '../../converter.ts';
import { readTar, type TarEntry } from './headers.ts';

export const tar: Converter = {
  name: 'tar',
  accepts: ['tar'],
  documentation: {
    danger: 'links, devices, names that lead out of a folder, an archive behind the archive',
    method: 'read strictly by our own reader, each file made safe for itself, packed anew when there are many',
    kept: 'files that can be made safe, their names and folders',
    lost: 'times, owners, links, devices, empty folders; files that cannot be made safe, each named',
  },

  convert: async ({ bytes, untrustedName }, { left }) => tarContainer(bytes, untrustedName, left),
};

/** @param levels 2 for a tar that lay compressed in another file */
export function tarContainer(bytes: Uint8Array, untrustedName: string, left: Left, levels = 1): Conversion {
  const read = readTar(bytes, left.files * ENTRIES_PER_FILE);
  if (read.kind === 'refused') return blocked(read.why, read.detail);
  const files = read.entries.filter(({ kind }) => kind !== 'folder');
  const total = files.reduce((sum, entry) => sum + entry.bytes, 0);
  const over = overBounds(files.length, total, bytes.length, left);
  if (over !== undefined) return over;
  return archiveOf(
    untrustedName,
    files.map((entry) => archiveFile(bytes, entry)),
    { notes: read.notes, levels },
  );
}

const archiveFile = (tarBytes: Uint8Array, { untrustedName, kind, start, bytes }: TarEntry): ArchiveFile => ({
  untrustedName,
  open: ({ maxBytes }) => {
    if (kind !== 'file') return blocked('unsupported-type', kind);
    if (bytes > maxBytes) return blocked('limit-exceeded', `${bytes} bytes unpacked, at most ${maxBytes}`);
    return tarBytes.subarray(start, start + bytes);
  },
});
