/**
 * Writes what can be known from the schema: docs/config.md, config/gateway.example.yaml and docs/report.schema.json.
 * `node src/config/document.ts --write` renews them; a test compares.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { z } from 'zod';
import { reportSchema } from './report-schema.ts';
import { type SettingNode, settingsTree } from './tree.ts';

/** Generated files by their path in the repository. */
export const documents = (): Readonly<Record<string, string>> => ({
  'docs/config.md': configPage(),
  'config/gateway.example.yaml': exampleFile(),
  'docs/report.schema.json': `${JSON.stringify(z.toJSONSchema(reportSchema), null, 2)}\n`,
});

function configPage(): string {
  return `# Settings

<!-- Generated from src/config/schema.ts by src/config/document.ts --write. Do not edit. -->

One YAML file, by default \`gateway.yaml\`; [gateway.example.yaml](../config/gateway.example.yaml) is one to start from. A key that is not
listed here stops the start. \`sekisho config check\` tells every mistake at once, \`sekisho config print\` shows the settings with all
defaults, \`sekisho config schema\` this table as JSON Schema for an editor. \`[]\` stands for each entry of a list, \`*\` for a name of your choice.

| key | default | may be | meaning |
|---|---|---|---|
${rowsOf(settingsTree(), '').join('\n')}
`;
}

function rowsOf(node: SettingNode, path: string): readonly string[] {
  const own = path === '' || (node.kind === 'group' && node.description === undefined) ? [] : [rowOf(node, path)];
  const members = [...node.members].flatMap(([key, member]) => rowsOf(member, path === '' ? key : `${path}.${key}`));
  // An entry that is a plain value is told by its list.
  const deeper = node.entry === undefined || node.entry.kind === 'value' ? [] : entryRows(node, node.entry, path);
  return [...own, ...members, ...deeper];
}

const entryRows = (list: SettingNode, entry: SettingNode, path: string): readonly string[] =>
  rowsOf({ ...entry, required: false }, list.kind === 'list' ? `${path}[]` : `${path}.*`);

function rowOf(node: SettingNode, path: string): string {
  const range =
    node.kind === 'choice' || (node.range === '' && node.alternatives.length > 0)
      ? node.alternatives.join(' or ')
      : node.range;
  const cells = [`\`${path}\``, fallbackText(node), range, node.description ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function fallbackText(node: SettingNode): string {
  if (node.fallback !== undefined) return `\`${JSON.stringify(node.fallback).replace(/^"|"$/g, '')}\``;
  if (node.kind === 'group') return node.required && !hasDefaults(node) ? '**required**' : '';
  return node.required ? '**required**' : '–';
}

/** What the example says where the schema has no default: a municipality that does not exist (RFC 2606, RFC 5737). */
const EXAMPLE: Readonly<Record<string, unknown>> = {
  host: 'gateway.example.lg.jp',
  'intake.peers': ['127.0.0.1', '192.0.2.0/24'],
  tenants: [
    {
      id: 'chuo',
      name: '中央市',
      domains: ['city.chuo.example'],
      recipients: { kind: 'list', file: './recipients-chuo.txt' },
      administrators: ['mail-admin@city.chuo.example'],
      contact: '情報政策課(内線1234)',
      nextHop: { host: 'mail.city.chuo.example' },
    },
  ],
  'vault.stores': ['a', 'b', 'c'].map((name) => ({ kind: 'directory', name, path: `./vault/${name}` })),
};

function exampleFile(): string {
  const lines = membersAsYaml(settingsTree(), '', '');
  return `# Sekisho: an example configuration with every setting. Generated from the schema by src/config/document.ts.
# Lines with a value in force are needed or show the default; a commented key is optional. docs/config.md is the same as a table.

${lines.join('\n')}
`;
}

const WIDTH = 120;

function membersAsYaml(node: SettingNode, path: string, indent: string): readonly string[] {
  return [...node.members].flatMap(([key, member]) => {
    const here = path === '' ? key : `${path}.${key}`;
    return [...comment(member, indent), ...settingAsYaml(member, key, here, indent)];
  });
}

function settingAsYaml(node: SettingNode, key: string, path: string, indent: string): readonly string[] {
  const given = EXAMPLE[path];
  if (given !== undefined) return [...entryHelp(node, indent), ...keyAsYaml(key, given, indent)];
  if (node.kind === 'group' && (node.required || hasDefaults(node))) {
    return [`${indent}${key}:`, ...membersAsYaml(node, path, `${indent}  `)];
  }
  if (node.kind === 'group') return [`${indent}# ${key}:`, ...commentedMembers(node, indent)];
  if (node.fallback === undefined) return [`${indent}# ${key}:`];
  return [...entryHelp(node, indent), ...keyAsYaml(key, node.fallback, indent)];
}

/** True when the group may be written with nothing but defaults. */
const hasDefaults = (node: SettingNode): boolean => [...node.members.values()].every((member) => !member.required);

const commentedMembers = (node: SettingNode, indent: string): readonly string[] =>
  [...node.members.keys()].map((key) => `${indent}#   ${key}:`);

/** The settings of a list's or table's entries, as comments above the example. */
function entryHelp(node: SettingNode, indent: string): readonly string[] {
  if (node.entry === undefined || node.entry.kind === 'value') return [];
  return memberHelp(node.entry, `${indent}#   `);
}

function memberHelp(node: SettingNode, lead: string): readonly string[] {
  return [...node.members].flatMap(([key, member]) => {
    const range = member.alternatives.length > 0 ? member.alternatives.join(' or ') : member.range;
    const facts = [
      member.description ?? '',
      range,
      member.fallback === undefined ? '' : `default ${JSON.stringify(member.fallback)}`,
    ];
    const line = `${lead}${key}: ${facts.filter((fact) => fact !== '').join(' · ')}`.trimEnd();
    const inner = member.entry !== undefined && member.entry.kind !== 'value' ? member.entry : member;
    return [line, ...memberHelp(inner, `${lead}  `)];
  });
}

const keyAsYaml = (key: string, value: unknown, indent: string): readonly string[] =>
  stringify({ [key]: value }, { lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((line) => indent + line);

function comment(node: SettingNode, indent: string): readonly string[] {
  const text = [node.description ?? '', node.range === '' ? '' : `(${node.range})`]
    .filter((part) => part !== '')
    .join(' ');
  return text === '' ? [] : wrap(text, WIDTH - indent.length - 2).map((line) => `${indent}# ${line}`);
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function write(): void {
  const root = new URL('../../', import.meta.url);
  for (const [path, text] of Object.entries(documents())) {
    const file = fileURLToPath(new URL(path, root));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

if (import.meta.main && process.argv.includes('--write')) write();
