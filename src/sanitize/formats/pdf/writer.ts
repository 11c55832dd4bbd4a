/**
 * Writes a PDF that has only the objects named in docs/output-grammar-pdf.md, from nothing.
 *
 * Why no library: its spacing, its object order and the keys it adds are its own affair, and the inspector wants a
 * grammar that no other writer happens to satisfy. Same input, same bytes: no date, no identifier, no producer.
 */
import { deflateSync } from 'node:zlib';
import { type BuiltBytes, built } from '../../converter.ts';
import { ASCENT, DESCENT, GLYPHLESS_FONT } from './glyphless.ts';
import { num } from './numbers.ts';
import { type OutlineItem, outlineValues } from './outline.ts';
import { FONT_BOX, hex4, TextFont } from './text-font.ts';

/** Content and maps are small; what 9 would save is not worth its time. */
const DEFLATE_LEVEL = 4;

/** A page's picture, encoded: `data` is what stands in the stream. */
export type PageImage = { readonly width: number; readonly height: number; readonly data: Uint8Array } & (
  | /** zlib: 16 grey levels, two pixels a byte, rows padded to whole bytes. */
  { readonly kind: 'grey' }
  /** zlib: indices into the palette of red, green, blue; 4 bits for up to 16 colours, else 8. Every colour is used. */
  | { readonly kind: 'indexed'; readonly bits: 4 | 8; readonly palette: Uint8Array }
  /** Group 4 (T.6) with EOFB. */
  | { readonly kind: 'bilevel' }
  | { readonly kind: 'jpeg' }
);

/** A character, or several that share one glyph, and how far the next one stands from it, in 1/1000 em. */
export interface Glyph {
  readonly text: string;
  readonly advance: number;
}

/** Characters on one line in one direction. The matrix maps em units of the font to points of the page, origin bottom left. */
export interface Run {
  readonly vertical: boolean;
  readonly matrix: readonly [a: number, b: number, c: number, d: number, e: number, f: number];
  readonly glyphs: readonly Glyph[];
}

export interface PageContent {
  readonly widthPt: number;
  readonly heightPt: number;
  readonly image: PageImage;
  readonly runs: readonly Run[];
}

interface TextFonts {
  readonly horizontal: TextFont;
  readonly vertical: TextFont;
}

/** Objects before the first page's. */
const FIXED_OBJECTS = 10;

/** Takes pages one by one and keeps only their compressed form. */
export class PdfWriter {
  readonly #pages: Buffer[][] = [];
  readonly #heights: number[] = [];
  readonly #fonts: TextFonts = { horizontal: new TextFont(), vertical: new TextFont() };
  #bytes = 0;
  /** Glyphs for which the fonts had no CID left. */
  dropped = 0;

  /** Bytes held so far, near enough to the finished size for a limit. */
  get bytes(): number {
    return this.#bytes;
  }

  get pages(): number {
    return this.#pages.length;
  }

  addPage(page: PageContent): void {
    const number = FIXED_OBJECTS + 1 + 3 * this.#pages.length;
    const [width, height] = [num(page.widthPt, 2), num(page.heightPt, 2)];
    const dictionary =
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] ` +
      `/Resources << /Font << /H 6 0 R /V 9 0 R >> /XObject << /I ${number + 2} 0 R >> >> /Contents ${number + 1} 0 R >>`;
    const objects = [
      plainObject(number, dictionary),
      deflated(number + 1, this.#contentOf(page, width, height)),
      imageObject(number + 2, page.image),
    ];
    for (const object of objects) this.#bytes += object.length;
    this.#pages.push(objects);
    this.#heights.push(Number(height));
  }

  /** @param originals pages in front that are the document's own: bookmarks lead to these only */
  finish(outline: readonly OutlineItem[] = [], originals = this.#pages.length): BuiltBytes {
    const kids = this.#pages.map((_, i) => `${FIXED_OBJECTS + 1 + 3 * i} 0 R`).join(' ');
    const root = FIXED_OBJECTS + 1 + 3 * this.#pages.length;
    const pages = this.#heights
      .slice(0, originals)
      .map((heightPt, i) => ({ object: FIXED_OBJECTS + 1 + 3 * i, heightPt }));
    const bookmarks = outline.length > 0 ? outlineValues(outline, root, pages) : [];
    const catalog = `/Type /Catalog /Pages 2 0 R${outline.length > 0 ? ` /Outlines ${root} 0 R` : ''}`;
    const objects = [
      plainObject(1, `<< ${catalog} >>`),
      plainObject(2, `<< /Type /Pages /Kids [${kids}] /Count ${this.#pages.length} >>`),
      ...fontObjects(this.#fonts),
      ...this.#pages.flat(),
      ...bookmarks.map((value, i) => plainObject(root + i, value)),
    ];
    return assemble(objects);
  }

  #contentOf(page: PageContent, width: string, height: string): string {
    const lines = ['q', `${width} 0 0 ${height} 0 0 cm`, '/I Do', 'Q'];
    let font = '';
    for (const run of page.runs) {
      const hex = this.#codesOf(run);
      if (hex === '') continue;
      if (font === '') lines.push('BT', '3 Tr');
      const wanted = run.vertical ? '/V 1 Tf' : '/H 1 Tf';
      if (wanted !== font) lines.push(wanted);
      font = wanted;
      const [a, b, c, d, e, f] = run.matrix;
      const scale = [a, b, c, d].map((value) => num(value, 4)).join(' ');
      lines.push(`${scale} ${num(e, 2)} ${num(f, 2)} Tm`, `<${hex}> Tj`);
    }
    if (font !== '') lines.push('ET');
    return `${lines.join('\n')}\n`;
  }

  /** The run's CIDs in hex, up to the first that the font has no room for. */
  #codesOf(run: Run): string {
    const font = run.vertical ? this.#fonts.vertical : this.#fonts.horizontal;
    let hex = '';
    for (const { text, advance } of run.glyphs) {
      const cid = font.cid(text, advance);
      if (cid === undefined) break;
      hex += hex4(cid);
    }
    this.dropped += run.glyphs.length - hex.length / 4;
    return hex;
  }
}

function assemble(objects: readonly Buffer[]): BuiltBytes {
  const header = Buffer.from('%PDF-1.7\n%\xE2\xE3\xCF\xD3\n', 'latin1');
  const entries = ['0000000000 65535 f \n'];
  let offset = header.length;
  for (const object of objects) {
    entries.push(`${String(offset).padStart(10, '0')} 00000 n \n`);
    offset += object.length;
  }
  const size = objects.length + 1;
  const tail = `xref\n0 ${size}\n${entries.join('')}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${offset}\n%%EOF\n`;
  return built(Buffer.concat([header, ...objects, Buffer.from(tail, 'latin1')]));
}

function fontObjects(fonts: TextFonts): readonly Buffer[] {
  const name = '/BaseFont /SekishoInvisible';
  const system = '/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>';
  const cidFont = (metrics: string): string =>
    `<< /Type /Font /Subtype /CIDFontType2 ${name} ${system} /FontDescriptor 4 0 R ${metrics} /CIDToGIDMap /Identity >>`;
  const font = (encoding: string, descendant: number): string =>
    `<< /Type /Font /Subtype /Type0 ${name} /Encoding /${encoding} /DescendantFonts [${descendant} 0 R] /ToUnicode ${descendant + 2} 0 R >>`;
  const descriptor =
    `<< /Type /FontDescriptor /FontName /SekishoInvisible /Flags 5 /FontBBox ${FONT_BOX} /ItalicAngle 0 ` +
    `/Ascent ${ASCENT} /Descent ${DESCENT} /CapHeight ${ASCENT} /StemV 80 /FontFile2 3 0 R >>`;
  return [
    streamObject(3, `/Length1 ${GLYPHLESS_FONT.length}`, GLYPHLESS_FONT),
    plainObject(4, descriptor),
    plainObject(5, cidFont(`/DW 1000 /W ${fonts.horizontal.widths()}`)),
    plainObject(6, font('Identity-H', 5)),
    deflated(7, fonts.horizontal.toUnicode()),
    plainObject(8, cidFont(`/DW 1000 /DW2 [${ASCENT} -1000] /W2 ${fonts.vertical.verticalWidths()}`)),
    plainObject(9, font('Identity-V', 8)),
    deflated(10, fonts.vertical.toUnicode()),
  ];
}

function imageObject(number: number, image: PageImage): Buffer {
  const size = `/Type /XObject /Subtype /Image /Width ${image.width} /Height ${image.height}`;
  return streamObject(number, `${size} ${keysOf(image)}`, image.data);
}

function keysOf(image: PageImage): string {
  switch (image.kind) {
    case 'grey':
      return '/ColorSpace /DeviceGray /BitsPerComponent 4 /Filter /FlateDecode';
    case 'indexed': {
      const colours = Buffer.from(image.palette).toString('hex').toUpperCase();
      const space = `[/Indexed /DeviceRGB ${image.palette.length / 3 - 1} <${colours}>]`;
      return `/ColorSpace ${space} /BitsPerComponent ${image.bits} /Filter /FlateDecode`;
    }
    case 'bilevel': {
      const parameters = `<< /K -1 /Columns ${image.width} /Rows ${image.height} >>`;
      return `/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms ${parameters}`;
    }
    case 'jpeg':
      return '/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode';
  }
}

const plainObject = (number: number, value: string): Buffer =>
  Buffer.from(`${number} 0 obj\n${value}\nendobj\n`, 'latin1');

const deflated = (number: number, text: string): Buffer =>
  streamObject(number, '/Filter /FlateDecode', deflateSync(Buffer.from(text, 'latin1'), { level: DEFLATE_LEVEL }));

const streamObject = (number: number, keys: string, data: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(`${number} 0 obj\n<< ${keys} /Length ${data.length} >>\nstream\n`, 'latin1'),
    data,
    Buffer.from('\nendstream\nendobj\n', 'latin1'),
  ]);
