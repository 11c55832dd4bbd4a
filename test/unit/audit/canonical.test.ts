import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../../src/message/canonical.ts';

test.each([
  [
    'keys by UTF-16 units, also non-ASCII',
    { b: 1, a: 2, '\u20ac': 3, '\ud83d\ude00': 4, '\ufb33': 5 },
    '{"a":2,"b":1,"\u20ac":3,"\ud83d\ude00":4,"\ufb33":5}',
  ],
  ['nested', { z: [1, { y: null, x: true }], a: '' }, '{"a":"","z":[1,{"x":true,"y":null}]}'],
  ['escapes of RFC 8785 §3.2.2.2', '\u0000\b\t\n\f\r"\\/\u007f', '"\\u0000\\b\\t\\n\\f\\r\\"\\\\/\u007f"'],
  ['minus zero', -0, '0'],
  ['key __proto__', JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
] as const)('%s', (_, value, expected) => {
  expect(canonicalJson(value)).toBe(expected);
});

test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%s is refused', (value) => {
  expect(() => canonicalJson({ value })).toThrow(RangeError);
});

test('order of keys does not matter, and reading it back gives the value', () => {
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: 'binary' }),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  fc.assert(
    fc.property(fc.dictionary(fc.string(), json), (value) => {
      const shuffled = Object.fromEntries(Object.entries(value).reverse());
      const text = canonicalJson(value as Parameters<typeof canonicalJson>[0]);
      expect(canonicalJson(shuffled as Parameters<typeof canonicalJson>[0])).toBe(text);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
    { numRuns: 200 },
  );
});
