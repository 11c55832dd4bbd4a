/** One bar of an issue: what was run, what was seen, whether it holds. */

export interface SectionContext {
  /** Short form: the same bar at a size that fits CI. */
  readonly short: boolean;
  /** /path/to/shared; sections that need corpora fail without it. */
  readonly shared: string;
  say(line: string): void;
}

export interface SectionResult {
  readonly holds: boolean;
  /** One line for the summary: the figures against the bar. */
  readonly summary: string;
  /** Markdown with all figures. */
  readonly details: string;
}

export interface Section {
  /** Used as `npm run evidence -- 1 NAME`. */
  readonly name: string;
  /** The bar, as the issue says it. */
  readonly bar: string;
  run(context: SectionContext): Promise<SectionResult>;
}
