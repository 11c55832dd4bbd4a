/** The copy of the source tree that is mutated: the product's own files are read only. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is copied; everything else is a link, since Node follows links to where a module really stands. */
const COPIED: ReadonlySet<string> = new Set(['src', 'test', 'bench', 'package.json']);
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', 'data', 'dist']);

export interface Copy {
  readonly folder: string;
  remove(): void;
}

/** @param texts what stands in the copy instead of the original, by path in the repository */
export function copyTree(root: string, texts: ReadonlyMap<string, string>): Copy {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-mutation-'));
  mkdirSync(join(folder, 'tmp'));
  for (const name of readdirSync(root)) {
    if (LEFT_OUT.has(name)) continue;
    if (COPIED.has(name)) cpSync(join(root, name), join(folder, name), { recursive: true });
    else symlinkSync(join(root, name), join(folder, name));
  }
  for (const [path, text] of texts) writeFileSync(join(folder, path), text);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
