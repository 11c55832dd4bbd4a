/** The product's own commands as evidence uses them: `bin/sekisho.js`, started as a person would, results read from `--json`. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../../bin/sekisho.js', import.meta.url));

/** A row of `sekisho sanitize --json`. */
export interface Sanitized {
  readonly file: string;
  readonly folder: string;
  readonly verdict: string;
  readonly written: readonly string[];
  readonly ms: number;
  readonly problems: readonly string[];
}

/** A row of `sekisho verify --json`. */
export interface Verified {
  readonly file: string;
  readonly kind: 'verified' | 'refused';
  readonly problems: readonly string[];
  readonly messageId?: string;
}

export interface Ran<Row> {
  readonly rows: readonly Row[];
  /** 0 done, 3 something was blocked or held; anything else, or a signal, is a crash. */
  readonly exit: number | string;
  readonly stderr: string;
}

export interface SanitizeOptions {
  readonly as: 'message' | 'document';
  readonly out: string;
  readonly passwords?: readonly string[];
}

export const sanitizeFiles = (files: readonly string[], { as, out, passwords }: SanitizeOptions) =>
  run<Sanitized>([
    'sanitize',
    ...['--as', as, '--out', out, '--json'],
    ...(passwords ?? []).flatMap((password) => ['--password', password]),
    '--',
    ...files,
  ]);

/** @param trust `--keys FILE` of an offline run, or `-c FILE` of a gateway. */
export const verifyFiles = (files: readonly string[], trust: readonly string[]) =>
  run<Verified>(['verify', '--json', ...trust, '--', ...files]);

/** Paths on a command line: far below the 2 MB that Linux takes. */
const MAX_ARGUMENT_BYTES = 1_000_000;

async function run<Row>(args: readonly string[]): Promise<Ran<Row>> {
  if (args.reduce((sum, { length }) => sum + length + 1, 0) > MAX_ARGUMENT_BYTES) throw new Error('too many files');
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const exit = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const text = Buffer.concat(out).toString();
  const stderr = Buffer.concat(err).toString();
  try {
    return { rows: JSON.parse(text) as Row[], exit, stderr };
  } catch {
    return { rows: [], exit, stderr: `${stderr}\n(no JSON on stdout: ${text.slice(0, 200)})` };
  }
}

/** What of report.json the sections look at. */
export interface ReportRead {
  readonly verdict: { readonly kind: string; readonly reason?: string };
  readonly attachments: readonly {
    readonly path: string;
    readonly detectedType: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly outcome: string;
    readonly reason?: string;
    readonly detail?: string;
    readonly untrustedName: string;
    readonly removed: readonly { readonly what: string; readonly count: number }[];
  }[];
}

export const reportOf = ({ folder }: Sanitized): ReportRead =>
  JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as ReportRead;

/** The same order on every machine for one seed: Park and Miller's minimal generator. */
export function sample<T>(all: readonly T[], count: number, seed: number): readonly T[] {
  const rest = [...all];
  let state = seed;
  const chosen: T[] = [];
  while (chosen.length < count && rest.length > 0) {
    state = (state * 48_271) % 2_147_483_647;
    chosen.push(...rest.splice(state % rest.length, 1));
  }
  return chosen;
}

/** A table in Markdown. */
export const markdownTable = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map((cell) => String(cell).replaceAll('|', '\\|').replace(/\s+/g, ' ')).join(' | ')} |`)
    .join('\n');
