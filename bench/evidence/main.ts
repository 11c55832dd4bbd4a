/**
 * `npm run evidence -- ISSUE [NAME…] [--short]`: repeats the bars of an issue and writes docs/evidence/ISSUE.md with
 * commit and machine. With names only those are run and the page's other sections stay as they are.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Section, SectionResult } from './section.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [issue = '', ...rest] = process.argv.slice(2);
const short = rest.includes('--short');
const names = rest.filter((argument) => !argument.startsWith('--'));

const index = new URL(`./issue${issue}/index.ts`, import.meta.url);
if (!/^\d+$/.test(issue) || !existsSync(index)) {
  process.stderr.write('usage: npm run evidence -- ISSUE [NAME…] [--short]\n');
  process.exit(2);
}
const { sections } = (await import(index.href)) as { sections: readonly Section[] };
const unknown = names.filter((name) => !sections.some((section) => section.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no section ${unknown.join(', ')}; there are ${sections.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

const shared = process.env['SEKISHO_SHARED'] ?? join(root, '..', 'shared');
const page = join(root, 'docs', 'evidence', `${issue}.md`);
const blocks = new Map<string, string>();
if (names.length > 0 && existsSync(page)) {
  for (const [, name = '', text = ''] of readFileSync(page, 'utf8').matchAll(
    /<!-- section (\S+) -->\n([\s\S]*?)<!-- end -->/g,
  )) {
    blocks.set(name, text);
  }
}

let held = true;
for (const section of sections) {
  if (names.length > 0 && !names.includes(section.name)) continue;
  process.stdout.write(`\n=== ${section.name}: ${section.bar}\n`);
  const startedAt = Date.now();
  const result = await run(section);
  held &&= result.holds;
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  process.stdout.write(`${result.holds ? 'HOLDS' : 'FALLS SHORT'} (${seconds} s): ${result.summary}\n`);
  blocks.set(section.name, blockOf(section, result, seconds));
}
mkdirSync(dirname(page), { recursive: true });
writeFileSync(page, pageOf());
process.stdout.write(`\nwritten: ${page}\n`);
process.exit(held ? 0 : 1);

async function run(section: Section): Promise<SectionResult> {
  try {
    return await section.run({ short, shared, say: (line) => process.stdout.write(`${line}\n`) });
  } catch (error) {
    return {
      holds: false,
      summary: `could not run: ${(error as Error).message}`,
      details: `\`\`\`\n${(error as Error).stack}\n\`\`\``,
    };
  }
}

function blockOf(section: Section, result: SectionResult, seconds: number): string {
  const commit = execFileSync('git', ['-C', root, 'log', '-1', '--format=%h'], { encoding: 'utf8' }).trim();
  const when = new Date().toISOString().slice(0, 16);
  return `## ${result.holds ? 'holds' : 'FALLS SHORT'} · ${section.name}

Bar: ${section.bar}

**${result.summary}**

${result.details}

Commit ${commit}, ${when}Z, ${seconds} s${short ? ', short form' : ''}.
`;
}

function pageOf(): string {
  const cpu = cpus()[0]?.model ?? 'unknown';
  const machine = `${cpus().length} × ${cpu}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.version}`;
  const body = sections
    .filter(({ name }) => blocks.has(name))
    .map(({ name }) => `<!-- section ${name} -->\n${blocks.get(name)}<!-- end -->\n`)
    .join('\n');
  return `# Evidence for issue ${issue}

Written by \`npm run evidence -- ${issue}\`. Machine: ${machine}.

${body}`;
}
