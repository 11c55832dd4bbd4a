/**
 * Paragraphs → pages at the end of a rebuilt PDF: A4, our gothic, drawn and written like any other page.
 *
 * Why pages and not an attachment: comments and the document belong together, and whoever prints or files the PDF keeps
 * both. Method: a PDF of our own making (glyph numbers and places only, nothing of the sender's syntax) goes through the
 * same engine, so that picture and text layer come from one source.
 */
import type { ConvertContext } from '../../converter.ts';
import { openDocument } from '../../engines/pdfium/document.ts';
import { type ListFont, listFont } from '../../engines/pdfium/list-font.ts';
import { pauseAt } from '../../engines/pdfium/page.ts';
import { Buffers } from './buffers.ts';
import { startPage } from './draw.ts';
import type { Paragraph } from './list-text.ts';
import { hex4 } from './text-font.ts';
import type { PageContent } from './writer.ts';

/** A4 in points, a margin of 2 cm. */
const [WIDTH, HEIGHT, MARGIN] = [595, 842, 57] as const;
const LOOKS = {
  title: { size: 14, leading: 30, indent: 0 },
  entry: { size: 10.5, leading: 21, indent: 0 },
  text: { size: 10.5, leading: 16, indent: 14 },
} as const satisfies Record<Paragraph['look'], { size: number; leading: number; indent: number }>;
/** GETA MARK: what Japanese printers set where a letter is missing. */
const MISSING = '〓';
/** More than anyone reads behind a document. */
const MAX_PAGES = 30;
/** A TAB in a comment. */
const TAB = '    ';

/** Never at the beginning of a line (JIS X 4051): they hang over the margin instead. */
const HANGING = /[、。，．）」』】〉》〕，．！？・ー)\]}!?,.]/u;

interface Line {
  readonly look: Paragraph['look'];
  readonly text: string;
}

/**
 * @param most pages that the document may still get
 * @returns the pages, and whether all paragraphs are on them
 */
export async function listPages(
  paragraphs: readonly Paragraph[],
  most: number,
  context: ConvertContext,
): Promise<{ readonly pages: readonly PageContent[]; readonly cut: boolean }> {
  const font = listFont();
  const all = paged(paragraphs.flatMap(({ look, text }) => wrapped(look, text, font)));
  const kept = all.slice(0, Math.max(0, Math.min(MAX_PAGES, most)));
  const cut = kept.length < all.length;
  if (kept.length === 0) return { pages: [], cut };
  const bytes = sourcePdf(kept, font);
  const opened = openDocument(bytes, []);
  if (opened.kind !== 'open') throw new Error(`a list of ours cannot be opened: ${opened.kind}`);
  const { document } = opened;
  const pause = pauseAt(document, () => context.deadline);
  const drawing = {
    document,
    bytes,
    policy: context.policy,
    pause,
    pageBytes: Number.MAX_SAFE_INTEGER,
    buffers: new Buffers(),
  };
  const pages: PageContent[] = [];
  for (const index of kept.keys()) pages.push((await startPage(drawing, index).page).content);
  return { pages, cut };
}

/** Lines no wider than the page. Breaks anywhere, as Japanese does, but at a blank where one is near. */
function wrapped(look: Paragraph['look'], text: string, font: ListFont): readonly Line[] {
  const { size, indent } = LOOKS[look];
  const room = ((WIDTH - 2 * MARGIN - indent) * 1000) / size;
  const lines: Line[] = [];
  let line = '';
  let width = 0;
  for (const character of text.replaceAll('\t', TAB)) {
    const shown = font.glyph(character.codePointAt(0) ?? 0) === 0 ? shownFor(character) : character;
    if (shown === '') continue;
    const advance = font.advance(font.glyph(shown.codePointAt(0) ?? 0));
    if (width + advance > room && !HANGING.test(shown)) {
      const blank = line.lastIndexOf(' ');
      const end = blank > line.length * 0.7 ? blank : line.length;
      lines.push({ look, text: line.slice(0, end) });
      line = line.slice(end).trimStart();
      width = widthOf(line, font);
    }
    line += shown;
    width += advance;
  }
  return [...lines, { look, text: line }];
}

/** Selectors choose a form of the letter before them and have no width; any other letter that we lack gets a sign. */
const shownFor = (character: string): string => (/\p{M}|\p{Cf}/u.test(character) ? '' : MISSING);

const widthOf = (text: string, font: ListFont): number =>
  [...text].reduce((sum, character) => sum + font.advance(font.glyph(character.codePointAt(0) ?? 0)), 0);

function paged(lines: readonly Line[]): readonly (readonly Line[])[] {
  const pages: Line[][] = [];
  let left = 0;
  for (const line of lines) {
    const { leading } = LOOKS[line.look];
    if (leading > left) {
      pages.push([]);
      left = HEIGHT - 2 * MARGIN;
    }
    pages.at(-1)?.push(line);
    left -= leading;
  }
  return pages;
}

/** Our font whole, one code for each character used, one line of text a `Tj`. */
function sourcePdf(pages: readonly (readonly Line[])[], font: ListFont): Buffer {
  const codes = new Map<string, number>();
  const codeOf = (character: string): number => {
    const known = codes.get(character) ?? codes.size + 1;
    codes.set(character, known);
    return known;
  };
  const contents = pages.map((lines) => contentOf(lines, codeOf));
  const characters = [...codes.keys()];
  const glyphs = characters.map((character) => font.glyph(character.codePointAt(0) ?? 0));
  const toGlyph = Buffer.alloc(2 * (glyphs.length + 1));
  for (const [i, glyph] of glyphs.entries()) toGlyph.writeUInt16BE(glyph, 2 * (i + 1));
  const kids = pages.map((_, i) => `${9 + 2 * i} 0 R`).join(' ');
  const system = '/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>';
  return assembled([
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type0 /BaseFont /SekishoList /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 7 0 R >>',
    `<< /Type /Font /Subtype /CIDFontType2 /BaseFont /SekishoList ${system} /FontDescriptor 5 0 R /W [1 [${glyphs.map(font.advance).join(' ')}]] /CIDToGIDMap 6 0 R >>`,
    '<< /Type /FontDescriptor /FontName /SekishoList /Flags 4 /FontBBox [-1000 -500 2000 1500] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 733 /StemV 80 /FontFile2 8 0 R >>',
    { bytes: toGlyph },
    { bytes: Buffer.from(toUnicode(characters), 'latin1') },
    { bytes: font.bytes },
    ...contents.flatMap((content, i) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${WIDTH} ${HEIGHT}] /Resources << /Font << /F 3 0 R >> >> /Contents ${10 + 2 * i} 0 R >>`,
      { bytes: Buffer.from(content, 'latin1') },
    ]),
  ]);
}

function contentOf(lines: readonly Line[], codeOf: (character: string) => number): string {
  let y = HEIGHT - MARGIN;
  let content = 'BT\n';
  for (const { look, text } of lines) {
    const { size, leading, indent } = LOOKS[look];
    y -= leading;
    const hex = [...text].map((character) => hex4(codeOf(character))).join('');
    if (hex !== '') content += `/F ${size} Tf 1 0 0 1 ${MARGIN + indent} ${y} Tm <${hex}> Tj\n`;
  }
  return `${content}ET\n`;
}

function toUnicode(characters: readonly string[]): string {
  const lines = characters.map((character, i) => {
    const units = Array.from({ length: character.length }, (_, at) => hex4(character.charCodeAt(at))).join('');
    return `1 beginbfchar\n<${hex4(i + 1)}> <${units}>\nendbfchar\n`;
  });
  const head = '/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /X def\n/CMapType 2 def\n';
  const range = '1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n';
  return `${head}${range}${lines.join('')}endcmap\nend\nend\n`;
}

function assembled(objects: readonly (string | { readonly bytes: Uint8Array })[]): Buffer {
  const pieces: Uint8Array[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let at = 9;
  const push = (piece: Uint8Array): void => {
    pieces.push(piece);
    at += piece.length;
  };
  for (const [i, object] of objects.entries()) {
    offsets.push(at);
    push(Buffer.from(`${i + 1} 0 obj\n`));
    if (typeof object === 'string') push(Buffer.from(object, 'latin1'));
    else {
      push(Buffer.from(`<< /Length ${object.bytes.length} >>\nstream\n`));
      push(object.bytes);
      push(Buffer.from('\nendstream'));
    }
    push(Buffer.from('\nendobj\n'));
  }
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  const tail = `xref\n0 ${size}\n0000000000 65535 f \n${entries}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`;
  return Buffer.concat([...pieces, Buffer.from(tail)]);
}
