/** What a hijacked converter may answer instead of a message of ours; used with the gate alone and with a real child. */
import { deflateSync } from 'node:zlib';
import { png } from './file-rules.ts';
import { type Attachment, BODY, jpegFile, mixed, pdfFile, pngFile, single, specimen } from './specimens.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const file = (media: string, name: string, bytes: Uint8Array | string): Attachment => ({
  media,
  name: [` filename*=UTF-8''${name}`],
  bytes,
});
const message = (...files: readonly Attachment[]): Buffer => latin1(mixed(files));
const pdf = (bytes: Uint8Array | string): Buffer => message(file('application/pdf', 'a.pdf', bytes));
const image = (bytes: Uint8Array): Buffer => message(file('image/png', 'a.png', bytes));
const csv = (text: string): Buffer => message(file('text/csv; charset=utf-8', 'a.csv', `\uFEFF${text}`));
const text = (body: string): Buffer => latin1(single(undefined, body));

const ORIGINAL = [
  'Received: from mx.example.com by mx.example.net; Sun, 22 Nov 2026 23:21:58 +0900',
  'From: a@example.com',
  'To: b@chuo.lg.jp',
  'Subject: x',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain',
  '',
  'hello',
  '--b',
  'Content-Type: application/octet-stream; name=a.exe',
  'Content-Transfer-Encoding: base64',
  '',
  'TVqQAAMAAAA=',
  '--b--',
  '',
].join('\r\n');

const ZIP = Buffer.from('504b0304140000000000', 'hex');
const withScript = (): Promise<Buffer> =>
  pdfFile(({ values }) => {
    values[0] = '<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>';
  });
const trailingInStream = (): Promise<Buffer> =>
  pdfFile(({ values }) => {
    values[12] = {
      ...(values[12] as { dictionary: string }),
      content: Buffer.concat([deflateSync(Buffer.alloc(6)), Buffer.from('canary')]),
    };
  });

export type Draft = () => Promise<Buffer> | Buffer;

export const LIES: readonly (readonly [string, Draft])[] = [
  ['returns the original', () => latin1(ORIGINAL)],
  ['returns the original under our header fields', () => latin1(single() + ORIGINAL)],
  [
    'returns one byte changed',
    async () => {
      const bytes = await specimen();
      bytes[9] = 0x41;
      return bytes;
    },
  ],
  ['returns nothing', () => Buffer.alloc(0)],
  ['returns ten megabytes of zeros', () => Buffer.alloc(10_000_000)],
  [
    'sends a foreign PDF',
    () =>
      pdf('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n'),
  ],
  ['sends a PDF with a JavaScript action', async () => pdf(await withScript())],
  ['sends a PDF with data behind a stream', async () => pdf(await trailingInStream())],
  ['sends a PDF with a ZIP behind it', async () => pdf(Buffer.concat([await pdfFile(), ZIP]))],
  ['sends a PNG with a ZIP behind it', async () => image(Buffer.concat([await pngFile(), ZIP]))],
  [
    'sends a PNG with data behind its stream',
    () => image(png({ stream: Buffer.concat([deflateSync(Buffer.alloc(26)), ZIP]) })),
  ],
  ['sends a PNG that inflates to 64 MiB', () => image(png({ stream: bomb() }))],
  [
    'sends a JPEG with EXIF',
    async () => {
      const jpeg = await jpegFile();
      return message(
        file(
          'image/jpeg',
          'a.jpg',
          Buffer.concat([jpeg.subarray(0, 2), Buffer.from('ffe1000845786966000a', 'hex'), jpeg.subarray(2)]),
        ),
      );
    },
  ],
  ['calls an executable a picture', () => image(latin1('MZ\x90\0'))],
  ['calls a picture a text', async () => message(file('text/plain; charset=utf-8', 'a.txt', await pngFile()))],
  ['sends a formula', () => csv('"=1+1"\r\n')],
  ['sends a full-width formula behind a space', () => csv('"a","\u3000＝1+1"\r\n')],
  ['sends bidi controls in the body', () => text(`${BODY}invoice\u202Efdp.exe\r\n`)],
  ['sends a live link', () => text('https://example.com/\r\n')],
  ['sends a UNC path', () => text('\\\\example.com\\share\r\n')],
  ['sends uuencode', () => text('begin 644 a.exe\r\n#0V%T\r\n`\r\nend\r\n')],
  ['sends a terminal escape', () => text('\x1b]52;c;eA==\x07\r\n')],
];

/** What differs from a lie in nothing but the lie. */
export const HONEST_TWINS: readonly (readonly [string, Draft])[] = [
  ['a text', () => latin1(single())],
  ['a file of each kind', specimen],
  ['a PDF', async () => pdf(await pdfFile())],
  ['a PNG', async () => image(await pngFile())],
  ['a CSV', () => csv('"1"\r\n')],
  ['a defanged link', () => text('hxxps://example.com/\r\n')],
];

/** Zeros compress a thousandfold. */
const bomb = (): Buffer => deflateSync(Buffer.alloc(64 * 1024 * 1024));
