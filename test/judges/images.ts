/** Pictures: every chunk of a PNG and every segment of a JPEG (docs/output-grammar.md §8), and exiftool's list of facts. */
import { readFileSync } from 'node:fs';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { openAviary } from '../kit/canary.ts';
import { jpegFile, pngFile } from '../kit/canary-files.ts';
import { u16 } from '../kit/zip-raw.ts';
import type { Control, Judge } from './judge.ts';
import { letterSubject } from './letter.ts';
import { leavesOf } from './pdf.ts';
import { ownJpeg, ownPng } from './specimens.ts';
import { output, program } from './tools.ts';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
/** Where IHDR ends: signature, length, type, 13 bytes, CRC. */
const MAX_PIXELS = 250_000_000;

/** IHDR behind the size, and how many bits a pixel then takes: colours, greys, palettes of 1, 2, 4 and 8 bits. */
const PIXEL_BITS: Readonly<Record<string, number>> = {
  '0802000000': 24,
  '0800000000': 8,
  '0103000000': 1,
  '0203000000': 2,
  '0403000000': 4,
  '0803000000': 8,
};

export function pngFaults(bytes: Buffer): readonly string[] {
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) return ['PNG signature'];
  const faults: string[] = [];
  const names: string[] = [];
  const pixels: Buffer[] = [];
  let head: Buffer = Buffer.alloc(13);
  let at = 8;
  while (at + 12 <= bytes.length && names.at(-1) !== 'IEND') {
    const length = bytes.readUInt32BE(at);
    if (at + 12 + length > bytes.length) return [...faults, 'PNG chunk over the end'];
    const type = bytes.toString('latin1', at + 4, at + 8);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (bytes.readUInt32BE(at + 8 + length) !== crc32(bytes.subarray(at + 4, at + 8 + length)))
      faults.push(`CRC of ${type}`);
    if (type === 'IHDR') head = data;
    if (type === 'IDAT') pixels.push(data);
    if (type === 'pHYs' && data.toString('hex') !== '000003e8000003e801') faults.push('pHYs says something');
    names.push(type);
    at += 12 + length;
  }
  if (at !== bytes.length) faults.push(`${bytes.length - at} bytes behind IEND`);
  const shape = head[9] === 3 ? /^IHDR pHYs PLTE(?: IDAT)+ IEND$/ : /^IHDR pHYs(?: IDAT)+ IEND$/;
  if (!shape.test(names.join(' '))) faults.push(`chunks ${[...new Set(names)].join(' ')}`);
  if (PIXEL_BITS[head.subarray(8).toString('hex')] === undefined) faults.push('IHDR of another kind of picture');
  return [...faults, ...pixelFaults(head, Buffer.concat(pixels))];
}

function pixelFaults(head: Buffer, data: Buffer): readonly string[] {
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  if (width === 0 || height === 0 || width * height > MAX_PIXELS) return [`${width} × ${height}`];
  const row = 1 + Math.ceil((width * (PIXEL_BITS[head.subarray(8).toString('hex')] ?? 24)) / 8);
  try {
    const { buffer, engine } = inflateSync(data, { info: true, maxOutputLength: row * height + 1 }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    const faults: string[] = [];
    if (engine.bytesWritten !== data.length) faults.push('something behind the pixels');
    if (buffer.length !== row * height) faults.push(`${buffer.length} bytes of pixels`);
    for (let at = 0; at < buffer.length; at += row) if ((buffer[at] ?? 9) > 4) return [...faults, 'no such filter'];
    return faults;
  } catch (error) {
    return [`pixels: ${(error as Error).message}`];
  }
}

/** Segments in their order: marker, and for tables what they are of. */
const SEGMENTS = 'db0 db1 c0 c400 c410 c401 c411 da';

export function jpegFaults(bytes: Buffer): readonly string[] {
  if (bytes.readUInt16BE(0) !== 0xffd8) return ['no SOI'];
  const faults: string[] = [];
  const found: string[] = [];
  let at = 2;
  while (at + 4 <= bytes.length && found.at(-1) !== 'da') {
    const [mark, marker, length] = [bytes[at], bytes[at + 1] ?? 0, bytes.readUInt16BE(at + 2)];
    const data = bytes.subarray(at + 4, at + 2 + length);
    if (mark !== 0xff) return [...faults, `no marker at ${at}`];
    found.push(segmentName(marker, data));
    if (marker === 0xdb && data.length !== 65) faults.push('DQT of another size');
    if (marker === 0xc4 && data.length !== 17 + data.subarray(1, 17).reduce((sum, count) => sum + count, 0))
      faults.push('DHT with more in it');
    if (marker === 0xc0 && !/^08.{8}03012200021101031101$/.test(data.toString('hex')))
      faults.push('SOF0 of another kind of picture');
    if (marker === 0xda && data.toString('hex') !== '03010002110311003f00') faults.push('SOS of another kind');
    at += 2 + length;
  }
  if (found.join(' ') !== SEGMENTS) faults.push(`segments ${found.join(' ')}`);
  for (let next = bytes.indexOf(0xff, at); next >= 0; next = bytes.indexOf(0xff, next + 2)) {
    const marker = bytes[next + 1];
    if (marker === 0) continue;
    if (marker !== 0xd9) faults.push(`marker ff${marker?.toString(16)} among the blocks`);
    else if (next + 2 !== bytes.length) faults.push(`${bytes.length - next - 2} bytes behind EOI`);
    return faults;
  }
  return [...faults, 'no EOI'];
}

const segmentName = (marker: number, data: Buffer): string => {
  const name = marker.toString(16);
  if (marker === 0xdb) return `${name}${data[0]}`;
  return marker === 0xc4 ? `${name}${data.toString('hex', 0, 1)}` : name;
};

const LOOKS = { png: pngFaults, jpeg: jpegFaults } as const;

export const imageWalker: Judge = {
  name: 'image walker',
  looksFor: 'chunks and segments that our encoders do not write, trailing data, wrong lengths',
  needs: [],
  async judge(subjects) {
    return (['png', 'jpeg'] as const).flatMap((type) =>
      leavesOf(subjects, type).flatMap(({ subject, leaf }) =>
        LOOKS[type](readFileSync(leaf.file)).map((what) => ({ subject, what: `${leaf.name}: ${what}` })),
      ),
    );
  },
  async positiveControls(folder) {
    const [png, jpeg] = [await ownPng(), await ownJpeg()];
    const behindHead = 33;
    return [
      ...controls(folder, 'png', 'png', {
        'chunks IHDR pHYs tEXt': insert(png, behindHead + 21, chunk('tEXt', Buffer.from('Author\0x'))),
        'chunks IHDR eXIf': insert(png, behindHead, chunk('eXIf', Buffer.from('MM'))),
        'bytes behind IEND': Buffer.concat([png, Buffer.from('PK\x03\x04')]),
        'CRC of IDAT': spoilt(png, png.indexOf('IDAT') + 10),
        'pHYs says': Buffer.concat([
          png.subarray(0, behindHead),
          chunk('pHYs', Buffer.from('hello, 9b'.slice(0, 9))),
          png.subarray(behindHead + 21),
        ]),
        'something behind the pixels': withPixels(png, (data) => Buffer.concat([data, Buffer.from('MZ')])),
        'bytes of pixels': withPixels(png, () => deflateSync(Buffer.alloc(99))),
        chunks: await pngFile(openAviary()),
      }),
      ...controls(folder, 'jpeg', 'jpeg', {
        'segments e1': insert(jpeg, 2, segment(0xe1, 'Exif\0\0MM')),
        'segments fe': insert(jpeg, 2, segment(0xfe, 'a comment')),
        'segments db0 db1 c0 c400.* fe da': insert(jpeg, jpeg.indexOf('ffda', 0, 'hex'), segment(0xfe, 'x')),
        'bytes behind EOI': Buffer.concat([jpeg, Buffer.from('PK\x03\x04')]),
        'marker ffd0': insert(jpeg, jpeg.length - 6, Buffer.from('ffd0', 'hex')),
        'DHT with more': padded(jpeg),
        'no EOI': jpeg.subarray(0, -2),
        segments: await jpegFile(openAviary()),
      }),
    ];
  },
};

/** What exiftool may tell of a picture of ours: facts of the file, and of its size. */
const FACTS =
  /^(?:SourceFile|ExifTool:ExifToolVersion|File:(?:FileName|Directory|FileSize|FileModifyDate|FileAccessDate|FileInodeChangeDate|FilePermissions|FileType|FileTypeExtension|MIMEType|ImageWidth|ImageHeight|EncodingProcess|BitsPerSample|ColorComponents|YCbCrSubSampling)|PNG:(?:ImageWidth|ImageHeight|BitDepth|ColorType|Compression|Filter|Interlace|Palette)|PNG-pHYs:(?:PixelsPerUnitX|PixelsPerUnitY|PixelUnits)|PDF:(?:PDFVersion|Linearized|PageCount)|Composite:(?:ImageSize|Megapixels))$/;

const SAME_TYPE: Readonly<Record<string, string>> = { png: 'PNG', jpeg: 'JPEG', pdf: 'PDF' };

export const exiftool: Judge = {
  name: 'exiftool',
  looksFor: 'metadata of any kind in pictures and PDFs, files of another type than their name says',
  needs: [program('exiftool', 'libimage-exiftool-perl')],
  async judge(subjects) {
    const places = (['png', 'jpeg', 'pdf'] as const).flatMap((type) => leavesOf(subjects, type));
    if (places.length === 0) return [];
    const args = ['-j', '-G0:1', '-a', '-u', '-U', '-ee', '-charset', 'filename=utf8', '-@', '-'];
    const { out } = await output('exiftool', args, places.map(({ leaf }) => `${leaf.file}\n`).join(''));
    const read = new Map(
      (JSON.parse(out || '[]') as readonly Record<string, unknown>[]).map((each) => [each['SourceFile'], each]),
    );
    return places.flatMap(({ subject, leaf }) => {
      const facts = read.get(leaf.file) ?? { 'no answer': '' };
      const type = facts['File:FileType'] ?? facts['File:System:FileType'];
      const odd = Object.keys(facts)
        .map(short)
        .filter((key) => !FACTS.test(key));
      if (type !== undefined && type !== SAME_TYPE[leaf.type]) odd.push(`file type ${String(type)}`);
      return odd.length === 0 ? [] : [{ subject, what: `${leaf.name}: ${odd.slice(0, 5).join(', ')}` }];
    });
  },
  async positiveControls(folder) {
    const [png, jpeg] = [await ownPng(), await ownJpeg()];
    return [
      ...controls(folder, 'exif', 'jpeg', {
        'JFIF|Comment|EXIF|XMP': await jpegFile(openAviary()),
        Comment: insert(jpeg, 2, segment(0xfe, 'a comment')),
      }),
      ...controls(folder, 'exif png', 'png', {
        'tEXt|Author': insert(png, 33 + 21, chunk('tEXt', Buffer.from('Author\0x'))),
        'file type JPEG': jpeg,
      }),
    ];
  },
};

const short = (key: string): string =>
  key
    .replace(/^(File|PNG|PDF|ExifTool|Composite):(?:System|File|PNG|PDF|ExifTool|Composite):/, '$1:')
    .replace(/^PNG:(PNG-pHYs):/, '$1:');

export function controls(
  folder: string,
  about: string,
  type: 'png' | 'jpeg',
  files: Readonly<Record<string, Buffer>>,
): readonly Control[] {
  const name = type === 'png' ? 'a.png' : 'a.jpg';
  return Object.entries(files).map(([says, bytes], i) => ({
    subject: letterSubject(folder, `${about} ${i}`, { files: [{ name, type, bytes }] }),
    says: new RegExp(says),
  }));
}

const insert = (bytes: Buffer, at: number, piece: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);

function spoilt(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const named = Buffer.concat([Buffer.from(type), data]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, crc]);
}

const segment = (marker: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([0xff, marker]), u16(text.length + 2).swap16(), Buffer.from(text, 'latin1')]);

/** The first DHT with a byte more than its codes need. */
function padded(jpeg: Buffer): Buffer {
  const at = jpeg.indexOf('ffc4', 0, 'hex');
  const length = jpeg.readUInt16BE(at + 2);
  const copy = insert(jpeg, at + 2 + length, Buffer.from('M'));
  copy.writeUInt16BE(length + 1, at + 2);
  return copy;
}

/** The picture with other bytes in its IDAT (there is one in a small picture). */
function withPixels(png: Buffer, change: (data: Buffer) => Buffer): Buffer {
  const at = png.indexOf('IDAT') - 4;
  const length = png.readUInt32BE(at);
  const data = png.subarray(at + 8, at + 8 + length);
  return Buffer.concat([png.subarray(0, at), chunk('IDAT', change(data)), png.subarray(at + 12 + length)]);
}
