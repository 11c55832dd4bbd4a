/** PNG (docs/output-grammar.md §8): limits and reasons exactly, palettes of every size at every depth. */
import { crc32, deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { pngProblems } from '../../../src/inspect/png.ts';

function chunk(name: string, content: Uint8Array = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  crc.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, crc]);
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const PHYS = chunk('pHYs', Buffer.from('000003e8000003e801', 'hex'));
const END = chunk('IEND');
const PALETTE = chunk('PLTE', Buffer.of(1, 2, 3));

function header(width: number, height: number, depth = 8, colourType = 2, methods = [0, 0, 0]): Buffer {
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width);
  size.writeUInt32BE(height, 4);
  return chunk('IHDR', Buffer.concat([size, Buffer.from([depth, colourType, ...methods])]));
}
const png = (...chunks: readonly Buffer[]): Buffer => Buffer.concat([SIGNATURE, ...chunks]);
const data = (rows: readonly number[] | Uint8Array): Buffer => chunk('IDAT', deflateSync(Uint8Array.from(rows)));

test('bytes that lie in a larger buffer are read from where they begin', () => {
  const whole = png(header(1, 1), PHYS, data([0, 1, 2, 3]), END);
  expect(pngProblems(whole)).toEqual([]);
  expect(pngProblems(Buffer.concat([Buffer.from('xyz'), whole, Buffer.from('xyz')]).subarray(3, -3))).toEqual([]);
});

test('250,000,000 pixels, not one more', () => {
  const of = (width: number, height: number): Buffer => png(header(width, height), PHYS, data([0]), END);
  expect(pngProblems(of(25_000, 10_000))).toEqual(['png: pixels are not height × row bytes']);
  expect(pngProblems(of(25_000, 10_001))).toEqual(['png: size out of bounds']);
  expect(pngProblems(of(250_000_001, 1))).toEqual(['png: size out of bounds']);
  expect(pngProblems(of(1, 0))).toEqual(['png: size out of bounds']);
  expect(pngProblems(of(0, 1))).toEqual(['png: size out of bounds']);
  expect(pngProblems(of(1, 1))).toEqual(['png: pixels are not height × row bytes']);
});

test('100,000 chunks, not one more', () => {
  const of = (empty: number): Buffer =>
    png(header(1, 1), PHYS, data([0, 1, 2, 3]), ...Array<Buffer>(empty).fill(chunk('IDAT')), END);
  expect(pngProblems(of(99_996))).toEqual([]);
  expect(pngProblems(of(99_997))).toEqual(['png: too many chunks']);
});

test('one stream may stand in several chunks', () => {
  const stream = deflateSync(Buffer.from([0, 1, 2, 3, 4, 9, 8, 7]));
  const parts = [stream.subarray(0, 3), stream.subarray(3, 4), stream.subarray(4)].map((part) => chunk('IDAT', part));
  expect(pngProblems(png(header(1, 2), PHYS, ...parts, END))).toEqual([]);
  expect(pngProblems(png(header(1, 2), PHYS, ...parts.reverse(), END))[0]).toMatch(/^png: zlib stream/);
});

test('rows begin with the filters 0 to 4', () => {
  for (let filter = 0; filter < 256; filter++) {
    const expected = filter <= 4 ? [] : ['png: unknown row filter'];
    expect([filter, pngProblems(png(header(1, 2), PHYS, data([0, 1, 2, 3, filter, 4, 5, 6]), END))]).toEqual([
      filter,
      expected,
    ]);
    expect(pngProblems(png(header(2, 1, 8, 0), PHYS, data([filter, 1, 2]), END))).toEqual(expected);
  }
});

test.each([
  ['no signature', Buffer.from('x')],
  ['no signature', Buffer.alloc(0)],
  ['no IHDR', SIGNATURE],
  ['no IHDR', png(PHYS, header(1, 1), data([0, 1, 2, 3]), END)],
  ['no IHDR', png(chunk('IHDR', Buffer.alloc(12)), PHYS, data([0]), END)],
  ['no IHDR', png(chunk('IHDR', Buffer.alloc(14)), PHYS, data([0]), END)],
  ['another resolution than ours', png(header(1, 1), chunk('pHYs', Buffer.alloc(9)), data([0, 1, 2, 3]), END)],
  ['another resolution than ours', png(header(1, 1), chunk('pHYs'), data([0, 1, 2, 3]), END)],
  ['IEND with content', png(header(1, 1), PHYS, data([0, 1, 2, 3]), chunk('IEND', Buffer.of(1)))],
  ['a chunk longer than the file', png(header(1, 1), PHYS, data([0, 1, 2, 3]), END.subarray(0, -1))],
  ['a chunk longer than the file', png(header(1, 1), PHYS, data([0, 1, 2, 3]), END, Buffer.of(0))],
  ['a chunk longer than the file', png(Buffer.from('ffffffff49484452', 'hex'))],
  ['a wrong CRC', png(header(1, 1), PHYS, data([0, 1, 2, 3]), Buffer.concat([END.subarray(0, -1), Buffer.of(0)]))],
  [
    'chunks stand as IHDR pHYs IHDR pHYs IDAT IEND',
    png(header(1, 1), PHYS, header(1, 1), PHYS, data([0, 1, 2, 3]), END),
  ],
  [
    'chunks stand as IHDR pHYs PLTE IHDR pHYs PLTE IDAT IEND',
    png(header(1, 1, 1, 3), PHYS, PALETTE, header(1, 1, 1, 3), PHYS, PALETTE, data([0, 0]), END),
  ],
  ['chunks stand as IHDR pHYs IDAT', png(header(1, 1), PHYS, data([0, 1, 2, 3]))],
  ['chunks stand as IHDR pHYs IEND', png(header(1, 1), PHYS, END)],
  ['chunks stand as IHDR IDAT IEND', png(header(1, 1), data([0, 1, 2, 3]), END)],
  ['chunks stand as IHDR pHYs xIDAT IEND'.replace('xIDAT', 'IDAx'), png(header(1, 1), PHYS, chunk('IDAx'), END)],
  ['chunks stand as IHDR pHYs IDAT IEND', png(header(1, 1, 8, 3), PHYS, data([0, 0]), END)],
  [
    'chunks stand as IHDR pHYs IDAT PLTE IEND',
    png(header(1, 1, 8, 3), PHYS, data([0, 0]), chunk('PLTE', Buffer.alloc(3)), END),
  ],
  [
    'chunks stand as IHDR pHYs PLTE IDAT IEND',
    png(header(1, 1), PHYS, chunk('PLTE', Buffer.alloc(3)), data([0, 1, 2, 3]), END),
  ],
  ...[
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ].map((methods): [string, Buffer] => [
    'another pixel format than ours',
    png(header(1, 1, 8, 2, methods), PHYS, data([0, 1, 2, 3]), END),
  ]),
  ...[
    [16, 2],
    [4, 2],
    [1, 0],
    [2, 0],
    [4, 0],
    [8, 4],
    [8, 6],
    [16, 3],
    [8, 1],
  ].map(([depth, type]): [string, Buffer] => [
    'another pixel format than ours',
    png(header(1, 1, depth, type), PHYS, data([0, 1, 2, 3]), END),
  ]),
])('«%s»', (why, bytes) => {
  expect(pngProblems(bytes)).toEqual([`png: ${why}`]);
});

test('a long list of chunks is said in short', () => {
  const many = png(header(1, 1), PHYS, ...Array<Buffer>(40).fill(chunk('tEXt')), data([0, 1, 2, 3]), END);
  expect(pngProblems(many)).toEqual([`png: chunks stand as ${`IHDR pHYs ${'tEXt '.repeat(40)}`.slice(0, 80)}`]);
});

/** One row of `width` numbers below `colours`, packed at `depth` bits, `spare` in the bits behind. */
function row(numbers: readonly number[], depth: number, spare = 0): number[] {
  const bits = numbers.map((value) => value.toString(2).padStart(depth, '0')).join('');
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, spare === 0 ? '0' : '1');
  return [0, ...(whole.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))];
}
const table = (colours: number): Buffer =>
  chunk('PLTE', Buffer.from(Array.from({ length: colours }, (_, i) => [i, 255 - i, 7]).flat()));
const palette = (colours: number, depth: number, numbers: readonly number[], spare = 0): readonly string[] =>
  pngProblems(
    png(
      header(numbers.length, 2, depth, 3),
      PHYS,
      table(colours),
      data([...row(numbers, depth), ...row(numbers, depth, spare)]),
      END,
    ),
  );
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test.each([
  [1, 1, 2],
  [2, 3, 4],
  [4, 5, 16],
  [8, 17, 256],
])('depth %i holds %i to %i colours', (depth, least, most) => {
  for (const colours of [least, least + 1, most - 1, most].filter((count) => count >= least && count <= most)) {
    for (const width of [0, 1, 2, 3, 5, 7]) {
      const numbers = [...upTo(colours), ...upTo(colours).slice(0, width)];
      expect([depth, colours, width, palette(colours, depth, numbers)]).toEqual([depth, colours, width, []]);
      const spare = palette(colours, depth, numbers, 1);
      const isFull = (numbers.length * depth) % 8 === 0;
      expect(spare).toEqual(isFull ? [] : ['png: bits behind the end of a row']);
    }
    if (colours > 1)
      expect(palette(colours, depth, upTo(colours - 1).concat(0))).toEqual(['png: a colour that no pixel has']);
    if (colours < 2 ** depth) {
      expect(palette(colours, depth, upTo(colours).concat(colours))).toEqual(['png: a number beyond the palette']);
      expect(palette(colours, depth, [2 ** depth - 1])).toEqual(['png: a number beyond the palette']);
    }
  }
  const why = ['png: palette of another size'];
  if (depth > 1) expect(palette(least - 1, depth, upTo(least - 1))).toEqual(why);
  expect(palette(most + 1, depth, upTo(Math.min(most, 2 ** depth)))).toEqual(why);
  expect(palette(0, depth, [0])).toEqual(why);
});

test('tables are of whole colours, each once', () => {
  const of = (bytes: readonly number[], rows: readonly number[]): readonly string[] =>
    pngProblems(png(header(2, 1, 1, 3), PHYS, chunk('PLTE', Buffer.from(bytes)), data(rows), END));
  expect(of([1, 2, 3, 1, 2, 4], [0, 0x40])).toEqual([]);
  expect(of([1, 2, 3, 1, 2, 3], [0, 0x40])).toEqual(['png: a colour stands twice in the palette']);
  expect(of([1, 2, 3, 4], [0, 0x40])).toEqual(['png: palette of another size']);
  expect(of([1, 2, 3, 1, 2, 4], [1, 0x40])).toEqual(['png: a filtered row of a palette picture']);
});

test('a colour is not shown by the bits behind a row', () => {
  expect(palette(2, 1, [1, 1, 1])).toEqual(['png: a colour that no pixel has']);
  expect(palette(2, 1, [1, 1, 0])).toEqual([]);
});

test('palette pictures, too, end with IEND and may come in several chunks', () => {
  const stream = deflateSync(Buffer.from([0, 0x40]));
  const parts = [stream.subarray(0, 4), stream.subarray(4)].map((part) => chunk('IDAT', part));
  const of = (...behind: readonly Buffer[]): readonly string[] =>
    pngProblems(png(header(2, 1, 1, 3), PHYS, table(2), ...parts, END, ...behind));
  expect(of()).toEqual([]);
  expect(of(END)).toEqual(['png: chunks stand as IHDR pHYs PLTE IDAT IDAT IEND IEND']);
});
