/** Files with canaries in every region that we know of, written byte by byte: no library would write most of this. */
import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import type { Aviary } from './canary.ts';

/** Objects 1, 2, 3 … and what stands around them. */
interface PdfParts {
  readonly objects: readonly string[];
  readonly comment: string;
  readonly trailer: string;
  /** Behind the end of the file. */
  readonly behind: string;
}

function assemble({ objects, comment, trailer, behind }: PdfParts): Buffer {
  let text = `%PDF-1.7\n%${comment}\n`;
  const offsets = objects.map((object, i) => {
    const offset = text.length;
    text += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  const start = text.length;
  text += `xref\n0 ${size}\n0000000000 65535 f \n${entries}trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${start}\n%%EOF\n${behind}`;
  return Buffer.from(text, 'latin1');
}

const stream = (content: string, entries = ''): string =>
  `<< ${entries} /Length ${content.length} >>\nstream\n${content}\nendstream`;
const deflated = (content: string, entries = ''): string =>
  stream(deflateSync(Buffer.from(content, 'latin1')).toString('latin1'), `${entries} /Filter /FlateDecode`);
const hexString = (text: string): string => `<FEFF${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`;
const show = (x: number, y: number, token: string, size = 11): string =>
  `BT /F1 ${size} Tf 1 0 0 1 ${x} ${y} Tm (${token}) Tj ET\n`;

/** A page that people read, and everything a PDF can carry besides. */
export function pdfFile({ die, live }: Aviary, kind = 'pdf'): Buffer {
  const dies = (region: string): string => die(`${kind}: ${region}`);
  const page =
    show(60, 780, live(`${kind}: text of the page`)) +
    show(60, 740, live(`${kind}: small print`), 6) +
    `0.4 g\n${show(60, 700, live(`${kind}: grey text`))}0 g\n` +
    `BT /F1 11 Tf 1 0 0 1 60 660 Tm [(${live(`${kind}: text of a TJ array`)}) -200] TJ ET\n` +
    `% ${dies('comment in the page content')}\n` +
    `/Span << /ActualText (${dies('ActualText')}) /Alt (${dies('Alt')}) >> BDC\n${show(60, 620, 'Shown')}EMC\n` +
    `BT 3 Tr /F1 11 Tf 1 0 0 1 60 580 Tm (${dies('invisible text (3 Tr)')}) Tj ET 0 Tr\n`.replace(
      'ET 0 Tr',
      '0 Tr ET',
    ) +
    `1 g\n${show(60, 540, dies('white text on white'))}0 g\n` +
    show(60, -400, dies('text below the page')) +
    show(900, 500, dies('text right of the page')) +
    show(60, 460, dies('text of no size'), 0) +
    `/OC /Off BDC\n${show(60, 420, dies('hidden layer'))}EMC\n` +
    `q 0 0 1 1 re W n\n${show(60, 380, dies('clipped text'))}Q\n` +
    `/Artifact << /Contents (${dies('marked content property')}) >> BDC EMC\n`;
  const js = `app.alert\\("${dies('JavaScript of OpenAction')}"\\)`;
  const xmp = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>${dies('XMP')}</dc:creator></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`;
  const objects = [
    `<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (${js}) >> /Metadata 7 0 R /Names 8 0 R /AcroForm 12 0 R /OCProperties << /OCGs [14 0 R] /D << /OFF [14 0 R] /Order [14 0 R] >> >> /Outlines 15 0 R /PieceInfo << /${dies('PieceInfo name')} << /Private (${dies('PieceInfo')}) >> >> /Lang (${dies('Lang')}) /AA << /WC << /S /JavaScript /JS (${dies('JavaScript at closing')}) >> >> >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> /Properties << /Off 14 0 R >> /XObject << /${dies('resource name')} 19 0 R >> >> /Contents 4 0 R /Annots [10 0 R 11 0 R 13 0 R 17 0 R] /AA << /O << /S /URI /URI (http://${dies('URI of a page action')}.example/) >> >> >>`,
    deflated(page),
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    `<< /Title (${dies('Info title')}) /Author ${hexString(dies('Info author, UTF-16'))} /Keywords (${dies('Info keywords')}) /${dies('Info key')} (x) >>`,
    stream(xmp, '/Type /Metadata /Subtype /XML'),
    `<< /EmbeddedFiles << /Names [(${dies('name of an embedded file')}) 9 0 R] >> /JavaScript << /Names [(${dies('name of a script')}) << /S /JavaScript /JS 16 0 R >>] >> /Dests << /Names [(${dies('name of a destination')}) [3 0 R /Fit]] >> >>`,
    `<< /Type /Filespec /F (a.txt) /Desc (${dies('description of an embedded file')}) /EF << /F 18 0 R >> >>`,
    `<< /Type /Annot /Subtype /Text /Rect [500 780 520 800] /F 2 /Contents (${dies('hidden note')}) /T (${dies('author of a note')}) /Popup << /Contents (${dies('popup')}) >> >>`,
    `<< /Type /Annot /Subtype /Link /Rect [60 776 300 796] /Border [0 0 0] /A << /S /URI /URI (https://link.example/${live(`${kind}: link target`)}) >> >>`,
    `<< /Fields [13 0 R] /XFA [(template) 20 0 R] /DA (/F1 10 Tf) /CO [13 0 R] >>`,
    `<< /Type /Annot /Subtype /Widget /FT /Tx /T (${dies('field name')}) /TU (${dies('field description')}) /V (${dies('value of a hidden field')}) /DV (${dies('default value')}) /F 2 /Rect [60 300 300 320] /AA << /K << /S /JavaScript /JS (${dies('script of a field')}) >> >> >>`,
    `<< /Type /OCG /Name (${dies('name of a layer')}) >>`,
    `<< /Type /Outlines /First 21 0 R /Last 21 0 R /Count 1 >>`,
    deflated(`var x = "${dies('script in a stream')}";`),
    `<< /Type /Annot /Subtype /FileAttachment /F 2 /Rect [0 0 1 1] /Contents (${dies('attachment note')}) /FS 9 0 R >>`,
    deflated(`${live(`${kind}: content of an embedded file`)}\n`, '/Type /EmbeddedFile'),
    deflated(
      `BT /F1 9 Tf (${dies('form object that no page draws')}) Tj ET`,
      '/Type /XObject /Subtype /Form /BBox [0 0 9 9]',
    ),
    deflated(`<template>${dies('XFA template')}</template>`),
    `<< /Title (Bookmark) /Parent 15 0 R /A << /S /URI /URI (http://${dies('address of a bookmark')}.example/) >> >>`,
    `(${dies('object that nothing names')})`,
    deflated(dies('stream that nothing names')),
    `<< /Type /ObjStm /N 0 /First 0 /Length 0 /Extra (${dies('entry of a dictionary')}) >>`,
  ];
  return assemble({
    objects,
    comment: dies('comment behind the header'),
    trailer: `/Info 6 0 R /ID [<${Buffer.from(dies('file identifier')).toString('hex')}> <00>] /${dies('trailer key')} 1`,
    behind: `${dies('data behind the end')}\n%${dies('comment behind the end')}\n`,
  });
}

/** First revision on the page, then a second one that replaces it: the first must be gone. */
export function pdfWithHistory({ die, live }: Aviary): Buffer {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>',
    stream(show(60, 700, die('pdf: former revision'))),
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  const first = assemble({ objects, comment: 'x', trailer: '', behind: '' }).toString('latin1');
  const previous = Number(/startxref\n(\d+)/.exec(first)?.[1]);
  const replaced = `4 0 obj\n${stream(show(60, 700, live('pdf: newest revision')))}\nendobj\n`;
  const at = first.length + replaced.length;
  const tail = `xref\n4 1\n${String(first.length).padStart(10, '0')} 00000 n \ntrailer\n<< /Size 6 /Root 1 0 R /Prev ${previous} >>\nstartxref\n${at}\n%%EOF\n`;
  return Buffer.from(first + replaced + tail, 'latin1');
}

const WIDTH = 48;
const HEIGHT = 32;
const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (i * 29 + (i >> 4) * 13) & 255);

function exif(text: string): Buffer {
  const data = Buffer.from(`${text}\0`);
  const ifd = Buffer.alloc(8 + 2 + 12 + 4);
  ifd.write('II*\0', 'latin1');
  ifd.writeUInt32LE(8, 4);
  ifd.writeUInt16LE(1, 8);
  ifd.writeUInt16LE(0x010e, 10);
  ifd.writeUInt16LE(2, 12);
  ifd.writeUInt32LE(data.length, 14);
  ifd.writeUInt32LE(26, 18);
  return Buffer.concat([ifd, data]);
}

const xmpPacket = (text: string): Buffer =>
  Buffer.from(`<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/">${text}</x:xmpmeta><?xpacket end="w"?>`);

export async function jpegFile({ die }: Aviary): Promise<Buffer> {
  const plain = await sharp(pixels, { raw }).jpeg({ quality: 80 }).toBuffer();
  const segment = (marker: number, content: Buffer): Buffer => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(content.length + 2, 2);
    return Buffer.concat([head, content]);
  };
  const thumbnail = Buffer.concat([exif(die('jpeg: EXIF')), plain, Buffer.from(die('jpeg: behind the thumbnail'))]);
  return Buffer.concat([
    plain.subarray(0, 2),
    segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), thumbnail])),
    segment(0xe1, Buffer.concat([Buffer.from('http://ns.adobe.com/xap/1.0/\0'), xmpPacket(die('jpeg: XMP'))])),
    segment(0xe2, Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01'), Buffer.from(die('jpeg: ICC profile'))])),
    segment(0xed, Buffer.from(`Photoshop 3.0\0${die('jpeg: APP13')}`)),
    segment(0xfe, Buffer.from(die('jpeg: comment'))),
    plain.subarray(2),
    Buffer.from(die('jpeg: behind the end')),
  ]);
}

export async function pngFile({ die }: Aviary): Promise<Buffer> {
  const plain = await sharp(pixels, { raw }).png().toBuffer();
  const chunk = (type: string, content: Buffer | string): Buffer => {
    const body = Buffer.concat([Buffer.from(type), Buffer.from(content as string)]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(body.length - 4);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const zipped = (text: string): Buffer => deflateSync(Buffer.from(text));
  return Buffer.concat([
    plain.subarray(0, 33),
    chunk('tEXt', `Comment\0${die('png: tEXt')}`),
    chunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), zipped(die('png: zTXt'))])),
    chunk('iTXt', Buffer.concat([Buffer.from('Comment\0\x01\0ja\0\0'), zipped(die('png: iTXt'))])),
    chunk('iCCP', Buffer.concat([Buffer.from(`${die('png: profile name')}\0\0`), zipped(die('png: iCCP'))])),
    chunk('eXIf', exif(die('png: eXIf'))),
    chunk('prVt', die('png: private chunk')),
    plain.subarray(33),
    Buffer.from(die('png: behind the end')),
  ]);
}

export async function gifFile({ die }: Aviary): Promise<Buffer> {
  const plain = await sharp(pixels, { raw }).gif().toBuffer();
  const tableBytes = ((plain[10] ?? 0) & 0x80) === 0 ? 0 : 3 * 2 ** (((plain[10] ?? 0) & 7) + 1);
  const at = 13 + tableBytes;
  const block = (text: string): Buffer =>
    Buffer.concat([Buffer.from([text.length]), Buffer.from(text), Buffer.from([0])]);
  return Buffer.concat([
    plain.subarray(0, at),
    Buffer.from([0x21, 0xfe]),
    block(die('gif: comment')),
    Buffer.from([0x21, 0xff, 11]),
    Buffer.from('XMP DataXMP'),
    block(die('gif: application extension')),
    plain.subarray(at),
    Buffer.from(die('gif: behind the end')),
  ]);
}

export async function webpFile({ die }: Aviary): Promise<Buffer> {
  const plain = await sharp(pixels, { raw }).webp({ quality: 80 }).toBuffer();
  const chunk = (type: string, content: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32LE(content.length, 4);
    return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
  };
  const extended = Buffer.alloc(10);
  extended[0] = 0x2c;
  extended.writeUIntLE(WIDTH - 1, 4, 3);
  extended.writeUIntLE(HEIGHT - 1, 7, 3);
  const body = Buffer.concat([
    Buffer.from('WEBP'),
    chunk('VP8X', extended),
    chunk('ICCP', Buffer.from(die('webp: ICCP'))),
    plain.subarray(12),
    chunk('EXIF', exif(die('webp: EXIF'))),
    chunk('XMP ', xmpPacket(die('webp: XMP'))),
    chunk('qzxk', Buffer.from(die('webp: unknown chunk'))),
  ]);
  const head = Buffer.alloc(8);
  head.write('RIFF', 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.from(die('webp: behind the end'))]);
}

export function bmpFile({ die }: Aviary): Buffer {
  const gap = Buffer.from(die('bmp: between header and pixels'));
  const rows = Buffer.alloc(WIDTH * HEIGHT * 3, 0x7f);
  const head = Buffer.alloc(54);
  head.write('BM', 'latin1');
  head.writeUInt32LE(54 + gap.length + rows.length, 2);
  head.writeUInt32LE(54 + gap.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(WIDTH, 18);
  head.writeInt32LE(HEIGHT, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(24, 28);
  return Buffer.concat([head, gap, rows, Buffer.from(die('bmp: behind the end'))]);
}

/** Cells of a CSV are text, the formula's too: it is made inert, not taken away. */
export const csvFile = ({ live }: Aviary): Buffer =>
  Buffer.from(
    `氏名,備考\r\n${live('csv: cell')},"${live('csv: quoted cell')}"\r\n"=HYPERLINK(""http://${live('csv: target of a formula, inert')}.example/"")",-5\r\n`,
  );

/** One stored entry. */
export function zipFile({ die }: Aviary, entries: readonly (readonly [string, string])[]): Buffer {
  const parts = entries.map(([name, content]) => {
    const packed = deflateRawSync(Buffer.from(content));
    const head = Buffer.alloc(30);
    head.write('PK\x03\x04', 'latin1');
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(8, 8);
    head.writeUInt32LE(crc32(Buffer.from(content)), 14);
    head.writeUInt32LE(packed.length, 18);
    head.writeUInt32LE(content.length, 22);
    head.writeUInt16LE(name.length, 26);
    return { name, content, packed, local: Buffer.concat([head, Buffer.from(name), packed]) };
  });
  let at = 0;
  const central = parts.map(({ name, content, packed, local }) => {
    const head = Buffer.alloc(46);
    head.write('PK\x01\x02', 'latin1');
    head.writeUInt16LE(20, 6);
    head.writeUInt16LE(8, 10);
    head.writeUInt32LE(crc32(Buffer.from(content)), 16);
    head.writeUInt32LE(packed.length, 20);
    head.writeUInt32LE(content.length, 24);
    head.writeUInt16LE(name.length, 28);
    head.writeUInt32LE(at, 42);
    at += local.length;
    return Buffer.concat([head, Buffer.from(name)]);
  });
  const directory = Buffer.concat(central);
  const comment = die('zip: comment');
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts.map(({ local }) => local), directory, end, Buffer.from(comment)]);
}

const WORD = 'application/vnd.ms-word.document.macroEnabled.main+xml';

export const macroDocument = (aviary: Aviary): Buffer =>
  zipFile(aviary, [
    [
      '[Content_Types].xml',
      `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="${WORD}"/></Types>`,
    ],
    [
      'word/document.xml',
      `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>${aviary.die('macro document: text')}</w:t></w:r></w:p></w:body></w:document>`,
    ],
    ['docProps/core.xml', `<dc:creator>${aviary.die('macro document: creator')}</dc:creator>`],
    ['word/vbaProject.bin', `Attribute VB_Name = "${aviary.die('macro document: macro')}"`],
  ]);

export const program = ({ die }: Aviary): Buffer => {
  const head = Buffer.alloc(512);
  head.write('MZ', 'latin1');
  head.writeUInt32LE(0x80, 0x3c);
  head.write('PE\0\0', 0x80, 'latin1');
  head.writeUInt16LE(0x14c, 0x84);
  return Buffer.concat([head, Buffer.from(`This program ${die('program: its bytes')}`)]);
};

export const script = ({ die }: Aviary): Buffer =>
  Buffer.from(`WScript.Echo("${die('script: its text')}");\r\nvar s = new ActiveXObject("WScript.Shell");\r\n`);

export const gzipped = ({ live }: Aviary): Buffer => gzipSync(Buffer.from(`${live('gzip: content')}\n`));
