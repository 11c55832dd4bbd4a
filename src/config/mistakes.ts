/** A mistake in a configuration, in three parts that every operator needs: where, what, what to do. */
import type { z } from 'zod';
import { GatewayError } from '../message/errors.ts';
import { fill, type Sentence } from '../message/texts.ts';
import { type Advice, FORMS, MISTAKES, TYPE_WORDS, VALUES } from '../message/texts-config.ts';
import { childrenOf, nodeAt } from './tree.ts';

export interface Mistake {
  /** Like `tenants[0].nextHop.port`; '' for the file as a whole. */
  readonly path: string;
  readonly wrong: Sentence;
  readonly todo: Sentence;
}

type Values = Readonly<Record<string, string | number | Sentence>>;

/** @param values what stands for the advice’s `{name}`s; a Sentence when it differs by language. */
export const mistake = (path: string, { wrong, todo }: Advice, values: Values = {}): Mistake => ({
  path,
  wrong: filled(wrong, values),
  todo: filled(todo, values),
});

const filled = (sentence: Sentence, values: Values): Sentence => ({
  ja: fill(sentence, 'ja', inLanguage(values, 'ja')),
  en: fill(sentence, 'en', inLanguage(values, 'en')),
});

const inLanguage = (values: Values, language: keyof Sentence): Readonly<Record<string, string | number>> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'object' ? value[language] : value]),
  );

/** The refusal that an operator reads: all mistakes, in Japanese and then in English. @param file '' when none is at hand. */
export function invalid(file: string, mistakes: readonly Mistake[]): GatewayError {
  const count = mistakes.length;
  const of = file === '' ? '' : `${file}: `;
  const told = [
    `${of}設定に誤りが${count}か所あります`,
    ...mistakes.map(({ path, wrong, todo }) => `  ${path === '' ? 'ファイル' : path}: ${wrong.ja} → ${todo.ja}`),
    `${of}${count === 1 ? '1 mistake' : `${count} mistakes`}`,
    ...mistakes.map(({ path, wrong, todo }) => `  ${path === '' ? 'file' : path}: ${wrong.en} → ${todo.en}`),
  ];
  return new GatewayError('E_CONFIG_INVALID', told.join('\n'), { file, mistakes: count });
}

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
      return [mistake(path, MISTAKES.notOneOf, { value: shown(value), choices: issue.values.map(String).join(', ') })];
    case 'invalid_union':
      return [
        value === undefined
          ? missing(issue.path)
          : mistake(path, MISTAKES.notOneOf, { value: shown(value), choices: kindsAt(issue.path) }),
      ];
    case 'invalid_key':
      return [mistake(path, MISTAKES.badName, { form: formOf(issue.issues[0]?.message ?? '') })];
    default:
      return [mistake(path, MISTAKES.badForm, { value: shown(value), form: formOf(issue.message) })];
  }
}

/** The schema gives the name of a form; whatever else zod says is passed on as it is. */
const formOf = (message: string): Sentence =>
  Object.entries(FORMS).find(([name]) => name === message)?.[1] ?? { ja: message, en: message };

function unknownKey(parent: readonly PropertyKey[], key: string): Mistake {
  const known = childrenOf(nodeAt(parent));
  const meant = closest(key, known);
  const path = pathText([...parent, key]);
  return meant === undefined
    ? mistake(path, MISTAKES.unknownKey, { known: known.join(', ') })
    : mistake(path, MISTAKES.unknownKeyMeant, { meant });
}

function missing(path: readonly PropertyKey[]): Mistake {
  const about = nodeAt(path)?.description;
  return about === undefined
    ? mistake(pathText(path), MISTAKES.missingGroup)
    : mistake(pathText(path), MISTAKES.missing, { about });
}

const wrongType = (path: readonly PropertyKey[], expected: string, value: unknown): Mistake =>
  mistake(pathText(path), MISTAKES.wrongType, { value: shown(value), type: TYPE_WORDS[expected] ?? expected });

function outside(path: string, issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, value: unknown): Mistake {
  const small = issue.code === 'too_small';
  const bound = String(small ? issue.minimum : issue.maximum);
  const count = lengthOf(value);
  if (issue.origin === 'array') {
    return mistake(path, small ? MISTAKES.tooFewEntries : MISTAKES.tooManyEntries, { count, bound });
  }
  if (issue.origin === 'string') {
    const short = value === '' ? MISTAKES.emptyText : MISTAKES.tooShort;
    return mistake(path, small ? short : MISTAKES.tooLong, { count, bound });
  }
  return mistake(path, small ? MISTAKES.tooSmall : MISTAKES.tooBig, { value: shown(value), bound });
}

const lengthOf = (value: unknown): number => (typeof value === 'string' || Array.isArray(value) ? value.length : 0);

function kindsAt(path: readonly PropertyKey[]): string | Sentence {
  const options = nodeAt(path)?.alternatives ?? [];
  return options.length === 0 ? VALUES.documented : options.join(', ');
}

/** Characters of a value that are quoted back: enough to find it in the file. */
const MAX_SHOWN = 60;

function shown(value: unknown): Sentence {
  if (value === null || value === undefined) return VALUES.empty;
  if (Array.isArray(value)) return VALUES.list;
  if (typeof value === 'object') return VALUES.group;
  const text = String(value);
  return filled(VALUES.unusable, { value: text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text });
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
