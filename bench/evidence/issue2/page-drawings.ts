/**
 * Pages drawn to grey pictures by three engines: poppler and MuPDF, which take no part in the rebuilding, and PDFium, which
 * draws our pages and is asked here in this process about trusted corpus files only.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { openDocument } from '../../../src/sanitize/engines/pdfium/document.ts';
import { closePage, openPage, pauseAt, renderPage } from '../../../src/sanitize/engines/pdfium/page.ts';
import { PdfWriter } from '../../../src/sanitize/formats/pdf/writer.ts';
import { averaged, type Grey } from './ssim.ts';

/** Draws page `page` (from 1) at `dpi`. @throws Error when the engine cannot */
export type Engine = (file: string, page: number, dpi: number) => Grey;

export const poppler: Engine = (file, page, dpi) => byPoppler(file, page, ['-r', String(dpi)]);

export const mupdf: Engine = (file, page, dpi) =>
  pgm('mutool', ['draw', '-q', '-c', 'gray', '-F', 'pgm', '-r', String(dpi), '-o', '-', file, String(page)]);

export const pdfium: Engine = (file, page, dpi) => {
  const opened = openDocument(readFileSync(file), []);
  if (opened.kind !== 'open') throw new Error(`PDFium: ${opened.kind}`);
  const shown = openPage(opened.document, page - 1);
  if (shown === undefined) throw new Error('PDFium has no such page');
  const [width, height] = [shown.widthPt, shown.heightPt].map((side) => Math.round((side * dpi) / 72)) as [
    number,
    number,
  ];
  const never = pauseAt(opened.document, () => Number.POSITIVE_INFINITY);
  const bitmap = renderPage(opened.document, shown, width, height, never);
  if (bitmap === undefined) throw new Error('PDFium drew nothing');
  const rgbx = bitmap.rgbx();
  const pixels = Uint8Array.from({ length: width * height }, (_, i) =>
    // Rec. 601, as both others reckon grey.
    Math.round(
      0.299 * (rgbx[i * 4] as number) + 0.587 * (rgbx[i * 4 + 1] as number) + 0.114 * (rgbx[i * 4 + 2] as number),
    ),
  );
  bitmap.free();
  closePage(opened.document, shown);
  return { width, height, pixels };
};

/** How much finer a page is drawn before it is averaged to the resolution of the bar. */
const FINER = 3;

/** The page at `dpi`, averaged from a drawing three times as fine. @throws Error when the engine cannot */
export const drawnFine = (engine: Engine, file: string, page: number, dpi: number): Grey =>
  averaged(engine(file, page, dpi * FINER), FINER);

const [OUR_DPI, OVERSAMPLING, GREY_STEP] = [150, 4, 17];

/**
 * The page as a picture of 150 dpi in 16 greys that nobody's anti-aliasing touched (each pixel the mean of 16 of poppler's),
 * in a PDF by our writer: near to what a program can reach that rebuilds at this resolution. No strict bound: poppler puts large
 * letters on whole pixels, at 600 dpi on others than at 300, and ours may by chance lie nearer.
 * @returns its path, one page
 */
export function flawlessPicture(file: string, page: number, folder: string): string {
  const info = tool('pdfinfo', ['-f', String(page), '-l', String(page), file]);
  const [across = 0, up = 0] = (/size:\s+([\d.]+) x ([\d.]+)/.exec(info) ?? []).slice(1).map(Number);
  const [widthPt, heightPt] = /rot:\s+(?:90|270)/.test(info) ? [up, across] : [across, up];
  const [width, height] = [Math.round((widthPt * OUR_DPI) / 72), Math.round((heightPt * OUR_DPI) / 72)];
  const scale = ['-scale-to-x', String(width * OVERSAMPLING), '-scale-to-y', String(height * OVERSAMPLING)];
  const { pixels } = averaged(byPoppler(file, page, scale), OVERSAMPLING);
  const rowBytes = (width + 1) >> 1;
  const packed = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const level = Math.round((pixels[y * width + x] as number) / GREY_STEP);
      packed[y * rowBytes + (x >> 1)] =
        (packed[y * rowBytes + (x >> 1)] as number) | (x % 2 === 0 ? level << 4 : level);
    }
  }
  const writer = new PdfWriter();
  writer.addPage({ widthPt, heightPt, runs: [], image: { kind: 'grey', width, height, data: deflateSync(packed) } });
  const path = join(folder, 'flawless.pdf');
  writeFileSync(path, writer.finish());
  return path;
}

const byPoppler = (file: string, page: number, size: readonly string[]): Grey =>
  pgm('pdftoppm', ['-gray', '-cropbox', ...size, '-f', String(page), '-l', String(page), '-singlefile', file]);

function pgm(program: string, args: readonly string[]): Grey {
  const bytes = execFileSync(program, args, {
    maxBuffer: 1 << 29,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  });
  const head = /^P5\s+(?:#.*\n)?(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString('latin1', 0, 100));
  if (head === null) throw new Error(`${program} drew nothing`);
  return { width: Number(head[1]), height: Number(head[2]), pixels: bytes.subarray(head[0].length) };
}

/** What the program says, also when it fails. */
export function tool(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 });
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout ?? '');
  }
}
