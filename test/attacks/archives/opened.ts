/** One file through the offline path of the child, for tests of what is found inside. */
import { parseReport } from '../../../src/config/report-schema.ts';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import type { AttachmentReport } from '../../../src/message/report.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY, type Limits, type Policy } from '../../../src/policy/policy.ts';
import { sanitizeDocument } from '../../../src/sanitize/sanitize.ts';

export interface Opened {
  readonly rows: readonly AttachmentReport[];
  /** `2/1 a.txt rebuilt`, `2/2 b.exe executable`: path, untrusted name, outcome or reason. */
  readonly told: readonly string[];
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly announced: readonly string[];
}

/** Every output passes the inspector, the report its schema. */
export async function opened(
  bytes: Uint8Array,
  limits: Partial<Limits> = {},
  untrustedName = '資料.zip',
  change: Partial<Policy> = {},
): Promise<Opened> {
  const policy = {
    ...DEFAULT_POLICY,
    ...change,
    version: '0123456789abcdef',
    limits: { ...DEFAULT_LIMITS, ...limits },
  };
  const announced: string[] = [];
  const { files, report } = await sanitizeDocument(
    { kind: 'document', untrustedName, policy, passwords: [] },
    bytes,
    (path) => announced.push(path),
  );
  if (parseReport(report) === undefined) throw new Error('the report does not fit its schema');
  for (const file of files) {
    const problems = await inspectFile(file.type, file.bytes);
    if (problems.length > 0) throw new Error(`${file.name}: ${problems.join('; ')}`);
  }
  const rows = report.attachments;
  const told = rows.map(({ path, untrustedName, outcome, reason }) => `${path} ${untrustedName} ${reason ?? outcome}`);
  return { rows, told, files, announced };
}

export const textOf = (file: { readonly bytes: Uint8Array } | undefined): string =>
  Buffer.from(file?.bytes ?? [])
    .toString('utf8')
    .replace('\uFEFF', '')
    .trimEnd();
