/** Compiles addon.c once. Below node_modules/.cache, as that is a place of the code that jailed children can read. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('./addon.c', import.meta.url));
export const ADDON = fileURLToPath(
  new URL(`../../../../node_modules/.cache/sekisho/escape-${process.arch}.node`, import.meta.url),
);

/** @returns why there is none; undefined when it is there. */
export function buildAddon(): string | undefined {
  const isFresh = existsSync(ADDON) && statSync(ADDON).mtimeMs > statSync(SOURCE).mtimeMs;
  if (isFresh) return undefined;
  try {
    mkdirSync(dirname(ADDON), { recursive: true, mode: 0o755 });
  } catch (error) {
    return `${dirname(ADDON)}: ${(error as NodeJS.ErrnoException).code}`;
  }
  const draft = join(dirname(ADDON), `draft-${process.pid}.node`);
  const args = ['-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-pthread', '-o', draft, SOURCE];
  const { status, stderr, error } = spawnSync('gcc', args, { encoding: 'utf8' });
  if (status !== 0) return error === undefined ? `gcc: ${stderr}` : 'gcc is not installed';
  renameSync(draft, ADDON);
  return undefined;
}
