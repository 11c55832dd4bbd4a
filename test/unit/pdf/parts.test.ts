/** The pieces of the PDF converter that are pure. */
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { faxProblem } from '../../../src/inspect/fax.ts';
import { encodeFax } from '../../../src/sanitize/engines/images/fax.ts';
import type { Character } from '../../../src/sanitize/engines/pdfium/characters.ts';
import { chooseFont, standInHas } from '../../../src/sanitize/engines/pdfium/fonts.ts';
import { fateOf } from '../../../src/sanitize/formats/pdf/clean.ts';
import { GLYPHLESS_FONT } from '../../../src/sanitize/formats/pdf/glyphless.ts';
import { num } from '../../../src/sanitize/formats/pdf/numbers.ts';
import { fewColours } from '../../../src/sanitize/formats/pdf/palette.ts';
import { joinLigatures, type Piece, runsOf } from '../../../src/sanitize/formats/pdf/runs.ts';
import { TextFont } from '../../../src/sanitize/formats/pdf/text-font.ts';

test.each([
  [0, 2, '0'],
  [-0.001, 2, '0'],
  [595.276, 2, '595.28'],
  [10.5, 4, '10.5'],
  [100, 0, '100'],
  [-3, 4, '-3'],
  [1e-9, 4, '0'],
])('the number %d with %i digits is written %s', (value, digits, text) => {
  expect(num(value, digits)).toBe(text);
});

test('no number that is none is written', () => {
  expect(() => num(Number.NaN, 2)).toThrow(RangeError);
});

test('the font program is the one the grammar names', () => {
  const hash = createHash('sha256').update(GLYPHLESS_FONT).digest('hex');
  expect(hash).toBe('849011f920ca0b6714bb022e7625515117d69ff6283ad45a2d1cedb81ae78e88');
});

test.each([
  [0x6771, 'keep'],
  [0x20bb7, 'keep'],
  [0xe0100, 'keep'],
  [0xe000, 'keep'],
  [0x202e, 'bidi'],
  [0x2066, 'bidi'],
  [0x200b, 'control'],
  [0x0a, 'control'],
  [0xfeff, 'control'],
  [0xd800, 'unmapped'],
  [0xfffe, 'unmapped'],
  [0x110000, 'unmapped'],
  [-1, 'unmapped'],
  [0, 'unmapped'],
])('code point %i is judged %s', (code, fate) => {
  expect(fateOf(code)).toBe(fate);
});

test.each([
  ['MS-Mincho', 128, 0, 400, 2],
  ['MS-Gothic', 128, 0, 400, 0],
  ['Ryumin-Light', 128, 0x10, 400, 2],
  ['Unknown', 128, 0x10, 700, 3],
  ['Meiryo-Bold', 128, 0, 400, 1],
  ['HeiseiKakuGo-W5', 0, 0, 400, 0],
  ['Century Gothic', 0, 0, 400, undefined],
  ['Arial', 0, 0, 400, undefined],
  ['Symbol', 2, 0, 400, undefined],
])('%s with charset %i is drawn with our font %s', (untrustedFace, charset, pitchFamily, weight, font) => {
  expect(chooseFont({ untrustedFace, charset, pitchFamily, weight })).toBe(font);
});

test('our stand-in fonts have rare kanji of names', () => {
  expect([...'髙﨑𠮷邉塚𩸽'].every((kanji) => standInHas(kanji.codePointAt(0) ?? 0))).toBe(true);
});

const character = (x: number, y: number, advance = 1, textObject = 1): Character => ({
  untrustedCode: 0,
  hyphen: false,
  matrix: { a: 10, b: 0, c: 0, d: 10, e: x, f: y },
  advance,
  advanceKnown: true,
  box: { left: x, bottom: y, right: x + 10, top: y + 10 },
  emBox: { left: x, bottom: y, right: x + 10, top: y + 10 },
  textObject,
  drawnByOwnFont: true,
});
const piece = (text: string, x: number, y: number, advance = 1, textObject = 1): Piece => ({
  text,
  character: character(x, y, advance, textObject),
});
const PAGE = { widthPt: 600, heightPt: 800 };

test('characters with one origin become one piece, the same drawn twice is said once', () => {
  const joined = joinLigatures([piece('f', 0, 0), piece('i', 0, 0), piece('x', 10, 0, 1, 1), piece('x', 10, 0, 1, 2)]);
  expect(joined.map(({ text }) => text)).toEqual(['fi', 'x']);
});

test('a gap between words begins a new run, a small one does not', () => {
  const runs = runsOf([piece('a', 0, 0), piece('b', 10.5, 0), piece('c', 24, 0)], PAGE);
  expect(runs.map((run) => run.glyphs.length)).toEqual([2, 1]);
});

test('advances are the steps between origins', () => {
  const [run] = runsOf([piece('東', 0, 0), piece('京', 9.5, 0)], PAGE);
  expect(run?.glyphs).toEqual([
    { text: '東', advance: 950 },
    { text: '京', advance: 1000 },
  ]);
});

test('stacked kanji become one vertical run, stacked digits do not', () => {
  const down = (text: string): readonly Piece[] => [...text].map((letter, i) => piece(letter, 100, 700 - 10 * i));
  expect(runsOf(down('縦書き'), PAGE)).toMatchObject([{ vertical: true, matrix: [10, 0, 0, 10, 105, 708.8] }]);
  expect(runsOf(down('123'), PAGE)).toHaveLength(3);
});

test('a font that is full reuses an advance instead of losing text', () => {
  const font = new TextFont();
  for (let i = 0; i < 65_000; i++) font.cid(String.fromCodePoint(0x3000 + (i % 20_000)), Math.floor(i / 20_000));
  expect(font.cid('\u3000', 9999)).toBe(1);
  expect(font.cid('never seen', 1)).toBeUndefined();
});

const rgbx = (...pixels: readonly (readonly [number, number, number])[]): Uint8Array =>
  Uint8Array.from(pixels.flatMap(([red, green, blue]) => [red, green, blue, 255]));

test('grey pixels are packed two to a byte, an odd row is filled with zero', () => {
  expect(fewColours(rgbx([255, 255, 255], [0, 0, 0], [128, 130, 126]), 3, 1)).toEqual({
    kind: 'grey',
    packed: Uint8Array.of(0xf0, 0x80),
  });
  expect(fewColours(rgbx([255, 255, 255], [255, 255, 255], [255, 255, 255]), 3, 1)).toEqual({
    kind: 'grey',
    packed: Uint8Array.of(0xff, 0xf0),
  });
});

test('one coloured pixel makes the page a colour page', () => {
  expect(fewColours(rgbx([255, 255, 255], [200, 193, 200]), 2, 1)).toMatchObject({ kind: 'indexed' });
});

test('a blue link and a red seal are kept as they are, in a palette', () => {
  const [white, black, blue, red] = [
    [255, 255, 255],
    [0, 0, 0],
    [5, 99, 193],
    [200, 30, 40],
  ] as const;
  const found = fewColours(rgbx(white, white, black, blue, red), 5, 1);
  expect(found).toEqual({
    kind: 'indexed',
    palette: Uint8Array.from([...white, ...black, ...blue, ...red]),
    bits: 4,
    packed: Uint8Array.of(0x00, 0x12, 0x30),
  });
});

test('a page of more than 16 colours takes a byte a pixel, one of more than 256 or of shades is no palette', () => {
  const cells = (count: number): Uint8Array =>
    rgbx(...Array.from({ length: count }, (_, i) => [(i % 16) * 17, (i >> 4) * 17, (i >> 8) * 17] as const));
  expect(fewColours(cells(17), 17, 1)).toMatchObject({ bits: 8 });
  expect(fewColours(cells(256), 256, 1)).toMatchObject({ bits: 8 });
  expect(fewColours(cells(257), 257, 1)).toBeUndefined();
  const shades = rgbx(...Array.from({ length: 256 }, (_, i) => [i, 255 - i, 128] as const));
  expect(fewColours(shades, 256, 1)).toBeUndefined();
});

test('dense letters beside one blue word stay sharp; a ramp of greys beside it is a photograph', () => {
  const page = (greyAt: (x: number, y: number) => number): Uint8Array =>
    rgbx(
      ...Array.from({ length: 100 * 80 }, (_, i) => {
        const grey = greyAt(i % 100, Math.floor(i / 100));
        return i === 0 ? ([5, 99, 193] as const) : ([grey, grey, grey] as const);
      }),
    );
  // Edges of letters: greys of every cell, each beside ink or paper.
  const edges = [255, 255, 0, 68, 255, 170, 0, 255];
  const between = (grey: number): boolean => grey !== 0 && grey !== 255;
  const letters = page((x, y) => {
    const grey = edges[x % 8] ?? 255;
    return between(grey) ? grey + (y % 2 === 0 ? 5 : -5) : grey;
  });
  expect(fewColours(letters, 100, 80)).toMatchObject({ kind: 'indexed', bits: 4 });
  expect(
    fewColours(
      page((x) => (x < 25 ? 100 + x : 255)),
      100,
      80,
    ),
  ).toBeUndefined();
});

/** Rows of a pattern that has runs of every kind: long, short, aligned, beginning black. */
function pattern(width: number, height: number): Uint8Array {
  const rowBytes = (width + 7) >> 3;
  const bits = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const black = (x * x + 3 * y) % 29 < 7 || (y % 5 === 4 && x < width - y) || (y % 7 === 6 && x % 2 === 0);
      if (black) bits[y * rowBytes + (x >> 3)] = (bits[y * rowBytes + (x >> 3)] ?? 0) | (0x80 >> (x & 7));
    }
  }
  return bits;
}

test.each([1, 2, 7, 8, 9, 63, 64, 65, 1728, 2559, 2560, 2561, 6000])(
  'Group 4 of rows of %i pixels is what sharp, an independent coder, reads back',
  async (width) => {
    const height = 23;
    const bits = pattern(width, height);
    const fax = encodeFax(bits, width, height);
    const pixels = await sharp(tiffOf(fax, width, height))
      .toColourspace('b-w')
      .raw()
      .toBuffer();
    const black = Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      return ((bits[y * ((width + 7) >> 3) + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1;
    });
    expect(Array.from(pixels, (value) => (value < 128 ? 1 : 0))).toEqual(black);
    expect(faxProblem(fax, width, height)).toBeUndefined();
    expect(faxProblem(fax, width, height + 1)).toBeDefined();
  },
);

/** A TIFF of one strip (TIFF 6.0 §11, compression 4). */
function tiffOf(fax: Uint8Array, width: number, height: number): Buffer {
  const entries = [
    [256, width],
    [257, height],
    [258, 1],
    [259, 4],
    [262, 0],
    [273, 8],
    [277, 1],
    [278, height],
    [279, fax.length],
  ] as const;
  const padded = fax.length + (fax.length % 2);
  const file = Buffer.alloc(8 + padded + 2 + entries.length * 12 + 4);
  file.write('II*\0', 0, 'latin1');
  file.writeUInt32LE(8 + padded, 4);
  file.set(fax, 8);
  file.writeUInt16LE(entries.length, 8 + padded);
  for (const [i, [tag, value]] of entries.entries()) {
    const at = 8 + padded + 2 + i * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(4, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt32LE(value, at + 8);
  }
  return file;
}
