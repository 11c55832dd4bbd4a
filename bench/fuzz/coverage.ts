/**
 * V8 block coverage of our own source while a run goes on.
 *
 * V8 reports nested ranges with counts (`Profiler.takePreciseCoverage`, detailed) and merges neighbours of equal count, so
 * its list of blocks differs from one look to the next. What is counted here does not: the pieces between two neighbouring
 * range ends that were ever reported. Each such piece was executed as a whole or not at all.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Never executed so far. */
const NEVER = 0xffffffff;

interface Script {
  readonly sha256: string;
  /** For each character: 1 where a range of V8's begins or ended. */
  readonly edges: Uint8Array;
  /** For each character: the execution that reached it first. */
  readonly first: Uint32Array;
}

/** One file as it is kept between runs: [start, end, first execution or -1] for each block. */
export interface KeptScript {
  readonly path: string;
  readonly sha256: string;
  readonly blocks: readonly (readonly [start: number, end: number, first: number])[];
}

export interface CoverageFigures {
  readonly covered: number;
  readonly total: number;
  readonly files: number;
}

/** A stretch of source that was executed for the first time. */
export interface Reached {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

export interface Coverage {
  /** What was executed since the last look and never before; first reached at this execution. */
  look(execution: number): readonly Reached[];
  /** Which of these were executed since the last look. */
  again(wanted: readonly Reached[]): readonly Reached[];
  figures(): CoverageFigures;
  /** Blocks first reached by each of these executions or before, of those in today's source. */
  curve(executions: readonly number[]): readonly number[];
  kept(): readonly KeptScript[];
  close(): void;
}

/** @param rooms files that count, by path below src/ @param kept of earlier runs; files changed since then begin anew */
export function openCoverage(rooms: RegExp, kept: readonly KeptScript[] = []): Coverage {
  const session = new Session();
  session.connect();
  post(session, 'Profiler.enable');
  post(session, 'Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const scripts = new Map<string, Script>();

  const scriptOf = (path: string): Script => {
    let script = scripts.get(path);
    if (script === undefined) {
      script = openScript(path, kept);
      scripts.set(path, script);
    }
    return script;
  };

  return {
    look(execution) {
      const reached: Reached[] = [];
      const { result } = post(session, 'Profiler.takePreciseCoverage');
      for (const { url, functions } of result) {
        const path = pathOf(url, rooms);
        if (path === undefined) continue;
        for (const [from, to] of mark(scriptOf(path), nested(functions), execution)) reached.push({ path, from, to });
      }
      return reached;
    },
    again(wanted) {
      const { result } = post(session, 'Profiler.takePreciseCoverage');
      const executed = new Map(
        result.map(({ url, functions }) => [pathOf(url, rooms), executedIn(nested(functions))] as const),
      );
      return wanted.filter(({ path, from }) => executed.get(path)?.some(([start, end]) => start <= from && from < end));
    },
    figures() {
      let [covered, total] = [0, 0];
      for (const script of scripts.values()) {
        for (const [, , first] of blocksOf(script)) {
          total++;
          if (first >= 0) covered++;
        }
      }
      return { covered, total, files: scripts.size };
    },
    curve(executions) {
      const firsts = [...scripts.values()].flatMap((script) => blocksOf(script).map(([, , first]) => first));
      return executions.map((until) => firsts.filter((first) => first >= 0 && first <= until).length);
    },
    kept: () => [...scripts].map(([path, script]) => ({ path, sha256: script.sha256, blocks: blocksOf(script) })),
    close: () => session.disconnect(),
  };
}

function pathOf(url: string, rooms: RegExp): string | undefined {
  if (!url.startsWith('file:')) return undefined;
  const path = relative(SRC, fileURLToPath(url));
  return path.startsWith('..') || !rooms.test(path) ? undefined : path;
}

function openScript(path: string, kept: readonly KeptScript[]): Script {
  const source = readFileSync(`${SRC}/${path}`);
  const sha256 = createHash('sha256').update(source).digest('hex');
  // Node strips types by blanks, so offsets are those of the source; one more for a range that ends with the file.
  const length = source.toString().length + 1;
  const script = { sha256, edges: new Uint8Array(length), first: new Uint32Array(length).fill(NEVER) };
  const before = kept.find((each) => each.path === path && each.sha256 === sha256);
  for (const [start, end, first] of before?.blocks ?? []) {
    script.edges[start] = 1;
    script.edges[end] = 1;
    if (first >= 0) script.first.fill(first, start, end);
  }
  return script;
}

/** All ranges of a file, outer ones first: a function that was not called lies as a range of count 0 in the one around it. */
const nested = (functions: readonly Profiler.FunctionCoverage[]): readonly Profiler.CoverageRange[] =>
  functions.flatMap(({ ranges }) => ranges).sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);

type Stretch = readonly [from: number, to: number];

/** @returns what was not reached before */
function mark(
  { edges, first }: Script,
  ranges: readonly Profiler.CoverageRange[],
  execution: number,
): readonly Stretch[] {
  for (const { startOffset, endOffset } of ranges) {
    edges[startOffset] = 1;
    edges[endOffset] = 1;
  }
  const reached: Stretch[] = [];
  for (const [from, to] of executedIn(ranges)) {
    for (let at = from; at < to; ) {
      if (first[at] !== NEVER) {
        at++;
        continue;
      }
      const start = at;
      while (at < to && first[at] === NEVER) first[at++] = execution;
      reached.push([start, at]);
    }
  }
  return reached;
}

/** The stretches whose innermost range was executed. */
function executedIn(ranges: readonly Profiler.CoverageRange[]): readonly Stretch[] {
  const executed: Stretch[] = [];
  const open: Profiler.CoverageRange[] = [];
  let at = ranges[0]?.startOffset ?? 0;
  const advance = (to: number): void => {
    if (to > at && (open.at(-1)?.count ?? 0) > 0) executed.push([at, to]);
    at = Math.max(at, to);
  };
  const close = (until: number): void => {
    for (let top = open.at(-1); top !== undefined && top.endOffset <= until; top = open.at(-1)) {
      advance(top.endOffset);
      open.pop();
    }
  };
  for (const range of ranges) {
    close(range.startOffset);
    advance(range.startOffset);
    open.push(range);
  }
  close(Number.POSITIVE_INFINITY);
  return executed;
}

/** From the first edge to the last: a file is one function to V8, so these are its ends. */
function blocksOf({ edges, first }: Script): [start: number, end: number, first: number][] {
  const blocks: [number, number, number][] = [];
  let start = edges.indexOf(1);
  while (start >= 0) {
    const end = edges.indexOf(1, start + 1);
    if (end < 0) break;
    const seen = first[start] ?? NEVER;
    blocks.push([start, end, seen === NEVER ? -1 : seen]);
    start = end;
  }
  return blocks;
}

type Answer<M> = M extends 'Profiler.takePreciseCoverage' ? Profiler.TakePreciseCoverageReturnType : object;

/** The session answers before `post` returns when it is this thread's own. */
function post<M extends string>(session: Session, method: M, params?: object): Answer<M> {
  let answer: object | undefined;
  session.post(method, params, (error: Error | null, result?: object) => {
    if (error !== null) throw error;
    answer = result ?? {};
  });
  if (answer === undefined) throw new Error(`${method}: no answer`);
  return answer as Answer<M>;
}
