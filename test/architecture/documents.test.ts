/** What the documents say of the source, compared with the source; and habits that a reader relies on. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FILE_TYPES } from '../../src/message/file-type.ts';
import { BLOCK_REASONS } from '../../src/message/outcome.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const under = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);

const source = under('src').map((path) => ({ path, text: read(path) }));
const tests = under('test').map((path) => ({ path, text: read(path) }));

/** Rows of the tables of a page, without their heads. */
const rowsOf = (page: string): readonly (readonly string[])[] =>
  page
    .split('\n')
    .filter((line) => /^\| [^-]/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

test('docs/dependencies.md lists exactly the packages of package.json, each with version, licence and reason', () => {
  const json = JSON.parse(read('package.json'));
  const wanted: Record<string, string> = {
    ...json.dependencies,
    ...json.optionalDependencies,
    ...json.devDependencies,
  };
  const listed = rowsOf(read('docs/dependencies.md')).filter(([name]) => name !== 'package');
  expect(Object.fromEntries(listed.map(([name, version]) => [name, version]))).toEqual(wanted);
  expect(listed).toHaveLength(Object.keys(wanted).length);
  for (const [name = '', , licence = '', why = ''] of listed) {
    expect([name, why.length > 4, licence]).toEqual([
      name,
      true,
      expect.stringMatching(/^[\w.-]+( (AND|OR) [\w.-]+)*$/),
    ]);
    const own = join(root, 'node_modules', name, 'package.json');
    // One of the two Node packages is not for this processor.
    const stated: string | undefined = existsSync(own) ? JSON.parse(readFileSync(own, 'utf8')).license : undefined;
    // A package that only points to a file gets the expression that a person read there.
    if (stated !== undefined && !/^SEE LICENSE IN /.test(stated)) expect([name, licence]).toEqual([name, stated]);
  }
});

test('every package of the product is imported by it', () => {
  const { dependencies } = JSON.parse(read('package.json'));
  const unused = Object.keys(dependencies).filter((name) => !source.some(({ text }) => text.includes(`'${name}`)));
  expect(unused).toEqual([]);
});

test('docs/flow.md names existing files and folders only', () => {
  const named = [...read('docs/flow.md').matchAll(/`([a-z/-]+\.ts|[a-z]+(?:\/[a-z-]+)*\/)`/g)].map(
    ([, path = '']) => path,
  );
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(join(root, 'src', path)) && !existsSync(join(root, path)))).toEqual([]);
});

/** Events whose names are put together, by where that is done. */
const COMPOSED: Readonly<Record<string, () => readonly string[]>> = {
  'src/roles/context.ts': () =>
    [...read('src/vault/health.ts').matchAll(/readonly kind: '([a-z-]+)'/g)].map(([, kind]) => `vault.${kind}`),
  'src/flow/process.ts': () => ['gate-refused', 'original-lost', 'jail-failed'],
};

test('docs/flow.md lists exactly the events that are logged', () => {
  const logged = new Set<string>();
  for (const { path, text } of source) {
    for (const [, event = ''] of text.matchAll(
      /(?:\blog|\bwarn|Log\(.*?\))\)?\??\.(?:debug|info|warn|error)\(\s*'([^']+)'/g,
    ))
      logged.add(event);
    const composed = /\blog\.(?:debug|info|warn|error)\(\s*[^'\s]/.test(text);
    if (composed) expect([path, Object.keys(COMPOSED)]).toEqual([path, expect.arrayContaining([path])]);
  }
  for (const [event] of source.flatMap(({ text }) =>
    [...text.matchAll(/\)\.error\('([a-z-]+)'/g)].map(([, name]) => [name]),
  ))
    if (event !== undefined) logged.add(event);
  for (const events of Object.values(COMPOSED)) for (const event of events()) logged.add(event);
  const page = read('docs/flow.md').split('## Log events')[1]?.split('\n## ')[0] ?? '';
  const listed = rowsOf(page).flatMap(([event = '']) => (event === 'event' ? [] : [event]));
  expect([...listed].sort()).toEqual([...logged].sort());
});

test.each([
  ['any', /\bas any\b|:\s*any\b(?! \w)|<any[,>]|any\[\]/],
  ['to-do notes', /\b(?:TODO|FIXME|XXX|HACK)\b(?!-)/],
  ['console.log', /\bconsole\.(?:log|debug|info)\(/],
  ['switched-off checks', /@ts-(?:ignore|expect-error|nocheck)/],
])('the product has no %s', (_, pattern) => {
  const found = source.flatMap(({ path, text }) =>
    text
      .split('\n')
      .filter((line) => pattern.test(line.replace(/\/\/.*|^\s*\*.*|\/\*.*/, '')))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});

const shown = (name: string): boolean =>
  tests.some(({ path, text }) => !path.includes('architecture/') && new RegExp(`['"\`]${name}['"\`]`).test(text));

test('every reason for holding a part has a test that shows it', () => {
  expect(BLOCK_REASONS.filter((reason) => !shown(reason))).toEqual([]);
});

test('every file type has a test that shows it', () => {
  expect(Object.keys(FILE_TYPES).filter((type) => !shown(type))).toEqual([]);
});

interface Long {
  readonly lines: number;
  readonly where: string;
}

/** Declared functions and methods, found by the formatter's indentation. */
function functionsOf(path: string, text: string): readonly Long[] {
  const lines = text.split('\n');
  return lines.flatMap((line, start): Long[] => {
    const [, indent = '', name = ''] =
      /^(\s*)(?:export )?(?:async )?function\*? (\w+)/.exec(line) ??
      /^( {2})(?:static |private |override |async |get |\*)*([#\w]+)\(.*(?:\{|\()$/.exec(line) ??
      [];
    if (name === '' || ['if', 'for', 'while', 'switch', 'constructor'].includes(name)) return [];
    const end = lines.findIndex((each, at) => at > start && each.startsWith(`${indent}}`));
    return end < 0 ? [] : [{ lines: end - start + 1, where: `${path}:${start + 1} ${name}` }];
  });
}

/** The longest one that somebody defended aloud: a state machine that is read from top to bottom. */
const LONGEST = 100;

test('the ten longest functions, and none that nobody would defend', () => {
  const all = source.flatMap(({ path, text }) => functionsOf(path, text)).sort((a, b) => b.lines - a.lines);
  console.info(
    all
      .slice(0, 10)
      .map(({ lines, where }) => `${lines}  ${where}`)
      .join('\n'),
  );
  expect(all.length).toBeGreaterThan(500);
  expect(all.filter(({ lines }) => lines > LONGEST)).toEqual([]);
});
