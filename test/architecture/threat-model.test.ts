/** docs/threat-model.md: every file, test and row that it names is there; no part of the product and no area is left out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { idsIn } from '../../bench/threats/coverage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('docs/threat-model.md');

/** Rows of the table below a heading, its head left out. */
function rows(heading: string): readonly (readonly string[])[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => /^\| [^-]/.test(line))
    .slice(1)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** What looks like a path of this repository. */
const PATH = /^(?:src|test|fixtures|docs|bench|bin)\/|^[A-Z]+\.md$/;
const paths = [...page.matchAll(/`([^`\s]+)`/g)].map(([, name = '']) => name).filter((name) => PATH.test(name));

test('names existing files only', () => {
  expect(paths.length).toBeGreaterThan(60);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('every test file that it names has tests in it', () => {
  const files = new Set(paths.filter((path) => path.endsWith('.test.ts')));
  expect([...files].filter((path) => !/\b(?:test|it)(?:\.\w+)*\(/.test(read(path)))).toEqual([]);
});

test('names tests by words that stand in them', () => {
  const quoted = [...page.matchAll(/`([^`\s]+\.test\.ts)` «([^»]+)»/g)];
  expect(quoted.length).toBeGreaterThan(1);
  expect(quoted.filter(([, path = '', words = '']) => !read(path).includes(words)).map(([all]) => all)).toEqual([]);
});

test('every part names what it does not trust and a test that shows it', () => {
  const parts = rows('Parts');
  expect(parts.length).toBeGreaterThan(25);
  for (const [part = '', distrusts = '', does = '', , shown = ''] of parts) {
    expect([part, distrusts.length > 5, does.length > 10]).toEqual([part, true, true]);
    expect([part, shown]).toEqual([part, expect.stringMatching(/`test\/[^`]+`/)]);
  }
});

test('every asset is guarded, every actor is stopped by something', () => {
  for (const cells of [...rows('Assets'), ...rows('Actors')]) {
    expect(cells).toHaveLength(4);
    expect(cells.filter((cell) => cell === '')).toEqual([]);
  }
  expect(rows('Assets').length).toBeGreaterThan(7);
  expect(rows('Actors').length).toBeGreaterThan(8);
});

test('rows of the catalogue that it names exist', () => {
  const known = new Set(
    read('fixtures/threats/threats.tsv')
      .split('\n')
      .map((line) => line.split('\t')[0]),
  );
  const named = rows('Parts').flatMap(([, , , ids = '']) => idsIn(ids));
  expect(named.length).toBeGreaterThan(150);
  expect(named.filter((id) => !known.has(id))).toEqual([]);
});

test('all sixteen invariants are asserted somewhere', () => {
  const told = rows('Invariants and where they are kept').map(([id]) => id);
  expect(told).toEqual(Array.from({ length: 16 }, (_, i) => `INV-${String(i + 1).padStart(2, '0')}`));
});

/** Rooms that hold words and plain rules only; what uses them is a part of its own. */
const WITHOUT_TRUST = new Set(['message', 'telemetry']);
/** The part that a room of src/ is told as, where its name is another. */
const TOLD_AS: Readonly<Record<string, string>> = {
  sanitize: 'converters',
  inspect: 'gate, inspector',
  flow: 'accept',
  policy: 'configuration',
  config: 'configuration',
  console: 'page of the administrators',
  cli: 'command line',
  tenants: 'recipients, tenants',
};

test('no room of the product is left out', () => {
  const rooms = readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !WITHOUT_TRUST.has(entry.name))
    .map(({ name }) => TOLD_AS[name] ?? name);
  const parts = rows('Parts').map(([part = '']) => part);
  expect(rooms.filter((room) => !parts.some((part) => part === room || part.split(/, | /).includes(room)))).toEqual([]);
});
