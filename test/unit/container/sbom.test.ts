/**
 * The bill of materials: everything that the lockfile installs and what is inside it, and nothing else. The figures are
 * taken here from other places than bin/sbom.js takes them: from the lockfile's own text, and from what the programs say.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const COMMITTED = join(root, 'docs/sbom.cdx.json');
const require = createRequire(join(root, 'package.json'));

/** Required fields and closed lists of the CycloneDX 1.6 JSON schema, for the parts that we write. Anything else is refused. */
const licences = z.array(
  z.union([
    z.strictObject({ license: z.strictObject({ id: z.string().regex(/^[\w.-]+$/) }) }),
    z.strictObject({ expression: z.string().min(1) }),
  ]),
);
const hashes = z.array(
  z.union([
    z.strictObject({ alg: z.literal('SHA-512'), content: z.string().regex(/^[0-9a-f]{128}$/) }),
    z.strictObject({ alg: z.literal('SHA-256'), content: z.string().regex(/^[0-9a-f]{64}$/) }),
  ]),
);
const component = z.strictObject({
  type: z.enum(['application', 'library', 'platform', 'file', 'data']),
  'bom-ref': z.string().min(1),
  group: z.string().optional(),
  name: z.string().min(1),
  version: z.string().min(1).optional(),
  scope: z.enum(['required', 'optional', 'excluded']).optional(),
  hashes: hashes.optional(),
  licenses: licences.optional(),
  purl: z.string().startsWith('pkg:').optional(),
  cpe: z.string().startsWith('cpe:2.3:a:').optional(),
  properties: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  get components() {
    return z.array(component).optional();
  },
});
type Component = z.infer<typeof component>;
const bom = z.strictObject({
  $schema: z.literal('http://cyclonedx.org/schema/bom-1.6.schema.json'),
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.6'),
  serialNumber: z.string().regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/),
  version: z.literal(1),
  metadata: z.strictObject({ timestamp: z.iso.datetime().optional(), component }),
  components: z.array(component),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

const run = (args: readonly string[] = [], at = root) =>
  spawnSync(process.execPath, [join(at, 'bin/sbom.js'), ...args], { encoding: 'utf8', maxBuffer: 16 << 20 });

const fresh = run();
const document = bom.parse(JSON.parse(fresh.stdout));
const all = (components: readonly Component[]): readonly Component[] =>
  components.flatMap((each) => [each, ...all(each.components ?? [])]);

/** `node_modules/…` paths of the lockfile that are no development packages, read from its text alone. */
const lock: { packages: Record<string, { version: string; integrity: string; dev?: true }> } = JSON.parse(
  readFileSync(join(root, 'package-lock.json'), 'utf8'),
);
const locked = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

const folder = mkdtempSync(join(tmpdir(), 'sekisho-sbom-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the bill of materials', () => {
  test('is the committed one: after a change of the lockfile, `npm run sbom`', () => {
    expect(readFileSync(COMMITTED, 'utf8')).toBe(fresh.stdout);
  });

  test('is the same each time, and another one when the content is another', () => {
    expect(run().stdout).toBe(fresh.stdout);
    const timed = bom.parse(JSON.parse(run(['--time', '2026-11-22T00:00:00Z']).stdout));
    expect(timed.metadata.timestamp).toBe('2026-11-22T00:00:00Z');
    expect(timed.serialNumber).not.toBe(document.serialNumber);
  });

  test('lists every package that the product installs, with the hash of the lockfile, and no other', () => {
    const wanted = new Map(locked.map(([path, { version, integrity }]) => [`${nameOf(path)}@${version}`, integrity]));
    const told = document.components.map(({ group, name, version, hashes: [hash] = [] }) => [
      `${group === undefined ? '' : `${group}/`}${name}@${version}`,
      `sha512-${Buffer.from(hash?.content ?? '', 'hex').toString('base64')}`,
    ]);
    expect(told.length).toBeGreaterThan(100);
    expect(told.toSorted()).toEqual([...wanted].toSorted());
  });

  test('names each component once, and dependencies between named components only', () => {
    const refs = [document.metadata.component, ...all(document.components)].map((each) => each['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    const named = new Set(refs);
    for (const { ref, dependsOn } of document.dependencies)
      expect([ref, ...dependsOn].filter((each) => !named.has(each))).toEqual([]);
    // Whatever is installed is there because something needs it.
    const needed = new Set(document.dependencies.flatMap(({ dependsOn }) => dependsOn));
    expect(document.components.filter(({ purl }) => !needed.has(purl ?? '')).map(({ purl }) => purl)).toEqual([]);
  });

  test('says a licence of every package', () => {
    expect(document.components.filter(({ licenses }) => licenses === undefined)).toEqual([]);
  });

  test('of an installation has what is installed only', () => {
    const installed = bom.parse(JSON.parse(run(['--installed']).stdout));
    const other = process.arch === 'x64' ? 'arm64' : 'x64';
    const names = installed.components.map(({ name }) => name);
    expect(names).toContain(`node-linux-${process.arch}`);
    expect(names).not.toContain(`node-linux-${other}`);
    expect(names.length).toBeLessThan(document.components.length);
  });

  test('of an image has its Debian packages, versions with their epochs and signs', () => {
    const listing = join(folder, 'debian.tsv');
    writeFileSync(listing, 'libc6\t2.41-12\tamd64\nlibstdc++6\t1:14.2.0~rc1+b1\tamd64\n');
    const { components } = bom.parse(JSON.parse(run(['--debian', listing]).stdout));
    expect(components.slice(-2).map(({ purl }) => purl)).toEqual([
      'pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13',
      'pkg:deb/debian/libstdc%2B%2B6@1%3A14.2.0~rc1%2Bb1?arch=amd64&distro=debian-13',
    ]);
    writeFileSync(listing, 'libc6 2.41-12\n');
    expect(run(['--debian', listing]).status).not.toBe(0);
  });
});

const known: Record<string, readonly Entry[]> = JSON.parse(readFileSync(join(root, 'bin/sbom/inside.json'), 'utf8'));
interface Entry {
  readonly file?: string;
  readonly says?: string;
  readonly saysFile?: string;
  readonly notice?: string;
  readonly holds: readonly { readonly name: string; readonly version?: string; readonly told?: string }[];
}
const modules = join(root, 'node_modules');
const entriesOf = (name: string): readonly Entry[] =>
  Object.entries(known).flatMap(([id, entries]) => (id.replace(/@[^@]+$/, '') === name ? entries : []));
const versionsOf = (name: string): Record<string, string | undefined> =>
  Object.fromEntries(entriesOf(name).flatMap(({ holds }) => holds.map((each) => [each.name, each.version])));

describe('what is inside packages', () => {
  test('no engine or font that the product opens is forgotten', () => {
    const sources = readdirSync(join(root, 'src/sanitize'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(root, 'src/sanitize', name), 'utf8'));
    const opened = new Set(
      sources.flatMap((text) =>
        [...text.matchAll(/'((?:@[\w-]+\/)?[\w-]+\/[\w./-]*\.(?:wasm|ttf|otf))'/g)].map(([, path = '']) =>
          require.resolve(path),
        ),
      ),
    );
    expect(opened.size).toBeGreaterThan(8);
    const told = new Set(
      Object.entries(known).flatMap(([id, entries]) =>
        entries.map(({ file }) => join(modules, id.replace(/@[^@]+$/, ''), file ?? '')),
      ),
    );
    expect([...opened].filter((path) => !told.has(path))).toEqual([]);
  });

  test('no WebAssembly of an installed package is unknown', () => {
    // The package's other build, the encoder that we do not load, a wrapper that loads itself from text.
    const unused = new Set([
      '@imagemagick/magick-wasm/dist/x64/magick.wasm',
      '@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm',
    ]);
    const found = locked.flatMap(([path]) =>
      existsSync(join(root, path)) && !nameOf(path).startsWith('node-linux-')
        ? readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
            .filter((name) => name.endsWith('.wasm') && !name.includes('node_modules/'))
            .map((name) => `${nameOf(path)}/${name}`)
        : [],
    );
    const told = Object.entries(known).flatMap(([id, entries]) =>
      entries.map(({ file }) => `${id.replace(/@[^@]+$/, '')}/${file}`),
    );
    expect(found.filter((name) => !told.includes(name) && !unused.has(name))).toEqual([]);
  });

  const speaking = Object.entries(known).flatMap(([id, entries]) =>
    entries.flatMap(({ file, says, saysFile }) =>
      says === undefined ? [] : [[id, saysFile ?? file ?? '', says] as const],
    ),
  );
  test.each(speaking)('%s: %s says %s', (id, file, says) => {
    expect(readFileSync(join(modules, id.replace(/@[^@]+$/, ''), file)).includes(says)).toBe(true);
  });

  test('crates are told with the versions that stand in their panic messages', () => {
    for (const name of ['@jsquash/png', '@resvg/resvg-wasm'])
      for (const { file = '', holds } of entriesOf(name)) {
        const bytes = readFileSync(join(modules, name, file));
        for (const crate of holds.filter(({ version }) => version !== undefined))
          expect([crate.name, bytes.includes(`${crate.name}-${crate.version}/`)]).toEqual([crate.name, true]);
      }
  });

  test('ImageMagick: the libraries of the package’s own notice', () => {
    const notice = readFileSync(join(modules, '@imagemagick/magick-wasm/NOTICE'), 'utf8');
    const told = [...notice.matchAll(/^\[ (\S+) (\S+) \(\d{4}-\d\d-\d\d\) \]/gm)].map(([, name, version]) => [
      name,
      version,
    ]);
    expect(told.length).toBeGreaterThan(20);
    expect(versionsOf('@imagemagick/magick-wasm')).toEqual(Object.fromEntries(told));
  });

  test('Node: what it says of itself', () => {
    const { 'Node.js': node, ...parts } = versionsOf(`node-linux-${process.arch}`);
    expect(node).toBe(process.versions.node);
    for (const [name, version] of Object.entries(parts))
      expect([name, version]).toEqual([name, process.versions[name]]);
  });

  test('SQLite: what it says of itself', () => {
    const database = new Database(':memory:');
    expect(database.prepare('select sqlite_version() as version').get()).toEqual({
      version: versionsOf('better-sqlite3')['SQLite'],
    });
    database.close();
  });

  test('libvips: the list that comes with it', () => {
    const name = `@img/sharp-libvips-linux-${process.arch}`;
    expect(versionsOf(name)).toEqual(JSON.parse(readFileSync(join(modules, name, 'versions.json'), 'utf8')));
  });

  test.each(Object.keys(known).filter((id) => id.startsWith('@expo-google-fonts/')))(
    '%s: the version in each font’s name table',
    (id) => {
      for (const { file = '', holds } of known[id] ?? []) {
        const bytes = readFileSync(join(modules, id.replace(/@[^@]+$/, ''), file));
        expect(bytes.includes(Buffer.from(`Version ${holds[0]?.version};`, 'utf16le').swap16())).toBe(true);
      }
    },
  );
});

describe('an update that nobody looked at', () => {
  const copy = (): string => {
    const at = mkdtempSync(join(folder, 'tree-'));
    cpSync(join(root, 'bin'), join(at, 'bin'), { recursive: true });
    cpSync(join(root, 'package.json'), join(at, 'package.json'));
    return at;
  };
  const withLock = (at: string, change: (text: string) => string): void =>
    writeFileSync(join(at, 'package-lock.json'), change(readFileSync(join(root, 'package-lock.json'), 'utf8')));

  test('of a package that carries an engine stops the list', () => {
    const at = copy();
    withLock(at, (text) => text.replace(/("node_modules\/7z-wasm": \{\s*"version": )"1\.2\.0"/, '$1"1.2.1"'));
    expect(run([], at)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('does not know 7z-wasm 1.2.1'),
    });
  });

  test('of an engine within the same version stops it too', () => {
    const at = copy();
    withLock(at, (text) => text);
    mkdirSync(join(at, 'node_modules/7z-wasm'), { recursive: true });
    writeFileSync(join(at, 'node_modules/7z-wasm/7zz.wasm'), 'another');
    expect(run([], at)).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('is not the file') });
  });

  test('of a package that carries nothing is written down', () => {
    const at = copy();
    withLock(at, (text) => text.replace(/("node_modules\/yaml": \{\s*"version": )"2\.9\.1"/, '$1"2.9.9"'));
    expect(run([], at).stdout).toContain('"pkg:npm/yaml@2.9.9"');
  });
});
