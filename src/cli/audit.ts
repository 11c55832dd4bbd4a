/** `sekisho audit verify`: every chain, every signature; names the place where something was changed. */

import { readAuditVerifiers } from '../audit/verifiers.ts';
import { verifyAudit } from '../audit/verify.ts';
import { EXIT, openOutput, printable } from './output.ts';
import { openReader } from './reader.ts';

interface Options {
  readonly config: string;
  readonly json?: true;
}

export async function verify(options: Options): Promise<number> {
  const output = openOutput(options.json === true);
  await using reader = await openReader(options.config);
  const result = await verifyAudit(reader.database.read, readAuditVerifiers(reader.settings.dataDir));
  if (output.json) {
    output.value(result);
  } else {
    const ja = output.language === 'ja';
    for (const { chain, seq, what } of result.problems) output.line(`✗ ${printable(chain)} #${seq}: ${what}`);
    output.line(
      ja
        ? `${result.chains} 本の記録、${result.entries} 件を確かめました。問題: ${result.problems.length} 件`
        : `${result.chains} chains, ${result.entries} entries checked; problems: ${result.problems.length}`,
    );
  }
  return result.problems.length === 0 ? EXIT.done : EXIT.held;
}
