/**
 * Strict reader of the PDFs that our writer makes: docs/output-grammar-pdf.md, read from that text.
 *
 * Danger: everything PDF can do (actions, JavaScript, files, forms, links), and everything a second reader may find where
 * the first did not look: other revisions, unused objects, bytes between objects, data behind a stream's end.
 * Grammar: one fixed sequence of objects; each value is compared with the only spelling it can have, every stream is
 * decoded to its last byte, and the cross-reference table is written anew and compared.
 */
import { createHash } from 'node:crypto';
import { inflateWhole } from '../bytes.ts';
import { readContent } from './content.ts';
import { Cursor, demand, Misfit, matched } from './cursor.ts';
import type { TextFont } from './fonts.ts';
import { readFont } from './fonts.ts';
import { checkImage } from './image.ts';
import { readOutline } from './outline.ts';

const HEADER = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n';
const FONT_SHA256 = '849011f920ca0b6714bb022e7625515117d69ff6283ad45a2d1cedb81ae78e88';
const FONT_DICTIONARY = '<< /Length1 568 /Length 568 >>';
const DESCRIPTOR =
  '<< /Type /FontDescriptor /FontName /SekishoInvisible /Flags 5 /FontBBox [0 -120 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 80 /FontFile2 3 0 R >>';

const MAX_PAGES = 2000;
const FIRST_PAGE = 11;

/** A page's content is text positions: 17,000 characters of a dense page take about 1 MiB. */
const MAX_CONTENT_BYTES = 64 * 1024 * 1024;

const PAGES = /^<< \/Type \/Pages \/Kids \[[0-9 R]+\] \/Count ([1-9][0-9]{0,3}) >>$/;
const SIDE = '((?:0|[1-9][0-9]{0,9})(?:\\.[0-9]?[1-9])?)';

/** Every problem found (the first one); none for a file of ours. */
export function pdfProblems(bytes: Uint8Array): readonly string[] {
  try {
    readPdf(new Cursor(bytes));
    return [];
  } catch (error) {
    if (error instanceof Misfit) return [`pdf: ${error.message}`];
    throw error;
  }
}

function readPdf(cursor: Cursor): void {
  cursor.literal(HEADER);
  const catalog = cursor.plain();
  const pages = readPages(cursor.plain());
  const outline = FIRST_PAGE + 3 * pages;
  const hasOutline = catalog === `<< /Type /Catalog /Pages 2 0 R /Outlines ${outline} 0 R >>`;
  demand(hasOutline || catalog === '<< /Type /Catalog /Pages 2 0 R >>', 'catalog');

  const program = cursor.stream();
  demand(program.dictionary === FONT_DICTIONARY, 'font program dictionary');
  demand(createHash('sha256').update(program.content).digest('hex') === FONT_SHA256, 'font program');
  demand(cursor.plain() === DESCRIPTOR, 'font descriptor');
  const horizontal = readFont(cursor, 'horizontal');
  const vertical = readFont(cursor, 'vertical');

  const heights = new Map<number, string>();
  for (let page = 0; page < pages; page++) {
    heights.set(FIRST_PAGE + 3 * page, readPage(cursor, page, horizontal, vertical));
  }
  demand(horizontal.unused() + vertical.unused() === 0, 'a CID that no page uses');
  if (hasOutline) readOutline(cursor, outline, heights);
  cursor.end(tail(cursor));
}

function readPages(value: string): number {
  const count = Number(matched(PAGES, value, 'page tree')[0]);
  const kids = Array.from({ length: count }, (_, page) => `${FIRST_PAGE + 3 * page} 0 R`).join(' ');
  demand(count <= MAX_PAGES && value === `<< /Type /Pages /Kids [${kids}] /Count ${count} >>`, 'page tree');
  return count;
}

/** @returns the page's height as it is spelled */
function readPage(cursor: Cursor, page: number, horizontal: TextFont, vertical: TextFont): string {
  const self = FIRST_PAGE + 3 * page;
  const resources = `/Resources << /Font << /H 6 0 R /V 9 0 R >> /XObject << /I ${self + 2} 0 R >> >>`;
  const pattern = new RegExp(
    `^<< /Type /Page /Parent 2 0 R /MediaBox \\[0 0 ${SIDE} ${SIDE}\\] ${resources} /Contents ${self + 1} 0 R >>$`,
  );
  const [width = '', height = ''] = matched(pattern, cursor.plain(), `page ${page + 1}`);
  for (const side of [width, height]) demand(Number(side) > 0 && Number(side) <= 14_400, `page ${page + 1}: size`);

  const content = cursor.stream();
  const length = content.content.length;
  demand(content.dictionary === `<< /Filter /FlateDecode /Length ${length} >>`, `page ${page + 1}: content dictionary`);
  const decoded = inflated(content.content, MAX_CONTENT_BYTES, `page ${page + 1}: content`);
  readContent(decoded, width, height, horizontal, vertical);
  checkImage(cursor.stream());
  return height;
}

/** The stream's content. @throws Misfit when it is broken, longer, or followed by anything. */
export function inflated(stream: Uint8Array, maxBytes: number, what: string): Uint8Array {
  const content = inflateWhole(stream, maxBytes);
  if (typeof content === 'string') throw new Misfit(`${what}: ${content}`);
  return content;
}

/** Cross-reference table and trailer, as they must be for the objects just read. */
function tail({ offsets, at }: Cursor): string {
  const lines = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = offsets.length + 1;
  return `xref\n0 ${size}\n0000000000 65535 f \n${lines}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`;
}
