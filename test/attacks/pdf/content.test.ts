/** What stands on the pages of a PDF and is not what it seems (threats.tsv P21–P24): layers, hidden words, descriptions, fonts, pictures. */
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openAviary } from '../../kit/canary.ts';
import { deflated, type RawPage, rawPage, shows, stream } from '../../kit/pdf-raw.ts';
import { crossed, expectDead, expectInert } from './crossed.ts';

const aviary = openAviary();
const WORDS = 'Visible words';
const die = (region: string): string => aviary.die(region);
const page = (more: RawPage): Buffer => rawPage({ ...more, content: shows(WORDS, 600) + (more.content ?? '') });

const layer = (words: string, settings: string): RawPage => ({
  content: `/OC /L BDC ${shows(words, 500)} EMC`,
  resources: '/Properties << /L 6 0 R >>',
  catalog: `/OCProperties << /OCGs [6 0 R] /D << ${settings} >> >>`,
  more: ['<< /Type /OCG /Name (x) /Usage << /Print << /PrintState /ON >> /View << /ViewState /OFF >> >> >>'],
});

test.each<readonly [string, (words: string) => RawPage]>([
  ['a layer that is off', (words) => layer(words, '/OFF [6 0 R]')],
  ['a layer that is off by default', (words) => layer(words, '/BaseState /OFF')],
  ['a layer for print only', (words) => layer(words, '/AS [<< /Event /View /OCGs [6 0 R] /Category [/View] >>]')],
  ['render mode 3', (words) => ({ content: shows(words, 500, '3 Tr') })],
  ['a place outside the page', (words) => ({ content: `BT /F1 20 Tf 700 500 Td (${words}) Tj ET` })],
  ['a place below the page', (words) => ({ content: `BT /F1 20 Tf 60 -500 Td (${words}) Tj ET` })],
  ['white letters', (words) => ({ content: `1 g ${shows(words, 500)} 0 g` })],
  ['letters of no size', (words) => ({ content: `BT /F1 0.001 Tf 60 500 Td (${words}) Tj ET` })],
  ['a box over them', (words) => ({ content: `${shows(words, 500)} 0 g 0 480 595 60 re f` })],
  ['a clip without room', (words) => ({ content: `q 0 0 1 1 re W n ${shows(words, 500)} Q` })],
  [
    'a note for print only',
    (words) => ({
      page: `/Annots [<< /Type /Annot /Subtype /FreeText /Rect [60 480 300 520] /F 36 /Contents (${words}) /DA (/F1 9 Tf) >>]`,
    }),
  ],
  [
    'a hidden note',
    (words) => ({
      page: `/Annots [<< /Type /Annot /Subtype /Text /Rect [60 480 90 510] /F 2 /Contents (${words}) >>]`,
    }),
  ],
])('P21: words hidden by %s are not in the text that goes on', async (_how, make) => {
  const pdf = await crossed(page(make(die('hidden words'))));
  expectInert(pdf.rebuilt);
  expect(pdf.shown).toContain(WORDS);
  for (const { token } of aviary.canaries) expect(pdf.shown).not.toContain(token);
});

test('P21: a note for screen and print is shown (benign twin)', async () => {
  const note =
    '<< /Type /Annot /Subtype /FreeText /Rect [60 480 300 520] /F 4 /Contents (Note words) /DA (/F1 9 Tf) >>';
  const pdf = await crossed(page({ page: `/Annots [${note}]` }));
  expect(pdf.shown).toContain('Note words');
});

test('P21: a layer that is on is shown (benign twin)', async () => {
  const on = layer('Layer words', '/ON [6 0 R]');
  const pdf = await crossed(page({ ...on, more: ['<< /Type /OCG /Name (x) >>'] }));
  expect(pdf.shown).toContain('Layer words');
});

test.each<readonly [string, () => Buffer]>([
  [
    'Info',
    () =>
      rawPage(
        {
          content: shows(WORDS, 600),
          more: [`<< /Title (${die('Title')}) /Author (${die('Author')}) /Own (${die('own key')}) >>`],
        },
        { trailer: '/Info 6 0 R' },
      ),
  ],
  [
    'XMP',
    () =>
      page({
        catalog: '/Metadata 6 0 R',
        more: [
          stream(`<x:xmpmeta xmlns:x="adobe:ns:meta/">${die('XMP')}</x:xmpmeta>`, '/Type /Metadata /Subtype /XML'),
        ],
      }),
  ],
  [
    'XMP of a picture',
    () =>
      page({
        content: '/X Do',
        resources: '/XObject << /X 6 0 R >>',
        more: [
          stream(
            '\0',
            '/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray /Metadata 7 0 R',
          ),
          stream(die('XMP of a picture'), '/Type /Metadata /Subtype /XML'),
        ],
      }),
  ],
  ['PieceInfo', () => page({ page: `/PieceInfo << /X << /Private (${die('PieceInfo')}) >> >>` })],
  [
    'a thumbnail',
    () =>
      page({
        page: '/Thumb 6 0 R',
        more: [stream(die('thumbnail'), '/Width 8 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceRGB')],
      }),
  ],
  [
    'the tree of the structure',
    () =>
      page({
        catalog: '/StructTreeRoot 6 0 R /MarkInfo << /Marked true >>',
        more: [`<< /Type /StructTreeRoot /K << /S /P /ActualText (${die('ActualText')}) /Alt (${die('Alt')}) >> >>`],
      }),
  ],
  [
    'names of places and layers',
    () =>
      page({
        catalog: `/Dests << /${die('destination')} [3 0 R /Fit] >> /PageLabels << /Nums [0 << /P (${die('label')}) >>] >> /Lang (${die('language')})`,
      }),
  ],
  [
    'private entries',
    () =>
      page({
        catalog: `/${die('key')} (${die('value')})`,
        page: `/LastModified (D:20260101) /X (${die('of a page')})`,
      }),
  ],
  ['the names of colours', () => page({ resources: `/ColorSpace << /${die('colour space')} /DeviceRGB >>` })],
  [
    'output intents',
    () =>
      page({
        catalog:
          '/OutputIntents [<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (x) /DestOutputProfile 6 0 R >>]',
        more: [stream(die('profile'), '/N 3')],
      }),
  ],
])('P22: %s of a PDF: nothing of it goes on', async (_what, make) => {
  const pdf = await crossed(make());
  expectInert(pdf.rebuilt);
  expectDead(pdf, aviary.canaries);
  expect(pdf.shown).toContain(WORDS);
});

const type3 = (glyph: string): RawPage => ({
  content: 'BT /T 20 Tf 60 500 Td (a) Tj ET',
  resources: '/Font << /F1 5 0 R /T 6 0 R >>',
  more: [
    '<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /CharProcs << /a 7 0 R >> /Encoding << /Type /Encoding /Differences [97 /a] >> /FirstChar 97 /LastChar 97 /Widths [1000] /Resources << >> >>',
    stream(glyph),
  ],
});
const embedded = (key: string, subtype: string, program: string): RawPage => ({
  content: 'BT /T 20 Tf 60 500 Td (abc) Tj ET',
  resources: '/Font << /F1 5 0 R /T 6 0 R >>',
  more: [
    `<< /Type /Font /Subtype /${subtype} /BaseFont /X /FirstChar 97 /LastChar 99 /Widths [500 500 500] /FontDescriptor 7 0 R >>`,
    `<< /Type /FontDescriptor /FontName /X /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 /${key} 8 0 R >>`,
    deflated(program, key === 'FontFile3' ? '/Subtype /Type1C' : `/Length1 ${program.length}`),
  ],
});

test.each<readonly [string, () => RawPage]>([
  ['of type 3 with a program of drawing', () => type3(`1000 0 d0 0 0 700 700 re f % ${die('glyph')}`)],
  ['of type 3 with unbalanced states', () => type3(`1000 0 d0 ${'q '.repeat(2000)} 0 0 700 700 re f`)],
  [
    'of type 3 with a number for an operator',
    () => type3('1e308 -1e308 d1 99999999999999999999 0 0 0 0 0 cm BI ID EI'),
  ],
  [
    'of TrueType that is none',
    () =>
      embedded('FontFile2', 'TrueType', `\0\x01\0\0\0\x0a\0\x80\0\x03\0\x20${die('TrueType')}${'\xff'.repeat(5000)}`),
  ],
  [
    'of TrueType with tables outside',
    () =>
      embedded(
        'FontFile2',
        'TrueType',
        `\0\x01\0\0\0\x01\0\x10\0\0\0\0glyf\0\0\0\0\x7f\xff\xff\xff\x7f\xff\xff\xff${die('tables')}`,
      ),
  ],
  ['of CFF that is none', () => embedded('FontFile3', 'Type1', `\x01\0\x04\x04\xff\xff\xff\xff${die('CFF')}`)],
  [
    'of Type 1 that is none',
    () =>
      embedded(
        'FontFile',
        'Type1',
        `%!PS-AdobeFont-1.0: X\n/${die('Type 1')} {currentfile eexec} def ${'/Subrs 99999999 array '.repeat(100)}`,
      ),
  ],
])('P23: a font %s is drawn or not; nothing of it goes on', async (_what, make) => {
  const pdf = await crossed(page(make()));
  if (pdf.rebuilt === '') {
    expect(pdf.attachment.outcome).toBe('blocked');
    return;
  }
  expectInert(pdf.rebuilt);
  expectDead(pdf, aviary.canaries);
  expect(pdf.shown).toContain(WORDS);
});

test('P23: letters that say other things than they show come as text that has no steering letters in it', async () => {
  const map = `begincmap 1 begincodespacerange <00> <ff> endcodespacerange 3 beginbfchar <61> <202E> <62> <0065007600690070> <63> <D800> endbfchar endcmap`;
  const pdf = await crossed(
    page({
      content: 'BT /T 20 Tf 60 500 Td (abc) Tj ET',
      resources: '/Font << /F1 5 0 R /T 6 0 R >>',
      more: ['<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 7 0 R >>', stream(map)],
    }),
  );
  expectInert(pdf.rebuilt);
  expect(pdf.shown).toContain(WORDS);
  expect(pdf.shown).not.toMatch(/[\u202a-\u202e\ud800-\udfff]/);
});

const pictured = (entries: string, data: string, more: readonly string[] = []): Buffer =>
  page({
    content: 'q 99 0 0 99 60 400 cm /X Do Q',
    resources: '/XObject << /X 6 0 R >>',
    more: [stream(data, `/Type /XObject /Subtype /Image /Width 8 /Height 8 /BitsPerComponent 8 ${entries}`), ...more],
  });
const grey = Buffer.alloc(64, 90).toString('latin1');

test.each<readonly [string, () => Buffer | Promise<Buffer>]>([
  [
    'JBIG2',
    () =>
      pictured(
        '/ColorSpace /DeviceGray /Filter /JBIG2Decode',
        `\0\0\0\0\x30\0\x01\0\0\0\x13\0\0\0\x08\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0${die('JBIG2')}`,
      ),
  ],
  [
    'JBIG2 with symbols of another stream',
    () =>
      pictured(
        '/ColorSpace /DeviceGray /Filter /JBIG2Decode /DecodeParms << /JBIG2Globals 7 0 R >>',
        '\0\0\0\x01\x06\x01\0\x01\0\0\0\x10'.padEnd(60, '\xff'),
        [stream(`\0\0\0\0\0\x01\0\0\0\0\x40${die('symbols')}`)],
      ),
  ],
  ['JPEG 2000', () => pictured('/Filter /JPXDecode', `\0\0\0\x0cjP  \r\n\x87\n${die('JPX')}`)],
  [
    'a profile of colours',
    () =>
      pictured('/ColorSpace [/ICCBased 7 0 R]', Buffer.alloc(192, 90).toString('latin1'), [
        stream(`\0\0\0\x80${die('ICC')}`, '/N 3 /Alternate /DeviceRGB'),
      ]),
  ],
  [
    'a JPEG with EXIF',
    async () =>
      pictured(
        '/ColorSpace /DeviceRGB /Filter /DCTDecode',
        (
          await sharp({ create: { width: 8, height: 8, channels: 3, background: '#a00' } })
            .withExif({ IFD0: { Artist: die('EXIF of a picture') } })
            .jpeg()
            .toBuffer()
        ).toString('latin1'),
      ),
  ],
  [
    'a CCITT fax',
    () =>
      pictured(
        '/BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 8 >>',
        `\xff\xff${die('fax')}`,
      ),
  ],
  ['data behind its last row', () => pictured('/ColorSpace /DeviceGray', grey + die('behind the rows'))],
  [
    'another picture for print',
    () =>
      pictured('/ColorSpace /DeviceGray /Alternates [<< /Image 7 0 R /DefaultForPrinting true >>]', grey, [
        stream(
          die('alternate'),
          '/Type /XObject /Subtype /Image /Width 8 /Height 8 /BitsPerComponent 8 /ColorSpace /DeviceGray',
        ),
      ]),
  ],
  [
    'a mask with words',
    () =>
      pictured('/ColorSpace /DeviceGray /SMask 7 0 R', grey, [
        stream(
          `${die('mask')}${grey}`.slice(0, 64),
          '/Type /XObject /Subtype /Image /Width 8 /Height 8 /BitsPerComponent 8 /ColorSpace /DeviceGray',
        ),
      ]),
  ],
])('P24: of a picture with %s only pixels go on', async (_what, make) => {
  const pdf = await crossed(await make());
  expectInert(pdf.rebuilt);
  expectDead(pdf, aviary.canaries);
  expect(pdf.shown).toContain(WORDS);
  expect(pdf.rebuilt).not.toMatch(/ICCBased|Exif|\/SMask|\/Alternates/);
});

test('P24: a plain picture is on the page (benign twin)', async () => {
  const with_ = await crossed(
    pictured('/ColorSpace /DeviceGray /Filter /FlateDecode', deflateSync(Buffer.alloc(64, 90)).toString('latin1')),
  );
  const without = await crossed(page({}));
  expect(with_.rebuilt).not.toBe(without.rebuilt);
  expect(with_.shown).toBe(WORDS);
});
