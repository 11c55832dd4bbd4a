/**
 * Characters → runs of the invisible layer.
 *
 * A run is what one `Tj` can show: characters of one size and direction, each where the last one's advance ends. Where
 * the original leaves a gap a new run begins, so that a reader that finds words by gaps finds the original's words.
 */
import type { Character } from '../../engines/pdfium/characters.ts';
import { ASCENT } from './glyphless.ts';
import { MAX_ADVANCE } from './text-font.ts';
import type { Glyph, Run } from './writer.ts';

/** A piece of text with its place: one character, or those that share one glyph (ligatures). */
export interface Piece {
  readonly character: Character;
  text: string;
}

/** Origins closer than this (em) are one glyph's. */
const SAME_PLACE = 0.01;
/** Off the line by this (em) is another line. */
const SAME_LINE = 0.05;
/** Wider gaps (em) end a run. Poppler takes 0.1 for a space between words. */
const LARGEST_GAP = 0.08;
/** Type3 fonts: only the drawn box is known, the advance may be this much (em) wider. */
const LARGEST_UNKNOWN_GAP = 0.35;
/** Kerning and overlaps move a character back by less than this part of its advance. */
const SMALLEST_STEP = 0.3;
/** Downward steps (em) of vertical writing. Lines of horizontal text are farther apart, or not of single characters. */
const SMALLEST_DROP = 0.4;
const LARGEST_DROP = 1.3;
/** Matrices that differ by less than this part of the em are the same. */
const SAME_MATRIX = 0.002;
/** Grammar: UTF-16 units of one CID, CIDs of one run. */
const MAX_UNITS = 16;
const MAX_RUN = 4000;

/** Scripts that are written vertically when stacked: kana, ideographs, their punctuation, full-width forms. */
const STACKABLE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\u30fb\u30fc\uff01-\uff9f\u2014\u2015\u2025\u2026]/u;

interface OpenRun {
  direction: 'open' | 'horizontal' | 'vertical';
  readonly pieces: Piece[];
  /** Advance of each piece but the last, in em. */
  readonly steps: number[];
}

/** Step from one character's origin to the next one's, in em along and across the line. */
function stepBetween(from: Character, to: Character): { readonly along: number; readonly across: number } {
  const { a, b, c, d } = from.matrix;
  const [x, y] = [to.matrix.e - from.matrix.e, to.matrix.f - from.matrix.f];
  const determinant = a * d - b * c;
  return { along: (x * d - y * c) / determinant, across: (y * a - x * b) / determinant };
}

function sameMatrix(one: Character, other: Character): boolean {
  const [m, n] = [one.matrix, other.matrix];
  const em = Math.abs(m.a) + Math.abs(m.b) + Math.abs(m.c) + Math.abs(m.d);
  const difference = Math.abs(m.a - n.a) + Math.abs(m.b - n.b) + Math.abs(m.c - n.c) + Math.abs(m.d - n.d);
  return difference < em * SAME_MATRIX;
}

/** How a piece continues a run, or undefined when it does not. */
function continues(
  run: OpenRun,
  next: Piece,
): { readonly direction: 'horizontal' | 'vertical'; readonly step: number } | undefined {
  const last = run.pieces.at(-1);
  if (last === undefined || run.pieces.length >= MAX_RUN || !sameMatrix(last.character, next.character))
    return undefined;
  const { along, across } = stepBetween(last.character, next.character);
  const own = last.character.advance;
  if (run.direction !== 'vertical' && Math.abs(across) < SAME_LINE) {
    const gap = last.character.advanceKnown ? LARGEST_GAP : LARGEST_UNKNOWN_GAP;
    if (along > 0 && along >= own * SMALLEST_STEP && along <= own + gap)
      return { direction: 'horizontal', step: along };
  }
  if (run.direction !== 'horizontal' && STACKABLE.test(last.text) && STACKABLE.test(next.text)) {
    const centred = along + (next.character.advance - own) / 2;
    const drop = -across;
    if (Math.min(Math.abs(centred), Math.abs(along)) < SAME_LINE && drop >= SMALLEST_DROP && drop <= LARGEST_DROP) {
      return { direction: 'vertical', step: drop };
    }
  }
  return undefined;
}

/** Joins characters of one glyph. @param characters already cleaned: `text` is what may stand in the layer. */
export function joinLigatures(characters: Iterable<Piece>): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const piece of characters) {
    const last = pieces.at(-1);
    if (last !== undefined && sameMatrix(last.character, piece.character)) {
      const { along, across } = stepBetween(last.character, piece.character);
      if (Math.abs(along) < SAME_PLACE && Math.abs(across) < SAME_PLACE) {
        // Drawn twice in one place to look bold: said once.
        const drawnAgain = last.text === piece.text && last.character.textObject !== piece.character.textObject;
        if (!drawnAgain && last.text.length + piece.text.length <= MAX_UNITS) last.text += piece.text;
        continue;
      }
    }
    pieces.push({ ...piece });
  }
  return pieces;
}

/** Runs in the order of the pieces. */
export function runsOf(
  pieces: readonly Piece[],
  page: { readonly widthPt: number; readonly heightPt: number },
): readonly Run[] {
  const runs: Run[] = [];
  let open: OpenRun = { direction: 'open', pieces: [], steps: [] };
  for (const piece of pieces) {
    const step = continues(open, piece);
    if (step === undefined) {
      if (open.pieces.length > 0) runs.push(finishRun(open, page));
      open = { direction: 'open', pieces: [piece], steps: [] };
    } else {
      open.direction = step.direction;
      open.steps.push(step.step);
      open.pieces.push(piece);
    }
  }
  if (open.pieces.length > 0) runs.push(finishRun(open, page));
  return runs;
}

function finishRun(
  { direction, pieces, steps }: OpenRun,
  page: { readonly widthPt: number; readonly heightPt: number },
): Run {
  const vertical = direction === 'vertical';
  const glyphs = pieces.map(({ text, character }, i): Glyph => {
    const advance = steps[i] ?? (vertical ? 1 : character.advance);
    return { text, advance: Math.min(MAX_ADVANCE, Math.max(0, Math.round(1000 * advance))) };
  });
  const { a, b, c, d, e, f } = (pieces[0] as Piece).character.matrix;
  // Vertical glyphs hang from the middle of their top edge (W2: 500, 880); stacked characters are one em wide.
  const [right, up] = vertical ? [0.5, ASCENT / 1000] : [0, 0];
  const x = Math.min(page.widthPt, Math.max(0, e + a * right + c * up));
  const y = Math.min(page.heightPt, Math.max(0, f + b * right + d * up));
  return { vertical, matrix: [a, b, c, d, x, y], glyphs };
}
