/**
 * Makes the mutants: Stryker's own operators, all of them, none left out. Every mutant of a file is compiled into the
 * instrumented text behind a switch, so that one process can judge many. Installed into a cache folder outside the
 * repository from the lockfile beside this file: no part of the product.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PINNED = fileURLToPath(new URL('./stryker/', import.meta.url));

export interface Mutant {
  readonly id: string;
  /** Path in the repository. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Of the line where the mutated code begins, without its indentation. */
  readonly lineText: string;
  /** Offset of the mutated code in `lineText`. */
  readonly column: number;
  /** Stryker's name of the operator. */
  readonly operator: string;
  readonly original: string;
  readonly replacement: string;
}

export interface Instrumented {
  readonly mutants: readonly Mutant[];
  /** Text with all mutants, by path in the repository. */
  readonly texts: ReadonlyMap<string, string>;
}

/** What we use of `@stryker-mutator/instrumenter` 10.1.1. */
interface Instrumenter {
  instrument(
    files: readonly { readonly name: string; readonly mutate: boolean; readonly content: string }[],
    options: { readonly plugins: null; readonly excludedMutations: readonly string[]; readonly ignorers: readonly [] },
  ): Promise<{
    readonly files: readonly { readonly name: string; readonly content: string }[];
    readonly mutants: readonly {
      readonly id: string;
      readonly fileName: string;
      readonly mutatorName: string;
      readonly replacement: string;
      readonly location: Readonly<Record<'start' | 'end', { readonly line: number; readonly column: number }>>;
    }[];
  }>;
}

const SILENT = {
  isDebugEnabled: () => false,
  isTraceEnabled: () => false,
  debug: () => undefined,
  trace: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** @param files paths in the repository */
export async function instrument(root: string, files: readonly string[]): Promise<Instrumented> {
  const instrumenter = await loadInstrumenter();
  const originals = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  const result = await instrumenter.instrument(
    files.map((name) => ({ name, mutate: true, content: originals.get(name) ?? '' })),
    { plugins: null, excludedMutations: [], ignorers: [] },
  );
  const mutants = result.mutants.map(({ id, fileName, mutatorName, replacement, location }) => {
    const lines = (originals.get(fileName) ?? '').split('\n');
    const { start, end } = location;
    const line = lines[start.line] ?? '';
    const indentation = line.length - line.trimStart().length;
    return {
      id,
      file: fileName,
      line: start.line + 1,
      lineText: line.trim(),
      column: start.column - indentation,
      operator: mutatorName,
      original: between(lines, start, end),
      replacement,
    };
  });
  return { mutants, texts: new Map(result.files.map(({ name, content }) => [name, countedWhenAsked(content)])) };
}

const COUNTER = 'function cover() {';

/** Counting which test reaches what is needed once only; in a hot loop it costs more than the loop. */
function countedWhenAsked(text: string): string {
  // A file without a mutant (types only) has no counter.
  if (!text.includes('stryCov_9fa48')) return text;
  if (!text.includes(COUNTER)) throw new Error('the instrumenter writes another header than the one we know');
  return text.replace(COUNTER, `${COUNTER} if (!ns.isCounting) return;`);
}

interface Position {
  readonly line: number;
  readonly column: number;
}

const between = (lines: readonly string[], start: Position, end: Position): string =>
  lines
    .slice(start.line, end.line + 1)
    .map((line, i) => {
      const to = start.line + i === end.line ? end.column : line.length;
      return i === 0 ? line.slice(start.column, to) : line.slice(0, to);
    })
    .join('\n');

async function loadInstrumenter(): Promise<Instrumenter> {
  const folder = install();
  const entry = join(folder, 'node_modules/@stryker-mutator/instrumenter/dist/src/index.js');
  const loaded = (await import(pathToFileURL(entry).href)) as { Instrumenter: new (logger: object) => Instrumenter };
  return new loaded.Instrumenter(SILENT);
}

/** @returns the folder, named by the lockfile's hash. @throws Error when npm cannot install it. */
function install(): string {
  const lock = readFileSync(join(PINNED, 'package-lock.json'));
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const hash = createHash('sha256').update(lock).digest('hex').slice(0, 16);
  const folder = join(cache, 'sekisho-bench', `mutation-${hash}`);
  if (existsSync(join(folder, 'node_modules/@stryker-mutator/instrumenter/dist/src/index.js'))) return folder;
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(PINNED, name), join(folder, name));
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['ci', ...options], { cwd: folder, stdio: ['ignore', 2, 2] });
  return folder;
}
