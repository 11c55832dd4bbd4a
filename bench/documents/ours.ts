/**
 * Our converters as the gateway runs them: a jail whose children are warm, each output judged by the inspector. A
 * program of its own, so that all its processes stand in one group. One JSON line in for each document
 * ({file, output, name}), one line out ({ms, bytes, problem}).
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { offlineJail } from '../../src/cli/offline.ts';
import { policiesOf } from '../../src/config/policies.ts';
import { settingsSchema } from '../../src/config/schema.ts';
import { rebuildDocument } from '../../src/flow/rebuild.ts';
import { openJail } from '../../src/jail/open.ts';
import { openLog } from '../../src/telemetry/log.ts';

interface Question {
  readonly file: string;
  readonly output: string;
  readonly name: string;
}

export interface OursAnswer {
  readonly ms: number;
  /** Of all files that came out. */
  readonly bytes: number;
  readonly problem?: string;
}

const jail = await openJail({
  settings: offlineJail(mkdtempSync(join(tmpdir(), 'sekisho-bench-'))),
  log: openLog('sanitize', 'error'),
});
const policy = policiesOf({ policies: settingsSchema.shape.policies.parse({ bench: {} }) }).get('bench');
if (policy === undefined) throw new Error('no default policy');

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { file, output, name } = JSON.parse(line) as Question;
  const bytes = readFileSync(file);
  const startedAt = performance.now();
  const rebuilt = await rebuildDocument(jail, { untrustedName: name, policy, passwords: [] }, 'bench', bytes);
  const ms = performance.now() - startedAt;
  if (rebuilt.kind === 'passed' && rebuilt.files[0] !== undefined) writeFileSync(output, rebuilt.files[0].bytes);
  const problem =
    rebuilt.kind === 'held'
      ? `held: ${rebuilt.problems.join('; ')}`
      : // A PDF with files in it comes out as several; the document itself is the first.
        rebuilt.files.length > 0
        ? undefined
        : 'no file';
  const size = rebuilt.kind === 'held' ? 0 : rebuilt.files.reduce((sum, each) => sum + each.bytes.length, 0);
  const answer: OursAnswer = { ms, bytes: size, ...(problem === undefined ? {} : { problem }) };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await jail.close();
