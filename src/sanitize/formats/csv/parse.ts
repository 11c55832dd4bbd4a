/** CSV (RFC 4180) → rows, lenient: any of comma, TAB and semicolon, any line end, stray quotes as they are. */

export interface CsvLimits {
  readonly maxRows: number;
  readonly maxCells: number;
  readonly maxCellUnits: number;
}

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

/** @returns undefined when a limit is exceeded. Linear in the text's length. */
export function parseRows(
  text: string,
  limits: CsvLimits,
  mayGoOn: () => boolean = () => true,
): readonly (readonly string[])[] | undefined {
  const separator = separatorOf(text).charCodeAt(0);
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quoted = text.charCodeAt(at) === QUOTE;
    const { cell, next } = quoted ? quotedCell(text, at, separator) : plainCell(text, at, separator);
    row.push(cell);
    if (cell.length > limits.maxCellUnits || row.length >= limits.maxCells) return undefined;
    at = next;
    const code = text.charCodeAt(at);
    if (code === separator) {
      at += 1;
      // A separator at the very end opens one more, empty cell.
      if (at === text.length) row.push('');
      continue;
    }
    at += code === CR && text.charCodeAt(at + 1) === LF ? 2 : 1;
    rows.push(row);
    row = [];
    if (rows.length > limits.maxRows || (rows.length % 10_000 === 0 && !mayGoOn())) return undefined;
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

interface Cell {
  readonly cell: string;
  /** Where the separator or line end behind the cell is. */
  readonly next: number;
}

function plainCell(text: string, start: number, separator: number): Cell {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === separator || code === LF || code === CR) break;
  }
  return { cell: text.slice(start, at), next: at };
}

function quotedCell(text: string, start: number, separator: number): Cell {
  let cell = '';
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return { cell: cell + text.slice(from), next: text.length };
    cell += text.slice(from, quote);
    if (text.charCodeAt(quote + 1) !== QUOTE) {
      // Text between the closing quote and the separator is kept, as spreadsheets do.
      const rest = plainCell(text, quote + 1, separator);
      return { cell: cell + rest.cell, next: rest.next };
    }
    cell += '"';
    from = quote + 2;
  }
}

/** The separator that the first lines use most, outside quotes; comma when none is used. */
function separatorOf(text: string): ',' | '\t' | ';' {
  const sample = text
    .slice(0, 20_000)
    .replace(/"[^"]*"/g, '')
    .split(/\r\n?|\n/, 20);
  const count = (separator: string): number => sample.reduce((sum, line) => sum + line.split(separator).length - 1, 0);
  const [comma, tab, semicolon] = [count(','), count('\t'), count(';')];
  if (tab > comma && tab >= semicolon) return '\t';
  return semicolon > comma ? ';' : ',';
}
