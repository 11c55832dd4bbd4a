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

const RULES = 'test/unit/sanitize/rules';

/**
 * Rules of the sanitizers that no run has judged yet, beside whole folders that are not named below (charset/, the formats'
 * own rules, and of mime/ and the message's files those that are not listed). Not rules at all, and never to be named here:
 * engines/, what decodes, encodes and draws pixels, compression, fonts and PDF syntax (formats/image, tiff, heic, lzh, and of
 * pdf/ all but clean, active-names, removals, links): arithmetic whose mutants change pixels, which other judges look at.
 */
const UNJUDGED: ReadonlySet<string> = new Set([
  // Asks two libraries: a mutant is seen only where they disagree.
  'src/sanitize/detect/opinions.ts',
]);

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
  {
    name: 'sanitize: detection',
    files: allIn('src/sanitize/detect').filter((file) => !UNJUDGED.has(file)),
    tests: [
      ...under('test/unit/sanitize', 'detect.test detect-rare.test'),
      ...under(RULES, 'script.test magic.test containers.test'),
    ],
  },
  {
    name: 'sanitize: mime',
    files: under(
      'src/sanitize/mime',
      'addresses boundaries encodings facts gaps header interpret leaf message parameters reader union',
    ),
    // Not tiling.test: its mixtures are new ones in each run, and a verdict must not depend on them.
    tests: [
      ...under('test/unit/sanitize/mime', 'ambiguous.test encodings.test header.test names.test union.test'),
      ...under(RULES, 'encodings.test mime.test addresses.test header-block.test leaf.test structure.test facts.test'),
    ],
  },
  {
    name: 'sanitize: body',
    files: under('src/sanitize/body', 'anchor characters colour css flowed frames hidden html links look safe-text'),
    tests: under(RULES, 'links.test css.test html.test'),
  },
  {
    name: 'sanitize: files',
    files: under('src/sanitize', 'parts registry'),
    tests: ['test/unit/sanitize/sanitize.test.ts', ...under(RULES, 'parts.test registry.test')],
  },
  {
    name: 'sanitize: message',
    files: under('src/sanitize', 'archive bundle compose dates header-fields names notice plan sender text'),
    tests: [
      ...under('test/unit/sanitize', 'compose.test sanitize.test plan.test versions.test'),
      ...under('test/attacks/mime', 'header.test'),
      ...under(RULES, 'names.test top.test composing.test parts.test'),
    ],
  },
];
