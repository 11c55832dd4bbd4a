/** The text layer of one page: the document's characters, cleaned, and only those that the picture shows. */
import type { Box, Character } from '../../engines/pdfium/characters.ts';
import { standInHas } from '../../engines/pdfium/fonts.ts';
import type { Page } from '../../engines/pdfium/page.ts';
import { fateOf } from './clean.ts';
import { joinLigatures, type Piece, runsOf } from './runs.ts';
import type { Run } from './writer.ts';

type Extent = Pick<Page, 'widthPt' | 'heightPt'>;

export interface LayerCounts {
  hidden: number;
  control: number;
  bidi: number;
  unmapped: number;
}

/** Pixels that differ by no more than this in each channel look the same. */
const SAME_SHADE = 2;
/** Grammar: no entry of a text matrix is larger, in points. */
const LARGEST_EM_PT = 100_000;

/** What of a page's picture says whether a character is seen. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  /** Bytes of a pixel: red, green, blue (and one that says nothing), or a grey. */
  readonly channels: 1 | 3 | 4;
  readonly pixels: Uint8Array;
}

/**
 * Cleans the page's text, leaves out what stands off the page, what steers (controls, bidi) and what the picture does not
 * show (white on white, under a black bar, in a layer switched off): threats.tsv P21.
 */
export function textLayer(
  characters: readonly Character[],
  page: Extent,
  picture: Shown,
  counts: LayerCounts,
): readonly Run[] {
  const pieces: Piece[] = [];
  const shown = ({ box, emBox }: Character): boolean => isShown(emBox, page, picture) || isShown(box, page, picture);
  for (const character of characters) {
    const text = cleaned(character, counts);
    if (text === undefined || (offPage(character.box, page) && offPage(character.emBox, page)) || tooLarge(character))
      continue;
    if (text.trim() !== '' && !shown(character)) {
      // A character that our stand-in fonts lack is missing from the picture only here: its text is all that is left of it.
      if (character.drawnByOwnFont || standInHas(character.untrustedCode)) {
        counts.hidden++;
        continue;
      }
      counts.unmapped++;
    }
    pieces.push({ character, text });
  }
  return runsOf(joinLigatures(pieces), page);
}

function cleaned(character: Character, counts: LayerCounts): string | undefined {
  if (character.hyphen) return '-';
  const code = character.untrustedCode;
  if (code === 0xad) return '-';
  const fate = fateOf(code);
  if (fate === 'keep') return String.fromCodePoint(code);
  counts[fate]++;
  return undefined;
}

function offPage(box: Box, page: Extent): boolean {
  return box.right <= 0 || box.top <= 0 || box.left >= page.widthPt || box.bottom >= page.heightPt;
}

const tooLarge = ({ matrix }: Character): boolean =>
  Math.max(Math.abs(matrix.a), Math.abs(matrix.b), Math.abs(matrix.c), Math.abs(matrix.d)) > LARGEST_EM_PT;

/** True when the picture is not of one colour all over the character's box. */
function isShown(box: Box, page: Extent, { width, height, channels, pixels }: Shown): boolean {
  const [scaleX, scaleY] = [width / page.widthPt, height / page.heightPt];
  const left = Math.max(0, Math.floor(box.left * scaleX));
  const right = Math.min(width, Math.ceil(box.right * scaleX));
  const top = Math.max(0, Math.floor((page.heightPt - box.top) * scaleY));
  const bottom = Math.min(height, Math.ceil((page.heightPt - box.bottom) * scaleY));
  const first = (top * width + left) * channels;
  const compared = Math.min(3, channels);
  for (let y = top; y < bottom; y++) {
    for (let i = (y * width + left) * channels, end = (y * width + right) * channels; i < end; i += channels) {
      for (let channel = 0; channel < compared; channel++) {
        const difference = (pixels[i + channel] as number) - (pixels[first + channel] as number);
        if (difference > SAME_SHADE || difference < -SAME_SHADE) return true;
      }
    }
  }
  return false;
}
