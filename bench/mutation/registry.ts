/**
 * What test files import as `vitest` in the judging process: it notes the tests instead of running them, so that single
 * ones can be run for single mutants. `expect` and `vi` are vitest's own.
 */
import { format } from 'node:util';

type Body = (...values: readonly unknown[]) => unknown;

interface Suite {
  readonly names: readonly string[];
  readonly skipped: boolean;
  readonly before: Body[];
  readonly after: Body[];
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
}

export interface NotedTest {
  readonly name: string;
  run(): Promise<void>;
}

export const { expect, vi } = await import('vitest');

const noted: NotedTest[] = [];
let suites: readonly Suite[] = [newSuite([], false)];
let finishers: Body[] = [];

/** The tests noted since the last call, for the file that was just imported. */
export function takeTests(): readonly NotedTest[] {
  suites = [newSuite([], false)];
  return noted.splice(0);
}

function newSuite(names: readonly string[], skipped: boolean): Suite {
  return { names, skipped, before: [], after: [], beforeEach: [], afterEach: [] };
}

const innermost = (): Suite => suites.at(-1) ?? newSuite([], false);

function note(name: string, body: Body | undefined, skipped: boolean): void {
  const chain = suites;
  if (skipped || body === undefined || chain.some((suite) => suite.skipped)) return;
  noted.push({ name: [...innermost().names, name].join(' > '), run: () => runOne(chain, body) });
}

async function runOne(chain: readonly Suite[], body: Body): Promise<void> {
  finishers = [];
  try {
    for (const { before } of chain) for (const hook of before) await hook();
    for (const { beforeEach } of chain) for (const hook of beforeEach) await hook();
    await body();
  } finally {
    for (const hook of finishers) await hook();
    for (const { afterEach } of chain) for (const hook of afterEach) await hook();
    for (const { after } of chain) for (const hook of after) await hook();
  }
}

/** `test(name, body)`, `test(name, options, body)` and `test(name, body, timeout)` alike. */
const bodyOf = (rest: readonly unknown[]): Body | undefined =>
  rest.find((value) => typeof value === 'function') as Body;

/** Fills `$key` and `%s` of a name as vitest does. */
function nameOf(name: string, row: unknown, index: number): string {
  const values: readonly unknown[] = Array.isArray(row) ? row : [row];
  const filled = name.replace(/\$(\w+)/g, (all, key: string) =>
    typeof row === 'object' && row !== null && key in row ? String((row as Record<string, unknown>)[key]) : all,
  );
  const count = (filled.match(/%[sdifjoO]/g) ?? []).length;
  return `${format(filled.replaceAll('%#', String(index)), ...values.slice(0, count))} [${index}]`;
}

type Each = (rows: readonly unknown[]) => (name: string, ...rest: readonly unknown[]) => void;

const eachOf =
  (define: (name: string, body: Body | undefined) => void): Each =>
  (rows) =>
  (name, ...rest) => {
    const body = bodyOf(rest);
    for (const [i, row] of rows.entries()) {
      define(nameOf(name, row, i), body && (() => body(...(Array.isArray(row) ? row : [row]))));
    }
  };

function testWith(skipped: boolean) {
  const define = (name: string, ...rest: readonly unknown[]): void => note(name, bodyOf(rest), skipped);
  return Object.assign(define, {
    each: eachOf((name, body) => note(name, body, skipped)),
    for: eachOf((name, body) => note(name, body, skipped)),
  });
}

function enter(name: string, body: Body | undefined, skipped: boolean): void {
  const outer = suites;
  suites = [...outer, newSuite([...innermost().names, name], skipped)];
  // Bodies of suites are plain functions in this repository: no test is defined behind an await.
  body?.();
  suites = outer;
}

function describeWith(skipped: boolean) {
  const define = (name: string, ...rest: readonly unknown[]): void => enter(name, bodyOf(rest), skipped);
  return Object.assign(define, { each: eachOf((name, body) => enter(name, body, skipped)) });
}

const conditional = <T extends object>(make: (skipped: boolean) => T) =>
  Object.assign(make(false), {
    skip: make(true),
    skipIf: (condition: unknown) => make(Boolean(condition)),
    runIf: (condition: unknown) => make(!condition),
  });

export const test = conditional(testWith);
export const it = test;
export const describe = conditional(describeWith);
export const beforeAll = (hook: Body): void => void innermost().before.push(hook);
export const afterAll = (hook: Body): void => void innermost().after.push(hook);
export const beforeEach = (hook: Body): void => void innermost().beforeEach.push(hook);
export const afterEach = (hook: Body): void => void innermost().afterEach.push(hook);
export const onTestFinished = (hook: Body): void => void finishers.push(hook);
