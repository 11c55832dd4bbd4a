/** Tables: which ones hold data, and how those are drawn in text. */
import type { DefaultTreeAdapterTypes } from 'parse5';
import { padTo, widthOf } from './width.ts';

type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.ChildNode;

/** Wider grids break in every mail window; they are written without alignment. */
const MAX_GRID_COLUMNS = 110;
const MAX_ROWS = 300;
const MAX_CELLS = 16;
/** A longer cell is prose, and the table its layout. */
const MAX_CELL_UNITS = 200;

interface Shape {
  rows: number;
  columns: number;
  headings: number;
  longestCell: number;
}

/** True for a table of data: two columns or more, short cells, no table inside. Newsletters are tables too, but not such. */
export function isDataTable(table: Element): boolean {
  const shape: Shape = { rows: 0, columns: 0, headings: 0, longestCell: 0 };
  if (!measure(table, shape)) return false;
  if (/^(?:presentation|none)$/i.test(table.attrs.find(({ name }) => name === 'role')?.value ?? '')) return false;
  const shapely = shape.columns >= 2 && shape.columns <= MAX_CELLS && shape.rows <= MAX_ROWS;
  return shapely && shape.longestCell <= MAX_CELL_UNITS && (shape.rows >= 2 || shape.headings > 0);
}

/** False when it meets a table inside. Stops there, so that nested tables are measured in linear time together. */
function measure(table: Element, shape: Shape): boolean {
  const stack: { readonly nodes: readonly Node[]; index: number; readonly cell: boolean }[] = [
    { nodes: table.childNodes, index: 0, cell: false },
  ];
  let cells = 0;
  let units = 0;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const node = top.nodes[top.index++];
    if (node === undefined) {
      if (top.cell) shape.longestCell = Math.max(shape.longestCell, units);
      stack.pop();
      continue;
    }
    if (node.nodeName === '#text' && 'value' in node) units += node.value.trim().length;
    if (!('childNodes' in node)) continue;
    if (node.nodeName === 'table') return false;
    const cell = node.nodeName === 'td' || node.nodeName === 'th';
    if (node.nodeName === 'tr') {
      shape.rows += 1;
      cells = 0;
    } else if (cell) {
      units = 0;
      shape.columns = Math.max(shape.columns, ++cells);
      if (node.nodeName === 'th') shape.headings += 1;
    }
    stack.push({ nodes: node.childNodes, index: 0, cell });
  }
  return true;
}

/** A cell's lines, and whether it is a heading. */
export interface DrawnCell {
  readonly lines: readonly string[];
  readonly heading: boolean;
}

/** Lines of a data table: a grid with aligned columns, or one line a row when that would be too wide. */
export function drawTable(rows: readonly (readonly DrawnCell[])[]): readonly string[] {
  const filled = withoutBlankColumns(rows.filter((row) => row.some(isFilled)));
  const count = Math.max(0, ...filled.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(1, ...filled.map((row) => Math.max(0, ...(row[column]?.lines ?? []).map(widthOf)))),
  );
  const total = widths.reduce((sum, width) => sum + width + 3, -3);
  if (total > MAX_GRID_COLUMNS) {
    const cells = filled.map((row) => row.map((cell) => cell.lines.filter((line) => line !== '').join(' ')));
    return cells.map((row) => row.slice(0, row.findLastIndex((text) => text !== '') + 1).join(' | '));
  }
  return filled.flatMap((row, i) => {
    const lines = drawRow(row, widths);
    const next = filled[i + 1];
    const underline = row.every((cell) => cell.heading) && next !== undefined && !next.every((cell) => cell.heading);
    return underline ? [...lines, widths.map((width) => '-'.repeat(width)).join('-+-')] : lines;
  });
}

const isFilled = (cell: DrawnCell | undefined): boolean => cell?.lines.some((line) => line !== '') === true;

/** Layouts use empty columns as gaps; in text they would be rows of bars. */
function withoutBlankColumns(rows: readonly (readonly DrawnCell[])[]): readonly (readonly DrawnCell[])[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const filled = Array.from({ length: count }, (_, column) => rows.some((row) => isFilled(row[column])));
  return rows.map((row) => row.filter((_, column) => filled[column]));
}

function drawRow(row: readonly DrawnCell[], widths: readonly number[]): string[] {
  const height = Math.max(1, ...row.map((cell) => cell.lines.length));
  return Array.from({ length: height }, (_, line) =>
    widths
      .map((width, column) => padTo(row[column]?.lines[line] ?? '', width))
      .join(' | ')
      .trimEnd(),
  );
}
