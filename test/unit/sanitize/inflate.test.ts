/** Our own inflate against node:zlib as oracle: the same bytes, and refused whenever zlib refuses. */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inflateRaw } from '../../../src/sanitize/engines/inflate.ts';

const STRATEGIES = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FILTERED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FIXED,
];

/** Bytes with runs and repetitions, as files have them. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.nat(300))
        .map(([unit, n]) => Buffer.alloc(unit.length * n, unit)),
      fc.string({ maxLength: 80 }).map((text) => Buffer.from(text)),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Buffer.concat(pieces));

const packed = fc
  .record({ content, level: fc.integer({ min: 0, max: 9 }), strategy: fc.constantFrom(...STRATEGIES) })
  .map(({ content, ...options }) => ({ content, stream: deflateRawSync(content, options) }));

test('whatever zlib packs is unpacked to the same bytes, and to its last byte', () => {
  fc.assert(
    fc.property(packed, ({ content, stream }) => {
      const result = inflateRaw(Buffer.concat([stream, Buffer.from('behind')]), content.length);
      expect(result).toEqual({ kind: 'inflated', bytes: new Uint8Array(content), read: stream.length });
    }),
    { numRuns: 400 },
  );
});

/** What zlib makes of it, no more than 64 KiB. */
function oracle(stream: Uint8Array): Buffer | undefined {
  try {
    return inflateRawSync(stream, { maxOutputLength: 64 * 1024 });
  } catch {
    return undefined;
  }
}

test('streams with changed bits: the same answer as zlib, or both refuse', () => {
  let refused = 0;
  const changed = fc.tuple(packed, fc.nat(), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(changed, ([{ stream }, at, bits]) => {
      stream[at % stream.length] = (stream[at % stream.length] ?? 0) ^ bits;
      const expected = oracle(stream);
      const result = inflateRaw(stream, expected?.length ?? 64 * 1024);
      if (expected === undefined) refused += 1;
      if (expected === undefined) expect(result.kind).toBe('failed');
      else expect(result).toMatchObject({ kind: 'inflated', bytes: new Uint8Array(expected) });
    }),
    { numRuns: 1500 },
  );
  expect(refused).toBeGreaterThan(100);
});

test('anything at all: the same answer as zlib', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (stream) => {
      const expected = oracle(stream);
      const result = inflateRaw(stream, expected?.length ?? 64 * 1024);
      expect(result.kind).toBe(expected === undefined ? 'failed' : 'inflated');
    }),
    { numRuns: 3000 },
  );
});

const zeros = deflateRawSync(Buffer.alloc(10_000_000));

test('A24: a byte more or less than announced is refused, and time is looked at', () => {
  expect(inflateRaw(zeros, 10_000_000)).toMatchObject({ kind: 'inflated' });
  expect(inflateRaw(zeros, 9_999_999)).toMatchObject({ kind: 'failed', why: 'too-long' });
  expect(inflateRaw(zeros, 10_000_001)).toMatchObject({ kind: 'failed', why: 'too-short' });
  expect(inflateRaw(zeros, 1000)).toMatchObject({ kind: 'failed', why: 'too-long' });
  expect(inflateRaw(zeros, 10_000_000, () => true)).toMatchObject({ kind: 'failed', why: 'timeout' });
  expect(inflateRaw(new Uint8Array(), 0)).toMatchObject({ kind: 'failed', why: 'malformed' });
});

test.each([
  ['block type 3', '07'],
  ['a distance before the start', '030200'],
  ['a stored block whose lengths differ', '0101000000'],
  ['a stored block that ends too early', '010500faff61'],
  ['a literal code without meaning', '1b0300'],
])('%s is refused, by zlib as well', (_, stream) => {
  const bytes = Buffer.from(stream, 'hex');
  expect(oracle(bytes)).toBeUndefined();
  expect(inflateRaw(bytes, 3).kind).toBe('failed');
});
