/**
 * Pictures of a page in a palette and in Group 4 (docs/output-grammar-pdf.md §6), and what breaks their rules. The Group 4
 * data are written by hand, bit by bit, from T.6: no code of the product had a part in them.
 */
import { deflateSync } from 'node:zlib';
import type { PdfObjects } from './specimens.ts';

type Change = (objects: PdfObjects) => void;

/** Puts a picture in the place of the first page's. */
const picture =
  (keys: string, content: Uint8Array): Change =>
  ({ values }) => {
    values[12] = {
      dictionary: `<< /Type /XObject /Subtype /Image ${keys} /Length LENGTH >>`,
      content: Buffer.from(content),
    };
  };

const INDEXED_KEYS =
  '/Width 3 /Height 2 /ColorSpace [/Indexed /DeviceRGB 2 <FFFFFF0000FFC00000>] /BitsPerComponent 4 /Filter /FlateDecode';
/** Odd width: 0 1 2 / 2 2 0, and four spare bits a row. */
const INDICES = Buffer.from([0x01, 0x20, 0x22, 0x00]);
const indexed = (keys: string, content: Uint8Array = deflateSync(INDICES)): Change => picture(keys, content);
const otherKeys = (from: string, to: string): Change => {
  if (!INDEXED_KEYS.includes(from)) throw new Error(`no ${from}`);
  return indexed(INDEXED_KEYS.replace(from, () => to));
};

/** 17 colours, each on one pixel of a row. */
const colours = (count: number): string =>
  Array.from({ length: count }, (_, i) => i.toString(16).toUpperCase().padStart(6, '0')).join('');
const wide = (count: number, bits: number, content: readonly number[]): Change =>
  picture(
    `/Width ${content.length} /Height 1 /ColorSpace [/Indexed /DeviceRGB ${count - 1} <${colours(count)}>] /BitsPerComponent ${bits} /Filter /FlateDecode`,
    deflateSync(Uint8Array.from(content)),
  );
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

const FAX_KEYS =
  '/Width 9 /Height 3 /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 9 /Rows 3 >>';
const EOFB = '000000000001000000000001';
/** White 2, black 3, rest white: horizontal (2 white, 3 black), then the end of the row below the imaginary white one. */
const FIRST_ROW = `001${'0111'}${'10'}1`;
/** The same again: each change right below (V0), then the end. */
const SECOND_ROW = '111';
/** One to the right, one to the left, the end. */
const THIRD_ROW = '0110101';
const FAX_BITS = FIRST_ROW + SECOND_ROW + THIRD_ROW + EOFB;
const packed = (bits: string): Buffer =>
  Buffer.from((bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
const fax = (bits: string, keys: string = FAX_KEYS): Change => picture(keys, packed(bits));
const faxKeys = (from: string, to: string): Change => {
  if (!FAX_KEYS.includes(from)) throw new Error(`no ${from}`);
  return fax(
    FAX_BITS,
    FAX_KEYS.replace(from, () => to),
  );
};

/** Pictures that our writer makes like this. */
export const BENIGN_PICTURES: readonly Change[] = [
  indexed(INDEXED_KEYS),
  wide(17, 8, upTo(17)),
  wide(256, 8, upTo(256)),
  fax(FAX_BITS),
  // A row that begins black: an empty white run first.
  fax(`001${'00110101'}${'011'}1${'111'}${'111'}${EOFB}`),
  // Pass: the black run above has nothing below it.
  fax(`${FIRST_ROW}${'0001'}1${'1'}${EOFB}`),
];

export const PICTURE_RULES: readonly { readonly rule: string; readonly changes: readonly Change[] }[] = [
  {
    rule: 'PDF §6 picture of few colours',
    changes: [
      otherKeys('/DeviceRGB', '/DeviceGray'),
      otherKeys('/DeviceRGB', '/DeviceCMYK'),
      otherKeys('/DeviceRGB', '16 0 R'),
      otherKeys('/DeviceRGB 2', '/DeviceRGB 1'),
      otherKeys('/DeviceRGB 2', '/DeviceRGB 3'),
      otherKeys('/DeviceRGB 2', '/DeviceRGB 02'),
      otherKeys('/DeviceRGB 2', '/DeviceRGB 255'),
      otherKeys('<FFFFFF0000FFC00000>', '<FFFFFF0000FF>'),
      otherKeys('<FFFFFF0000FFC00000>', '<FFFFFF0000FFC0000>'),
      otherKeys('<FFFFFF0000FFC00000>', '<ffffff0000ffc00000>'),
      otherKeys('<FFFFFF0000FFC00000>', '<FFFFFF 0000FF C00000>'),
      otherKeys('<FFFFFF0000FFC00000>', '(canary12!)'),
      otherKeys('<FFFFFF0000FFC00000>', '16 0 R'),
      otherKeys('<FFFFFF0000FFC00000>', '<FFFFFFFFFFFFC00000>'),
      otherKeys('[/Indexed', '[ /Indexed'),
      otherKeys('/Indexed', '/I'),
      otherKeys('BitsPerComponent 4', 'BitsPerComponent 8'),
      otherKeys('BitsPerComponent 4', 'BitsPerComponent 2'),
      otherKeys('/Filter', '/Decode [1 0] /Filter'),
      otherKeys('/Filter', '/SMask 16 0 R /Filter'),
      otherKeys('/Filter', '/DecodeParms << /Predictor 15 >> /Filter'),
      otherKeys('/Width 3', '/Width 2'),
      otherKeys('/Width 3', '/Width 5'),
      otherKeys('/Height 2', '/Height 1'),
      // A colour that no pixel has, an index beyond the palette, spare bits, one byte more.
      indexed(INDEXED_KEYS.replace('2 <', '3 <').replace('C00000', 'C00000AB1234')),
      indexed(INDEXED_KEYS, deflateSync(Buffer.from([0x01, 0x20, 0x23, 0x00]))),
      indexed(INDEXED_KEYS, deflateSync(Buffer.from([0x01, 0x10, 0x11, 0x00]))),
      indexed(INDEXED_KEYS, deflateSync(Buffer.from([0x01, 0x21, 0x22, 0x00]))),
      indexed(INDEXED_KEYS, deflateSync(Buffer.concat([INDICES, Buffer.from('x')]))),
      indexed(INDEXED_KEYS, Buffer.concat([deflateSync(INDICES), Buffer.from('x')])),
      indexed(INDEXED_KEYS, deflateSync(Buffer.alloc(50_000_000))),
      wide(17, 8, upTo(16)),
      wide(17, 8, [...upTo(17), 17]),
      wide(256, 8, upTo(255)),
      wide(16, 8, upTo(16)),
    ],
  },
  {
    rule: 'PDF §6 bilevel picture',
    changes: [
      faxKeys('/Columns 9', '/Columns 10'),
      faxKeys('/Columns 9', '/Columns 8'),
      faxKeys('/Rows 3', '/Rows 2'),
      faxKeys(' /Rows 3', ''),
      faxKeys('/K -1', '/K 0'),
      faxKeys('/K -1', '/K -1 /BlackIs1 true'),
      faxKeys('/K -1', '/K -1 /EndOfBlock false'),
      faxKeys('/K -1', '/K -1 /EncodedByteAlign true'),
      faxKeys('DeviceGray', 'DeviceRGB'),
      faxKeys('BitsPerComponent 1', 'BitsPerComponent 2'),
      faxKeys('CCITTFaxDecode', 'JBIG2Decode'),
      faxKeys('/Filter', '/ImageMask true /Filter'),
      faxKeys('/Filter', '/Decode [1 0] /Filter'),
      faxKeys('/Width 9 /Height 3', '/Width 9 /Height 4'),
      fax(FAX_BITS, FAX_KEYS.replace('Height 3', 'Height 4').replace('Rows 3', 'Rows 4')),
      fax(FAX_BITS, FAX_KEYS.replace('Height 3', 'Height 2').replace('Rows 3', 'Rows 2')),
      fax(FAX_BITS, FAX_KEYS.replace('Width 9', 'Width 10').replace('Columns 9', 'Columns 4')),
      // No EOFB, half of one, one and a half; bits, bytes and words behind it.
      fax(FIRST_ROW + SECOND_ROW + THIRD_ROW),
      fax(FAX_BITS.slice(0, -12)),
      fax(`${FAX_BITS}000000000001`),
      fax(FAX_BITS.padEnd(Math.ceil(FAX_BITS.length / 8) * 8 - 1, '0').concat('1')),
      picture(FAX_KEYS, Buffer.concat([packed(FAX_BITS), Buffer.from([0])])),
      picture(FAX_KEYS, Buffer.concat([packed(FAX_BITS), Buffer.from('canary')])),
      picture(FAX_KEYS, Buffer.concat([Buffer.from('canary'), packed(FAX_BITS)])),
      // Runs longer than the row, a step left of its beginning, empty runs in the middle, uncompressed mode, no code at all.
      fax(`001${'0111'}${'0000100'}1${SECOND_ROW}${THIRD_ROW}${EOFB}`),
      fax(`001${'10011'}${'10'}1${SECOND_ROW}${THIRD_ROW}${EOFB}`),
      fax(`0000010${FIRST_ROW}${SECOND_ROW}${THIRD_ROW}${EOFB}`.replace(FIRST_ROW, '0000010000001000000101')),
      fax(`001${'0111'}${'0000110111'}1${SECOND_ROW}${THIRD_ROW}${EOFB}`),
      fax(`001${'00110101'}${'0000110111'}1${SECOND_ROW}${THIRD_ROW}${EOFB}`),
      fax(`${FIRST_ROW}0000001111${THIRD_ROW}${EOFB}`),
      fax(`${FIRST_ROW}0001000100011${THIRD_ROW}${EOFB}`),
      picture(FAX_KEYS, Buffer.alloc(0)),
      picture(FAX_KEYS, Buffer.from('hello, here is a file')),
    ],
  },
];
