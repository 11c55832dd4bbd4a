/** Numbers from a seed: the same seed makes the same run on the same code and corpus. */

export interface Random {
  /** 0 … max - 1; 0 when max is below 1. */
  below(max: number): number;
  /** True once in `n` times. */
  oneIn(n: number): boolean;
  /** @throws RangeError on an empty list. */
  pick<T>(list: readonly T[]): T;
  /** 1, often; larger ones ever less often, at most `max`. */
  few(max: number): number;
}

/** sfc32 by Chris Doty-Humphrey (PractRand): passes the usual batteries, four words of state. */
export function seeded(seed: number): Random {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162 ^ seed, seed | 0];
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next();
  const below = (max: number): number => (max < 1 ? 0 : Math.floor(next() * max));
  return {
    below,
    oneIn: (n) => below(n) === 0,
    pick(list) {
      if (list.length === 0) throw new RangeError('nothing to pick from');
      return list[below(list.length)] as (typeof list)[number];
    },
    few(max) {
      let count = 1;
      while (count < max && next() < 0.55) count++;
      return count;
    },
  };
}
