/**
 * The settings that docs/neighbours.md tells, as they stand there: fenced blocks under a comment `OWNER: FILE`. What a
 * test changes is a list of replacements, and each must be found, so that the page cannot drift from what is tried.
 */
import { readFileSync } from 'node:fs';

const PAGE = new URL('../../../docs/neighbours.md', import.meta.url);
const BLOCK = /<!-- ([\w-]+): (\S+) -->\n```\w+\n([\s\S]*?)```\n/g;

/** Text on the page, and what stands for it here: addresses, ports, folders. */
export type Replacements = Readonly<Record<string, string>>;

/** @returns the block's text. @throws Error when the page has no such block, or lacks a text that is to be replaced. */
export function documented(owner: string, file: string, replacements: Replacements): string {
  const blocks = [...readFileSync(PAGE, 'utf8').matchAll(BLOCK)];
  const text = blocks.find(([, its, name]) => its === owner && name === file)?.[3];
  if (text === undefined) throw new Error(`docs/neighbours.md has no block «${owner}: ${file}»`);
  const missing = Object.keys(replacements).filter((from) => !text.includes(from));
  if (missing.length > 0) throw new Error(`docs/neighbours.md, ${owner}: ${file} does not say ${missing.join(', ')}`);
  // The longest first, and never twice at one place: a replacement may itself hold text of the page.
  const any = Object.keys(replacements).sort((a, b) => b.length - a.length);
  if (any.length === 0) return text;
  const pattern = new RegExp(any.map((from) => escaped(from)).join('|'), 'g');
  return text.replace(pattern, (from) => replacements[from] ?? from);
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
