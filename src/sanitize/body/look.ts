/** What an element's text looks like to a reader: the inherited part of CSS that decides whether it is seen at all. */
import { BLACK, type Colour, parseColour, type Rgb, sameColour, WHITE } from './colour.ts';
import type { Declarations } from './css.ts';

export interface Look {
  /** Nothing inside is seen, whatever it says itself. */
  readonly gone: boolean;
  readonly visible: boolean;
  readonly fontPx: number;
  readonly colour: Colour;
  /** undefined: a picture, or we cannot tell. */
  readonly background: Rgb | undefined;
}

export const rootLook = (backgroundKnown: boolean): Look => ({
  gone: false,
  visible: true,
  fontPx: 16,
  colour: BLACK,
  background: backgroundKnown ? WHITE : undefined,
});

/** Attributes of HTML that paint; '' when missing. */
export interface PaintAttributes {
  readonly hidden: boolean;
  readonly bgcolor: string;
  readonly colour: string;
  readonly backgroundImage: boolean;
  readonly isLink: boolean;
}

/** Smaller than this nobody reads; 1 px is what hidden preheaders use. */
const MIN_FONT_PX = 2;
/** Further out than any window is wide. */
const OFF_SCREEN_PX = -500;
const LINK_BLUE: Rgb = [0, 0, 238];

export const isHidden = (look: Look): boolean =>
  look.gone ||
  !look.visible ||
  look.fontPx < MIN_FONT_PX ||
  look.colour === 'transparent' ||
  (look.colour !== undefined && look.background !== undefined && sameColour(look.colour, look.background));

export function lookOf(parent: Look, css: Declarations, attributes: PaintAttributes): Look {
  if (parent.gone) return parent;
  const plain = css.size === 0 && !attributes.hidden && attributes.bgcolor === '' && attributes.colour === '';
  if (plain && !attributes.backgroundImage && !attributes.isLink) return parent;
  const visibility = css.get('visibility');
  return {
    gone: attributes.hidden ? css.get('display') === undefined || isGone(css) : isGone(css),
    visible: visibility === undefined || visibility === 'inherit' ? parent.visible : visibility === 'visible',
    fontPx: fontSize(parent.fontPx, css),
    colour: colourOf(parent, css, attributes),
    background: backgroundOf(parent, css, attributes),
  };
}

function isGone(css: Declarations): boolean {
  if (css.size === 0) return false;
  const opacity = css.get('opacity');
  if (css.get('display') === 'none' || (opacity !== undefined && Number.parseFloat(opacity) <= 0.05)) return true;
  return isOffScreen(css) || isCollapsed(css) || isClipped(css);
}

function isOffScreen(css: Declarations): boolean {
  if (px(css.get('text-indent')) <= OFF_SCREEN_PX || px(css.get('margin-left')) <= OFF_SCREEN_PX) return true;
  const position = css.get('position');
  if (position !== 'absolute' && position !== 'fixed' && position !== 'relative') return false;
  return ['left', 'top', 'right', 'bottom'].some((side) => px(css.get(side)) <= OFF_SCREEN_PX);
}

function isCollapsed(css: Declarations): boolean {
  const clips = ['overflow', 'overflow-x', 'overflow-y'].some((name) => /hidden|clip/.test(css.get(name) ?? ''));
  return clips && ['width', 'height', 'max-width', 'max-height'].some((name) => px(css.get(name)) <= 1);
}

const isClipped = (css: Declarations): boolean =>
  /rect\(\s*[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?\s*\)/.test(css.get('clip') ?? '') ||
  /inset\(\s*(?:[5-9]\d|100)%/.test(css.get('clip-path') ?? '') ||
  /scale\(\s*0?\.?0*\s*[,)]|translate[xy]?\(\s*-\d{4,}/.test(css.get('transform') ?? '');

/** Pixels of a length; NaN for anything that is none, so that comparisons with it are false. */
function px(value: string | undefined): number {
  const match = /^([+-]?\d*\.?\d+)(px|pt|em|rem|ex|cm|mm|in|pc|vw|vh)?$/.exec(value ?? '');
  if (match === null) return Number.NaN;
  const number = Number.parseFloat(match[1] ?? '');
  const unit = match[2] ?? '';
  if (unit === '' && number !== 0) return Number.NaN;
  return number * (UNITS[unit] ?? 1);
}

const UNITS: Readonly<Record<string, number>> = {
  pt: 4 / 3,
  em: 16,
  rem: 16,
  ex: 8,
  cm: 38,
  mm: 3.8,
  in: 96,
  pc: 16,
  vw: 8,
  vh: 6,
};

function fontSize(parent: number, css: Declarations): number {
  const value = css.get('font-size') ?? /(?:^|\s)([\d.]+(?:px|pt|r?em|%)?)(?=\s|\/)/.exec(css.get('font') ?? '')?.[1];
  if (value === undefined) return parent;
  const relative = /^([\d.]+)(em|%)$/.exec(value);
  if (relative !== null) return (Number.parseFloat(relative[1] ?? '') / (relative[2] === '%' ? 100 : 1)) * parent;
  const size = px(value);
  // Keywords (small, larger) and what we do not understand are readable.
  return Number.isNaN(size) ? 16 : size;
}

function colourOf(parent: Look, css: Declarations, attributes: PaintAttributes): Colour {
  const value = css.get('color') ?? attributes.colour;
  if (value === 'inherit' || value === 'currentcolor') return parent.colour;
  if (value !== '') return parseColour(value);
  return attributes.isLink ? LINK_BLUE : parent.colour;
}

function backgroundOf(parent: Look, css: Declarations, attributes: PaintAttributes): Rgb | undefined {
  const shorthand = css.get('background') ?? '';
  const picture = /url\(|gradient\(/;
  if (attributes.backgroundImage || picture.test(shorthand) || picture.test(css.get('background-image') ?? ''))
    return undefined;
  const value = css.get('background-color') ?? (shorthand === '' ? attributes.bgcolor : colourWord(shorthand));
  if (value === '' || value === 'inherit') return parent.background;
  const colour = parseColour(value);
  return colour === 'transparent' ? parent.background : colour;
}

/** The colour among the words of a `background` shorthand. */
const colourWord = (shorthand: string): string =>
  /rgba?\([^)]*\)/.exec(shorthand)?.[0] ??
  shorthand.split(/\s+/).find((word) => parseColour(word) !== undefined) ??
  (/^(?:none|0|repeat|no-repeat)/.test(shorthand) ? '' : 'unknown');
