/** What canonical Huffman codes of deflate (RFC 1951 §3.2.2) and LHA have in common: shorter codes first, then by symbol. */

/**
 * The symbols in the order of their codes.
 * @param lengths code length of each symbol, 0 for none
 * @param counts how many symbols have each length; its last index is the longest
 */
export function symbolsInOrder(lengths: Uint8Array, counts: Uint16Array): Uint16Array {
  const next = new Uint16Array(counts.length + 1);
  for (let length = 1; length < counts.length; length++) next[length + 1] = (next[length] ?? 0) + (counts[length] ?? 0);
  const symbols = new Uint16Array(lengths.length);
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue;
    const at = next[length] ?? 0;
    symbols[at] = symbol;
    next[length] = at + 1;
  }
  return symbols;
}
