/** What must become of each benign file of the corpora (fixtures/corpus/expected-outcomes.tsv), and what became of it. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { SectionContext } from '../section.ts';

const TABLE = fileURLToPath(new URL('../../../fixtures/corpus/expected-outcomes.tsv', import.meta.url));
const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

export interface Outcome {
  /** Below /work/shared, like 'corpora/tika/pdf/a.pdf'. */
  readonly path: string;
  /** First 16 hex digits of the SHA-256: the outcome is of these bytes. */
  readonly sha256: string;
  /** 'document' or 'message'. */
  readonly as: string;
  /** Outcome words of the verdict and the parts, sorted: 'sanitized', 'sanitized image rebuilt', 'sanitized-with-hold blocked(archive)'. */
  readonly words: string;
  /** Why a blocked part is right in this issue; '-' when nothing is blocked; '!' when it is a failure that we know. */
  readonly why: string;
}

export const expectedOutcomes = (): readonly Outcome[] =>
  readFileSync(TABLE, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [path = '', sha256 = '', as = '', words = '', why = ''] = line.split('\t');
      return { path, sha256, as, words, why };
    });

/** Every third file in the short form. */
export async function runCorpus({ short, shared, say }: SectionContext): Promise<readonly Outcome[]> {
  const wanted = expectedOutcomes().filter((_, i) => !short || i % 3 === 0);
  const found: Outcome[] = [];
  for (const as of ['document', 'message']) {
    const some = wanted.filter((outcome) => outcome.as === as);
    say(`${some.length} files of the corpora as ${as} …`);
    found.push(...(await outcomesOf(shared, as, some)));
  }
  return found;
}

interface Written {
  readonly verdict: { readonly kind: string; readonly reason?: string };
  readonly attachments: readonly { readonly outcome: string; readonly reason?: string }[];
}

/** One run of the command for all: the same jail and gate as mail. */
async function outcomesOf(shared: string, as: string, wanted: readonly Outcome[]): Promise<readonly Outcome[]> {
  const out = mkdtempSync(join(tmpdir(), 'sekisho-outcomes-'));
  try {
    const files = wanted.map(({ path }) => join(shared, path));
    const args = [MAIN, 'sanitize', ...files, '--as', as, '--out', out, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 }).catch(
      (error: { code?: unknown; stdout?: string }) => {
        if (error.code === 3 && error.stdout !== undefined) return { stdout: error.stdout };
        throw error;
      },
    );
    const results = JSON.parse(stdout) as readonly { file: string; folder: string; written: readonly string[] }[];
    return results.map(({ file, folder, written }, i) => {
      const { path = '', why = '' } = wanted[i] ?? {};
      if (basename(file) !== basename(path)) throw new Error(`results are out of order at ${path}`);
      const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16);
      const words = written.includes('report.json')
        ? wordsOf(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Written)
        : 'nothing written';
      return { path, sha256, as, words, why };
    });
  } finally {
    rmSync(out, { recursive: true });
  }
}

export function wordsOf({ verdict, attachments }: Written): string {
  const parts = attachments.map(({ outcome, reason }) => (reason === undefined ? outcome : `${outcome}(${reason})`));
  return [verdict.reason === undefined ? verdict.kind : `${verdict.kind}(${verdict.reason})`, ...parts.sort()].join(
    ' ',
  );
}

export interface Comparison {
  readonly holds: boolean;
  readonly summary: string;
  readonly details: string;
}

export function comparison(expected: readonly Outcome[], found: readonly Outcome[]): Comparison {
  const byPath = new Map(expected.map((outcome) => [outcome.path, outcome]));
  const changed = found.filter(({ path, words, sha256 }) => {
    const frozen = byPath.get(path);
    return frozen === undefined || frozen.words !== words || frozen.sha256 !== sha256;
  });
  const failures = expected.filter(({ why }) => why.startsWith('!'));
  const notDue = expected.filter(({ why }) => why !== '-' && !why.startsWith('!'));
  const rows = changed.map(({ path, words }) => `| ${path} | ${byPath.get(path)?.words ?? ''} | ${words} |`);
  return {
    holds: changed.length === 0 && failures.length === 0,
    summary: `${found.length} benign files: ${found.length - changed.length} as frozen, ${failures.length} known failures, ${notDue.length} hold something that is not due yet or must be held`,
    details: [
      `Benign files with a frozen outcome: ${expected.length} (fixtures/corpus/expected-outcomes.tsv); run: ${found.length}; as frozen: ${found.length - changed.length}.`,
      ...(rows.length > 0 ? ['', '| changed | frozen | now |', '|---|---|---|', ...rows] : []),
      ...(failures.length > 0
        ? [
            '',
            '| benign file that fails | outcome | why |',
            '|---|---|---|',
            ...failures.map(({ path, words, why }) => `| ${path} | ${words} | ${why.slice(1).trim()} |`),
          ]
        : []),
      ...(notDue.length > 0
        ? [
            '',
            '| holds something rightly | outcome | why |',
            '|---|---|---|',
            ...notDue.map(({ path, words, why }) => `| ${path} | ${words} | ${why} |`),
          ]
        : []),
    ].join('\n'),
  };
}
