/**
 * Which code points may stand in the invisible text layer (docs/output-grammar-pdf.md §5): what a reader would copy out
 * must be what he sees, so nothing that steers, hides or joins.
 */

export type CodePointFate = 'keep' | 'control' | 'bidi' | 'unmapped';

const inRanges = (code: number, ranges: readonly (readonly [number, number])[]): boolean =>
  ranges.some(([from, to]) => code >= from && code <= to);

const BIDI = [
  [0x061c, 0x061c],
  [0x200e, 0x200f],
  [0x202a, 0x202e],
  [0x2066, 0x206f],
] as const;

const UNWANTED = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x034f, 0x034f],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180e],
  [0x200b, 0x200d],
  [0x2028, 0x2029],
  [0x2060, 0x2065],
  [0x3164, 0x3164],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe00ff],
  [0xe01f0, 0xe0fff],
] as const;

const NOT_CHARACTERS = [
  [0xd800, 0xdfff],
  [0xfdd0, 0xfdef],
  [0xfff0, 0xffff],
] as const;

/** @param code any number the engine reports, also ones that are no code point. */
export function fateOf(code: number): CodePointFate {
  if (code >= 0x20 && code < 0x7f) return 'keep';
  if (!Number.isInteger(code) || code <= 0 || code > 0x10ffff) return 'unmapped';
  if ((code & 0xfffe) === 0xfffe || inRanges(code, NOT_CHARACTERS)) return 'unmapped';
  if (inRanges(code, BIDI)) return 'bidi';
  return inRanges(code, UNWANTED) ? 'control' : 'keep';
}
