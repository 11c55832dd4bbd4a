/**
 * How the judging process loads modules. A mutant in code that runs when its module is loaded (a table, a pattern) needs
 * the module loaded again, but not the tests: so everything outside the mutated files imports them through a front whose
 * bindings can be turned to another instance. `vitest` is the small registry beside this file with vitest's own `expect`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const FRONT = 'front=1';
const REGISTRY = new URL('./registry.ts', import.meta.url).href;
const EXPORT = /^export (?:async )?(?:function\*?|const|let|class) ([A-Za-z_$][\w$]*)/gm;
const DYNAMIC = /\bimport\('(\.[^']+)'\)/g;
const IMPORT = /^(?:import|export) (?!type )[^;]*?from '(\.[^']+)'/gm;

type Turn = (namespace: Readonly<Record<string, unknown>>) => void;
const fronts = new Map<string, Turn>();

declare global {
  var sekishoFronts: ReadonlyMap<string, Turn> & Map<string, Turn>;
}
globalThis.sekishoFronts = fronts;

export interface Modules {
  /** The mutated files that load this one, directly or not, and itself. */
  dependents(file: string): readonly string[];
  /** Everything of ours that a file loads, directly or not. */
  loadedBy(file: string): ReadonlySet<string>;
  /** Loads new instances of the files and of nothing else, and turns everybody to them. @throws what loading throws */
  reload(files: readonly string[]): Promise<void>;
  /** Turns everybody back to the instances of the beginning. */
  restore(files: readonly string[]): Promise<void>;
}

/** @param files the mutated ones, as paths in the copy's folder */
export function openModules(folder: string, files: readonly string[]): Modules {
  const mutated = new Map(files.map((file) => [pathToFileURL(join(folder, file)).href, file]));
  const importers = importersOf(folder, files);
  let version = 0;
  let fresh: ReadonlySet<string> = new Set();

  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'vitest' && context.parentURL !== REGISTRY) return { url: REGISTRY, shortCircuit: true };
      const resolved = next(specifier, context);
      const [plain = ''] = resolved.url.split('?');
      const file = mutated.get(plain);
      if (file === undefined || resolved.url.includes('?')) return resolved;
      const [parent = '', query = ''] = (context.parentURL ?? '').split('?');
      if (!mutated.has(parent) || query === FRONT) return { ...resolved, url: `${plain}?${FRONT}` };
      // A new instance asks for the new ones of what was loaded again with it, and for the first of everything else.
      return { ...resolved, url: `${plain}?${fresh.has(file) ? query : 'v=0'}` };
    },
    load(url, context, next) {
      if (!url.endsWith(`?${FRONT}`)) return next(url, context);
      return { format: 'module', source: frontOf(url.slice(0, -FRONT.length - 1)), shortCircuit: true };
    },
  });

  const instance = async (file: string, v: number): Promise<void> => {
    const url = pathToFileURL(join(folder, file)).href;
    const namespace = (await import(`${url}?v=${v}`)) as Record<string, unknown>;
    fronts.get(url)?.(namespace);
  };
  return {
    dependents: (file) => dependentsOf(file, importers),
    loadedBy: (file) => closureOf(folder, file),
    async reload(some) {
      version += 1;
      fresh = new Set(some);
      for (const file of some) await instance(file, version);
    },
    async restore(some) {
      for (const file of some) await instance(file, 0);
    },
  };
}

/** A module that exports what the real one exports, and can be turned to another instance of it. */
function frontOf(url: string): string {
  const names = [...readFileSync(fileURLToPath(url), 'utf8').matchAll(EXPORT)].map(([, name = '']) => name);
  const inner = names.map((name) => `let $${name} = real.${name}; export { $${name} as ${name} };`);
  const turn = names.map((name) => `$${name} = namespace.${name};`).join(' ');
  return `import * as real from '${url}?v=0';\n${inner.join('\n')}\nglobalThis.sekishoFronts.set('${url}', (namespace) => { ${turn} });\n`;
}

function importersOf(folder: string, files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const importers = new Map<string, string[]>();
  for (const file of files) {
    for (const target of importsOf(folder, file)) importers.set(target, [...(importers.get(target) ?? []), file]);
  }
  return importers;
}

/** Paths in the folder of what a file imports, `import('…')` included. */
function importsOf(folder: string, file: string): readonly string[] {
  const path = join(folder, file);
  if (!path.endsWith('.ts') || !existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(IMPORT), ...text.matchAll(DYNAMIC)].map(([, specifier = '']) =>
    new URL(specifier, `file:///${file}`).pathname.slice(1),
  );
}

function closureOf(folder: string, file: string): ReadonlySet<string> {
  const found = new Set([file]);
  for (const one of found) for (const target of importsOf(folder, one)) found.add(target);
  return found;
}

function dependentsOf(file: string, importers: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found = new Set([file]);
  for (const one of found) for (const importer of importers.get(one) ?? []) found.add(importer);
  return [...found];
}
