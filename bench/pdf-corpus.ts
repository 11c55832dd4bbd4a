/** What the PDF measurements share: the frozen list, the passwords, and the converter as a plain function. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const sharedFolder = process.env['SEKISHO_SHARED'] ?? fileURLToPath(new URL('../../shared', import.meta.url));

export type Rebuilt =
  | { readonly kind: 'rebuilt'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: string; readonly detail: string };

/** One PDF in, one PDF of ours or a reason out. Never rejects for what is wrong with the document. */
export type Rebuild = (bytes: Uint8Array, passwords: readonly string[]) => Promise<Rebuilt>;

export interface CorpusFile {
  /** Relative to the corpora's folder. */
  readonly path: string;
  readonly kind: string;
}

/** Rows of a table in fixtures/corpus, cells by tab, comments left out. */
export const fixture = (name: string): readonly string[][] =>
  readFileSync(fileURLToPath(new URL(`../fixtures/corpus/${name}`, import.meta.url)), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));

/** PDFs that two of three programs open without password (freeze-pdf-list.ts). */
export const openablePdfs = (): readonly CorpusFile[] =>
  fixture('pdf-openable.txt').map(([path = '', kind = '']) => ({ path, kind }));

/** Encrypted PDFs with the password that opens them. */
export const encryptedPdfs = (): readonly { readonly path: string; readonly password: string }[] =>
  fixture('pdf-passwords.tsv').map(([path = '', password = '']) => ({ path, password }));

/** Every PDF of the corpora, whatever its state. */
export const allPdfs = (): readonly CorpusFile[] =>
  readFileSync(join(sharedFolder, 'corpora/MANIFEST.tsv'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((cells) => /^pdf/.test(cells[8] ?? ''))
    .map((cells) => ({ path: cells[0] ?? '', kind: cells[8] ?? '' }));

export const readCorpus = (path: string): Buffer =>
  readFileSync(join(sharedFolder, path.startsWith('samples/') ? '' : 'corpora', path));
