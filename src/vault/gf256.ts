/**
 * The field GF(2^8) modulo x⁸+x⁴+x³+x+1, the one of the shamir-secret-sharing package, used for key shares and for
 * Reed–Solomon alike. Part of format version 1: another polynomial would be another format.
 */

const EXP = new Uint8Array(510);
const LOG = new Uint8Array(256);

// 3 generates the multiplicative group of this field (2 does not).
for (let power = 0, value = 1; power < 255; power++) {
  EXP[power] = value;
  EXP[power + 255] = value;
  LOG[value] = power;
  const doubled = (value << 1) ^ (value & 0x80 ? 0x11b : 0);
  value ^= doubled;
}

export const multiply = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : EXP[LOG[a]! + LOG[b]!]!);

/** @param b not 0 */
export const divide = (a: number, b: number): number => (a === 0 ? 0 : EXP[LOG[a]! + 255 - LOG[b]!]!);

/** @param a not 0 */
export const inverse = (a: number): number => EXP[255 - LOG[a]!]!;

const rows = new Map<number, Uint8Array>();

/** All products with `factor`, 256 of them: one look-up a byte in the inner loops. */
export function productsOf(factor: number): Uint8Array {
  let row = rows.get(factor);
  if (row === undefined) {
    row = Uint8Array.from({ length: 256 }, (_, value) => multiply(factor, value));
    rows.set(factor, row);
  }
  return row;
}
