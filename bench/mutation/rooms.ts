/** Which files are mutated, and which tests judge them: those that import the room into their own process. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Room {
  readonly name: string;
  readonly files: readonly string[];
  readonly tests: readonly string[];
}

const under = (folder: string, names: string): readonly string[] =>
  names.split(' ').map((name) => `${folder}/${name}.ts`);

/** A new file is mutated, and a new test judges, without a word here. */
const allIn = (folder: string, ending = '.ts'): readonly string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${folder}/${name}`);

export const ROOMS: readonly Room[] = [
  {
    name: 'gate',
    files: allIn('src/gate'),
    tests: [
      ...under('test/attacks/gate', 'specimens.test message.test liars.test'),
      ...allIn('test/unit/gate', '.test.ts'),
    ],
  },
  {
    name: 'inspect',
    files: [...allIn('src/inspect'), ...allIn('src/inspect/pdf')],
    tests: [
      ...under('test/attacks/gate', 'specimens.test files.test zip.test'),
      ...allIn('test/unit/inspect', '.test.ts'),
    ],
  },
  { name: 'policy', files: allIn('src/policy'), tests: allIn('test/unit/policy', '.test.ts') },
];
