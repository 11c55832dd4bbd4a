/** Colours of CSS and old HTML attributes, as far as needed to see whether text has the colour of its background. */

/** Red, green, blue, 0–255. */
export type Rgb = readonly [number, number, number];

/** 'transparent' counts as hidden text; undefined: we cannot tell. */
export type Colour = Rgb | 'transparent' | undefined;

export const WHITE: Rgb = [255, 255, 255];
export const BLACK: Rgb = [0, 0, 0];

const NAMED: Readonly<Record<string, Rgb>> = {
  white: WHITE,
  black: BLACK,
  red: [255, 0, 0],
  green: [0, 128, 0],
  blue: [0, 0, 255],
  yellow: [255, 255, 0],
  gray: [128, 128, 128],
  grey: [128, 128, 128],
  silver: [192, 192, 192],
  navy: [0, 0, 128],
  maroon: [128, 0, 0],
  snow: [255, 250, 250],
  ivory: [255, 255, 240],
  whitesmoke: [245, 245, 245],
  ghostwhite: [248, 248, 255],
  floralwhite: [255, 250, 240],
  mintcream: [245, 255, 250],
  azure: [240, 255, 255],
  aliceblue: [240, 248, 255],
  lime: [0, 255, 0],
  aqua: [0, 255, 255],
  orange: [255, 165, 0],
  purple: [128, 0, 128],
  teal: [0, 128, 128],
};

export function parseColour(untrusted: string): Colour {
  const text = untrusted.trim().toLowerCase();
  if (text === 'transparent') return 'transparent';
  if (Object.hasOwn(NAMED, text)) return NAMED[text];
  const hex = /^#?([0-9a-f]{3,8})$/.exec(text)?.[1];
  if (hex !== undefined) return hexColour(hex);
  const parts = /^rgba?\(\s*([\d.]+%?)[\s,]+([\d.]+%?)[\s,]+([\d.]+%?)(?:[\s,/]+([\d.]+%?))?\s*\)$/.exec(text);
  if (parts === null) return undefined;
  if (parts[4] !== undefined && channel(parts[4], 1) < 0.05) return 'transparent';
  return [channel(parts[1] ?? '', 255), channel(parts[2] ?? '', 255), channel(parts[3] ?? '', 255)];
}

const channel = (text: string, whole: number): number =>
  text.endsWith('%') ? (Number.parseFloat(text) / 100) * whole : Number.parseFloat(text);

function hexColour(hex: string): Colour {
  const pair = (at: number): number =>
    hex.length < 6 ? Number.parseInt(hex.charAt(at).repeat(2), 16) : Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16);
  const hasAlpha = hex.length === 4 || hex.length === 8;
  if (![3, 4, 6, 8].includes(hex.length)) return undefined;
  return hasAlpha && pair(3) < 13 ? 'transparent' : [pair(0), pair(1), pair(2)];
}

/** No eye tells #fefefe from #ffffff. Light grey on white is read, so it does not count. */
const MAX_DIFFERENCE = 12;

export const sameColour = (a: Rgb, b: Rgb): boolean =>
  a.every((value, i) => Math.abs(value - (b[i] ?? 0)) <= MAX_DIFFERENCE);
