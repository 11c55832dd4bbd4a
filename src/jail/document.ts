/**
 * The section of docs/jail.md that says, call by call, what the seccomp filter refuses: made from seccomp-calls.ts.
 * `node src/jail/document.ts --write` puts it there; a test compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { seccompFilter } from './seccomp.ts';
import { ABSENT, CONDITIONS, LAST_KNOWN, REFUSED, type Rule } from './seccomp-calls.ts';

export const PAGE = fileURLToPath(new URL('../../docs/jail.md', import.meta.url));
const [BEGIN, END] = ['<!-- filter: made by src/jail/document.ts -->', '<!-- /filter -->'] as const;

/** Calls in code font; those that one architecture does not have are marked. */
const listed = (calls: Readonly<Record<string, readonly [number, number]>>): string =>
  Object.entries(calls)
    .map(([name, [, arm64]]) => `\`${name}\`${arm64 < 0 ? '¹' : ''}`)
    .join(' ');

function told(rule: Rule): string {
  switch (rule.kind) {
    case 'needs':
      return `without ${rule.bits.join(', ')}`;
    case 'without':
      return `with ${rule.bits.join(' or ')}`;
    case 'together':
      return `with ${rule.bits.join(' and ')} together`;
    case 'zero':
      return 'unless 0';
    case 'not':
      return rule.values.join(', ');
  }
}

function describeFilter(): string {
  const sizes = ['x64', 'arm64'].map((arch) => (seccompFilter(arch)?.length ?? 0) / 8);
  const count = REFUSED.reduce((sum, { calls }) => sum + Object.keys(calls).length, 0);
  return [
    BEGIN,
    `${count} calls are refused with EPERM, ${Object.keys(ABSENT).length} answered ENOSYS, ${CONDITIONS.length} refused by what stands in an argument; ${sizes.join(' (x86_64) and ')} (aarch64) instructions of BPF.`,
    'A call by the numbers of another architecture, or of x32, kills the process.',
    `Numbers above ${LAST_KNOWN}, the last call looked at (Linux 6.17), are answered ENOSYS: what a later kernel adds stays shut until somebody has looked at it.`,
    '',
    '| EPERM | calls | why |',
    '|---|---|---|',
    ...REFUSED.map(({ title, why, calls }) => `| ${title} | ${listed(calls)} | ${why} |`),
    `| *answered ENOSYS* | ${listed(ABSENT)} | Libraries fall back to the older call, whose arguments a filter can see. |`,
    '',
    '¹ x86_64 only.',
    '',
    '| call | argument | refused | why |',
    '|---|---|---|---|',
    ...CONDITIONS.map(
      ({ call, argument, rules, why }) => `| \`${call}\` | ${argument + 1} | ${rules.map(told).join('; ')} | ${why} |`,
    ),
    END,
  ].join('\n');
}

/** The page as it should be. */
export function pageWith(page: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error('docs/jail.md has no place for the filter');
  return page.slice(0, from) + describeFilter() + page.slice(to + END.length);
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes('--write')) {
  writeFileSync(PAGE, pageWith(readFileSync(PAGE, 'utf8')));
}
