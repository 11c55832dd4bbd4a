/** A mistake in a configuration, in three parts that every operator needs: where, what, what to do. */
import type { z } from 'zod';
import { childrenOf, nodeAt } from './tree.ts';

export interface Mistake {
  /** Like `tenants[0].nextHop.port`; '' for the file as a whole. */
  readonly path: string;
  readonly wrong: string;
  readonly todo: string;
}

export const mistake = (path: string, wrong: string, todo: string): Mistake => ({ path, wrong, todo });

/** `tenants[0].nextHop.port` for the path that zod and yaml give. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, step) => text + (typeof step === 'number' ? `[${step}]` : joined(text, String(step))), '');

const joined = (text: string, key: string): string => (text === '' ? key : `.${key}`);

/** @param input the whole configuration as read, to quote the value that is wrong. */
export function mistakesOf(issue: z.core.$ZodIssue, input: unknown): readonly Mistake[] {
  const path = pathText(issue.path);
  const value = valueAt(input, issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(issue.path, key));
    case 'invalid_type':
      return [value === undefined ? missing(issue.path) : wrongType(issue.path, issue.expected, value)];
    case 'too_small':
    case 'too_big':
      return [outside(path, issue, value)];
    case 'invalid_value':
      return [mistake(path, shown(value), `use one of: ${issue.values.map(String).join(', ')}`)];
    case 'invalid_union':
      return [
        value === undefined ? missing(issue.path) : mistake(path, shown(value), `use one of: ${kindsAt(issue.path)}`),
      ];
    case 'invalid_key':
      return [mistake(path, 'this name cannot be used', issue.issues[0]?.message ?? 'use another name')];
    default:
      return [mistake(path, shown(value), issue.message)];
  }
}

function unknownKey(parent: readonly PropertyKey[], key: string): Mistake {
  const known = childrenOf(nodeAt(parent));
  const meant = closest(key, known);
  const todo = meant === undefined ? `remove it; known here: ${known.join(', ')}` : `did you mean «${meant}»?`;
  return mistake(pathText([...parent, key]), 'there is no such setting', todo);
}

function missing(path: readonly PropertyKey[]): Mistake {
  const about = nodeAt(path)?.description;
  return mistake(pathText(path), 'is missing', about === undefined ? 'add it' : `add it: ${about}`);
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text (in quotes if it looks like a number)',
  array: 'a list, one «- » line for each entry',
  object: 'a group of settings, indented below it',
  record: 'a group of settings, indented below it',
  boolean: 'true or false',
};

const wrongType = (path: readonly PropertyKey[], expected: string, value: unknown): Mistake =>
  mistake(pathText(path), shown(value), `write ${TYPE_WORDS[expected] ?? expected}`);

function outside(path: string, issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, value: unknown): Mistake {
  const small = issue.code === 'too_small';
  const bound = `${small ? 'at least' : 'at most'} ${String(small ? issue.minimum : issue.maximum)}`;
  if (issue.origin === 'array') return mistake(path, `${lengthOf(value)} entries`, `list ${bound}`);
  if (issue.origin === 'string') {
    return mistake(path, value === '' ? 'is empty' : `${lengthOf(value)} characters`, `write ${bound} characters`);
  }
  return mistake(path, shown(value), `use a number of ${bound}`);
}

const lengthOf = (value: unknown): number => (typeof value === 'string' || Array.isArray(value) ? value.length : 0);

function kindsAt(path: readonly PropertyKey[]): string {
  const options = nodeAt(path)?.alternatives ?? [];
  return options.length === 0 ? 'what docs/config.md lists' : options.join(', ');
}

/** Characters of a value that are quoted back: enough to find it in the file. */
const MAX_SHOWN = 60;

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'is empty';
  if (Array.isArray(value)) return 'is a list';
  if (typeof value === 'object') return 'is a group of settings';
  const text = String(value);
  return `«${text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text}» cannot be used`;
}

export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([key]) => key === String(step))?.[1];
  }
  return value;
}

/** The known name most like the written one; undefined when none is within a third of its letters. */
export function closest(written: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(written.length / 3)) + 1;
  for (const name of known) {
    const steps = distance(written.toLowerCase(), name.toLowerCase());
    if (steps < least) [best, least] = [name, steps];
  }
  return best;
}

/** Letters inserted, deleted, replaced or swapped with their neighbour to get from one to the other. */
function distance(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let steps = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) steps = Math.min(steps, (before[j - 2] ?? 0) + 1);
      row.push(steps);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
