/**
 * Messages and files written by hand from docs/output-grammar.md, for tests of the gate. Written apart from composer and
 * gate: three readings of one text.
 */

import { deflateSync } from 'node:zlib';
import sharp from 'sharp';

export const BOUNDARY = '=_sekisho_0123456789abcdef0123456789abcdef';
export const MESSAGE_ID = '01JD9ZK3V7Q8W2M4N6P0R5S7T9';

export const b64 = (bytes: Uint8Array | string): string =>
  `${Buffer.from(bytes as string)
    .toString('base64')
    .replace(/.{76}(?=.)/g, '$&\r\n')}\r\n`;

export const word = (text: string): string => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;

export const BODY = [
  '【無害化のお知らせ】',
  '添付ファイル 2 件を安全な形に作り直しました。',
  '',
  '担当者 様',
  'リンク: hxxps://www[.]example.jp/index.html',
  '葛󠄀城市役所',
  '',
].join('\r\n');

export const HEADER = [
  'Received: from [192.0.2.25] by gw.chuo.lg.jp with SMTP id',
  ` ${MESSAGE_ID}; Sun, 22 Nov 2026 23:22:01 +0900`,
  'Message-ID: <20261122.abc@example.com>',
  'Date: Sun, 22 Nov 2026 23:21:58 +0900',
  `From: ${word('山田太郎')} <taro@example.com>`,
  'To: Soumu-ka <soumu@chuo.lg.jp>,',
  ' <zaisei@chuo.lg.jp>',
  'Cc: <jinji@chuo.lg.jp>',
  'Reply-To: <reply@example.com>',
  `Subject: ${word('会議資料の送付')}`,
  'In-Reply-To: <previous@example.com>',
  'References: <first@example.com> <previous@example.com>',
  'MIME-Version: 1.0',
] as const;

const SINGLE = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n';

export const single = (header: readonly string[] = HEADER, body: string = BODY): string =>
  `${header.join('\r\n')}\r\n${SINGLE}${b64(body)}`;

export interface Attachment {
  readonly media: string;
  readonly name: readonly string[];
  readonly bytes: Uint8Array | string;
}

export function mixed(
  attachments: readonly Attachment[],
  header: readonly string[] = HEADER,
  body: string = BODY,
): string {
  const parts = attachments.map(
    ({ media, name, bytes }) =>
      `--${BOUNDARY}\r\nContent-Type: ${media}\r\nContent-Transfer-Encoding: base64\r\n` +
      `Content-Disposition: attachment;\r\n${name.join('\r\n')}\r\n\r\n${b64(bytes)}`,
  );
  return (
    `${header.join('\r\n')}\r\nContent-Type: multipart/mixed;\r\n boundary="${BOUNDARY}"\r\n\r\n` +
    `--${BOUNDARY}\r\n${SINGLE}${b64(body)}${parts.join('')}--${BOUNDARY}--\r\n`
  );
}

export const TEXT_FILE = '\uFEFF議事録\r\n一、開会\r\n';
export const CSV_FILE = '\uFEFF"氏名","金額"\r\n"山田","-1,200"\r\n"\'=1+1","a\nb"\r\n';

const RAW = { width: 23, height: 17, channels: 3 } as const;
const pixels = Uint8Array.from({ length: RAW.width * RAW.height * 3 }, (_, i) => (i * 37 + (i >> 3) * 11) & 255);
export const jpegFile = (): Promise<Buffer> => sharp(pixels, { raw: RAW }).jpeg({ quality: 80 }).toBuffer();
export const pngFile = (): Promise<Buffer> => sharp(pixels, { raw: RAW }).png().toBuffer();

export const TEXT_NAME = " filename*=UTF-8''memo.txt";

/** A message with one file of each kind that can be written by hand. */
export async function specimen(): Promise<Buffer> {
  const attachments: Attachment[] = [
    { media: 'text/plain; charset=utf-8', name: [TEXT_NAME], bytes: TEXT_FILE },
    { media: 'text/csv; charset=utf-8', name: [" filename*=UTF-8''%E4%B8%80%E8%A6%A7.csv"], bytes: CSV_FILE },
    { media: 'image/jpeg', name: [" filename*=UTF-8''photo.jpg"], bytes: await jpegFile() },
    { media: 'image/png', name: [" filename*=UTF-8''zu.png"], bytes: await pngFile() },
  ];
  return Buffer.from(mixed(attachments), 'latin1');
}

/** A page of ours: text of two fonts over a grey picture, and a second page in colour without text. */
export async function pdfFile(change: (objects: PdfObjects) => void = () => undefined): Promise<Buffer> {
  const objects = await pdfObjects();
  change(objects);
  return assemblePdf(objects);
}

export interface PdfObjects {
  header: string;
  /** Value, or dictionary (with LENGTH where the length goes) and content. Index 0 is object 1. */
  values: (string | { dictionary: string; content: Buffer })[];
  /** Bytes put between the objects and the table, and behind the end. */
  before: string;
  after: string;
}

const FLATE = '<< /Filter /FlateDecode /Length LENGTH >>';

export const cmap = (lines: readonly string[]): string =>
  '/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n' +
  '/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n' +
  (lines.length > 0 ? `${lines.length} beginbfchar\n${lines.map((line) => `${line}\n`).join('')}endbfchar\n` : '') +
  'endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n';

export const flate = (text: string | Uint8Array): { dictionary: string; content: Buffer } => ({
  dictionary: FLATE,
  content: deflateSync(text),
});

export const CONTENT =
  'q\n595.28 0 0 841.89 0 0 cm\n/I Do\nQ\nBT\n3 Tr\n/H 1 Tf\n10.5 0 0 10.5 72 700.25 Tm\n<000100020001> Tj\n' +
  '/V 1 Tf\n12 0 0 12 300 400 Tm\n<0001> Tj\nET\n';

const page = (self: number, size: string): string =>
  `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${size}] /Resources << /Font << /H 6 0 R /V 9 0 R >> /XObject << /I ${self + 2} 0 R >> >> /Contents ${self + 1} 0 R >>`;
const cid = (rest: string): string =>
  `<< /Type /Font /Subtype /CIDFontType2 /BaseFont /SekishoInvisible /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor 4 0 R /DW 1000 ${rest} /CIDToGIDMap /Identity >>`;
const type0 = (encoding: string, descendant: number, unicode: number): string =>
  `<< /Type /Font /Subtype /Type0 /BaseFont /SekishoInvisible /Encoding /${encoding} /DescendantFonts [${descendant} 0 R] /ToUnicode ${unicode} 0 R >>`;

/** Odd width, so that rows end in four spare bits. */
export const GREY = Buffer.from([0xff, 0x0f, 0x70, 0x12, 0x34, 0x50]);

async function pdfObjects(): Promise<PdfObjects> {
  const { GLYPHLESS_FONT } = await import('../../../src/sanitize/formats/pdf/glyphless.ts');
  const jpeg = await sharp(pixels, { raw: RAW }).jpeg({ quality: 80 }).toBuffer();
  return {
    header: '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n',
    values: [
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Kids [11 0 R 14 0 R] /Count 2 >>',
      { dictionary: '<< /Length1 568 /Length LENGTH >>', content: Buffer.from(GLYPHLESS_FONT) },
      '<< /Type /FontDescriptor /FontName /SekishoInvisible /Flags 5 /FontBBox [0 -120 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 80 /FontFile2 3 0 R >>',
      cid('/W [1 [1000 500]]'),
      type0('Identity-H', 5, 7),
      flate(cmap(['<0001> <5E02>', '<0002> <D867DE3D>'])),
      cid('/DW2 [880 -1000] /W2 [1 [-1000 500 880]]'),
      type0('Identity-V', 8, 10),
      flate(cmap(['<0001> <7E26>'])),
      page(11, '595.28 841.89'),
      flate(CONTENT),
      {
        dictionary:
          '<< /Type /XObject /Subtype /Image /Width 5 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 4 /Filter /FlateDecode /Length LENGTH >>',
        content: deflateSync(GREY),
      },
      page(14, '100 50.5'),
      flate('q\n100 0 0 50.5 0 0 cm\n/I Do\nQ\n'),
      {
        dictionary: `<< /Type /XObject /Subtype /Image /Width ${RAW.width} /Height ${RAW.height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode /Length LENGTH >>`,
        content: jpeg,
      },
    ],
    before: '',
    after: '',
  };
}

export function assemblePdf({ header, values, before, after }: PdfObjects): Buffer {
  const parts: Buffer[] = [Buffer.from(header, 'latin1')];
  const offsets: number[] = [];
  let at = header.length;
  const push = (piece: Buffer): void => {
    parts.push(piece);
    at += piece.length;
  };
  for (const [i, value] of values.entries()) {
    offsets.push(at);
    if (typeof value === 'string') push(Buffer.from(`${i + 1} 0 obj\n${value}\nendobj\n`, 'latin1'));
    else {
      const dictionary = value.dictionary.replace('LENGTH', String(value.content.length));
      push(Buffer.from(`${i + 1} 0 obj\n${dictionary}\nstream\n`, 'latin1'));
      push(value.content);
      push(Buffer.from('\nendstream\nendobj\n'));
    }
  }
  push(Buffer.from(before, 'latin1'));
  const start = at;
  const size = values.length + 1;
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n${after}`,
    ),
  );
  return Buffer.concat(parts);
}
