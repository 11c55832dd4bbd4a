/** What can be fuzzed: where inputs come from, how they are changed, what is done with them, and what must hold then. */
import type { Random } from './random.ts';

/**
 * How far an input got. 'refused': nothing of it was read (no transaction, no archive, no picture). 'read': it got past
 * the first step. 'written': something of it came out.
 */
export type Depth = 'refused' | 'read' | 'written';

export interface Execution {
  readonly depth: Depth;
  /** What should have held and does not; each is a finding. */
  readonly problems: readonly string[];
  /** Declared ends worth counting, like 'sanitizer-failed: image'. */
  readonly tallies?: readonly string[];
}

/** 'full' adds what costs too much for each input: output fed in again, planted words looked for. */
export type Scrutiny = 'plain' | 'full';

export interface Target {
  readonly name: string;
  /** Files whose blocks are counted: paths below src/. */
  readonly rooms: RegExp;
  /** True where a piece many times over is still an input of its kind. */
  readonly isText: boolean;
  /** An input to begin with that costs more CPU than this is run for its coverage, but not changed, in milliseconds. */
  readonly dearMs: number;
  /** CPU time of one execution above which it is a finding, in milliseconds. */
  readonly slowMs: number;
  /** CPU time without an end after which the process is killed, in milliseconds. */
  readonly hungMs: number;
  /** Executions that the issue asks for. */
  readonly wanted: number;
  /** Inputs as people and attackers write them; corpora under `shared` when they are there. */
  seeds(shared: string): Promise<readonly Buffer[]>;
  /** A changed copy. @param other another input, to take pieces from */
  mutate(random: Random, input: Buffer, other: Buffer): Buffer;
  /** The product's own functions over one input, and every oracle over what came out. Rejects: an undeclared throw. */
  execute(input: Buffer, scrutiny: Scrutiny): Promise<Execution>;
}
