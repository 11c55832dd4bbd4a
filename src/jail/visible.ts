/** What a jailed child can see of the file system: our code, node, and the libraries node is linked with. Nothing else. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A path outside, and the same file's path inside. */
export interface Mount {
  readonly from: string;
  readonly at: string;
  readonly kind: 'file' | 'folder';
}

/** `src/` of a clone, or the folder of the built JavaScript. */
const codeFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const packageFolder = dirname(codeFolder);

/** Folders and files that JavaScript may read: also the list given to node's own permission model. */
export function readableCode(program: string): readonly string[] {
  const own = [codeFolder, join(packageFolder, 'node_modules'), join(packageFolder, 'package.json')];
  const isInside = program.startsWith(codeFolder + sep);
  return (isInside ? own : [...own, dirname(program)]).filter((path) => existsSync(path));
}

/** Everything a private root holds. `tools`: programs needed inside by the launcher itself. */
export function mountsFor(program: string, tools: readonly string[]): readonly Mount[] {
  const paths = [
    process.execPath,
    ...sharedLibraries(),
    ...tools,
    ...['/etc/ld.so.cache', '/etc/ssl/openssl.cnf'].filter((path) => existsSync(path)),
    ...readableCode(program),
  ];
  return [...new Set(paths)].map((at) => {
    const from = realpathSync(at);
    return { from, at, kind: statSync(from).isDirectory() ? 'folder' : 'file' };
  });
}

/** Libraries that native modules (sharp) and setpriv need beside those that node has loaded; from the folder of libc. */
const MORE_LIBRARIES = ['libresolv.so.2', 'librt.so.1', 'libcap-ng.so.0'];

let libraries: readonly string[] | undefined;

/** What this very node binary is linked with, as the dynamic loader found it. */
function sharedLibraries(): readonly string[] {
  libraries ??= findLibraries();
  return libraries;
}

function findLibraries(): readonly string[] {
  // Otherwise the report looks up the names of all peers. @types/node does not know the property yet.
  Reflect.set(process.report, 'excludeNetwork', true);
  const report: unknown = process.report.getReport();
  const loaded = sharedObjectsOf(report).filter(
    (path) => path.startsWith('/') && /\.so(\.|$)/.test(path) && !path.includes('node_modules') && existsSync(path),
  );
  const libc = loaded.find((path) => /\/(libc\.so|ld-musl)/.test(path));
  const more = libc === undefined ? [] : MORE_LIBRARIES.map((name) => join(dirname(libc), name));
  return [...loaded, ...more.filter((path) => existsSync(path))];
}

function sharedObjectsOf(report: unknown): readonly string[] {
  if (typeof report !== 'object' || report === null || !('sharedObjects' in report)) return [];
  const { sharedObjects } = report;
  return Array.isArray(sharedObjects) ? sharedObjects.filter((path): path is string => typeof path === 'string') : [];
}

/** True when a user who owns nothing can reach the path: every folder above it lets others through. */
export function isReachableByOthers(path: string): boolean {
  const isOpen = (folder: string): boolean => (statSync(folder).mode & 0o001) !== 0;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (!isOpen(folder)) return false;
    if (folder === dirname(folder)) break;
  }
  const { mode } = statSync(path);
  return (mode & 0o004) !== 0 && (!statSync(path).isDirectory() || (mode & 0o001) !== 0);
}
