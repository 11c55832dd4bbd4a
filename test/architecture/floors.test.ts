/** The house of docs/flow.md: arrows only downwards, and only two programs may open a stranger's file. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../../src', import.meta.url));

/** From top to bottom. A room imports from its own floor's room (itself) or from lower floors only. */
const FLOORS: readonly (readonly string[])[] = [
  ['main.ts', 'cli', 'roles'],
  ['intake', 'api', 'console'],
  ['flow', 'release', 'insight'],
  ['outlet', 'queue', 'vault', 'audit', 'accounts', 'tenants', 'gate', 'jail'],
  ['keys', 'database', 'config', 'telemetry'],
  ['policy', 'message'],
];
/** Apart from the floors: room → what it may import, and the only file that may import it. */
const APART: Readonly<Record<string, { readonly imports: readonly string[]; readonly importer: string }>> = {
  sanitize: { imports: ['message', 'policy'], importer: 'jail/child.ts' },
  inspect: { imports: ['message'], importer: 'jail/inspector.ts' },
};
/** Programs that run inside the jail: nothing of the parent's side may reach them. */
const JAILED = ['jail/child.ts', 'jail/inspector.ts'];

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
const roomOf = (file: string): string => file.split('/')[0] ?? file;
const floorOf = (room: string): number => FLOORS.findIndex((floor) => floor.includes(room));

/** Every static, dynamic and re-exporting import, also type-only ones, that names a file of ours. */
function importsOf(file: string): { readonly target: string; readonly typeOnly: boolean }[] {
  const source = readFileSync(join(src, file), 'utf8');
  const pattern =
    /(?:^|[\s;])(import|export)(\s+type)?\b[^'"`;]*?from\s*['"]([^'"]+)['"]|import\(\s*['"`]([^'"`]+)['"`]|import\s*['"]([^'"]+)['"]|new URL\(\s*['"`](\.[^'"`]+\.ts)['"`]/g;
  const found: { target: string; typeOnly: boolean }[] = [];
  for (const match of source.matchAll(pattern)) {
    const specifier = match[3] ?? match[4] ?? match[5] ?? '';
    if (!specifier.startsWith('.')) continue;
    found.push({ target: relative(src, resolve(src, dirname(file), specifier)), typeOnly: match[2] !== undefined });
  }
  return found;
}

const edges = files.flatMap((file) => importsOf(file).map((edge) => ({ file, ...edge })));

test('every room stands on a floor', () => {
  const rooms = [...new Set(files.map(roomOf))];
  expect(rooms.filter((room) => floorOf(room) < 0 && APART[room] === undefined)).toEqual([]);
});

test('arrows go downwards only', () => {
  const wrong = edges.filter(({ file, target }) => {
    const [from, to] = [roomOf(file), roomOf(target)];
    if (from === to || JAILED.includes(file)) return false;
    const apart = APART[from];
    if (apart !== undefined) return !apart.imports.includes(to);
    if (APART[to] !== undefined) return true;
    // Rooms of one floor may share types (a vault names keys, an outlet a checked message), never code.
    return floorOf(to) < floorOf(from);
  });
  expect(wrong.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
});

test.each(Object.entries(APART))('%s is imported by its one program only', (room, { importer }) => {
  const importers = edges
    .filter(({ file, target }) => roomOf(target) === room && roomOf(file) !== room)
    .map(({ file }) => file);
  expect([...new Set(importers)]).toEqual([importer]);
});

test('the jailed programs import nothing that holds keys, sockets or the database', () => {
  const allowed = new Set(['sanitize', 'inspect', 'jail', 'message', 'policy']);
  const wrong = edges.filter(({ file, target }) => JAILED.includes(file) && !allowed.has(roomOf(target)));
  expect(wrong.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
});

test('no file outside the jail imports a parser of untrusted content', () => {
  const parsers =
    /from '(mailparser|parse5|@embedpdf\/pdfium|wasm-vips|wasmagic|file-type|sharp|pdf-lib|encoding-japanese)/;
  const wrong = files.filter(
    (file) => !['sanitize', 'inspect'].includes(roomOf(file)) && parsers.test(readFileSync(join(src, file), 'utf8')),
  );
  expect(wrong).toEqual([]);
});
