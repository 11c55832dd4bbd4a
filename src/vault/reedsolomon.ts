/**
 * Systematic Cauchy Reed–Solomon over GF(2^8): k data fragments, n−k parity fragments, any k of the n restore the data
 * (Blömer et al., ICSI TR-95-048). Parity row p, column c is 1/((k+p) ⊕ c), each column scaled so that row k is all
 * ones: the first parity fragment is plain XOR, and every square part stays invertible. Part of format version 1.
 */
import { divide, inverse, multiply, productsOf } from './gf256.ts';

export interface Fragment {
  /** Row of the code: below k data, from k on parity. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Length of each fragment of `length` bytes; the last data fragment is padded with zeros. */
export const fragmentLength = (length: number, k: number): number => Math.ceil(length / k);

/** n fragments of the padded data; the first k are its pieces. */
export function encode(data: Uint8Array, k: number, n: number): Uint8Array[] {
  const size = fragmentLength(data.length, k);
  const pieces = Array.from({ length: k }, (_, column) => piece(data, column, size));
  const parity = Array.from({ length: n - k }, (_, row) => combine(parityRow(k, row), pieces, size));
  return [...pieces, ...parity];
}

/** The data out of any k fragments with different indexes, without its padding. */
export function decode(fragments: readonly Fragment[], k: number, length: number): Uint8Array {
  const data = pieces(fragments, k);
  if (data.length === 1) return data[0]!.subarray(0, length);
  return Buffer.concat(data, length);
}

/** One fragment out of any k others. */
export function rebuild(fragments: readonly Fragment[], k: number, index: number): Uint8Array {
  const data = pieces(fragments, k);
  return index < k ? data[index]! : combine(parityRow(k, index - k), data, data[0]!.length);
}

function pieces(fragments: readonly Fragment[], k: number): Uint8Array[] {
  const used = fragments.slice(0, k);
  if (used.length < k) throw new RangeError(`${used.length} fragments, ${k} needed`);
  const size = used[0]!.bytes.length;
  const inverted = invertedRows(
    used.map(({ index }) => index),
    k,
  );
  return Array.from({ length: k }, (_, column) => {
    const present = used.find(({ index }) => index === column);
    return (
      present?.bytes ??
      combine(
        inverted[column]!,
        used.map(({ bytes }) => bytes),
        size,
      )
    );
  });
}

function piece(data: Uint8Array, column: number, size: number): Uint8Array {
  const part = data.subarray(column * size, (column + 1) * size);
  if (part.length === size) return part;
  const padded = new Uint8Array(size);
  padded.set(part);
  return padded;
}

const parityRow = (k: number, row: number): number[] =>
  Array.from({ length: k }, (_, column) => divide(k ^ column, (k + row) ^ column));

const codeRow = (k: number, index: number): number[] =>
  index < k ? Array.from({ length: k }, (_, column) => (column === index ? 1 : 0)) : parityRow(k, index - k);

/** Σ factor·fragment. */
function combine(factors: readonly number[], fragments: readonly Uint8Array[], size: number): Uint8Array {
  const sum = new Uint8Array(size);
  factors.forEach((factor, i) => {
    if (factor === 1) addInto(sum, fragments[i]!);
    else if (factor !== 0) addProductInto(sum, fragments[i]!, productsOf(factor));
  });
  return sum;
}

function addProductInto(sum: Uint8Array, from: Uint8Array, products: Uint8Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! ^ products[from[i]!]!;
}

/** XOR, four bytes at a time where the memory allows it. */
function addInto(sum: Uint8Array, from: Uint8Array): void {
  let i = 0;
  if (from.byteOffset % 4 === 0) {
    const words = sum.length >>> 2;
    const wide = new Uint32Array(sum.buffer, sum.byteOffset, words);
    const other = new Uint32Array(from.buffer, from.byteOffset, words);
    for (let w = 0; w < words; w++) wide[w] = wide[w]! ^ other[w]!;
    i = words * 4;
  }
  for (; i < sum.length; i++) sum[i] = sum[i]! ^ from[i]!;
}

const inversions = new Map<string, readonly (readonly number[])[]>();

/** Inverse of the code's rows `indexes`: how each data piece is made from those fragments. */
function invertedRows(indexes: readonly number[], k: number): readonly (readonly number[])[] {
  const name = `${k}:${indexes.join()}`;
  let inverted = inversions.get(name);
  if (inverted === undefined) {
    inverted = invert(indexes.map((index) => codeRow(k, index)));
    inversions.set(name, inverted);
  }
  return inverted;
}

/** Gauss–Jordan. The rows of the code are invertible unless an index repeats. */
function invert(rows: readonly (readonly number[])[]): number[][] {
  const k = rows.length;
  const work = rows.map((row, i) => [...row, ...Array.from({ length: k }, (_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < k; column++) {
    const pivot = work.findIndex((row, i) => i >= column && row[column] !== 0);
    if (pivot < 0) throw new RangeError('a fragment index repeats');
    [work[column], work[pivot]] = [work[pivot]!, work[column]!];
    const scale = inverse(work[column]![column]!);
    work[column] = work[column]!.map((value) => multiply(value, scale));
    for (let i = 0; i < k; i++) {
      const factor = work[i]![column]!;
      if (i !== column && factor !== 0) work[i] = work[i]!.map((v, j) => v ^ multiply(factor, work[column]![j]!));
    }
  }
  return work.map((row) => row.slice(k));
}
