/** What the state of a target says against its bar. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Finding, type Progress, State } from './state.ts';
import type { Target } from './target.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../../fixtures/fuzz', import.meta.url));
const REPLAY_MS = 180_000;

/** Of all executions, the last tenth may reach at most this part of the blocks for the first time. */
export const MAX_GROWTH = 0.005;
/** Inputs that fall at the first step test nothing behind it. */
export const LEAST_READ = 0.5;

export interface Summary {
  readonly target: Target;
  readonly progress: Progress;
  /** Blocks of today's source, reached and in all. */
  readonly covered: number;
  readonly blocks: number;
  /** Part of the blocks reached that was reached first in the last tenth of the executions. */
  readonly growth: number;
  /** Part of the executions that got past the first step. */
  readonly read: number;
  /** Findings that fail today. */
  readonly open: readonly Finding[];
}

/** @param folder of the target's state */
export function summaryOf(target: Target, folder: string): Summary {
  const state = new State(folder);
  const { progress } = state;
  const firsts = state.coverage().flatMap(({ blocks }) => blocks.map(([, , first]) => first));
  const covered = firsts.filter((first) => first >= 0).length;
  const early = firsts.filter((first) => first >= 0 && first <= 0.9 * progress.executions).length;
  const { refused, read, written } = progress.depths;
  return {
    target,
    progress,
    covered,
    blocks: firsts.length,
    growth: covered === 0 ? 1 : (covered - early) / covered,
    read: (read + written) / Math.max(1, refused + read + written),
    open: progress.findings.filter(({ input }) => fails(target, join(folder, 'findings', input))),
  };
}

/** In a process of its own: it may not survive. */
function fails({ name }: Target, file: string): boolean {
  return spawnSync(process.execPath, [MAIN, name, '--replay', file], { timeout: REPLAY_MS }).status !== 0;
}

export const problemsOf = ({ target, progress, growth, read, open }: Summary): readonly string[] => [
  ...(progress.executions < target.wanted ? [`${progress.executions} executions of ${target.wanted}`] : []),
  ...(growth > MAX_GROWTH ? [`coverage grew by ${(100 * growth).toFixed(2)} % in the last tenth`] : []),
  ...(read < LEAST_READ ? [`${(100 * read).toFixed(0)} % of the inputs got past the first step`] : []),
  ...open.map(({ problem }) => `not repaired: ${problem}`),
];

/** What was found and repaired, or judged: a line for each case of fixtures/fuzz. */
export function repaired(): readonly string[] {
  if (!existsSync(FIXTURES)) return [];
  const folders = (path: string): readonly string[] =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  return folders(FIXTURES).flatMap((target) =>
    folders(join(FIXTURES, target)).map((name) => {
      const text = readFileSync(join(FIXTURES, target, name, 'readme.txt'), 'utf8')
        .replace(/\s+/g, ' ')
        .trim();
      return `${target}/${name}: ${text.replace(/^Found by `[^`]*`[.,]? ?/, '')}`;
    }),
  );
}
