/**
 * Strict reader of our CSV files: docs/output-grammar.md §7 (RFC 4180, every cell quoted).
 *
 * Danger: a cell that a spreadsheet program runs as a formula, also behind white space or with full-width signs.
 * Grammar: byte order mark, rows of quoted cells ended by CRLF, LF inside a cell, character rules, no formula starts.
 */
import { forbiddenCharacter } from './characters.ts';
import { decodeUtf8, lineProblem } from './text.ts';

/** What Excel itself can open, and so the most that we write. */
const MAX_ROWS = 1_048_576;
const MAX_CELLS = 16_384;
const MAX_UNITS = 32_767;

const FORMULA_START = /^[=+\-@＝＋－＠﹢﹣﹦﹫\u2212]/;
const INERT_NUMBER = [
  /^[+-]?[¥￥\\]?[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?[%％]?$/,
  /^[＋－\u2212][０-９][０-９，]*(?:．[０-９]+)?$/,
  /^[-－\u2212]+$/,
];

/** Every kind of problem found, at most one a kind; none for a file of ours. */
export function csvProblems(bytes: Uint8Array): readonly string[] {
  const text = decodeUtf8(bytes);
  if (text === undefined) return ['csv: not UTF-8'];
  if (!text.startsWith('\uFEFF')) return ['csv: no byte order mark'];
  const found = forbiddenCharacter(text.slice(1));
  if (found !== '') return [`csv: forbidden character ${found}`];
  const problem = rowsProblem(text);
  return problem === '' ? [] : [`csv: ${problem}`];
}

/** Walks cell by cell; positions only, no row is kept. */
function rowsProblem(text: string): string {
  let [at, rows, cells] = [1, 0, 0];
  while (at < text.length) {
    if (text[at] !== '"') return 'a cell without quotes';
    const end = endOfCell(text, at + 1);
    if (end < 0) return 'a cell without its closing quote';
    const problem = cellProblem(text.slice(at + 1, end).replaceAll('""', '"'));
    if (problem !== '') return problem;
    if (++cells > MAX_CELLS) return 'too many cells in a row';
    if (text[end + 1] === ',') {
      at = end + 2;
      if (at === text.length) return 'a row without its end';
    } else if (text.startsWith('\r\n', end + 1)) {
      at = end + 3;
      cells = 0;
      if (++rows > MAX_ROWS) return 'too many rows';
    } else return 'neither comma nor CRLF after a cell';
  }
  return rows === 0 ? 'no row' : '';
}

/** Offset of the closing quote; doubled quotes belong to the cell. -1 when there is none. */
function endOfCell(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

function cellProblem(cell: string): string {
  if (cell.length > MAX_UNITS) return 'a cell too long';
  if (/[\t\r]/.test(cell)) return 'TAB or CR in a cell';
  const start = cell.trimStart();
  if (FORMULA_START.test(start) && !INERT_NUMBER.some((number) => number.test(start)))
    return 'a cell that starts a formula';
  return lineProblem(cell);
}
