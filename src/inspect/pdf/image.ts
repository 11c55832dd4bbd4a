/** Page pictures of our PDFs: 16 grey levels in zlib, or one JPEG (docs/output-grammar-pdf.md §6). */
import { inflateWhole } from '../bytes.ts';
import { readJpeg } from '../jpeg.ts';
import type { StreamObject } from './cursor.ts';
import { demand, Misfit, matched } from './cursor.ts';

const MAX_SIDE = 20_000;
const MAX_PIXELS = 200_000_000;
const IMAGE =
  /^<< \/Type \/XObject \/Subtype \/Image \/Width ([1-9][0-9]{0,4}) \/Height ([1-9][0-9]{0,4}) (\/ColorSpace \/DeviceGray \/BitsPerComponent 4 \/Filter \/FlateDecode|\/ColorSpace \/DeviceRGB \/BitsPerComponent 8 \/Filter \/DCTDecode) \/Length [0-9]+ >>$/;

/** @throws Misfit when the picture is not one that we write, or its data are not exactly its pixels. */
export function checkImage({ dictionary, content }: StreamObject): void {
  const [w = '', h = '', kind = ''] = matched(IMAGE, dictionary, 'image dictionary');
  const [width, height] = [Number(w), Number(h)];
  demand(width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS, 'image size');
  if (kind.includes('DeviceGray')) checkGrey(content, width, height);
  else checkJpeg(content, width, height);
}

function checkGrey(content: Uint8Array, width: number, height: number): void {
  const rowBytes = Math.ceil(width / 2);
  const rows = inflateWhole(content, rowBytes * height);
  if (typeof rows === 'string') throw new Misfit(`image: ${rows}`);
  demand(rows.length === rowBytes * height, 'image: data are not height × row bytes');
  if (width % 2 === 0) return;
  for (let at = rowBytes - 1; at < rows.length; at += rowBytes) {
    demand(((rows[at] ?? 0) & 15) === 0, 'image: bits behind the end of a row');
  }
}

function checkJpeg(content: Uint8Array, width: number, height: number): void {
  const verdict = readJpeg(content);
  if (verdict.kind === 'misfit') throw new Misfit(verdict.problem);
  demand(verdict.width === width && verdict.height === height, 'image: JPEG of another size than its dictionary');
}
