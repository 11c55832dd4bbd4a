/**
 * What a run leaves: counts, coverage, inputs that reached something new, hashes of all inputs, findings. A folder for each
 * target, so that a run can be stopped and gone on with; `runs` says which commit and seed made which executions.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { KeptScript } from './coverage.ts';
import type { Depth } from './target.ts';

export interface RunEntry {
  readonly commit: string;
  /** True when src/ held changes that were not committed. */
  readonly changed: boolean;
  readonly seed: number;
  /** ISO 8601. */
  readonly startedAt: string;
  endedAt: string;
  executions: number;
  cpuMs: number;
}

/** Where coverage stood after so many executions. */
export interface CurvePoint {
  readonly executions: number;
  readonly covered: number;
}

export interface Finding {
  readonly kind: string;
  readonly problem: string;
  /** Name of the input's file. */
  readonly input: string;
  readonly commit: string;
  readonly seed: number;
  times: number;
}

export interface Progress {
  /** Distinct inputs that went through the whole target, oracles included. */
  executions: number;
  /** Inputs that had been run before: neither run nor counted. */
  duplicates: number;
  /** Of the executions, those with the costly oracles too. */
  scrutinised: number;
  readonly depths: Record<Depth, number>;
  readonly tallies: Record<string, number>;
  slowestMs: number;
  covered: number;
  blocks: number;
  files: number;
  curve: CurvePoint[];
  readonly runs: RunEntry[];
  readonly findings: Finding[];
}

const EMPTY: Progress = {
  executions: 0,
  duplicates: 0,
  scrutinised: 0,
  depths: { refused: 0, read: 0, written: 0 },
  tallies: {},
  slowestMs: 0,
  covered: 0,
  blocks: 0,
  files: 0,
  curve: [],
  runs: [],
  findings: [],
};

/** First six bytes of SHA-256 as a number: two of 200,000 inputs share them once in 14,000 runs. */
export const hashOf = (input: Uint8Array): number => createHash('sha256').update(input).digest().readUIntBE(0, 6);

const HASH_BYTES = 6;

export class State {
  readonly folder: string;
  readonly progress: Progress;
  readonly #seen: Set<number>;
  #unwritten: number[] = [];

  /** @param folder of one target; made when missing */
  constructor(folder: string) {
    this.folder = folder;
    for (const name of ['kept', 'findings']) mkdirSync(join(folder, name), { recursive: true });
    this.progress = existsSync(this.#file('progress.json'))
      ? (JSON.parse(readFileSync(this.#file('progress.json'), 'utf8')) as Progress)
      : structuredClone(EMPTY);
    this.#seen = new Set(hashesOf(this.#file('seen.bin')));
  }

  /** False when this very input was run before. */
  isNew(input: Uint8Array): boolean {
    const hash = hashOf(input);
    if (this.#seen.has(hash)) return false;
    this.#seen.add(hash);
    this.#unwritten.push(hash);
    return true;
  }

  kept(): readonly Buffer[] {
    return readdirSync(join(this.folder, 'kept'))
      .toSorted()
      .map((name) => readFileSync(join(this.folder, 'kept', name)));
  }

  keep(input: Uint8Array): void {
    writeFileSync(join(this.folder, 'kept', hashOf(input).toString(16).padStart(12, '0')), input);
  }

  /** @returns true when nothing failed in this way before. */
  found(finding: Omit<Finding, 'input' | 'times'>, input: Uint8Array): boolean {
    const known = this.progress.findings.find(({ kind }) => kind === finding.kind);
    if (known !== undefined) {
      known.times++;
      return false;
    }
    const name = `${hashOf(input).toString(16).padStart(12, '0')}.bin`;
    writeFileSync(join(this.folder, 'findings', name), input);
    this.progress.findings.push({ ...finding, input: name, times: 1 });
    return true;
  }

  coverage(): readonly KeptScript[] {
    const file = this.#file('coverage.json.gz');
    return existsSync(file) ? (JSON.parse(gunzipSync(readFileSync(file)).toString()) as KeptScript[]) : [];
  }

  /** Counts and hashes together, so that an execution is either counted and known, or neither. */
  save(coverage?: readonly KeptScript[]): void {
    const bytes = Buffer.alloc(this.#unwritten.length * HASH_BYTES);
    for (const [i, hash] of this.#unwritten.entries()) bytes.writeUIntBE(hash, i * HASH_BYTES, HASH_BYTES);
    appendFileSync(this.#file('seen.bin'), bytes);
    this.#unwritten = [];
    if (coverage !== undefined) replace(this.#file('coverage.json.gz'), gzipSync(JSON.stringify(coverage)));
    replace(this.#file('progress.json'), `${JSON.stringify(this.progress, null, 1)}\n`);
  }

  /** The input at hand, for the watcher, should this process not survive it. */
  get atHand(): string {
    return this.#file('at-hand.bin');
  }

  #file(name: string): string {
    return join(this.folder, name);
  }
}

function replace(file: string, content: string | Uint8Array): void {
  writeFileSync(`${file}.tmp`, content);
  renameSync(`${file}.tmp`, file);
}

function hashesOf(file: string): readonly number[] {
  if (!existsSync(file)) return [];
  const bytes = readFileSync(file);
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, i) =>
    bytes.readUIntBE(i * HASH_BYTES, HASH_BYTES),
  );
}
