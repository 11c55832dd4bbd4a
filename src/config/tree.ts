/** The schema as a plain tree, for all who write about settings: error messages, the page, the example. */
import { z } from 'zod';
import { settingsSchema } from './schema.ts';

/** The published schema (`sekisho config schema`): what an operator may write, so defaults count as optional. */
export const settingsJsonSchema = (): z.core.JSONSchema.BaseSchema => z.toJSONSchema(settingsSchema, { io: 'input' });

type Json = z.core.JSONSchema.BaseSchema;

export interface SettingNode {
  readonly kind: 'group' | 'list' | 'table' | 'choice' | 'value';
  readonly description?: string;
  readonly required: boolean;
  /** Undefined when there is none, or when it is a group whose members have their own. */
  readonly fallback: unknown;
  /** What a value must be, in words: `1 to 65535`, `reject or normalize`. */
  readonly range: string;
  /** Members of a group, with a choice's alternatives merged. */
  readonly members: ReadonlyMap<string, SettingNode>;
  /** Entries of a list or values of a table. */
  readonly entry?: SettingNode;
  /** Words that a value or the `kind` of a choice may have. */
  readonly alternatives: readonly string[];
}

let tree: SettingNode | undefined;

/** All settings. Made when first asked for: a start without mistakes does not need it. */
export function settingsTree(): SettingNode {
  tree ??= nodeOf(settingsJsonSchema(), true);
  return tree;
}

/** The node for a path of the configuration; undefined when the schema has nothing there. */
export function nodeAt(path: readonly PropertyKey[]): SettingNode | undefined {
  let node: SettingNode | undefined = settingsTree();
  for (const step of path) node = node?.entry ?? node?.members.get(String(step));
  return node;
}

export const childrenOf = (node: SettingNode | undefined): readonly string[] => [...(node?.members.keys() ?? [])];

function nodeOf(json: Json, required: boolean): SettingNode {
  const kind = kindOf(json);
  const entry = entryOf(json);
  return {
    kind,
    ...(json.description === undefined ? {} : { description: json.description }),
    required: required && json.default === undefined,
    fallback: kind === 'group' ? undefined : json.default,
    range: rangeOf(json),
    members: membersOf(json),
    ...(entry === undefined ? {} : { entry: nodeOf(entry, true) }),
    alternatives: alternativesOf(json),
  };
}

function kindOf(json: Json): SettingNode['kind'] {
  if (json.oneOf !== undefined) return 'choice';
  if (json.type === 'array') return 'list';
  if (json.type !== 'object') return 'value';
  return json.properties === undefined ? 'table' : 'group';
}

function entryOf(json: Json): Json | undefined {
  const entry =
    json.type === 'array' ? json.items : json.properties === undefined ? json.additionalProperties : undefined;
  return isSchema(entry) ? entry : undefined;
}

function membersOf(json: Json): ReadonlyMap<string, SettingNode> {
  const members = new Map<string, SettingNode>();
  for (const part of [json, ...(json.oneOf ?? [])]) {
    if (!isSchema(part)) continue;
    for (const [key, member] of Object.entries(part.properties ?? {})) {
      if (!isSchema(member) || members.has(key)) continue;
      const node = nodeOf(member, part.required?.includes(key) === true);
      members.set(key, part === json ? node : ofChoice(json, part, key, node));
    }
  }
  return members;
}

/** A member of one of a choice's alternatives: `kind` may be any of them, the others say with which they go. */
function ofChoice(choice: Json, option: Json, key: string, node: SettingNode): SettingNode {
  if (key === 'kind') return { ...node, alternatives: alternativesOf(choice) };
  const [kind = ''] = alternativesOf({ oneOf: [option] });
  return { ...node, description: `With kind: ${kind}. ${node.description ?? ''}`.trim() };
}

function alternativesOf(json: Json): readonly string[] {
  if (json.enum !== undefined) return json.enum.map(String);
  if (json.const !== undefined) return [String(json.const)];
  return (json.oneOf ?? []).flatMap((option) => {
    const { kind } = isSchema(option) ? (option.properties ?? {}) : {};
    return isSchema(kind) && kind.const !== undefined ? [String(kind.const)] : [];
  });
}

function rangeOf(json: Json): string {
  if (json.enum !== undefined) return json.enum.map(String).join(' or ');
  if (json.type === 'integer') return `${json.minimum} to ${json.maximum}`;
  if (isSchema(json.items) && json.items.enum !== undefined) return `any of ${json.items.enum.map(String).join(', ')}`;
  return '';
}

const isSchema = (json: unknown): json is Json => typeof json === 'object' && json !== null && !Array.isArray(json);
