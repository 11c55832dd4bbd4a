/** docs/dependencies.md tells every package of package.json with its pinned version, and no other. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('every package has its line, with the version that is pinned', () => {
  const manifest: Record<string, Record<string, string>> = JSON.parse(read('package.json'));
  const pinned = ['dependencies', 'optionalDependencies', 'devDependencies'].flatMap((group) =>
    Object.entries(manifest[group] ?? {}).map(([name, version]) => `${name} ${version}`),
  );
  const told = [...read('docs/dependencies.md').matchAll(/^\| (\S+) \| (\d\S*) \|/gm)].map(
    ([, name, version]) => `${name} ${version}`,
  );
  expect(told.toSorted()).toEqual(pinned.toSorted());
});
