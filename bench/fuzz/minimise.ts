/** Makes a failing input smaller while it fails in the same way. */

/** Delta debugging by halves, quarters …: pieces that can go, go. @param fails true when the smaller input fails alike */
export async function minimised(
  input: Buffer,
  fails: (smaller: Buffer) => Promise<boolean>,
  deadlineMs: number,
): Promise<Buffer> {
  const until = performance.now() + deadlineMs;
  let best = input;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && performance.now() < until; ) {
      const smaller = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (smaller.length < best.length && (await fails(smaller))) best = smaller;
      else at += size;
    }
  }
  return best;
}

/** What a problem is, without what differs from input to input: two inputs that fail alike are one finding. */
export const kindOf = (problem: string): string =>
  problem
    .replace(/[«"'].*?[»"']/gs, '…')
    .replace(/U\+[0-9A-F]+/g, 'U+…')
    .replace(/\d+/g, '#')
    .slice(0, 100);
