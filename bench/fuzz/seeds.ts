/** Inputs to begin with: files of the corpora by kind where they are, and files of our own fixtures always. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inputsOf } from '../corpus/inputs.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** Files of the corpora of these kinds, not larger than so many bytes. None where there are no corpora. */
export function corpusFiles(shared: string, kinds: RegExp, maxBytes: number): readonly Buffer[] {
  const folder = join(shared, 'corpora');
  if (!existsSync(folder)) return [];
  return inputsOf(folder)
    .filter(({ kind }) => kinds.test(kind))
    .map(({ file }) => readFileSync(file))
    .filter(({ length }) => length > 0 && length <= maxBytes);
}

/** Files of fixtures/<area> whose path fits. */
export const fixtureFiles = (area: string, paths: RegExp, maxBytes: number): readonly Buffer[] =>
  readdirSync(join(FIXTURES, area), { recursive: true, encoding: 'utf8' })
    .filter((path) => paths.test(path))
    .toSorted()
    .map((path) => readFileSync(join(FIXTURES, area, path)))
    .filter(({ length }) => length > 0 && length <= maxBytes);

/** Line ends as SMTP wants them: most mails of the corpora are kept with LF. */
export const withCrlf = (mail: Buffer): Buffer =>
  Buffer.from(mail.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
