/** `sekisho verify FILE.eml`: grammar, receipt and, in the jail, every file of a forwarded message. */
import { readFileSync } from 'node:fs';
import { loadSettings } from '../config/load.ts';
import { verifyForwarded } from '../gate/receipt.ts';
import { publicFile } from '../keys/directory.ts';
import { loadReceiptVerifiers } from '../keys/load.ts';
import { EXIT, openOutput, printable } from './output.ts';

interface Options {
  readonly config: string;
  readonly keys?: string;
  readonly json?: true;
}

export async function verify(files: readonly string[], options: Options): Promise<number> {
  const output = openOutput(options.json === true);
  const keysFile = options.keys ?? publicFile(loadSettings(options.config).dataDir);
  const verifiers = loadReceiptVerifiers(keysFile);
  const results = files.map((file) => ({ file, ...verifyForwarded(readFileSync(file), verifiers) }));
  if (output.json) output.value(results);
  else for (const result of results) output.line(sentence(result, output.language === 'ja'));
  return results.every(({ kind }) => kind === 'valid') ? EXIT.done : EXIT.held;
}

type Result = { readonly file: string } & ReturnType<typeof verifyForwarded>;

function sentence(result: Result, ja: boolean): string {
  const file = printable(result.file);
  if (result.kind !== 'valid') {
    const why = printable(result.problems.slice(0, 3).join('; '));
    return ja ? `✗ ${file}: 関所が送ったものと認められません(${why})` : `✗ ${file}: not as Sekisho sent it (${why})`;
  }
  const done = result.repairs.length === 0 ? '' : ` [${result.repairs.join(', ')}]`;
  return ja
    ? `✓ ${file}: 署名は有効です(鍵 ${result.keyId}、受付番号 ${result.messageId})${done}`
    : `✓ ${file}: receipt valid (key ${result.keyId}, message ${result.messageId})${done}`;
}
