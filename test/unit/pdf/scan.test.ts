/** Scanned pages: the shortcut shows what the engine shows, or is not taken. */
import { inflateSync } from 'node:zlib';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { openDocument } from '../../../src/sanitize/engines/pdfium/document.ts';
import { closePage, openPage, pauseAt, renderPage } from '../../../src/sanitize/engines/pdfium/page.ts';
import { Buffers } from '../../../src/sanitize/formats/pdf/buffers.ts';
import { photoOf } from '../../../src/sanitize/formats/pdf/photo.ts';
import { scaled } from '../../../src/sanitize/formats/pdf/pixels.ts';
import { scanOf } from '../../../src/sanitize/formats/pdf/scan.ts';
import { rebuilt, runsIn } from './documents.ts';

const [WIDTH, HEIGHT] = [300, 420];
/** A picture without any symmetry, so that a wrong turn shows. */
const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
  const [x, y, channel] = [Math.floor(i / 3) % WIDTH, Math.floor(i / 3 / WIDTH), i % 3];
  const mark = x < 60 && y < 40 ? 120 : 0;
  return Math.min(255, Math.floor((x / WIDTH) * 130 + (y / HEIGHT) * 60 * channel) + mark);
});
const jpegOf = (): Promise<Buffer> =>
  sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .jpeg({ quality: 92 })
    .toBuffer();

interface Change {
  readonly content?: string;
  readonly keys?: string;
  readonly page?: string;
  readonly data?: Buffer;
  readonly width?: number;
  readonly more?: readonly string[];
}

const PLACE = '240 0 0 336 0 0 cm';
const RGB = '/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode';

/** One page of 240 × 336 points with one picture on it. */
async function scanned(change: Change = {}): Promise<Buffer> {
  const data = change.data ?? (await jpegOf());
  const content = change.content ?? `q ${PLACE} /I Do Q`;
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const add = (text: string): void => void parts.push(Buffer.from(text, 'latin1'));
  add(
    '1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n',
  );
  add(
    `3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 240 336] ${change.page ?? ''} /Resources << /XObject << /I 5 0 R >> /Font << /F1 6 0 R >> /ExtGState << /G 7 0 R >> >> /Contents 4 0 R >>\nendobj\n`,
  );
  add(`4 0 obj\n<< /Length ${content.length} >>\nstream\n${content}\nendstream\nendobj\n`);
  add(
    `5 0 obj\n<< /Type /XObject /Subtype /Image /Width ${change.width ?? WIDTH} /Height ${HEIGHT} ${change.keys ?? RGB} /Length ${data.length} >>\nstream\n`,
  );
  parts.push(data);
  add('\nendstream\nendobj\n6 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj\n');
  add('7 0 obj\n<< /ca 0.5 >>\nendobj\n');
  for (const [i, object] of (change.more ?? []).entries()) add(`${8 + i} 0 obj\n${object}\nendobj\n`);
  add('trailer\n<< /Root 1 0 R >>\n%%EOF\n');
  return Buffer.concat(parts);
}

function opened(bytes: Buffer) {
  const answer = openDocument(bytes, []);
  if (answer.kind !== 'open') throw new Error(answer.kind);
  const page = openPage(answer.document, 0);
  if (page === undefined) throw new Error('no page');
  return { document: answer.document, page, scan: scanOf(answer.document, page, bytes, 10e6, new Buffers()) };
}

/** Mean difference of the two ways, in levels. */
async function difference(bytes: Buffer): Promise<number> {
  const { document, page, scan } = opened(bytes);
  if (scan?.data.kind !== 'photo') throw new Error('no shortcut');
  const size = { width: Math.round(page.widthPt), height: Math.round(page.heightPt), dpi: 72, coarser: false };
  const drawn = renderPage(
    document,
    page,
    size.width,
    size.height,
    pauseAt(document, () => Number.POSITIVE_INFINITY),
  );
  const slow = drawn?.rgbx().slice() ?? new Uint8Array();
  closePage(document, page);
  const { source, width, height } = await photoOf(scan, scan.data.rgb, size);
  const rgb = await scaled(source, width, height);
  expect([width, height]).toEqual([size.width, size.height]);
  let sum = 0;
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) sum += Math.abs((slow[i * 4 + c] ?? 0) - (rgb[i * 3 + c] ?? 0));
  }
  return sum / (width * height * 3);
}

test.each([
  ['upright', {}],
  ['on a page turned by 90', { page: '/Rotate 90' }],
  ['on a page turned by 180', { page: '/Rotate 180' }],
  ['on a page turned by 270', { page: '/Rotate 270' }],
  ['turned on the page', { content: 'q 0 336 -240 0 240 0 cm /I Do Q' }],
  ['larger than the page', { content: 'q 300 0 0 400 -30 -20 cm /I Do Q' }],
  ['under a crop box', { page: '/CropBox [40 50 200 300]' }],
] as const)('a scan %s looks the same both ways', async (_name, change) => {
  expect(await difference(await scanned(change))).toBeLessThan(2);
});

test.each([
  ['a Decode array', { keys: `${RGB} /Decode [1 0 1 0 1 0]` }],
  ['a mask', { keys: `${RGB} /Mask [0 10 0 10 0 10]` }],
  ['a soft mask', { keys: `${RGB} /SMask 5 0 R` }],
  ['a key that we do not know', { keys: `${RGB} /Whatever 1` }],
  ['a key twice', { keys: `${RGB} /BitsPerComponent 8` }],
  ['another width than its JPEG', { width: 299 }],
  ['a clip', { content: `q 20 20 100 100 re W n ${PLACE} /I Do Q` }],
  ['transparency', { content: `q /G gs ${PLACE} /I Do Q` }],
  ['something drawn over it', { content: `q ${PLACE} /I Do Q 10 10 50 50 re f` }],
  ['visible text', { content: `q ${PLACE} /I Do Q BT /F1 20 Tf 20 20 Td (x) Tj ET` }],
  ['a margin', { content: 'q 230 0 0 326 5 5 cm /I Do Q' }],
  ['a mirror image', { content: 'q -240 0 0 336 240 0 cm /I Do Q' }],
  ['a slant', { content: 'q 240 20 0 336 0 0 cm /I Do Q' }],
  ['a twin', { content: `q ${PLACE} /I Do Q q ${PLACE} /I Do Q` }],
] as const)('a scan with %s takes no shortcut', async (_name, change) => {
  expect(opened(await scanned(change)).scan).toBeUndefined();
});

test('a comment cannot hide a key: the dictionary must begin a line', async () => {
  const jpeg = await jpegOf();
  const honest = await scanned({ data: jpeg });
  const text = honest.toString('latin1');
  const hidden = text.replace('5 0 obj\n<<', '5 0 obj\n<< /Decode [1 0 1 0 1 0] %5 0 obj <<\n');
  expect(opened(Buffer.from(hidden, 'latin1')).scan).toBeUndefined();
  expect(opened(honest).scan).toBeDefined();
});

test('a broken JPEG is drawn by the engine, and the text of OCR stays in its place', async () => {
  const content = `q ${PLACE} /I Do Q BT 3 Tr /F1 20 Tf 20 300 Td (scanned) Tj ET`;
  const whole = await rebuilt(await scanned({ content }));
  expect(runsIn(whole)[0]).toMatchObject([{ text: 'scanned', matrix: [20, 0, 0, 20, 20, 300] }]);
  const jpeg = await jpegOf();
  jpeg.fill(0, jpeg.length - 4000, jpeg.length - 2);
  expect(await inspectFile('pdf', await rebuilt(await scanned({ data: jpeg })))).toEqual([]);
});

test('a bilevel scan stays black and white at its own resolution, and the inspector knows it', async () => {
  const rows = Buffer.alloc(38 * HEIGHT, 0xff);
  for (let i = 0; i < rows.length; i += 7) rows[i] = 0x18;
  const raw = (await import('node:zlib')).deflateSync(rows);
  const keys = '/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode';
  const output = await rebuilt(await scanned({ data: raw, keys }));
  expect(output.toString('latin1')).toContain(`/Width ${WIDTH} /Height ${HEIGHT}`);
  expect(output.includes('/CCITTFaxDecode')).toBe(true);
  expect(await inspectFile('pdf', output)).toEqual([]);
  const inverted = await rebuilt(await scanned({ data: raw, keys: `${keys} /Decode [1 0]` }));
  expect(inverted.includes('/CCITTFaxDecode')).toBe(false);
  expect(inflateSync(raw)).toHaveLength(rows.length);
});
