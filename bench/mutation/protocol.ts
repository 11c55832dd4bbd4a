/** What the judging process and its parent tell each other, as JSON. */

export interface JudgeTask {
  readonly folder: string;
  /** Mutated files, paths in the folder. */
  readonly files: readonly string[];
  /** Test files, paths in the folder. */
  readonly tests: readonly string[];
  readonly mutants: readonly { readonly id: string; readonly file: string }[];
  /** Tests that take longer are left out. */
  readonly mostMs: number;
}

/** One test as it ran with no mutant switched on. */
export interface Seen {
  readonly name: string;
  readonly file: string;
  /** CPU time. */
  readonly ms: number;
  /** How often the test reached each mutant, by id. */
  readonly hits: Readonly<Record<string, number>>;
}

export interface Baseline {
  readonly tests: readonly Seen[];
  /** Mutants in code that ran while the modules were loaded. */
  readonly atLoad: readonly string[];
}

export type ToJudge =
  | { readonly kind: 'baseline'; readonly task: JudgeTask }
  | {
      readonly kind: 'judge';
      readonly task: JudgeTask;
      readonly baseline: Baseline;
      readonly ids: readonly string[];
    };

export type Verdict =
  | { readonly kind: 'killed'; readonly by: string }
  /** Ran a hundred times as often as without the mutant, ended the process or did not end. */
  | { readonly kind: 'endless'; readonly by: string }
  | { readonly kind: 'survived'; readonly tests: number }
  /** No test reaches it: counts as survived. */
  | { readonly kind: 'unreached' };

export type FromJudge =
  | { readonly kind: 'baseline'; readonly baseline: Baseline }
  | { readonly kind: 'red'; readonly test: string; readonly error: string }
  | { readonly kind: 'begin'; readonly id: string; readonly budgetMs: number }
  | { readonly kind: 'verdict'; readonly id: string; readonly verdict: Verdict }
  | { readonly kind: 'done' };
