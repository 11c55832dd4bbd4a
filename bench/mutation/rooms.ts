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
 * Rules of the sanitizers that no run of a room judges, and why. Not rules at all, and never to be named here: engines/,
 * what decodes, encodes and draws pixels, compression, fonts and PDF syntax (formats/image, tiff, heic, lzh, and of pdf/ all
 * but clean, active-names, removals, links): arithmetic whose mutants change pixels, which other judges look at.
 */
export const UNJUDGED: ReadonlyMap<string, string> = new Map([
  ['src/sanitize/detect/opinions.ts', 'Asks two libraries: a mutant is seen only where they disagree.'],
  [
    'src/sanitize/mime/second.ts',
    'Waits for a library’s events and for five seconds of its own: most mutants are silent, not wrong, and each takes minutes.',
  ],
  ['src/sanitize/charset/header.ts', 'Judged once, 65.5 % of 110: tests for broken encoded-words are missing.'],
  ['src/sanitize/charset/decode.ts', 'Judged once, 49.2 % of 244: tests for labels and for guessing are missing.'],
  ...[
    ...under('src/sanitize', 'banner sanitize'),
    ...under('src/sanitize/charset', 'detect entry-names jis'),
    ...under('src/sanitize/body', 'flat page render table width writer'),
    ...under('src/sanitize/formats', 'html/html csv/parse text/text text/write eml/eml finder/finder'),
    ...under(
      'src/sanitize/formats',
      'compressed/compressed sevenzip/sevenzip sevenzip/cabinet-names tar/tar tar/headers',
    ),
    ...under(
      'src/sanitize/formats',
      'zip/directory zip/methods zip/names zip/write zip/zip svg/families svg/svg svg/text',
    ),
    ...under('src/sanitize/formats/pdf', 'active-names clean links removals'),
  ].map((file): readonly [string, string] => [
    file,
    'Time: no run yet, or one with too few tests. Those that would judge it are the attack tests of its row, which take seconds a mutant.',
  ]),
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
    tests: ['test/unit/sanitize/body.test.ts', ...under(RULES, 'links.test css.test html.test')],
  },
  { name: 'sanitize: formulas', files: ['src/sanitize/formats/csv/csv.ts'], tests: [`${RULES}/csv.test.ts`] },
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
