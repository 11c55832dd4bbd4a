import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode, rebuild } from '../../../src/vault/reedsolomon.ts';

const codes = fc
  .tuple(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 0, max: 8 }))
  .map(([k, m]) => [k, k + m] as const);

test('any k fragments restore the data, and every other fragment', () => {
  fc.assert(
    fc.property(codes, fc.uint8Array({ maxLength: 300 }), fc.infiniteStream(fc.nat()), ([k, n], data, chance) => {
      const fragments = encode(data, k, n).map((bytes, index) => ({ index, bytes }));
      const some = [...fragments].sort(() => (chance.next().value % 3) - 1).slice(0, k);
      expect(Buffer.from(decode(some, k, data.length)).equals(data)).toBe(true);
      for (const { index, bytes } of fragments) expect(Buffer.from(rebuild(some, k, index)).equals(bytes)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('every choice of 3 out of 6 restores', () => {
  const data = Uint8Array.from({ length: 1000 }, (_, i) => (i * 37) & 255);
  const fragments = encode(data, 3, 6).map((bytes, index) => ({ index, bytes }));
  for (let set = 0; set < 64; set++) {
    const chosen = fragments.filter(({ index }) => (set >> index) & 1);
    if (chosen.length === 3) expect(Buffer.from(decode(chosen, 3, 1000)).equals(data)).toBe(true);
  }
});

test('systematic: the first k fragments are the data; the first parity is their XOR', () => {
  const [first, second, parity] = encode(Uint8Array.of(1, 2, 3, 4), 2, 3);
  expect([first, second, parity].map((bytes) => [...bytes!])).toEqual([
    [1, 2],
    [3, 4],
    [2, 6],
  ]);
});

test('the code of format 1 does not move: 2 of 4 and 3 of 5 of known data', () => {
  const hex = (k: number, n: number) => encode(Buffer.from('sekisho'), k, n).map((b) => Buffer.from(b).toString('hex'));
  expect(hex(2, 4)).toMatchInlineSnapshot(`
    [
      "73656b69",
      "73686f00",
      "000d0469",
      "6c1a6e4e",
    ]
  `);
  expect(hex(3, 5)).toMatchInlineSnapshot(`
    [
      "73656b",
      "697368",
      "6f0000",
      "751603",
      "4bfd7a",
    ]
  `);
});

test('too few fragments and repeated ones are refused', () => {
  const [a] = encode(Buffer.from('sekisho'), 2, 3);
  const one = { index: 0, bytes: a! };
  expect(() => decode([one], 2, 7)).toThrow(RangeError);
  expect(() => decode([one, one], 2, 7)).toThrow(RangeError);
});
