/** Which files are mutated, and which tests judge them: those that import the room into their own process. */

export interface Room {
  readonly name: string;
  readonly files: readonly string[];
  readonly tests: readonly string[];
}

const under = (folder: string, names: string): readonly string[] =>
  names.split(' ').map((name) => `${folder}/${name}.ts`);

export const ROOMS: readonly Room[] = [
  {
    name: 'gate',
    files: under(
      'src/gate',
      'base64 characters filename fold forwarded gate grammar header pass receipt-field receipt words',
    ),
    tests: [
      ...under('test/attacks/gate', 'specimens.test message.test liars.test'),
      ...under(
        'test/unit/gate',
        'base64.test characters.test filename.test fold.test forwarded.test grammar.test header.test receipt.test words.test',
      ),
    ],
  },
  {
    name: 'inspect',
    files: [
      ...under('src/inspect', 'bytes characters csv fax inspect jpeg-scan jpeg path png text zip'),
      ...under('src/inspect/pdf', 'content cursor fonts image outline pdf'),
    ],
    tests: [
      ...under('test/attacks/gate', 'specimens.test files.test zip.test'),
      ...under('test/unit/inspect', 'images.test'),
    ],
  },
  {
    name: 'policy',
    files: under('src/policy', 'decide policy'),
    tests: under('test/unit/policy', 'decide.test policy.test'),
  },
];
