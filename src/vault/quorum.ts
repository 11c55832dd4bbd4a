/**
 * Asking stores until enough of them agree: the first ones at once, then one more at a time. What they answer is tried in
 * every combination of the needed size, since a changed share is known only by the failure of what was made of it.
 */

export interface Quorum<T, R> {
  readonly result: R;
  readonly used: readonly T[];
}

export interface Question<S, T, R> {
  readonly stores: readonly S[];
  /** How many to ask at first. */
  readonly first: number;
  /** Undefined when the store has nothing usable. */
  readonly ask: (store: S) => Promise<T | undefined>;
  /** Answers are combined only with others of the same group. */
  readonly group: (answer: T) => string;
  /** Answers needed. */
  readonly needed: (answer: T) => number;
  /** Two answers of the same index are never combined. */
  readonly index: (answer: T) => number;
  /** Undefined when the combination does not fit together. */
  readonly attempt: (answers: readonly T[]) => Promise<R | undefined>;
}

/**
 * Combinations tried for one stripe or key. 2 of 3 has three; 8 of 16 has 12,870, reached only when several stores lie
 * at once, and each try is authenticated in well under a millisecond.
 */
const MAX_ATTEMPTS = 20_000;

export async function findQuorum<S, T, R>(question: Question<S, T, R>): Promise<Quorum<T, R> | undefined> {
  const { stores, first, ask, attempt } = question;
  const answers: T[] = [];
  let attempts = 0;
  for (let at = 0; at < stores.length; at = at === 0 ? first : at + 1) {
    const asked = stores.slice(at, at === 0 ? first : at + 1);
    for (const answer of await Promise.all(asked.map(ask))) {
      if (answer === undefined) continue;
      for (const used of combinationsWith(answer, answers, question)) {
        if (++attempts > MAX_ATTEMPTS) return undefined;
        const result = await attempt(used);
        if (result !== undefined) return { result, used };
      }
      answers.push(answer);
    }
  }
  return undefined;
}

/** Every combination that holds the newest answer; those without it were tried before. */
function* combinationsWith<T>(
  newest: T,
  others: readonly T[],
  { group, needed, index }: Pick<Question<never, T, never>, 'group' | 'needed' | 'index'>,
): Iterable<readonly T[]> {
  const same = others.filter((other) => group(other) === group(newest));
  for (const rest of subsets(same, needed(newest) - 1)) {
    const used = [...rest, newest];
    if (new Set(used.map(index)).size === used.length) yield used;
  }
}

function* subsets<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  if (size === 0) yield [];
  for (let i = 0; i + size <= items.length && size > 0; i++) {
    for (const rest of subsets(items.slice(i + 1), size - 1)) yield [items[i]!, ...rest];
  }
}
