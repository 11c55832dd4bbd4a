/** Packages of the lockfile as CycloneDX components, and who needs whom. What `npm ci --omit=dev` installs, no more. */

/** Lockfile paths of what the product runs with, the root left out. */
export const runtimePaths = (lock) =>
  Object.keys(lock.packages).filter((path) => path !== '' && !lock.packages[path].dev);

export const nameOf = (path) => path.replace(/^.*node_modules\//, '');

/** Package URL (purl-spec): the scope's `@` is escaped, its slash is not. */
export const purlOf = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/**
 * One licence by its SPDX id, several as an expression.
 * @returns what CycloneDX wants under `licenses`, undefined when nothing is known
 */
export function licencesOf(spdx) {
  if (spdx === undefined || spdx === '') return undefined;
  return /^[\w.-]+$/.test(spdx) && !spdx.startsWith('LicenseRef-')
    ? [{ license: { id: spdx } }]
    : [{ expression: spdx }];
}

/** npm's integrity (base64) as CycloneDX wants it (hexadecimal). */
function hashesOf(integrity = '') {
  const [, base64] = /^sha512-(\S+)$/.exec(integrity) ?? [];
  return base64 === undefined ? [] : [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }];
}

/** @param licences SPDX expressions for packages whose manifest only points to a file, by name */
export function componentOf(lock, path, licences) {
  const { version, license, integrity, optional } = lock.packages[path];
  const name = nameOf(path);
  const stated = licences.get(name) ?? license;
  const purl = purlOf(name, version);
  return {
    type: 'library',
    'bom-ref': purl,
    ...splitScope(name),
    version,
    scope: optional === true ? 'optional' : 'required',
    hashes: hashesOf(integrity),
    licenses: licencesOf(stated),
    purl,
  };
}

function splitScope(name) {
  const [, group, rest] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  return group === undefined ? { name } : { group, name: rest };
}

/** Where Node finds `name` from `path`: in its own node_modules first, then in each folder above. */
function resolve(lock, path, name) {
  for (let at = path; ; at = at.replace(/(^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/, '')) {
    const candidate = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (candidate in lock.packages) return candidate;
    if (at === '') return undefined;
  }
}

/** Purls of what the package at `path` needs and this selection has, in order. */
export function needsOf(lock, path, selected) {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = lock.packages[path];
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  const found = names.map((name) => resolve(lock, path, name)).filter((at) => at !== undefined && selected.has(at));
  return [...new Set(found.map((at) => purlOf(nameOf(at), lock.packages[at].version)))].sort();
}
