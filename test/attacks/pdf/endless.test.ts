/** PDFs over which the engine never asks for the time: the jail's wall clock ends them, the mail goes on without the file. */
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readForwarded } from '../../kit/forwarded.ts';
import { type Offline, openOffline } from '../../kit/offline.ts';
import { pageObjects, pdfRaw, rawPage, shows, stream } from '../../kit/pdf-raw.ts';
import { convert, textOf } from '../../unit/pdf/documents.ts';
import { attached, mixed } from '../through.ts';

const WORDS = 'Visible words';
const twice = (bytes: number): string =>
  deflateSync(deflateSync(Buffer.alloc(bytes, 32), { level: 9 }), { level: 9 }).toString('latin1');

let offline: Offline;
beforeAll(async () => {
  offline = await openOffline({ documentMs: 4_000, messageMs: 10_000 });
});
afterAll(() => offline.close());

const mailed = async (pdf: Buffer) => {
  const lines = mixed(attached('a.pdf', 'application/pdf', pdf));
  const made = await offline.sanitize(Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1'));
  return { ...made, mail: readForwarded(Buffer.from(made.bytes)) };
};

test.each<readonly [string, () => Buffer]>([
  [
    'P16: a soft mask of itself',
    () =>
      rawPage({
        content: '/G gs',
        resources: '/ExtGState << /G 6 0 R >>',
        more: [
          '<< /SMask << /S /Alpha /G 7 0 R >> >>',
          stream(
            '/G gs 0 0 9 9 re f',
            '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Group << /S /Transparency >> /Resources << /ExtGState << /G 6 0 R >> >>',
          ),
        ],
      }),
  ],
  [
    'P16: a pattern of itself',
    () =>
      rawPage({
        content: '/Pattern cs /P scn 0 0 99 99 re f',
        resources: '/Pattern << /P 6 0 R >>',
        more: [
          stream(
            '/Pattern cs /P scn 0 0 9 9 re f',
            '/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9 /Resources << /Pattern << /P 6 0 R >> >>',
          ),
        ],
      }),
  ],
  [
    'P17: a content of a gigabyte, packed twice,',
    () => rawPage({ page: '/Contents 6 0 R', more: [stream(twice(2 ** 30), '/Filter [/FlateDecode /FlateDecode]')] }),
  ],
  [
    'P18: a pattern of a millionth of a point',
    () =>
      rawPage({
        content: '/Pattern cs /P scn 0 0 595 842 re f',
        resources: '/Pattern << /P 6 0 R >>',
        more: [
          stream(
            '0 0 1 1 re f',
            '/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep 0.000001 /YStep 0.000001 /Resources << >>',
          ),
        ],
      }),
  ],
])(
  '%s costs its own file at most: the mail goes on, and the next one whole',
  async (_what, make) => {
    const { report, mail } = await mailed(make());
    expect(mail.text).toContain('Please read.');
    expect(report.attachments[0]?.outcome === 'rebuilt' ? 'timeout' : report.attachments[0]?.reason).toMatch(
      /^(?:timeout|limit-exceeded|malformed)$/,
    );
    const next = await mailed(rawPage({ content: shows(WORDS) }));
    expect(next.mail.files.map(({ bytes }) => textOf(bytes))).toEqual([WORDS]);
  },
  90_000,
);

/** Two pages; the second has this content and, perhaps, a link: then it is opened early, for the text under the link. */
const twoPages = (second: string, annotations: string): Buffer =>
  pdfRaw({
    objects: [
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>',
      ...pageObjects({ content: shows(WORDS) }).slice(2),
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents 7 0 R ${annotations} >>`,
      stream(second),
    ],
  });
const LINK =
  '/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 99 99] /A << /S /URI /URI (http://evil.example/) >> >>]';

test.each([
  ['without a link', ''],
  ['with a link', LINK],
])(
  'P17: a page %s that fills the engine’s heap costs itself, the other page goes on',
  async (_what, annotations) => {
    // 3,000,000 saved states of the graphics.
    const result = await convert(twoPages('q '.repeat(3e6), annotations));
    if (result.kind !== 'converted') throw new Error(`${result.kind}: ${result.detail}`);
    expect(result.removed).toContainEqual({ what: 'failed-page', count: 1 });
    expect(textOf(Buffer.from(result.files[0]?.bytes ?? []))).toContain(WORDS);
    expect(result.links?.map(({ target }) => target)).toEqual(annotations === '' ? [] : ['hxxp://evil[.]example']);
  },
  90_000,
);
