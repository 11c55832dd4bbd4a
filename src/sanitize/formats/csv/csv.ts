/**
 * CSV (RFC 4180; comma, TAB or semicolon; any charset) → CSV in UTF-8 with every cell inert text.
 *
 * Danger: spreadsheet programs run a cell that starts with `=`, `+`, `-`, `@` (or the full-width ＝＋－＠) as a formula;
 * `=cmd|' /C calc'!A1` starts a program through DDE. Old readers unpack encoded files and quoted mails from the lines of cells.
 * Method: parsed to rows, written back with every cell quoted, formula cells led by `'`, such lines in brackets.
 * Kept: text, order, number of rows and cells, plain numbers. Lost: quoting, separator, charset, invisible characters.
 */
import { cleanText } from '../../body/characters.ts';
import { disarmLines } from '../../body/frames.ts';
import { removals } from '../../body/safe-text.ts';
import { blocked, built, type Converter } from '../../converter.ts';
import { stemOf } from '../../names.ts';
import { decodeFile } from '../text/decode.ts';
import { parseRows } from './parse.ts';

/** What Excel itself opens (its published limits); more is a mistake or an attack. */
const LIMITS = { maxRows: 1_048_576, maxCells: 16_384, maxCellUnits: 32_766 } as const;
const MAX_UNREADABLE = 0.05;

const FORMULA_START = /^[=+\-@＝＋－＠﹢﹣﹦﹫−]/;
/** Numbers, money, percentages; full-width numbers; the dash that means «nothing». */
const INERT = [
  /^[+-]?[¥￥\\]?[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?[%％]?$/,
  /^[＋－−][０-９][０-９，]*(?:．[０-９]+)?$/,
  /^[-－−]+$/,
];

export const csv: Converter = {
  name: 'csv',
  accepts: ['csv'],
  documentation: {
    danger: 'cells that spreadsheet programs run as formulas, DDE commands',
    method: 'parsed to rows and cells, written anew as quoted UTF-8 CSV, formula cells led by an apostrophe',
    kept: 'text, order, number of rows and cells, plain numbers (negative ones too)',
    lost: 'original quoting, separator and charset, invisible characters, formulas (their text stays)',
  },

  async convert(file, { deadline }) {
    const decoded = decodeFile(file.bytes, file.untrustedCharset);
    if (decoded.replaced > decoded.text.length * MAX_UNREADABLE) {
      return blocked('encoding-unknown', `${decoded.replaced} of ${decoded.text.length} characters unreadable`);
    }
    const rows = parseRows(decoded.text.replace(/^\uFEFF/, ''), LIMITS, () => performance.now() < deadline);
    if (rows === undefined) return blocked('limit-exceeded', 'more rows, cells or characters than a spreadsheet holds');
    if (rows.length === 0) return blocked('malformed', 'no rows');
    const counts = { formula: 0, 'control-characters': 0, 'bidi-controls': 0 };
    const longest = { units: 0 };
    const bytes = new TextEncoder().encode(`\uFEFF${rows.map((row) => writeRow(row, counts, longest)).join('')}`);
    if (longest.units > LIMITS.maxCellUnits) return blocked('limit-exceeded', `a cell of ${longest.units} characters`);
    return {
      kind: 'converted',
      outcome: 'rebuilt',
      files: [{ type: 'csv', untrustedStem: stemOf(file.untrustedName), bytes: built(bytes) }],
      removed: removals(counts),
    };
  },
};

type Counts = { formula: number; 'control-characters': number; 'bidi-controls': number };

/** Brackets make a cell longer. */
type Longest = { units: number };

const writeRow = (cells: readonly string[], counts: Counts, longest: Longest): string =>
  `${cells.map((cell) => writeCell(cell, counts, longest)).join(',')}\r\n`;

function writeCell(untrusted: string, counts: Counts, longest: Longest): string {
  const cleaned = cleanText(untrusted);
  counts['control-characters'] += cleaned.controls;
  counts['bidi-controls'] += cleaned.bidi;
  const text = disarmLines(cleaned.text.replaceAll('\t', ' '));
  longest.units = Math.max(longest.units, text.length);
  const formula = isFormula(text);
  if (formula) counts.formula += 1;
  return `"${(formula ? `'${text}` : text).replaceAll('"', '""')}"`;
}

function isFormula(cell: string): boolean {
  const start = cell.trimStart();
  return FORMULA_START.test(start) && !INERT.some((pattern) => pattern.test(start));
}
