/** Which modules of the product are watched, for Vite's resolver and for Node's. */
import { fileURLToPath } from 'node:url';

const WATCHED = {
  'src/gate/pass.ts': 'pass.ts',
  'src/flow/rebuild.ts': 'rebuild.ts',
  'src/sanitize/sanitize.ts': 'sanitize.ts',
  'src/sanitize/converter.ts': 'converter.ts',
  'src/cli/demo/sink.ts': 'sink.ts',
} as const;

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));

/**
 * @param path absolute, what an import leads to; @param importer absolute
 * @returns the module that stands in its place; undefined: none does
 */
export function standIn(path: string, importer: string): string | undefined {
  if (importer.startsWith(HERE) || !path.startsWith(ROOT)) return undefined;
  const wrapped = Object.entries(WATCHED).find(([watched]) => path === `${ROOT}${watched}`)?.[1];
  return wrapped === undefined ? undefined : `${HERE}wrapped/${wrapped}`;
}
