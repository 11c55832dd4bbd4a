/** PDF (docs/output-grammar-pdf.md): dictionaries with a word more in front, behind or between, and streams cut at their end. */
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { pdfProblems } from '../../../src/inspect/pdf/pdf.ts';
import { encodeFax } from '../../../src/sanitize/engines/images/fax.ts';
import { CONTENT, flate, jpegFile, type PdfObjects, pdfFile } from '../../attacks/gate/specimens.ts';

type Change = (objects: PdfObjects) => void;
const problems = async (change: Change): Promise<readonly string[]> => pdfProblems(await pdfFile(change));

interface Picture {
  readonly size: string;
  /** From `/ColorSpace` on. */
  readonly keys: string;
  readonly content: Uint8Array;
}

const PICTURES: readonly (Picture & { readonly name: string })[] = [
  {
    name: 'grey',
    size: '/Width 4 /Height 1',
    keys: '/ColorSpace /DeviceGray /BitsPerComponent 4 /Filter /FlateDecode',
    content: deflateSync(Buffer.of(0x12, 0x34)),
  },
  {
    name: 'few colours',
    size: '/Width 2 /Height 1',
    keys: '/ColorSpace [/Indexed /DeviceRGB 1 <FFFFFF000000>] /BitsPerComponent 4 /Filter /FlateDecode',
    content: deflateSync(Buffer.of(0x01)),
  },
  {
    name: 'bilevel',
    size: '/Width 16 /Height 12',
    keys: '/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 16 /Rows 12 >>',
    content: encodeFax(Buffer.alloc(24, 0x35), 16, 12),
  },
  {
    name: 'JPEG',
    size: '/Width 23 /Height 17',
    keys: '/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode',
    content: await jpegFile(),
  },
];

test.each(PICTURES)(
  'the dictionary of a picture ($name) has our keys and no other',
  async ({ size, keys, content }) => {
    const TYPE = '/Type /XObject /Subtype /Image';
    const length = `/Length ${content.length}`;
    const found = (dictionary: string): Promise<readonly string[]> =>
      problems(({ values }) => {
        values[12] = { dictionary, content: Buffer.from(content) };
      });
    expect(await found(`<< ${TYPE} ${size} ${keys} ${length} >>`)).toEqual([]);
    for (const dictionary of [
      `<< ${TYPE} ${size} ${keys} /SMask 16 0 R ${length} >>`,
      `<< ${TYPE} ${size} ${keys} /Decode [1 0] ${length} >>`,
      `<< ${TYPE} ${size} /ColorSpace /Pattern ${keys} ${length} >>`,
      `<< ${TYPE} ${size} /ColorSpace 16 0 R /SMask 16 0 R ${keys} ${length} >>`,
      `<< /A << /S /JavaScript >> >> << ${TYPE} ${size} ${keys} ${length} >>`,
      `x<< ${TYPE} ${size} ${keys} ${length} >>`,
      `<< ${TYPE} ${size} ${keys} ${length} >>\n<< /S /JavaScript ${length} >>`,
      `<< ${TYPE} ${size} ${keys} /Alternates 16\n0 R ${length} >>`,
      `<< ${size} ${keys} ${length} >>`,
    ])
      expect([dictionary, await found(dictionary)]).toEqual([dictionary, ['pdf: image dictionary']]);
  },
);

test('the length is the last word of a stream’s dictionary', async () => {
  const dictionary = '<< /Type /XObject /Subtype /Image /Width 4 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 4';
  const content = deflateSync(Buffer.of(0x12, 0x34));
  const length = `/Filter /FlateDecode /Length ${content.length}`;
  const found = async (end: string): Promise<readonly string[]> => {
    const problem = await problems(({ values }) => {
      values[12] = { dictionary: `${dictionary} ${end}`, content };
    });
    return problem.map((text) => text.replace(/at \d+/, 'at N'));
  };
  expect(await found(`${length} >>`)).toEqual([]);
  for (const end of [`${length} >> x`, `${length} >>\n`, `${length} /F (x) >>`, `${length} >> >>`, '/Length 0123 >>'])
    expect([end, await found(end)]).toEqual([end, ['pdf: at N: stream length']]);
});

const inFont =
  (object: number, from: string, to: string): Change =>
  ({ values }) => {
    const value = String(values[object - 1]);
    if (!value.includes(from)) throw new Error(`object ${object} has no ${from}`);
    values[object - 1] = value.replace(from, () => to);
  };

test('advances: one array, in the vertical font with an origin each', async () => {
  expect(await problems(inFont(5, '[1 [1000 500]]', '[1 [999 500]]'))).toEqual([]);
  for (const array of ['/X [1 [1000 500]]', '[1 [1000 500]] /X 1', '[9 [1 1]] [1 [1000 500]]', '[1 [1000 500] 2 [3]]'])
    expect([array, await problems(inFont(5, '[1 [1000 500]]', array))]).toEqual([
      array,
      ['pdf: horizontal font: advances'],
    ]);
  expect(await problems(inFont(8, '[-1000 500 880]', '[-999 500 880]'))).toEqual([]);
  for (const array of ['[-1000]', '[-1000 500]', '[-1000 500 880 -1000]', '[-1000 500 880 ]'])
    expect([array, await problems(inFont(8, '[-1000 500 880]', array))]).toEqual([
      array,
      ['pdf: vertical font: number of advances'],
    ]);
  for (const array of ['[-1000 501 880]', '[-1000 500 881]', '[-1000 880 500]', '[-1000 500 880 -1000 500 0]'])
    expect([array, await problems(inFont(8, '[-1000 500 880]', array))]).toEqual([
      array,
      ['pdf: vertical font: an origin'],
    ]);
});

test('a CID that no page uses: of one font, of the other, of both alike', async () => {
  const using =
    (horizontal: string, vertical: string): Change =>
    (objects) => {
      objects.values[11] = flate(
        CONTENT.replace('<000100020001>', `<${horizontal}>`).replace(/\/V 1 Tf\n.*\n.*\n/, vertical),
      );
    };
  const run = '/V 1 Tf\n12 0 0 12 300 400 Tm\n<0001> Tj\n';
  expect(await problems(using('00010002', run))).toEqual([]);
  for (const change of [using('0001', run), using('00010002', ''), using('0002', '')])
    expect(await problems(change)).toEqual(['pdf: a CID that no page uses']);
});

test('an object without a value is no catalog', async () => {
  expect(
    await problems(({ values }) => {
      values[0] = '';
    }),
  ).toEqual(['pdf: catalog']);
});

test('a file that ends with the last byte of a stream, one before, one behind', async () => {
  const whole = await pdfFile();
  expect(pdfProblems(whole)).toEqual([]);
  const end = whole.indexOf('\nendstream');
  expect(pdfProblems(whole.subarray(0, end))).toEqual([`pdf: at ${end}: not "\\nendstream\\nendobj\\n"`]);
  expect(pdfProblems(whole.subarray(0, end + 1))).toEqual([`pdf: at ${end}: not "\\nendstream\\nendobj\\n"`]);
  expect(pdfProblems(whole.subarray(0, end - 1))).toEqual([`pdf: at ${end - 568}: stream length`]);
});

test('bookmarks lead to pages of three digits, by one destination', async () => {
  const pages = 40;
  const document =
    (destination: string): Change =>
    ({ values }) => {
      const [first, text, image] = values.slice(10, 13);
      const plain = flate('q\n595.28 0 0 841.89 0 0 cm\n/I Do\nQ\n');
      const numbers = Array.from({ length: pages }, (_, page) => 11 + 3 * page);
      const outline = 11 + 3 * pages;
      values[0] = `<< /Type /Catalog /Pages 2 0 R /Outlines ${outline} 0 R >>`;
      values[1] = `<< /Type /Pages /Kids [${numbers.map((self) => `${self} 0 R`).join(' ')}] /Count ${pages} >>`;
      values.length = 10;
      for (const self of numbers) {
        const page = String(first)
          .replace('/I 13', `/I ${self + 2}`)
          .replace('/Contents 12', `/Contents ${self + 1}`);
        values.push(page, self === 11 ? (text ?? '') : plain, image ?? '');
      }
      const item = outline + 1;
      values.push(
        `<< /Type /Outlines /First ${item} 0 R /Last ${item} 0 R /Count 1 >>`,
        `<< /Title <FEFF4E00> /Parent ${outline} 0 R${destination} >>`,
      );
    };
  for (const destination of ['', ' /Dest [11 0 R /XYZ null 0 null]', ' /Dest [101 0 R /XYZ null 841.89 null]'])
    expect([destination, await problems(document(destination))]).toEqual([destination, []]);
  for (const destination of [
    ' /Dest [x /Dest [11 0 R /XYZ null 0 null]',
    ' /Dest [(file.pdf) /Dest [101 0 R /XYZ null 0 null]',
    ' /Dest [0101 0 R /XYZ null 0 null]',
    ' /Dest [11 0 R /XYZ null 0 null 4]',
  ])
    expect([destination, await problems(document(destination))]).toEqual([destination, ['pdf: outline: destination']]);
});
