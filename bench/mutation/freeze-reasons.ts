/**
 * Writes fixtures/gate/reasons.tsv anew: `node bench/mutation/freeze-reasons.ts`. Look at each changed row before you
 * commit it: a reason that went away may be a check that no breach reaches any more.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { inspectFile } from '../../src/inspect/inspect.ts';
import { judge } from '../../test/attacks/gate/door.ts';
import { fileRules } from '../../test/attacks/gate/file-rules.ts';
import { MESSAGE_RULES } from '../../test/attacks/gate/message-rules.ts';

const FOLDER = new URL('../../fixtures/gate/', import.meta.url);
mkdirSync(FOLDER, { recursive: true });
// The spelling reads the file at once.
writeFileSync(new URL('reasons.tsv', FOLDER), '');
const { spelled } = await import('../../test/attacks/gate/reasons.ts');

const rows: string[] = ['# what is judged\trule\treason'];
for (const { rule, breaches } of MESSAGE_RULES) {
  const problems: string[] = [];
  for (const breach of breaches) {
    const verdict = await judge(typeof breach === 'string' ? Buffer.from(breach, 'latin1') : breach);
    if (verdict.kind === 'refused') problems.push(...verdict.problems.map((problem) => `${verdict.by}: ${problem}`));
  }
  rows.push(...spelled(problems).map((problem) => `message\t${rule}\t${problem}`));
}
for (const { type, rule, breaches } of await fileRules()) {
  const problems: string[] = [];
  for (const breach of breaches) problems.push(...(await inspectFile(type, breach)));
  rows.push(...spelled(problems).map((problem) => `${type}\t${rule}\t${problem}`));
}
writeFileSync(new URL('reasons.tsv', FOLDER), `${rows.join('\n')}\n`);
