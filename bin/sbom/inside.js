/**
 * What npm does not know: the programs, libraries and fonts inside its packages (inside.json). Each entry belongs to one
 * version of one package and names files by their SHA-256, so that an update that nobody looked at stops here.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { licencesOf } from './npm.js';

const known = JSON.parse(readFileSync(new URL('./inside.json', import.meta.url), 'utf8'));

/** Packages that carry something else: a version without an entry is an update that needs a look. */
const CARRIERS = new Set(Object.keys(known).map((id) => id.replace(/@[^@]+$/, '')));

/**
 * @param folder where the package is installed; a file that is there must be the one told
 * @returns components inside the package
 * @throws Error when the entry is missing or a file is another than the entry tells
 */
export function insideOf(name, version, folder) {
  if (!CARRIERS.has(name)) return [];
  const entries = known[`${name}@${version}`];
  if (entries === undefined)
    throw new Error(`bin/sbom/inside.json does not know ${name} ${version}: look what is in it`);
  return entries.flatMap(({ file, sha256, holds }) => {
    if (sha256 === undefined) return holds.map((each) => componentOf(name, each));
    const path = join(folder, file);
    if (existsSync(path) && createHash('sha256').update(readFileSync(path)).digest('hex') !== sha256)
      throw new Error(`${path} is not the file that bin/sbom/inside.json tells of`);
    return {
      type: 'file',
      'bom-ref': `${name}@${version}/${file}`,
      name: file,
      hashes: [{ alg: 'SHA-256', content: sha256 }],
      components: holds.map((each) => componentOf(`${name}@${version}/${file}`, each)),
    };
  });
}

const componentOf = (within, { name, version, licence, type = 'library', cpe, purl, told }) => ({
  type,
  'bom-ref': `${within}#${name}${version === undefined ? '' : `@${version}`}`,
  name,
  version,
  licenses: licencesOf(licence),
  cpe,
  purl,
  properties: told === undefined ? undefined : [{ name: 'sekisho:version-told-by', value: told }],
});
