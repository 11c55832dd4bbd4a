/** Content streams of our PDFs: one picture, then invisible text (docs/output-grammar-pdf.md §4). */
import { latin1 } from '../bytes.ts';
import { demand, Misfit } from './cursor.ts';
import type { TextFont } from './fonts.ts';

/** Longest run of CIDs, four hex digits each. */
const MAX_RUN_DIGITS = 4 * 4000;
const MAX_COEFFICIENT = 100_000;

const NUMBER = '(-?(?:0|[1-9][0-9]{0,9})(?:\\.[0-9]{1,4})?)';
const RUN = new RegExp(`${Array(6).fill(NUMBER).join(' ')} Tm\\n<([0-9A-F]{4,${MAX_RUN_DIGITS}})> Tj\\n`, 'y');
const FONT = /\/([HV]) 1 Tf\n/y;

/** Judges one page's decoded content and notes the CIDs it uses. @throws Misfit */
export function readContent(
  bytes: Uint8Array,
  width: string,
  height: string,
  horizontal: TextFont,
  vertical: TextFont,
): void {
  const text = latin1(bytes);
  const picture = `q\n${width} 0 0 ${height} 0 0 cm\n/I Do\nQ\n`;
  demand(text.startsWith(picture), 'content: picture');
  if (text.length === picture.length) return;
  const begin = 'BT\n3 Tr\n';
  demand(text.startsWith(begin, picture.length), 'content: beginning of text');

  let at = picture.length + begin.length;
  let before = '';
  do {
    FONT.lastIndex = at;
    const name = FONT.exec(text)?.[1] ?? '';
    demand(name !== '' && name !== before, `content: font at ${at}`);
    at = readRuns(text, FONT.lastIndex, Number(width), Number(height), name === 'H' ? horizontal : vertical);
    before = name;
  } while (text[at] === '/');
  demand(text.slice(at) === 'ET\n', `content: end at ${at}`);
}

/** One or more runs. @returns the offset behind the last one. */
function readRuns(text: string, from: number, width: number, height: number, font: TextFont): number {
  let at = from;
  do {
    RUN.lastIndex = at;
    const run = RUN.exec(text);
    if (run === null) throw new Misfit(`content: run at ${at}`);
    checkMatrix(run.slice(1, 7), width, height);
    checkCodes(run[7] ?? '', font);
    at = RUN.lastIndex;
  } while (text[at] !== '/' && text[at] !== 'E');
  return at;
}

function checkMatrix(numbers: readonly string[], width: number, height: number): void {
  for (const [i, number] of numbers.entries()) {
    // One value, one spelling: no -0, no zero at the end of a fraction; positions have two decimals at most.
    demand(number !== '-0' && !/\.[0-9]*0$/.test(number), 'content: spelling of a number');
    demand(i < 4 || !/\.[0-9]{3}/.test(number), 'content: decimals of a position');
  }
  const [a = 0, b = 0, c = 0, d = 0, e = -1, f = -1] = numbers.map(Number);
  demand(
    [a, b, c, d].every((value) => Math.abs(value) <= MAX_COEFFICIENT),
    'content: size of a number',
  );
  // In whole ten-thousandths equal products round to equal numbers, so a flat matrix is never taken for another.
  const [A, B, C, D] = [a, b, c, d].map((value) => Math.round(value * 10_000)) as [number, number, number, number];
  demand(A * D !== B * C, 'content: a flat matrix');
  demand(e >= 0 && e <= width && f >= 0 && f <= height, 'content: position off the page');
}

function checkCodes(hex: string, font: TextFont): void {
  demand(hex.length % 4 === 0, 'content: half a CID');
  for (let i = 0; i < hex.length; i += 4) {
    demand(font.use(parseInt(hex.slice(i, i + 4), 16)), 'content: a CID that the font has not');
  }
}
