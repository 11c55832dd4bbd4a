/**
 * PDFs that readers understand differently, that end nowhere, or that carry something between their parts (threats.tsv
 * P12, P14–P20, P27, P28). Each ends as one file of ours with one view, or held with a reason; never as an exception.
 */
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openAviary } from '../../kit/canary.ts';
import {
  deflated,
  objectStream,
  pageObjects,
  pdfRaw,
  type RawPage,
  rawPage,
  shows,
  stream,
  withRevision,
} from '../../kit/pdf-raw.ts';
import { attached, mixed, noticeLine, through } from '../through.ts';
import { crossed, expectDead, expectInert } from './crossed.ts';

const aviary = openAviary();
const [ONE, TWO] = [aviary.live('one view'), aviary.live('the other view')];
const WORDS = 'Visible words';

const both = rawPage({ content: shows(ONE, 700) });
const text = (bytes: Buffer): string => bytes.toString('latin1');
const latin1 = (bytes: string): Buffer => Buffer.from(bytes, 'latin1');
const other = stream(shows(TWO, 700));

/** Two views of one file: which one a reader takes depends on the reader. */
const CONFUSIONS: readonly (readonly [what: string, file: Buffer])[] = [
  [
    'a length too short',
    rawPage({
      content: '',
      page: '/Contents 6 0 R',
      more: [stream(shows(ONE) + shows(TWO, 600), '', shows(ONE).length)],
    }),
  ],
  ['a length too long', rawPage({ page: '/Contents 6 0 R', more: [stream(shows(ONE), '', 5000), other] })],
  ['a length of zero', rawPage({ page: '/Contents 6 0 R', more: [stream(shows(ONE), '', 0)] })],
  ['a negative length', rawPage({ page: '/Contents 6 0 R', more: [stream(shows(ONE), '', -1)] })],
  [
    'two lengths',
    rawPage({ page: '/Contents 6 0 R', more: [stream(shows(ONE) + shows(TWO, 600), `/Length ${shows(ONE).length}`)] }),
  ],
  [
    'a length that leads nowhere',
    rawPage({ page: '/Contents 6 0 R', more: [`<< /Length 99 0 R >>\nstream\n${shows(ONE)}\nendstream`] }),
  ],
  [
    'a length that is itself',
    rawPage({ page: '/Contents 6 0 R', more: [`<< /Length 6 0 R >>\nstream\n${shows(ONE)}\nendstream`] }),
  ],
  [
    'endstream inside a stream',
    rawPage({ page: '/Contents 6 0 R', more: [stream(`${shows(ONE)}(endstream endobj) pop\n${shows(TWO, 600)}`)] }),
  ],
  ['no endstream', latin1(text(both).replace('endstream', '         '))],
  ['no endobj', latin1(text(both).replaceAll('endobj', '      '))],
  ['CR behind the word stream', latin1(text(both).replace('stream\n', 'stream\r'))],
  ['nothing behind the word stream', latin1(text(both).replace('stream\nBT', 'stream BT'))],
  ['CR for all line ends', latin1(text(both).replaceAll('\n', '\r'))],
  ['one object twice, the second elsewhere', latin1(text(both).replace('xref\n', `4 0 obj\n${other}\nendobj\nxref\n`))],
  [
    'one object twice, the table lost',
    pdfRaw({
      objects: pageObjects({ content: shows(ONE) }),
      xref: 'none',
      trailer: '/X 1',
      gap: '',
      written: (number, object) => (number === 4 ? `4 0 obj\n${other}\nendobj\n${object}` : object),
    }),
  ],
  ['a second generation', latin1(text(both).replace('xref\n', `4 1 obj\n${other}\nendobj\nxref\n`))],
  ['offsets of two objects exchanged', swapped()],
  [
    'offsets one too small',
    pdfRaw({ objects: pageObjects({ content: shows(ONE) }), offsetOf: (_, offset) => offset - 1 }),
  ],
  [
    'offsets into a stream',
    pdfRaw({
      objects: [...pageObjects({ content: shows(ONE) }), stream(`4 0 obj\n${other}\nendobj`)],
      offsetOf: (number, offset) => (number === 4 ? offset + 400 : offset),
    }),
  ],
  ['startxref that is wrong', pdfRaw({ objects: pageObjects({ content: shows(ONE) }), startxref: () => '7' })],
  ['startxref that is no number', pdfRaw({ objects: pageObjects({ content: shows(ONE) }), startxref: () => 'x' })],
  ['two startxref', latin1(`${text(both)}startxref\n9\n%%EOF\n`)],
  ['no startxref', latin1(text(both).replace(/startxref[\s\S]*/, ''))],
  ['two trailers', latin1(text(both).replace('startxref', 'trailer\n<< /Root 9 0 R >>\nstartxref'))],
  [
    'two roots',
    rawPage(
      {
        content: shows(ONE),
        more: [
          '<< /Type /Catalog /Pages 7 0 R >>',
          '<< /Type /Pages /Kids [8 0 R] /Count 1 >>',
          '<< /Type /Page /Parent 7 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents 9 0 R >>',
          other,
        ],
      },
      { trailer: '/Root 6 0 R' },
    ),
  ],
  ['a root of a reference to a reference', pdfRaw({ objects: pageObjects({ content: shows(ONE) }), xref: 'none' })],
  ['two contents', rawPage({ content: shows(ONE), page: '/Contents 6 0 R', more: [other] })],
  [
    'contents cut in a word',
    rawPage({
      page: '/Contents [6 0 R 7 0 R]',
      more: [stream(shows(ONE).slice(0, 20)), stream(shows(ONE).slice(20) + shows(TWO, 600))],
    }),
  ],
  [
    'contents that are missing',
    rawPage({ page: '/Contents [99 0 R 6 0 R null 4 0 R]', content: shows(ONE), more: [other] }),
  ],
  [
    'resources of the parent',
    latin1(
      text(both)
        .replace('/Kids', '/Resources << /Font << /F1 5 0 R >> >> /Kids')
        .replace(/\/Resources << \/Font << \/F1 5 0 R >> {2}>>/, ''),
    ),
  ],
  ['a name in other case', rawPage({ content: shows(ONE), page: '/contents 6 0 R', more: [other] })],
  ['a name with a code in it', rawPage({ content: shows(ONE), page: '/Content#73 6 0 R', more: [other] })],
  ['a count that is too large', latin1(text(both).replace('/Count 1', '/Count 2'))],
  ['a count that is too small', latin1(text(both).replace('/Count 1', '/Count 0'))],
  [
    'a page that is twice a child',
    latin1(text(both).replace('[3 0 R]', '[3 0 R 3 0 R]').replace('/Count 1', '/Count 2')),
  ],
  ['a child that is no page', latin1(text(both).replace('[3 0 R]', '[5 0 R 3 0 R]').replace('/Count 1', '/Count 2'))],
  ['a page without a type', latin1(text(both).replace('/Type /Page /Parent', '/Parent'))],
  ['a page with another type', latin1(text(both).replace('/Type /Page /Parent', '/Type /Pages /Parent'))],
  ['comments as objects', latin1(text(both).replace('4 0 obj', `%4 0 obj << /Length 2 >> stream\n4 0 obj`))],
  ['a header in the middle', pdfRaw({ objects: pageObjects({ content: shows(ONE) }), before: `${'x'.repeat(500)}\n` })],
  ['two headers', pdfRaw({ objects: pageObjects({ content: shows(ONE) }), before: '%PDF-1.0\n' })],
  ['no version', pdfRaw({ objects: pageObjects({ content: shows(ONE) }), header: '%PDF-\n' })],
  ['a version of the future', pdfRaw({ objects: pageObjects({ content: shows(ONE) }), header: '%PDF-9.9\n' })],
  ['NUL for blanks', latin1(text(both).replaceAll('/Type /', '/Type\0/'))],
  ['form feeds for blanks', latin1(text(both).replaceAll('/Type /', '/Type\f/'))],
  ['hex with odd digits', rawPage({ content: `BT /F1 20 Tf 60 700 Td <${Buffer.from(ONE).toString('hex')}4> Tj ET` })],
  [
    'a filter by two names',
    rawPage({
      page: '/Contents 6 0 R',
      more: [stream(text(deflateSync(Buffer.from(shows(ONE)))), '/Filter [/FlateDecode] /Fl 1')],
    }),
  ],
  [
    'a filter twice, applied once',
    rawPage({ page: '/Contents 6 0 R', more: [deflated(shows(ONE), '/Filter /ASCIIHexDecode')] }),
  ],
  [
    'an object stream beside an object',
    pdfRaw({ objects: [...pageObjects({ content: shows(ONE) }), objectStream([[3, '<< /Type /Page >>']])] }),
  ],
];

/** The content of object 4 is where object 6 is said to be. */
function swapped(): Buffer {
  const offsets = new Map<number, number>();
  const objects = [...pageObjects({ content: shows(ONE) }), other];
  pdfRaw({
    objects,
    offsetOf(number, offset) {
      offsets.set(number, offset);
      return offset;
    },
  });
  return pdfRaw({
    objects,
    offsetOf: (number, offset) => offsets.get(number === 4 ? 6 : number === 6 ? 4 : number) ?? offset,
  });
}

test.each(CONFUSIONS)('P15: %s gives one view or none', async (_what, file) => {
  const pdf = await crossed(file);
  if (pdf.rebuilt === '') {
    expect(pdf.attachment).toMatchObject({ outcome: 'blocked' });
    expect(noticeLine(pdf, 'a.pdf')).toContain('お渡しできません');
    return;
  }
  expectInert(pdf.rebuilt);
  // What the layer says is what was shown, whole; nothing of the syntax around it.
  const pages = [ONE, TWO, `${ONE}@`, ''];
  // A page that is counted and missing is told on a page of ours.
  if (pdf.removed['failed-page'] === undefined)
    for (const piece of pdf.shown.split('|')) expect(pages).toContain(piece);
});

test('P15: one with no confusion at all shows what it shows (benign twin)', async () => {
  expect((await crossed(both)).shown).toBe(ONE);
});

const SECRET = aviary.die('former revision');
const HIDDEN = aviary.die('hidden beside a revision');

test.each<readonly [string, Buffer, shown: string]>([
  ['replaced', withRevision(rawPage({ content: shows(SECRET) }), new Map([[4, stream(shows(WORDS))]])), WORDS],
  [
    'hidden behind a picture',
    withRevision(
      rawPage({ content: shows(SECRET) }),
      new Map([[4, stream(`${shows(SECRET)} 1 g 0 0 595 842 re f 0 g ${shows(WORDS, 500)}`)]]),
    ),
    WORDS,
  ],
  [
    'prepared and shown later',
    withRevision(rawPage({ content: shows(WORDS), more: [stream(shows(HIDDEN))] }), new Map([[7, '<< /x 6 0 R >>']])),
    WORDS,
  ],
  [
    'signed, then changed',
    withRevision(
      rawPage({
        content: shows(SECRET),
        catalog: '/AcroForm << /SigFlags 3 /Fields [6 0 R] >>',
        page: '/Annots [6 0 R]',
        more: [
          '<< /Type /Annot /Subtype /Widget /FT /Sig /T (s) /Rect [0 0 0 0] /V 7 0 R >>',
          '<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /Contents <00> /ByteRange [0 1 2 3] >>',
        ],
      }),
      new Map([[4, stream(shows(WORDS))]]),
    ),
    WORDS,
  ],
  [
    'deleted',
    withRevision(rawPage({ content: shows(WORDS), page: '/X 6 0 R', more: [stream(SECRET)] }), new Map([[6, 'null']])),
    WORDS,
  ],
])('P14: what a revision has %s is gone; one revision is left', async (_how, file, shown) => {
  const pdf = await crossed(file);
  expectInert(pdf.rebuilt);
  expectDead(pdf, aviary.canaries);
  expect(pdf.shown).toBe(shown);
});

const loop = (page: RawPage): Buffer => rawPage({ ...page, content: shows(WORDS, 600) + (page.content ?? '') });
const LOOPS: readonly (readonly [what: string, file: Buffer])[] = [
  ['the tree of pages', latin1(text(loop({})).replace('[3 0 R]', '[2 0 R]'))],
  ['the tree of pages, by its parents', loop({ page: '/Parent 3 0 R' })],
  [
    'a form that draws itself',
    loop({
      content: '/X Do',
      resources: '/XObject << /X 6 0 R >>',
      more: [stream('/X Do', '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>')],
    }),
  ],
  [
    'two forms that draw each other',
    loop({
      content: '/X Do',
      resources: '/XObject << /X 6 0 R >>',
      more: [
        stream('/Y Do', '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /Y 7 0 R >> >>'),
        stream('/X Do', '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>'),
      ],
    }),
  ],
  [
    'a function of itself',
    loop({
      content: '/C cs 1 scn 0 0 99 99 re f',
      resources: '/ColorSpace << /C [/Separation /X /DeviceGray 6 0 R] >>',
      more: ['<< /FunctionType 3 /Domain [0 1] /Functions [6 0 R 6 0 R] /Bounds [0.5] /Encode [0 1 0 1] >>'],
    }),
  ],
  [
    'a colour space of itself',
    loop({
      content: '/C cs 1 scn 0 0 99 99 re f',
      resources: '/ColorSpace << /C 6 0 R >>',
      more: ['[/Indexed 6 0 R 1 <0000>]'],
    }),
  ],
  [
    'a letter that draws itself',
    loop({
      content: 'BT /T 9 Tf (a) Tj ET',
      resources: '/Font << /F1 5 0 R /T 6 0 R >>',
      more: [
        '<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] /FontMatrix [1 0 0 1 0 0] /CharProcs << /a 7 0 R >> /Encoding << /Differences [97 /a] >> /FirstChar 97 /LastChar 97 /Widths [1] /Resources << /Font << /T 6 0 R >> >> >>',
        stream('BT /T 1 Tf (a) Tj ET'),
      ],
    }),
  ],
  [
    'a tree of names',
    loop({
      catalog: '/Names << /EmbeddedFiles 6 0 R /Dests 6 0 R /JavaScript 6 0 R >>',
      more: ['<< /Kids [6 0 R 6 0 R] >>'],
    }),
  ],
  ['earlier tables', rawPage({ content: shows(WORDS, 600) }, { trailer: '/Prev 9' })],
  ['an earlier table that is this one', selfPrevious()],
  [
    'bookmarks',
    loop({
      catalog: '/Outlines 6 0 R',
      more: [
        '<< /First 7 0 R /Last 7 0 R /Count 1 >>',
        '<< /Title (x) /Parent 6 0 R /First 7 0 R /Next 7 0 R /Prev 7 0 R >>',
      ],
    }),
  ],
  ['actions', loop({ catalog: '/OpenAction 6 0 R', more: ['<< /S /GoTo /D [3 0 R /Fit] /Next 6 0 R >>'] })],
  [
    'object streams that extend each other',
    pdfRaw({
      objects: [
        ...pageObjects({ content: shows(WORDS, 600) }),
        objectStream([[9, 'null']], '/Extends 7 0 R'),
        objectStream([[10, 'null']], '/Extends 6 0 R'),
      ],
    }),
  ],
  [
    'an object stream in itself',
    pdfRaw({ objects: pageObjects({ content: shows(WORDS, 600) }), xref: 'stream', packed: [5], trailer: '/Prev 10' }),
  ],
  [
    'fields',
    loop({
      catalog: '/AcroForm << /Fields [6 0 R] >>',
      page: '/Annots [6 0 R]',
      more: ['<< /Type /Annot /Subtype /Widget /FT /Tx /T (f) /Rect [0 0 9 9] /Kids [6 0 R] /Parent 6 0 R >>'],
    }),
  ],
  [
    'threads',
    loop({
      catalog: '/Threads [6 0 R]',
      page: '/B [7 0 R]',
      more: ['<< /F 7 0 R >>', '<< /T 6 0 R /N 7 0 R /V 7 0 R /P 3 0 R /R [0 0 9 9] >>'],
    }),
  ],
  [
    'the tree of the structure',
    loop({
      catalog: '/StructTreeRoot 6 0 R /MarkInfo << /Marked true >>',
      more: ['<< /Type /StructTreeRoot /K 6 0 R /ParentTree 6 0 R /Kids [6 0 R] >>'],
    }),
  ],
  ['an object that is a reference to itself', loop({ page: '/Rotate 6 0 R /CropBox 6 0 R', more: ['6 0 R'] })],
];

function selfPrevious(): Buffer {
  const plain = text(rawPage({ content: shows(WORDS, 600) }, { trailer: '/Prev 0000000000' }));
  const start = /startxref\n(\d+)/.exec(plain)?.[1] ?? '';
  return latin1(plain.replace('/Prev 0000000000', `/Prev ${start.padStart(10, '0')}`));
}

test.each(LOOPS)('P16: a loop of %s ends; the next mail is not harmed', async (_what, file) => {
  const pdf = await crossed(file);
  if (pdf.rebuilt === '') expect(pdf.attachment.reason).toMatch(/^(?:malformed|limit-exceeded|timeout)$/);
  else {
    expectInert(pdf.rebuilt);
    expect(pdf.shown).toContain(WORDS);
  }
  expect((await crossed(both)).shown).toBe(ONE);
});

const picture = (entries: string, data = '\0'): Buffer =>
  loop({
    content: 'q 99 0 0 99 60 60 cm /X Do Q',
    resources: '/XObject << /X 6 0 R >>',
    more: [stream(data, `/Type /XObject /Subtype /Image /BitsPerComponent 8 /ColorSpace /DeviceGray ${entries}`)],
  });
const zeros = (bytes: number): Buffer => deflateSync(Buffer.alloc(bytes, 32), { level: 9 });
const twice = (bytes: number): string => text(deflateSync(zeros(bytes), { level: 9 }));
const BOMBS: readonly (readonly [what: string, file: () => Buffer])[] = [
  [
    'an object stream of 200 MB',
    () =>
      pdfRaw({
        objects: [
          ...pageObjects({ content: shows(WORDS, 600) }),
          stream(text(zeros(2e8)), '/Type /ObjStm /N 100000 /First 1000 /Filter /FlateDecode'),
        ],
      }),
  ],
  ['a cross-reference stream of 200 MB', () => bombTable()],
  [
    'a hundred filters',
    () =>
      rawPage({
        page: '/Contents 6 0 R',
        more: [stream(text(zeros(1000)), `/Filter [${'/FlateDecode '.repeat(100)}]`)],
      }),
  ],
  [
    'ASCII85 over LZW',
    () =>
      rawPage({
        page: '/Contents 6 0 R',
        more: [stream(`${'z'.repeat(1e5)}~>`, '/Filter [/ASCII85Decode /LZWDecode]')],
      }),
  ],
  [
    'run lengths',
    () =>
      rawPage({
        page: '/Contents 6 0 R',
        more: [stream('\x81 '.repeat(3e5), '/Filter [/RunLengthDecode /RunLengthDecode /RunLengthDecode]')],
      }),
  ],
  [
    'JBIG2 of 65,535²',
    () =>
      picture(
        '/Width 65535 /Height 65535 /Filter /JBIG2Decode',
        '\0\0\0\0\x30\0\x01\0\0\0\x13\0\0\xff\xff\0\0\xff\xff\0\0\0\0\0\0\0\0\0\0\0',
      ),
  ],
  [
    'JPEG 2000 that promises 65,535²',
    () =>
      picture(
        '/Width 65535 /Height 65535 /Filter /JPXDecode',
        `\xff\x4f\xff\x51\0\x29\0\0\0\0\xff\xff\0\0\xff\xff${'\0'.repeat(8)}\0\0\xff\xff\0\0\xff\xff${'\0'.repeat(8)}\0\x01\x07\x01\x01\xff\xd9`,
      ),
  ],
  [
    'CCITT of 65,535²',
    () =>
      picture(
        '/Width 65535 /Height 65535 /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 65535 /Rows 65535 >>',
        '\xff'.repeat(1000),
      ),
  ],
  [
    'a picture of 60,000² zeros',
    () => picture('/Width 60000 /Height 60000 /Filter [/FlateDecode /FlateDecode]', twice(1 << 28)),
  ],
];

function bombTable(): Buffer {
  const body = '%PDF-1.7\n';
  return latin1(
    `${body}1 0 obj\n${stream(text(zeros(2e8)), '/Type /XRef /Size 50000000 /W [1 2 1] /Root 1 0 R /Filter /FlateDecode')}\nendobj\nstartxref\n${body.length}\n%%EOF\n`,
  );
}

test.each(BOMBS)(
  'P17: %s costs a bounded heap and a reason; the next mail is not harmed',
  async (_what, make) => {
    const before = process.memoryUsage().rss;
    const pdf = await crossed(make());
    if (pdf.rebuilt === '') expect(pdf.attachment.reason).toMatch(/^(?:malformed|limit-exceeded|timeout)$/);
    else expectInert(pdf.rebuilt);
    // The engine's heap is capped at 384 MiB; beside it the bomb's own bytes, ours and the page's picture.
    expect(process.memoryUsage().rss - before).toBeLessThan(800 * 1024 * 1024);
    expect((await crossed(both)).shown).toBe(ONE);
  },
  // What never ends is ended by the document's own deadline, after 57 s; the rest is room for a busy machine.
  240_000,
);

test.each<readonly [string, () => Buffer, string]>([
  [
    'a page of 2,000,000 points',
    () => latin1(text(loop({})).replace('[0 0 595 842]', '[0 0 2000000 2000000]')),
    'limit-exceeded',
  ],
  ['a page of 14,401 points', () => latin1(text(loop({})).replace('[0 0 595 842]', '[0 0 14401 10]')), ''],
  ['a page without extent', () => latin1(text(loop({})).replace('[0 0 595 842]', '[0 0 0 0]')), ''],
  ['a page upside down', () => latin1(text(loop({})).replace('[0 0 595 842]', '[595 842 0 0]')), ''],
  ['a page of a size that is no number', () => latin1(text(loop({})).replace('[0 0 595 842]', '[0 0 1e999 nan]')), ''],
  ['a unit of 10^9', () => loop({ page: '/UserUnit 1000000000' }), ''],
  [
    '100,000 pages',
    () =>
      latin1(
        text(loop({}))
          .replace('[3 0 R]', `[${'3 0 R '.repeat(1e5)}]`)
          .replace('/Count 1', '/Count 100000'),
      ),
    'limit-exceeded',
  ],
  [
    '10,000 layers of transparency',
    () =>
      loop({
        content: '/G gs '.repeat(1e4) + '/X Do '.repeat(2000),
        resources: '/ExtGState << /G << /ca 0.5 /BM /Multiply >> >> /XObject << /X 6 0 R >>',
        more: [
          stream(
            '0 0 595 842 re f',
            '/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Group << /S /Transparency /I true >>',
          ),
        ],
      }),
    '',
  ],
  [
    'a mesh',
    () =>
      loop({
        content: '/S sh',
        resources: '/Shading << /S 6 0 R >>',
        more: [
          deflated(
            Buffer.alloc(2e6, 0x5a),
            '/ShadingType 4 /ColorSpace /DeviceRGB /BitsPerCoordinate 8 /BitsPerComponent 8 /BitsPerFlag 8 /Decode [0 595 0 842 0 1 0 1 0 1]',
          ),
        ],
      }),
    '',
  ],
])(
  'P18: %s ends in time',
  async (_what, make, reason) => {
    const pdf = await crossed(make());
    if (pdf.rebuilt !== '') expectInert(pdf.rebuilt);
    else expect(pdf.attachment.outcome).toBe('blocked');
    if (reason !== '') expect(pdf.attachment.reason).toBe(reason);
  },
  // What never ends is ended by the document's own deadline, after 57 s; the rest is room for a busy machine.
  240_000,
);

test('P19: a PDF under a password waits for it; mail and notice go on, nothing of it does', async () => {
  const inside = aviary.die('page under a password');
  const pdf = await crossed(rawPage({ content: shows(inside) }, { userPassword: 'secret' }));
  expect(pdf.attachment.outcome).toBe('waiting-for-password');
  expect(pdf.files).toEqual([]);
  expectDead(pdf, aviary.canaries);
  expect(noticeLine(pdf, 'a.pdf')).toContain('パスワード');
  expect(pdf.text).toContain('Please read.');
});

test('P19: one that anybody may open is rebuilt without its lock (benign twin)', async () => {
  const pdf = await crossed(rawPage({ content: shows(WORDS) }, { userPassword: '' }));
  expect(pdf.shown).toBe(WORDS);
  expectInert(pdf.rebuilt);
});

const gap = (region: string): string => aviary.die(region);
test.each<readonly [string, () => Buffer]>([
  [
    'in front of the header',
    () => pdfRaw({ objects: pageObjects({ content: shows(WORDS) }), before: `${gap('before')}\n` }),
  ],
  [
    'in a comment behind the header',
    () => pdfRaw({ objects: pageObjects({ content: shows(WORDS) }), header: `%PDF-1.7\n%${gap('comment')}\n` }),
  ],
  ['behind the end', () => pdfRaw({ objects: pageObjects({ content: shows(WORDS) }), after: `${gap('after')}\n` })],
  [
    'behind the end, as an archive',
    () =>
      Buffer.concat([
        rawPage({ content: shows(WORDS) }),
        Buffer.from(`PK\x03\x04${gap('archive')}PK\x05\x06${'\0'.repeat(18)}`, 'latin1'),
      ]),
  ],
  ['between objects', () => pdfRaw({ objects: pageObjects({ content: shows(WORDS) }), gap: `%${gap('between')}\n` })],
  [
    'between objects, bare',
    () => pdfRaw({ objects: pageObjects({ content: shows(WORDS) }), gap: `${gap('between, bare')}\n` }),
  ],
  [
    'in an object that nothing names',
    () => rawPage({ content: shows(WORDS), more: [`(${gap('unreferenced')})`, stream(gap('unreferenced stream'))] }),
  ],
  [
    'in a free object',
    () =>
      latin1(
        text(rawPage({ content: shows(WORDS), more: [stream(gap('free'))] })).replace(
          /(\d{10}) 00000 n (?=\ntrailer)/,
          '0000000000 65535 f ',
        ),
      ),
  ],
  [
    'between endstream and endobj',
    () => latin1(text(both).replace('endstream\n', `endstream\n%${gap('behind a stream')}\n`)),
  ],
  [
    'behind the data of a stream',
    () =>
      rawPage({
        page: '/Contents 6 0 R',
        more: [
          stream(`${text(deflateSync(Buffer.from(shows(WORDS))))}${gap('behind deflate')}`, '/Filter /FlateDecode'),
        ],
      }),
  ],
  ['in a comment of the page', () => rawPage({ content: `%${gap('comment of a page')}\n${shows(WORDS)}` })],
  [
    'in the trailer',
    () => rawPage({ content: shows(WORDS) }, { trailer: `/${gap('trailer key')} (${gap('trailer')})` }),
  ],
  ['in the padding of the table', () => latin1(text(both).replace('trailer\n', `%${gap('table')}\ntrailer\n`))],
])('P20: what stands %s is in nothing that goes on', async (_where, make) => {
  const pdf = await crossed(make());
  expectInert(pdf.rebuilt);
  expectDead(pdf, aviary.canaries);
  expect(pdf.shown.length).toBeGreaterThan(0);
});

const DAMAGED: readonly (readonly [what: string, file: Buffer])[] = [
  [
    'linearized with lies',
    rawPage({
      content: shows(WORDS),
      more: ['<< /Linearized 1 /L 99999999 /H [0 99999999] /O 3 /E 99999999 /N 1000000 /T 99999999 >>'],
    }),
  ],
  ['a hybrid table', rawPage({ content: shows(WORDS) }, { trailer: '/XRefStm 15' })],
  ['columns of 2^31 bytes', widths('[1 2147483647 2]')],
  ['columns of negative width', widths('[1 -4 2]')],
  ['columns of no width', widths('[0 0 0]')],
  ['an index from 2^31', widths('[1 4 2] /Index [2147483647 2147483647]')],
  ['object 2^31', latin1(text(both).replace('4 0 obj', '2147483648 0 obj').replace('4 0 R', '2147483648 0 R'))],
  ['object -1', latin1(text(both).replace('4 0 R', '-1 0 R'))],
  ['generation -1', latin1(text(both).replace('4 0 R', '4 -1 R'))],
  ['generation 2^32', latin1(text(both).replace('4 0 R', '4 4294967296 R'))],
  ['a size of 2^31', latin1(text(both).replace('/Size 6', '/Size 2147483647'))],
  ['a table of 2^31 rows', latin1(text(both).replace('0 6', '0 2147483647'))],
  [
    'an offset of 10^10 - 1',
    pdfRaw({
      objects: pageObjects({ content: shows(WORDS) }),
      offsetOf: (number, offset) => (number === 4 ? 9_999_999_999 : offset),
    }),
  ],
  ['numbers without end', rawPage({ content: `${'9'.repeat(1e5)} w ${shows(WORDS)}` })],
  ['arrays without end', rawPage({ content: `${'['.repeat(1e5)} ${shows(WORDS)}` })],
  ['dictionaries without end', rawPage({ content: shows(WORDS), more: ['<< /a '.repeat(1e5)] })],
  ['brackets without end', rawPage({ content: `${'('.repeat(1e5)} ${shows(WORDS)}` })],
  ['half of it', both.subarray(0, both.length / 2)],
  ['its first line', latin1('%PDF-1.7\n')],
];

function widths(columns: string): Buffer {
  const plain = text(pdfRaw({ objects: pageObjects({ content: shows(WORDS) }), xref: 'stream' }));
  return latin1(plain.replace('[1 4 2]', columns));
}

test.each(DAMAGED)('P27: %s is rebuilt or held, and nothing breaks', async (_what, file) => {
  const pdf = await crossed(file);
  if (pdf.rebuilt === '') expect(pdf.attachment.outcome).toBe('blocked');
  else expectInert(pdf.rebuilt);
  expect(pdf.attachment.reason ?? '').not.toMatch(/sanitizer-failed/);
});

test.each([
  ['PostScript', '%!PS-Adobe-3.0\n(x) = %pipe%id (r) file\n'],
  ['EPS', '%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n'],
  ['EPS with a preview', '\xc5\xd0\xd3\xc6\x1e\0\0\0\x99\0\0\0\0\0\0\0\0\0\0\0%!PS-Adobe-3.0 EPSF-3.0\n'],
  ['Illustrator without a PDF', '%!PS-Adobe-3.0\n%%Creator: Adobe Illustrator(R) 8\n'],
  ['PCL', '\x1bE\x1b&l0O\x1b*t300R\x1b*r0A\x1b*b3W\xff\xff\xff\x1b*rB\x1bE'],
  ['printer language', '\x1b%-12345X@PJL SET X=1\r\n@PJL ENTER LANGUAGE=POSTSCRIPT\r\n%!PS\n'],
  ['DjVu', `AT&TFORM\0\0\0\x20DJVUINFO\0\0\0\x0a${'\0'.repeat(30)}`],
])('P28: %s called a PDF is held, no interpreter sees it', async (_what, content) => {
  const mark = gap('page description');
  const mail = await through(...mixed(attached('a.pdf', 'application/pdf', latin1(`${content}% ${mark}\n`))));
  expect(mail.files).toEqual([]);
  expectDead(mail, aviary.canaries);
  expect(mail.report.attachments[0]?.outcome).toBe('blocked');
  expect(noticeLine(mail, 'a.pdf')).toContain('お渡しできません');
});

test('P12: a form whose pages a program must make is held with its own sentence', async () => {
  const xfa = stream('<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"></xdp:xdp>');
  const pdf = await crossed(
    rawPage({
      content: shows('Please wait...'),
      catalog: '/NeedsRendering true /AcroForm << /XFA 6 0 R /Fields [] >>',
      more: [xfa],
    }),
  );
  expect(pdf.attachment).toMatchObject({ outcome: 'blocked', reason: 'dynamic-form' });
  expect(pdf.files).toEqual([]);
  expect(noticeLine(pdf, 'a.pdf')).toContain('お渡しできません');
});

test('P12: a form with pages of its own shows them (benign twin)', async () => {
  const xfa = stream('<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"></xdp:xdp>');
  const pdf = await crossed(
    rawPage({ content: shows(WORDS), catalog: '/AcroForm << /XFA 6 0 R /Fields [] >>', more: [xfa] }),
  );
  expect(pdf.shown).toBe(WORDS);
  expect(pdf.removed).toEqual({ form: 1 });
});
