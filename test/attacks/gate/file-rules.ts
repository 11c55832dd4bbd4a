/** Rules for the files we write (docs/output-grammar.md §6–§9, docs/output-grammar-pdf.md) and, for each, files that break it. */
import { crc32, deflateSync } from 'node:zlib';
import type { SafeType } from '../../../src/message/file-type.ts';
import { OUTLINE_RULES } from './outline-rules.ts';
import { PICTURE_RULES } from './picture-rules.ts';
import { BODY, CONTENT, cmap, flate, GREY, jpegFile, type PdfObjects, pdfFile, pngFile } from './specimens.ts';
import { zipRules } from './zip-rules.ts';

export interface FileRule {
  readonly type: SafeType;
  readonly rule: string;
  readonly breaches: readonly Uint8Array[];
}

const utf8 = (texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text));
const lines = (texts: readonly string[]): Buffer[] =>
  utf8(texts.flatMap((text) => [`${text}\r\n`, `前\r\n${text}\r\n後\r\n`, `\uFEFF${text}\r\n`]));
const cells = (texts: readonly string[]): Buffer[] =>
  utf8(
    texts.flatMap((text) => [
      `\uFEFF"${text.replaceAll('"', '""')}"\r\n`,
      `\uFEFF"a","${text.replaceAll('"', '""')}"\r\n"b"\r\n`,
    ]),
  );

/** One of each family that no text may hold. */
const INVISIBLE = [
  ...'\0\x01\x07\x08\x0b\x0c\x0e\x1a\x1b\x1f\x7f\x80\x85\x9b\xad\u034f\u061c\u115f\u17b4\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2064\u2066\u2069\u206a\u3164\ufeff\uffa0\ufff9\ufffb\ufdd0\ufffe\uffff\u{1d173}\u{e0001}\u{e0041}\u{e0100}\ufe0f\ufe00\u{f0000}\u{10ffff}\u{1fffe}',
];

const FIELDS = [
  'Content-Type: multipart/mixed; boundary=b',
  'content-transfer-encoding:base64',
  'CONTENT-DISPOSITION \t: attachment',
  'MIME-Version: 1.0',
  ' \tContent-Type: a/b',
  '"Content-Type: a/b',
  '> >Content-Type: a/b',
  'X-Content-Type: a/b',
];

const SCHEMES = [
  'http',
  'https',
  'HTTP',
  'ftp',
  'file',
  'HXXP',
  'hxxpx',
  'xhxxp',
  '1hxxp',
  'ldap',
  'smb',
  'ws',
  'chrome',
  'a',
  'Z.9+-',
];
const HANDLERS = [
  'file',
  'smb',
  'javascript',
  'JavaScript',
  'vbscript',
  'livescript',
  'view-source',
  'mhtml',
  'ms-its',
  'search-ms',
  'shell',
  'onenote',
  'onenotedesktop',
  'outlook',
  'skype',
  'callto',
  'msteams',
  'zoommtg',
  'tn3270',
  'telnet',
  'ms-word',
  'ms-msdt',
  'MS-Officecmd',
  'ms-settings',
];

const TEXT_RULES: readonly FileRule[] = [
  {
    type: 'text',
    rule: '§6 UTF-8',
    breaches: ['ff', 'c0af', 'e38182ff', 'eda080', 'f4908080', '82a0', 'fffe6100'].map((hex) =>
      Buffer.concat([Buffer.from('a'), Buffer.from(hex, 'hex'), Buffer.from('\r\n')]),
    ),
  },
  {
    type: 'text',
    rule: '§6 line ends',
    breaches: utf8([
      '',
      'a',
      'a\n',
      'a\r',
      'a\nb\r\n',
      'a\rb\r\n',
      'a\r\r\n',
      'a\n\r\n',
      '\uFEFF',
      'a\r\n\r',
      'a\r\n ',
    ]),
  },
  {
    type: 'text',
    rule: '§6 characters',
    breaches: INVISIBLE.flatMap((character) =>
      utf8([`a${character}b\r\n`, `x\r\n${character}\r\n`, `漢字\r\nを${character}\r\n`]),
    ).concat(utf8(['\uFEFF\uFEFFa\r\n', '葛\u{E0100}\u{E0101}\r\n'])),
  },
  {
    type: 'text',
    rule: '§6 encoded files',
    breaches: lines([
      'begin 644 a.exe',
      'BEGIN 0755 a',
      '> begin 644 a',
      ' \tbegin\t600\tx',
      'begin-base64 644 a',
      'begin-base64-encoded 644 a',
      '=ybegin line=128 size=1',
      '=YBEGIN\tname=a',
      '>>=ybegin part=1',
      '(This file must be converted with BinHex 4.0)',
    ]),
  },
  {
    type: 'text',
    rule: '§6 fields of a mail',
    breaches: lines(FIELDS),
  },
  {
    type: 'text',
    rule: '§6 live schemes',
    breaches: lines(SCHEMES.flatMap((scheme) => [`${scheme}://example.jp/`, `見よ${scheme}://`, `(${scheme}://x)`])),
  },
  {
    type: 'text',
    rule: '§6 UNC, www., data:',
    breaches: lines([
      '\\\\host\\share',
      '￥￥host￥share',
      '¥¥host',
      '\\￥host',
      '\\\\192.0.2.1\\c$',
      '\\\\?\\C:\\',
      '\\\\.\\pipe',
      '\\\\[fe80::1]\\a',
      '\\\\サーバ\\共有',
      'www.example.jp',
      'WWW.example.jp',
      '(www.1.jp)',
      'data:text/html,x',
      'DATA:image/png;base64,x',
      ' data:a/',
    ]),
  },
  {
    type: 'text',
    rule: '§6 handlers',
    breaches: lines(HANDLERS.flatMap((scheme) => [`${scheme}:x`, `(${scheme}:/x`, `例${scheme}:あ`])),
  },
];

const CSV_RULES: readonly FileRule[] = [
  {
    type: 'csv',
    rule: '§7 frame',
    breaches: utf8([
      '',
      '\uFEFF',
      '"a"\r\n',
      '\uFEFF\uFEFF"a"\r\n',
      '\uFEFFa\r\n',
      '\uFEFF"a"\n',
      '\uFEFF"a"',
      '\uFEFF"a",\r\n',
      '\uFEFF"a",',
      '\uFEFF"a"\r\n\r\n',
      '\uFEFF"a" ,"b"\r\n',
      '\uFEFF"a", "b"\r\n',
      '\uFEFF"a";"b"\r\n',
      '\uFEFF"a\r\n',
      '\uFEFF"a"b"\r\n',
      '\uFEFF"a"""\r\n"',
      "\uFEFF'a'\r\n",
      '\uFEFFsep=;\r\n"a"\r\n',
      '\uFEFF"a"\r\nID;PWXL\r\n',
      '\uFEFF"a"\r\nb\r\n',
      '\uFEFF=1+1\r\n',
      '\uFEFF"a"\r',
      '\uFEFF\t"a"\r\n',
    ]),
  },
  {
    type: 'csv',
    rule: '§7 encoded files and fields of a mail',
    breaches: cells([...FIELDS, ...FIELDS.map((field) => `a\n${field}`), 'begin 644 a', 'a\nbegin 644 a', '=ybegin ']),
  },
  {
    type: 'csv',
    rule: '§7 formula starts',
    breaches: cells(
      [...'=+-@＝＋－＠﹢﹣﹦﹫−'].flatMap((sign) => [
        `${sign}1+1`,
        `${sign}cmd|' /C calc'!A0`,
        ` ${sign}A1`,
        `\u3000${sign}A1`,
        `\n${sign}A1`,
        `\u00A0 ${sign}SUM(A1)`,
      ]),
    ),
  },
  {
    type: 'csv',
    rule: '§7 what is no number',
    breaches: cells([
      '-1-1',
      '+1+1',
      '-1e',
      '-1e1234',
      '--1',
      '-,1',
      '-1.',
      '-.5',
      '+',
      '=1',
      '-1 ',
      '-1\n',
      '-$1',
      '-1%%',
      '－1',
      '-１',
      '＋1+1',
      '@1',
      '-0x1',
      '－1．5',
      '+81(3)1234',
      '-1,000=1',
    ]),
  },
  { type: 'csv', rule: '§7 characters', breaches: cells([...INVISIBLE, '\t', '\r', '\r\n', 'a\tb', 'a\rb']) },
  {
    type: 'csv',
    rule: '§7 limits',
    breaches: [
      ...cells(['a'.repeat(32_768)]),
      Buffer.from(`\uFEFF${'"a",'.repeat(16_384)}"a"\r\n`),
      Buffer.from(`\uFEFF${'"a"\r\n'.repeat(1_048_577)}`),
    ],
  },
];

const chunk = (name: string, content: Uint8Array = Buffer.alloc(0)): Buffer => {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  crc.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, crc]);
};

const PNG = {
  width: 4,
  height: 2,
  format: [8, 2, 0, 0, 0],
  phys: '000003e8000003e801',
  rows: Buffer.alloc(2 * 13),
  more: [] as Buffer[],
  tail: '',
};

/** A PNG written here, so that one thing can be wrong at a time; with nothing wrong it passes. */
export function png(change: Partial<typeof PNG> & { readonly stream?: Uint8Array } = {}): Buffer {
  const { width, height, format, phys, rows, more, tail, stream = deflateSync(rows) } = { ...PNG, ...change };
  const header = Buffer.alloc(8);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', Buffer.concat([header, Buffer.from(format)])),
    chunk('pHYs', Buffer.from(phys, 'hex')),
    ...more,
    chunk('IDAT', stream),
    chunk('IEND', Buffer.from('')),
    Buffer.from(tail, 'latin1'),
  ]);
}

/** A palette PNG of 3 × 2 pixels and three colours, with nothing wrong but what is changed. */
export function palettePng(
  change: { depth?: number; table?: readonly number[]; rows?: readonly number[]; before?: Buffer[] } = {},
): Buffer {
  const { depth = 2, table = [255, 0, 0, 0, 255, 0, 0, 0, 255], rows = [0, 0x18, 0, 0x90], before = [] } = change;
  return png({
    width: 3,
    height: 2,
    format: [depth, 3, 0, 0, 0],
    more: [...before, chunk('PLTE', Buffer.from(table))],
    stream: deflateSync(Buffer.from(rows)),
  });
}

/** Every way in which a palette picture can hold more than it shows, or say one thing in two ways. */
const paletteBreaches = (): readonly Buffer[] => [
  // A colour that nothing shows; twice the same; a number beyond the table; numbers that show no third colour.
  palettePng({ table: [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9] }),
  palettePng({ table: [255, 0, 0, 0, 255, 0, 255, 0, 0] }),
  palettePng({ rows: [0, 0x1c, 0, 0x90] }),
  palettePng({ rows: [0, 0x10, 0, 0x10] }),
  // A table for another depth, one cut in the middle of a colour, none at all.
  palettePng({ depth: 4, rows: [0, 0x01, 0x20, 0, 0x21, 0x00] }),
  palettePng({ depth: 1, rows: [0, 0x40, 0, 0x40] }),
  palettePng({ table: [255, 0, 0, 0, 255, 0, 0, 0] }),
  palettePng({ table: [] }),
  // Bits behind the end of a row, filtered rows, rows too long or too short.
  palettePng({ rows: [0, 0x19, 0, 0x90] }),
  palettePng({ rows: [1, 0x18, 0, 0x90] }),
  palettePng({ rows: [0, 0x18, 2, 0x90] }),
  palettePng({ rows: [0, 0x18, 0, 0x90, 0] }),
  palettePng({ rows: [0, 0x18, 0] }),
  // Transparency, a second table, a table in a picture without palette.
  palettePng({ before: [chunk('tRNS', Buffer.of(0))] }),
  palettePng({ before: [chunk('PLTE', Buffer.of(1, 2, 3))] }),
  png({ more: [chunk('PLTE', Buffer.of(255, 0, 0))] }),
];

async function pngRules(): Promise<readonly FileRule[]> {
  const ours = await pngFile();
  const bytesOff = Array.from({ length: ours.length }, (_, at) => {
    const changed = Buffer.from(ours);
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    return changed;
  });
  const whole = deflateSync(PNG.rows);
  return [
    { type: 'png', rule: '§8 PNG: every byte', breaches: bytesOff },
    {
      type: 'png',
      rule: '§8 PNG: cut short',
      breaches: Array.from({ length: ours.length }, (_, at) => ours.subarray(0, at)),
    },
    {
      type: 'png',
      rule: '§8 PNG: pixel format',
      breaches: [
        [8, 0],
        [8, 3],
        [8, 4],
        [8, 6],
        [16, 2],
        [4, 2],
        [1, 0],
      ]
        .map(([depth = 0, colour = 0]) => png({ format: [depth, colour, 0, 0, 0] }))
        .concat([
          png({ format: [8, 2, 1, 0, 0] }),
          png({ format: [8, 2, 0, 1, 0] }),
          png({ format: [8, 2, 0, 0, 1] }),
          png({ width: 0 }),
          png({ height: 0 }),
          png({ width: 60_000, height: 60_000 }),
          png({ phys: '00000b1300000b1301' }),
        ]),
    },
    { type: 'png', rule: '§8 PNG: palette', breaches: paletteBreaches() },
    {
      type: 'png',
      rule: '§8 PNG: grey',
      breaches: [
        png({ format: [8, 0, 0, 0, 0], rows: Buffer.alloc(9) }),
        png({ format: [8, 0, 0, 0, 0], rows: Buffer.alloc(11) }),
        png({ format: [8, 0, 0, 0, 0], rows: Buffer.alloc(10, 5) }),
        png({ format: [4, 0, 0, 0, 0], rows: Buffer.alloc(6) }),
        png({ format: [8, 0, 0, 0, 0], rows: Buffer.alloc(10), more: [chunk('PLTE', Buffer.of(1, 2, 3))] }),
      ],
    },
    {
      type: 'png',
      rule: '§8 PNG: no other chunk',
      breaches: [
        'tEXt',
        'zTXt',
        'iTXt',
        'eXIf',
        'iCCP',
        'sRGB',
        'gAMA',
        'cHRM',
        'tIME',
        'bKGD',
        'acTL',
        'fcTL',
        'fdAT',
        'prVt',
        'PLTE',
        'tRNS',
        'IEND',
        'IHDR',
        'pHYs',
        'idat',
        'caBX',
      ].map((name) => png({ more: [chunk(name, Buffer.from('canary'))] })),
    },
    {
      type: 'png',
      rule: '§8 PNG: nothing behind the end',
      breaches: [
        '\0',
        'PK\x03\x04',
        '\n',
        'MZ',
        chunk('IEND').toString('latin1'),
        chunk('tEXt', Buffer.from('x')).toString('latin1'),
      ].map((tail) => png({ tail })),
    },
    {
      type: 'png',
      rule: '§8 PNG: exact pixels',
      breaches: [
        png({ rows: Buffer.alloc(25) }),
        png({ rows: Buffer.alloc(27) }),
        png({ rows: Buffer.alloc(39) }),
        png({ rows: Buffer.alloc(100_000_000) }),
        png({ rows: Buffer.alloc(26, 5) }),
        png({ stream: Buffer.concat([whole, Buffer.from('x')]) }),
        png({ stream: Buffer.concat([whole, whole]) }),
        png({ stream: whole.subarray(0, -1) }),
        png({ stream: deflateSync(PNG.rows, { dictionary: Buffer.from('abc') }) }),
        png({ stream: Buffer.from('') }),
        png({ more: [chunk('IDAT', whole)] }),
      ],
    },
  ];
}

async function jpegRules(): Promise<readonly FileRule[]> {
  const ours = await jpegFile();
  const scan = ours.indexOf(Buffer.from('ffda', 'hex'));
  const insert = (at: number, piece: Uint8Array): Buffer =>
    Buffer.concat([ours.subarray(0, at), piece, ours.subarray(at)]);
  const segment = (marker: number, content = 'canary'): Buffer =>
    Buffer.concat([Buffer.from([0xff, marker, 0, content.length + 2]), Buffer.from(content, 'latin1')]);
  const boundaries: number[] = [2];
  for (let at = 2; at < scan; at = boundaries.at(-1) ?? scan) boundaries.push(at + 2 + ours.readUInt16BE(at + 2));
  const markers = [0xe0, 0xe1, 0xe2, 0xed, 0xee, 0xfe, 0xdd, 0xdc, 0xcc, 0xc1, 0xc2, 0xd8, 0xd0, 0x01, 0xdb, 0xc4];
  const end = ours.length - 2;
  const structure = Array.from({ length: scan + 14 }, (_, at) => at).filter((at) => !inTable(ours, at));
  return [
    {
      type: 'jpeg',
      rule: '§8 JPEG: no other segment',
      breaches: boundaries.slice(0, -1).flatMap((at) => markers.map((marker) => insert(at, segment(marker)))),
    },
    {
      type: 'jpeg',
      rule: '§8 JPEG: structure',
      breaches: structure.flatMap((at) =>
        [1, 0x80].map((bit) => {
          const changed = Buffer.from(ours);
          changed[at] = (changed[at] ?? 0) ^ bit;
          return changed;
        }),
      ),
    },
    {
      type: 'jpeg',
      rule: '§8 JPEG: cut short',
      breaches: Array.from({ length: ours.length }, (_, at) => ours.subarray(0, at)),
    },
    {
      type: 'jpeg',
      rule: '§8 JPEG: nothing behind the end',
      breaches: ['\0', '\xff', '\xff\xd9', 'PK\x03\x04', '\n', '<script>'].map((tail) =>
        Buffer.concat([ours, Buffer.from(tail, 'latin1')]),
      ),
    },
    {
      type: 'jpeg',
      rule: '§8 JPEG: nothing behind the last block',
      breaches: [
        '\0',
        '\x7f',
        '\xff\0',
        'PK\x03\x04canary',
        '\xff\xd0',
        '\xff\xff',
        '\xff\xfe\0\x08canary',
        '\x80',
      ].map((piece) => insert(end, Buffer.from(piece, 'latin1'))),
    },
    {
      type: 'jpeg',
      rule: '§8 JPEG: markers inside the data',
      breaches: Array.from({ length: 40 }, (_, i) =>
        insert(scan + 14 + i * 3, Buffer.from([0xff, i % 2 === 0 ? 0xd0 : 0xfe])),
      ),
    },
  ];
}

/** True inside the values of DQT and DHT, where another value may give another picture of the same grammar. */
function inTable(jpeg: Buffer, offset: number): boolean {
  for (let at = 2; jpeg[at + 1] !== 0xda; at += 2 + jpeg.readUInt16BE(at + 2)) {
    const isTable = jpeg[at + 1] === 0xdb || jpeg[at + 1] === 0xc4;
    if (isTable && offset > at + 4 && offset < at + 2 + jpeg.readUInt16BE(at + 2)) return true;
  }
  // Height and width: a size with the same number of MCUs is another picture, too.
  const frame = jpeg.indexOf(Buffer.from('ffc0', 'hex'));
  return offset >= frame + 5 && offset < frame + 9;
}

type Change = (objects: PdfObjects) => void;

/** Replaces text in object k; a piece that is not there would make the mutation void. */
const replace =
  (object: number, from: string, to: string): Change =>
  ({ values }) => {
    const value = values[object - 1];
    const text = typeof value === 'string' ? value : (value?.dictionary ?? '');
    if (!text.includes(from)) throw new Error(`object ${object} has no ${from}`);
    const changed = text.replace(from, () => to);
    values[object - 1] = typeof value === 'string' || value === undefined ? changed : { ...value, dictionary: changed };
  };

const content =
  (text: string): Change =>
  ({ values }) => {
    values[11] = flate(text);
  };
const inContent = (from: string, to: string): Change => {
  if (!CONTENT.includes(from)) throw new Error(`content has no ${from}`);
  return content(CONTENT.replace(from, () => to));
};
const map =
  (...entries: readonly string[]): Change =>
  ({ values }) => {
    values[6] = flate(cmap(entries));
  };
const bytes =
  (object: number, change: (old: Buffer) => Buffer): Change =>
  ({ values }) => {
    const value = values[object - 1];
    if (typeof value === 'object') values[object - 1] = { ...value, content: change(value.content) };
  };
const add =
  (...more: PdfObjects['values']): Change =>
  ({ values }) => {
    values.push(...more);
  };

const hex = (text: string): string =>
  [...Array(text.length).keys()].map((i) => text.charCodeAt(i).toString(16).toUpperCase().padStart(4, '0')).join('');

const PDF_RULES: readonly { readonly rule: string; readonly changes: readonly Change[] }[] = [
  {
    rule: 'PDF §2 frame',
    changes: [
      '%PDF-1.6\n%\xe2\xe3\xcf\xd3\n',
      '%PDF-1.7\r\n%\xe2\xe3\xcf\xd3\n',
      '%PDF-1.7\n',
      '\n%PDF-1.7\n%\xe2\xe3\xcf\xd3\n',
      'MZ%PDF-1.7\n%\xe2\xe3\xcf\xd3\n',
      '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n% comment\n',
    ].map(
      (header): Change =>
        (objects) => {
          objects.header = header;
        },
    ),
  },
  {
    rule: 'PDF §2 nothing between, nothing behind',
    changes: ['\n', ' ', '% c\n', '17 0 obj\n<< >>\nendobj\n', 'PK\x03\x04'].flatMap((piece): Change[] => [
      (objects) => {
        objects.before = piece;
      },
      (objects) => {
        objects.after = piece;
      },
    ]),
  },
  {
    rule: 'PDF §2 no other revision',
    changes: [
      '1 0 obj\n<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>\nendobj\nxref\n0 1\ntrailer\n<< /Root 1 0 R /Prev 0 >>\nstartxref\n0\n%%EOF\n',
    ].flatMap((piece): Change[] => [
      (objects) => {
        objects.before = piece;
      },
      (objects) => {
        objects.after = piece;
      },
    ]),
  },
  {
    rule: 'PDF §2 no object more',
    changes: [
      add('<< >>'),
      add('<< /Type /Action /S /Launch /F (calc.exe) >>'),
      add({ dictionary: '<< /Length LENGTH >>', content: Buffer.from('canary') }),
      add('null', 'null', 'null'),
      ({ values }) => {
        values.pop();
      },
      ({ values }) => {
        values.splice(12, 1);
      },
    ],
  },
  {
    rule: 'PDF §3 catalog',
    changes: [
      '/OpenAction << /S /JavaScript /JS (app.alert(1)) >>',
      '/AA << >>',
      '/Names << >>',
      '/AcroForm << >>',
      '/Outlines 3 0 R',
      '/Metadata 3 0 R',
      '/URI << >>',
      '/Version /2.0',
      '/Perms << >>',
      '/OCProperties << >>',
      '/Lang (ja)',
    ].map((key) => replace(1, '/Pages 2 0 R', `/Pages 2 0 R ${key}`)),
  },
  {
    rule: 'PDF §3 page tree',
    changes: [
      replace(2, '/Count 2', '/Count 1'),
      replace(2, '/Count 2', '/Count 02'),
      replace(2, '11 0 R 14', '14 0 R 11'),
      replace(2, '[11', '[ 11'),
      replace(2, '14 0 R]', '14 0 R 2 0 R]'),
      replace(2, '/Count 2', '/Count 2 /Rotate 90'),
      replace(2, '11 0 R', '11 1 R'),
    ],
  },
  {
    rule: 'PDF §3 font program',
    changes: [
      bytes(3, (old) => {
        const changed = Buffer.from(old);
        changed[300] = (changed[300] ?? 0) ^ 1;
        return changed;
      }),
      bytes(3, (old) => old.subarray(1)),
      replace(3, '568', '567'),
      replace(3, '/Length1', '/Filter /ASCIIHexDecode /Length1'),
    ],
  },
  {
    rule: 'PDF §3 fonts',
    changes: [
      replace(4, '/Flags 5', '/Flags 4'),
      replace(4, 'FontFile2', 'FontFile3'),
      replace(4, '3 0 R', '13 0 R'),
      replace(5, '/DW 1000', '/DW 999'),
      replace(5, 'Identity >>', 'Identity /X 1 >>'),
      replace(5, '[1000 500]', '[1000 10001]'),
      replace(5, '[1000 500]', '[1000 -5]'),
      replace(5, '[1000 500]', '[1000 0500]'),
      replace(5, '[1000 500]', '[1000]'),
      replace(5, '[1000 500]', '[1000 500 500]'),
      replace(5, '[1 [1000', '[2 [1000'),
      replace(5, '[1000 500]', '[1000  500]'),
      replace(6, 'Identity-H', 'Identity-V'),
      replace(6, '7 0 R', '10 0 R'),
      replace(8, '[-1000 500 880]', '[1000 500 880]'),
      replace(8, '500 880', '501 880'),
      replace(8, '-1000 500', '-0 500'),
      replace(8, '[880 -1000]', '[880 1000]'),
      replace(9, '/Subtype /Type0', '/Subtype /Type3'),
      replace(9, '8 0 R', '5 0 R'),
    ],
  },
  {
    rule: 'PDF §3 pages',
    changes: [
      '/Annots [3 0 R]',
      '/AA << /O << /S /JavaScript >> >>',
      '/Rotate 90',
      '/CropBox [0 0 1 1]',
      '/Thumb 13 0 R',
      '/Metadata 3 0 R',
      '/Tabs /S',
      '/B []',
    ]
      .map((key) => replace(11, '/Parent 2 0 R', `/Parent 2 0 R ${key}`))
      .concat([
        replace(11, '595.28 841.89', '595.280 841.89'),
        replace(11, '595.28', '595.281'),
        replace(11, '595.28', '-595.28'),
        replace(11, '595.28', '0'),
        replace(11, '841.89', '14401'),
        replace(11, '[0 0', '[1 0'),
        replace(11, '/I 13', '/I 16'),
        replace(11, '/H 6', '/H 9'),
        replace(11, '/Contents 12 0 R', '/Contents [12 0 R]'),
        replace(11, '/Contents 12', '/Contents 15'),
      ]),
  },
  {
    rule: 'PDF §2 streams',
    changes: [12, 7, 13].flatMap((object) => [
      bytes(object, (old) => Buffer.concat([old, Buffer.from('x')])),
      bytes(object, (old) => Buffer.concat([old, old])),
      bytes(object, (old) => old.subarray(0, -1)),
      bytes(object, (old) => {
        const changed = Buffer.from(old);
        changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
        return changed;
      }),
      bytes(object, () => Buffer.from('plain')),
      replace(object, 'LENGTH', 'LENGTH /DL 5'),
      replace(object, 'LENGTH', '0LENGTH'),
      replace(object, '/Filter /FlateDecode', '/Filter [/FlateDecode]'),
      replace(object, '/Filter', '/F (x) /Filter'),
      replace(object, 'LENGTH', '1'),
    ]),
  },
  {
    rule: 'PDF §4 content',
    changes: [
      content(''),
      content('q\nQ\n'),
      content(`${CONTENT}\n`),
      content(` ${CONTENT}`),
      content(CONTENT.slice(0, -1)),
      content(CONTENT.replace('Q\n', 'Q\nBT\nET\n')),
      inContent('595.28 0 0', '595 0 0'),
      inContent('/I Do', '/J Do'),
      inContent('/I Do', '/I Do\n/I Do'),
      inContent('3 Tr', '0 Tr'),
      inContent('3 Tr\n', ''),
      inContent('/H 1 Tf', '/H 2 Tf'),
      inContent('/H 1', '/X 1'),
      inContent('/V 1', '/H 1'),
      inContent('/V 1 Tf\n', ''),
      inContent('ET\n', ''),
      inContent('ET\n', 'ET\nBT\nET\n'),
      inContent('ET\n', 'EMC\n'),
      inContent('BT\n', 'BT\n/Span << /ActualText (x) >> BDC\n'),
      inContent('Tj', "'"),
      inContent('<0001>', '(a)'),
      inContent('<0001>', '<>'),
      inContent('<0001>', '<001>'),
      inContent('<0001>', '<00010>'),
      inContent('<0001>', '<0000>'),
      inContent('<0001>', '<0002>'),
      inContent('<000100020001>', '<000100020003>'),
      inContent('<000100020001>', '<00010002000f>'),
      inContent('<000100020001>', '<0001 00020001>'),
      inContent('<000100020001>', `<${'0001'.repeat(4001)}>`),
      inContent('<000100020001>', '<00010001>'),
      inContent('/V 1 Tf', '/H 1 Tf\n1 0 0 1 0 0 Tm\n<0001> Tj\n/V 1 Tf'),
    ],
  },
  {
    rule: 'PDF §4 numbers',
    changes: [
      '10.50',
      '010.5',
      '+10.5',
      '.5',
      '10.',
      '1e1',
      '-0',
      '10.12345',
      '100000.1',
      '99999999999',
      '0',
      '10,5',
      '--1',
      '1 ',
    ]
      .map((number) => inContent('10.5 0 0', `${number} 0 0`))
      .concat(
        ['72.123', '-0.01', '595.29', '72.10', '-1'].map((number) => inContent('72 700.25', `${number} 700.25`)),
        ['841.9', '-700', '700.255'].map((number) => inContent('700.25', number)),
        [inContent('10.5 0 0 10.5', '1 2 2 4'), inContent('10.5 0 0 10.5', '0 0 0 0')],
      ),
  },
  {
    rule: 'PDF §5 text is clean',
    changes: INVISIBLE.filter((character) => !/[\ufe00\ufe0f\u{e0100}\u{f0000}]/u.test(character))
      .concat('\ud800', '\udc00', 'a\ud800', '\ufffc', '\ufffd', '\t', '\n')
      .map((text) => map(`<0001> <${hex(text)}>`, '<0002> <0041>')),
  },
  {
    rule: 'PDF §5 map',
    changes: [
      map('<0001> <5E02>'),
      map('<0001> <5E02>', '<0002> <0041>', '<0003> <0042>'),
      map('<0002> <5E02>', '<0001> <0041>'),
      map('<0001> <5E02>', '<0003> <0041>'),
      map('<0001> <>', '<0002> <0041>'),
      map('<0001> <5e02>', '<0002> <0041>'),
      map('<0001> <5E0>', '<0002> <0041>'),
      map(`<0001> <${'0041'.repeat(17)}>`, '<0002> <0041>'),
      map('<0001> <5E02> ', '<0002> <0041>'),
      map('<0001> [<5E02>]', '<0002> <0041>'),
      map(),
      ({ values }) => {
        values[4] = String(values[4]).replace('[1000 500]', '[1000 1000]');
        values[6] = flate(cmap(['<0001> <5E02>', '<0002> <5E02>']));
      },
      ({ values }) => {
        values[6] = flate(`${cmap(['<0001> <5E02>', '<0002> <0041>'])}x`);
      },
      ({ values }) => {
        values[6] = flate(cmap(['<0001> <5E02>', '<0002> <0041>']).replace('UCS', 'XYZ'));
      },
      ({ values }) => {
        values[6] = flate(cmap(['<0001> <5E02>', '<0002> <0041>']).replace('2 beginbfchar', '3 beginbfchar'));
      },
    ],
  },
  {
    rule: 'PDF §6 grey picture',
    changes: [
      replace(13, '/Width 5', '/Width 7'),
      replace(13, '/Width 5', '/Width 0'),
      replace(13, '/Height 2', '/Height 3'),
      replace(13, '/Height 2', '/Height 1'),
      replace(13, '/Height 2', '/Height 20001'),
      replace(13, 'Component 4'.replace('Component', 'BitsPerComponent'), 'BitsPerComponent 8'),
      replace(13, 'DeviceGray', 'DeviceRGB'),
      replace(13, '/Filter', '/SMask 16 0 R /Filter'),
      replace(13, '/Filter', '/Decode [1 0] /Filter'),
      replace(13, '/Filter', '/DecodeParms << /Predictor 15 >> /Filter'),
      replace(13, '/Filter', '/Interpolate true /Filter'),
      replace(13, '/Subtype /Image', '/Subtype /Form'),
      bytes(13, () => deflateSync(Buffer.concat([GREY, Buffer.from([0])]))),
      bytes(13, () => deflateSync(GREY.subarray(1))),
      bytes(13, () => deflateSync(Buffer.from([0xff, 0x0f, 0x71, 0x12, 0x34, 0x50]))),
      bytes(13, () => deflateSync(Buffer.alloc(50_000_000))),
    ],
  },
  {
    rule: 'PDF §6 colour picture',
    changes: [
      replace(16, '/Width 23', '/Width 24'),
      replace(16, '/Height 17', '/Height 18'),
      replace(16, 'DeviceRGB', 'DeviceGray'),
      replace(16, 'DCTDecode', 'JPXDecode'),
      replace(16, 'DCTDecode', 'JBIG2Decode'),
      bytes(16, (old) => Buffer.concat([old, Buffer.from('x')])),
      bytes(16, (old) => old.subarray(0, -2)),
      bytes(16, (old) =>
        Buffer.concat([old.subarray(0, 2), Buffer.from('fffe0008', 'hex'), Buffer.from('canary'), old.subarray(2)]),
      ),
      bytes(16, (old) => Buffer.concat([old.subarray(0, -2), Buffer.from('PK\x03\x04canary'), old.subarray(-2)])),
    ],
  },
];

async function pdfRules(): Promise<readonly FileRule[]> {
  const ours = await pdfFile();
  const table = ours.indexOf('xref\n');
  const broken = Array.from({ length: ours.length - table }, (_, i) => {
    const changed = Buffer.from(ours);
    changed[table + i] = (changed[table + i] ?? 0) ^ 1;
    return changed;
  });
  const cut = Array.from({ length: Math.floor(ours.length / 16) }, (_, i) => ours.subarray(0, i * 16));
  const byRule = [...PDF_RULES, ...PICTURE_RULES, ...OUTLINE_RULES].map(
    async ({ rule, changes }): Promise<FileRule> => ({
      type: 'pdf',
      rule,
      breaches: await Promise.all(changes.map((change) => pdfFile(change))),
    }),
  );
  return [
    ...(await Promise.all(byRule)),
    { type: 'pdf', rule: 'PDF §2 table and trailer', breaches: broken },
    { type: 'pdf', rule: 'PDF §2 cut short', breaches: cut },
  ];
}

export const fileRules = async (): Promise<readonly FileRule[]> => [
  ...zipRules(),
  ...TEXT_RULES,
  ...CSV_RULES,
  ...(await pngRules()),
  ...(await jpegRules()),
  ...(await pdfRules()),
];

export const BENIGN_TEXT = [
  'hxxp://a',
  'hxxps://a',
  'fxp://a',
  '://',
  '。://',
  'mailto:a@b.jp',
  'TEL:03-1234-5678',
  'begin 12',
  'beginning 644 x',
  'wwwx',
  'www',
  'awww.x',
  '\\n',
  '¥1,000',
  'C:\\x',
  'data: 5',
  'xfile:x',
  '葛\u{E0100}城',
  '\t表',
  '\uE000外字',
]
  .map((text) => Buffer.from(`${text}\r\n`))
  .concat(Buffer.from(BODY));
export const BENIGN_CELLS = [
  '-5',
  '+1,000',
  '-1.5e10',
  '-¥1,000',
  '−１２',
  '＋１，０００．５',
  '---',
  '－',
  '-10%',
  "'=1+1",
  'a=b',
  '',
  ' x',
  '1\n2',
  '-5 円'.slice(0, 2),
].map((text) => Buffer.from(`\uFEFF"${text}"\r\n`));
