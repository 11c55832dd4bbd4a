/**
 * `npm run sbom`: the bill of materials, CycloneDX 1.6 (ECMA-424) as JSON: packages of the lockfile with their hashes and
 * who needs whom, and what is inside them (engines, fonts, Node). Plain JavaScript: the image and the offline archive
 * write theirs while they are built.
 *
 *   node bin/sbom.js [--out FILE] [--installed] [--debian FILE --release debian-13] [--time ISO-8601]
 *     --installed   only what node_modules really has (an image has one processor's binaries)
 *     --debian      dpkg-query's listing of the image
 *     --time        metadata.timestamp; without it the same tree gives the same bytes
 *
 * npm's own `npm sbom` is not used: its serial number, time and name change with each run and folder.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { debianComponents } from './sbom/debian.js';
import { insideOf } from './sbom/inside.js';
import { componentOf, licencesOf, nameOf, needsOf, purlOf, runtimePaths } from './sbom/npm.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Packages whose manifest says «see the licence file»: the expression that a person read there (docs/dependencies.md). */
const LICENCES = new Map([['7z-wasm', 'LGPL-2.1-or-later AND LicenseRef-unRAR']]);

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    installed: { type: 'boolean', default: false },
    debian: { type: 'string' },
    release: { type: 'string', default: 'debian-13' },
    time: { type: 'string' },
  },
});

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const own = lock.packages[''];
const selected = new Set(
  runtimePaths(lock).filter((path) => !values.installed || existsSync(join(root, path, 'package.json'))),
);

const byRef = (a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1);

/** The same version at two places of the tree is one component. */
function npmComponents() {
  const found = new Map();
  for (const path of selected) {
    const component = componentOf(lock, path, LICENCES);
    const components = insideOf(nameOf(path), component.version, join(root, path)).sort(byRef);
    if (components.length > 0) component.components = components;
    found.set(component.purl, component);
  }
  return [...found.values()].sort(byRef);
}

function dependencies(ownRef) {
  const needs = new Map([[ownRef, needsOf(lock, '', selected)]]);
  for (const path of selected) {
    const ref = purlOf(nameOf(path), lock.packages[path].version);
    needs.set(ref, [...new Set([...(needs.get(ref) ?? []), ...needsOf(lock, path, selected)])].sort());
  }
  return [...needs].map(([ref, dependsOn]) => ({ ref, dependsOn })).sort((a, b) => (a.ref < b.ref ? -1 : 1));
}

const ownRef = purlOf('sekisho', own.version);
const debian = values.debian === undefined ? [] : debianComponents(readFileSync(values.debian, 'utf8'), values.release);
const body = {
  version: 1,
  metadata: {
    timestamp: values.time,
    component: {
      type: 'application',
      'bom-ref': ownRef,
      name: 'sekisho',
      version: own.version,
      licenses: licencesOf(own.license),
      purl: ownRef,
    },
  },
  components: [...npmComponents(), ...debian],
  dependencies: dependencies(ownRef),
};

/** Made of the content (RFC 9562 §5.8, version 8): another content is another document, the same is the same. */
function serialOf(content) {
  const hex = createHash('sha256').update(content).digest('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return `urn:uuid:${parts.join('-')}`;
}

const document = {
  $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: serialOf(JSON.stringify(body)),
  ...body,
};
const text = `${JSON.stringify(document, null, 1)}\n`;
if (values.out === undefined) process.stdout.write(text);
else writeFileSync(values.out, text);
