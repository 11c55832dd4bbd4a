/** `sekisho verify FILE.eml`: receipt and grammar of a forwarded message, and every file in it by the inspector in the jail. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { loadSettings } from '../config/load.ts';
import { type ForwardedVerdict, verifyForwarded } from '../gate/forwarded.ts';
import { inspectDraft } from '../gate/pass.ts';
import type { Jail } from '../jail/jail.ts';
import { openJail } from '../jail/open.ts';
import { publicFile } from '../keys/directory.ts';
import { loadReceiptVerifiers } from '../keys/load.ts';
import { openLog } from '../telemetry/log.ts';
import { offlineJail } from './offline.ts';
import { EXIT, openOutput, printable, unreadableFiles } from './output.ts';
import { rolesHere } from './roles-here.ts';

interface Options {
  readonly config: string;
  readonly keys?: string;
  readonly json?: true;
}

interface Result {
  readonly file: string;
  readonly kind: 'verified' | 'refused';
  /** What had to be undone before the hash fitted. */
  readonly repairs: readonly string[];
  readonly problems: readonly string[];
  readonly keyId?: string;
  readonly tenant?: string;
  readonly messageId?: string;
}

/** A 50 MB message of pictures is looked through in a few seconds. */
const INSPECT_MS = 120_000;

export async function verify(files: readonly string[], options: Options): Promise<number> {
  const output = openOutput(options.json === true);
  const unreadable = unreadableFiles(files);
  if (unreadable.length > 0) {
    process.stderr.write(`${unreadable.map(printable).join('\n')}\n`);
    return EXIT.wrongUsage;
  }
  const keysFile = options.keys ?? publicFile(loadSettings(options.config, rolesHere()).dataDir);
  const verifiers = loadReceiptVerifiers(keysFile);
  const jail = await openJail({ settings: offlineJail(dirname(keysFile)), log: openLog('verify', 'error') });
  try {
    const results: Result[] = [];
    for (const file of files) {
      const verdict = verifyForwarded(readFileSync(file), verifiers);
      const problems = verdict.kind === 'refused' ? verdict.problems : await inspected(jail, verdict.draft);
      results.push(resultOf(file, verdict, problems));
    }
    if (output.json) output.value(results);
    else for (const result of results) output.line(sentence(result, output.language === 'ja'));
    return results.every(({ kind }) => kind === 'verified') ? EXIT.done : EXIT.held;
  } finally {
    await jail.close();
  }
}

async function inspected(jail: Jail, draft: Parameters<typeof inspectDraft>[1]): Promise<readonly string[]> {
  const answer = await inspectDraft(jail, draft, 'offline', INSPECT_MS);
  return answer.kind === 'done' ? answer.value : [`inspector: ${answer.why}`];
}

function resultOf(file: string, verdict: ForwardedVerdict, problems: readonly string[]): Result {
  const repairs = verdict.repairs.map(({ kind }) => kind);
  const kind = problems.length === 0 ? 'verified' : 'refused';
  if (verdict.kind === 'refused') return { file, kind, repairs, problems };
  const { keyId, tenant, messageId } = verdict.receipt;
  return { file, kind, repairs, problems, keyId, tenant, messageId };
}

function sentence({ file, kind, repairs, problems, keyId, messageId }: Result, ja: boolean): string {
  const name = printable(file);
  if (kind === 'refused') {
    const why = printable(problems.slice(0, 3).join('; '));
    return ja ? `✗ ${name}: 関所が送ったものと認められません(${why})` : `✗ ${name}: not as Sekisho sent it (${why})`;
  }
  const undone = repairs.length === 0 ? '' : ` [${repairs.join(', ')}]`;
  return ja
    ? `✓ ${name}: 署名は有効です(鍵 ${keyId}、受付番号 ${messageId})${undone}`
    : `✓ ${name}: receipt valid (key ${keyId}, message ${messageId})${undone}`;
}
