/** Group 4 (docs/output-grammar-pdf.md §6): every run length our encoder can write is read to its end; every wrong bit is named. */
import { expect, test } from 'vitest';
import { faxProblem } from '../../../src/inspect/fax.ts';
import { encodeFax } from '../../../src/sanitize/engines/images/fax.ts';

const EOFB = '000000000001'.repeat(2);
const packed = (bits: string): Buffer =>
  Buffer.from((bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
/** @param rows pictures of rows in 0 and 1 */
function encoded(rows: readonly string[]): Uint8Array {
  return encodeFax(Buffer.concat(rows.map(packed)), rows[0]?.length ?? 0, rows.length);
}
const problem = (bits: string, width: number, height = 1) => faxProblem(packed(bits + EOFB), width, height);

test('runs of every code, white and black', () => {
  const width = 2700;
  const multiples = Array.from({ length: 42 }, (_, i) => 64 * (i + 1));
  const runs = [...Array(64).keys(), ...multiples, ...multiples.map((run) => run + 63)].filter(
    (run) => run < width - 12,
  );
  for (const run of runs) {
    // Between blank rows, so that every run is spelled and none follows from the row above.
    const blank = '0'.repeat(width);
    const white = `${'0'.repeat(run)}1${'0'.repeat(width - run - 1)}`;
    const black = `0000000000${'1'.repeat(run)}`.padEnd(width, '0');
    expect([run, faxProblem(encoded([blank, white, blank, black]), width, 4)]).toEqual([run, undefined]);
    // Where the run ends the row, a wrong length is a row that is too short or too long.
    const ending = `${'0'.repeat(run)}11111`;
    expect([run, faxProblem(encoded([ending]), run + 5, 1)]).toEqual([run, undefined]);
    if (run > 0) expect([run, faxProblem(encoded(['1'.repeat(run)]), run, 1)]).toEqual([run, undefined]);
  }
});

test('very long runs take several codes of 2560', () => {
  for (const width of [5119, 5120, 5121, 7700]) {
    for (const row of ['0'.repeat(width - 1), '1'.repeat(width - 1)]) {
      const rows = [`${row}${row.startsWith('0') ? '1' : '0'}`, '0'.repeat(width)];
      expect(faxProblem(encoded(rows), width, 2)).toBe(undefined);
    }
  }
});

test('rows that lie near each other in every way, of every width', () => {
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return (seed >> 8) % below;
  };
  for (let width = 1; width <= 70; width++) {
    let row = Array.from({ length: width }, () => random(2));
    const rows: string[] = [];
    for (let y = 0; y < 20; y++) {
      rows.push(row.join(''));
      const [at, length] = [random(width), random(9)];
      row = row.map((pixel, x) => (x >= at && x < at + length ? random(2) : pixel));
      if (y % 9 === 8) row = row.map(() => y & 1);
      if (y % 7 === 6) row = row.slice(1).concat(random(2));
    }
    const bytes = encoded(rows);
    expect([width, faxProblem(bytes, width, rows.length)]).toEqual([width, undefined]);
    expect(faxProblem(bytes, width, rows.length - 1)).toMatch(/^fax: /);
    expect(faxProblem(bytes, width, rows.length + 1)).toMatch(/^fax: /);
    expect(faxProblem(Buffer.concat([bytes, Buffer.of(0)]), width, rows.length)).toBe(
      'fax: bytes after EOFB, or none of it',
    );
    expect(faxProblem(bytes.subarray(0, -1), width, rows.length)).toMatch(/^fax: /);
  }
});

const [V0, VR1, VR2, VR3, VL1, VL2, VL3] = ['1', '011', '000011', '0000011', '010', '000010', '0000010'];
const [P, H] = ['0001', '001'];
/** White 2, black 1, white 1, black 5. */
const ONE_THREE = `${H}0111${'010'}${H}000111${'0011'}`;

test.each([
  ['a blank row', V0, 9, 1],
  ['vertical one, two, three to the left', `${VL1}${V0}`, 9, 1],
  ['two to the left', `${VL2}${V0}`, 9, 1],
  ['three to the left', `${VL3}${V0}`, 9, 1],
  // White 2, black 3, white 4; then the row below, its changes one, two, three to the right.
  ['to the right', `${H}0111${'10'}${V0}${VR1}${VR2}${V0}${VR3}${V0}${V0}`, 9, 3],
  ['pass', `${H}0111${'10'}${V0}${P}${V0}`, 9, 2],
  ['pass twice', `${H}0111${'11'}${H}0111${'11'}${V0}${P}${P}${V0}`, 9, 2],
  ['a row that begins black', `${H}00110101${'10'}${V0}`, 9, 1],
  ['a row all black', `${H}00110101${'000100'}`, 9, 1],
  ['a blank row in horizontal mode', `${H}10100${'0000110111'}`, 9, 1],
  ['pass, then a step to the next change', `${ONE_THREE}${P}${V0}${V0}`, 9, 2],
  ['pass, then a step one to its right', `${ONE_THREE}${P}${VR1}${V0}`, 9, 2],
  ['a run up to the end', `${H}1011${'011'}${V0}`, 9, 1],
])('reads %s', (_, bits, width, height) => {
  expect(problem(bits, width, height)).toBe(undefined);
});

test.each([
  ['no code', `0000000${'1'.repeat(9)}`, 9, 1],
  ['no code', '', 9, 1],
  ['no EOFB after the last row', `${V0}0`, 9, 1],
  ['no EOFB after the last row', `${V0}${V0}`, 9, 1],
  ['two empty runs', `${H}00110101${'0000110111'}${V0}`, 9, 1],
  ['pass beyond the row', `${P}${V0}`, 9, 1],
  ['pass beyond the row', `${H}0111${'10'}${V0}${P}${P}${V0}`, 9, 2],
  ['runs longer than the row', `${H}0111${'000101'}`, 9, 1],
  ['runs longer than the row', `${H}10100${'010'}`, 8, 1],
  ['an empty run', `${H}0111${'0000110111'}${V0}`, 9, 1],
  ['an empty run', `${VL3}${H}0000110111${'1000'}`, 9, 1],
  ['a run that leads nowhere', VR1, 9, 1],
  ['a run that leads nowhere', `${VL1}${VL1}`, 9, 1],
  ['a run that leads nowhere', VL3, 2, 1],
  // Behind a pass the row has begun: no step to where it stands, no empty run.
  ['a run that leads nowhere', `${ONE_THREE}${P}${VL1}${V0}`, 9, 2],
  ['an empty run', `${ONE_THREE}${P}${H}00110101${'10'}${V0}`, 9, 2],
])('«%s»: %s', (why, bits, width, height) => {
  expect(problem(bits, width, height)).toBe(`fax: ${why}`);
});

test('behind EOFB come zero bits up to the byte and nothing else', () => {
  const whole = `${V0}${EOFB}`;
  expect(faxProblem(packed(whole), 9, 1)).toBe(undefined);
  for (let at = whole.length; at < 32; at++) {
    const bits = whole.padEnd(at, '0').concat('1').padEnd(32, '0');
    expect([at, faxProblem(packed(bits), 9, 1)]).toEqual([at, 'fax: bits after EOFB']);
  }
  expect(faxProblem(packed(whole.padEnd(40, '0')), 9, 1)).toBe('fax: bytes after EOFB, or none of it');
  expect(faxProblem(packed(V0), 9, 1)).toBe('fax: no EOFB after the last row');
  for (let at = 1; at < whole.length; at++) {
    const bits = whole.slice(0, at) + (whole[at] === '0' ? '1' : '0') + whole.slice(at + 1);
    expect([at, faxProblem(packed(bits), 9, 1)]).toEqual([at, 'fax: no EOFB after the last row']);
  }
});
