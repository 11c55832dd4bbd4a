import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DataChecker, type DataLimits } from '../../../src/intake/data.ts';
import { Refusal } from '../../../src/intake/reply.ts';

const LIMITS: DataLimits = {
  maxBytes: 1_000_000,
  bareLineEnds: 'reject',
  maxHeaderBytes: 100_000,
  maxHeaderFields: 1000,
  maxReceivedFields: 50,
};

/** Bytes that come out, or the reply's status. */
function check(
  pieces: readonly string[],
  limits: Partial<DataLimits>,
): { readonly text: string; readonly fixed: number } {
  const checker = new DataChecker({ ...LIMITS, ...limits }, []);
  try {
    const out = pieces.map((piece) => checker.push(Buffer.from(piece, 'latin1')));
    const text = Buffer.concat([...out, checker.finish()]).toString('latin1');
    return { text, fixed: checker.bareLineEndsFixed };
  } catch (error) {
    if (error instanceof Refusal) return { text: error.reply[1], fixed: -1 };
    throw error;
  }
}

const pieces = fc.array(fc.string({ unit: fc.constantFrom('\r', '\n', 'a', '.', '\xff', '\t'), maxLength: 6 }));

test('normalizing does what the regular expression says, however the octets are cut', () => {
  fc.assert(
    fc.property(pieces, (cut) => {
      const whole = cut.join('');
      const bare = whole.match(/\r(?!\n)|(?<!\r)\n/g)?.length ?? 0;
      const clear = whole.replace(/\r\n|\r|\n/g, '\r\n');
      expect(check(cut, { bareLineEnds: 'normalize' })).toEqual({ text: clear, fixed: bare });
    }),
    { numRuns: 2000 },
  );
});

test('rejecting refuses exactly the messages with a bare CR or LF, and passes the others unchanged', () => {
  fc.assert(
    fc.property(pieces, (cut) => {
      const whole = cut.join('');
      const isBare = /\r(?!\n)|(?<!\r)\n/.test(whole);
      expect(check(cut, {}).text).toBe(isBare ? '5.6.11' : whole);
    }),
    { numRuns: 2000 },
  );
});

test('NUL is refused in both modes', () => {
  expect(check(['a\0b\r\n'], {}).text).toBe('5.6.0');
  expect(check(['a\0b\r\n'], { bareLineEnds: 'normalize' }).text).toBe('5.6.0');
});

test('S25 the limit counts what is stored, line ends that were added included', () => {
  expect(check(['12345678\r\n'], { maxBytes: 10 }).text).toBe('12345678\r\n');
  expect(check(['123456789\r\n'], { maxBytes: 10 }).text).toBe('5.3.4');
  expect(check(['1\n2\n3\n4\n5\n'], { maxBytes: 10, bareLineEnds: 'normalize' }).text).toBe('5.3.4');
});
