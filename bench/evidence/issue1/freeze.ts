/**
 * `node bench/evidence/issue1/freeze.ts`: runs all benign files and writes changed outcomes into
 * fixtures/corpus/expected-outcomes.tsv. A changed row that holds something gets `! to be looked at`, which is a failure
 * until a person has written why it is right.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expectedOutcomes, runCorpus } from './outcomes.ts';

const table = fileURLToPath(new URL('../../../fixtures/corpus/expected-outcomes.tsv', import.meta.url));
const shared = process.env['SEKISHO_SHARED'] ?? fileURLToPath(new URL('../../../../shared', import.meta.url));
const frozen = new Map(expectedOutcomes().map((outcome) => [outcome.path, outcome]));
const found = await runCorpus({ short: false, shared, say: (line) => process.stdout.write(`${line}\n`) });
const rows = found.map(({ path, sha256, as, words, why }) => {
  const before = frozen.get(path);
  if (before?.words === words && before.sha256 === sha256) return [path, sha256, as, words, why];
  process.stdout.write(`${path}: ${before?.words} → ${words}\n`);
  return [path, sha256, as, words, /blocked|held|waiting/.test(words) ? '! to be looked at' : '-'];
});
const comments = readFileSync(table, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('#'));
writeFileSync(table, `${[...comments, ...rows.map((row) => row.join('\t'))].join('\n')}\n`);
