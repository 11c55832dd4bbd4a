/** PDF (docs/output-grammar-pdf.md): files at each limit are taken, one more is refused, and for that reason. */
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { pdfProblems } from '../../../src/inspect/pdf/pdf.ts';
import { CONTENT, cmap, flate, type PdfObjects, pdfFile } from '../../attacks/gate/specimens.ts';

type Change = (objects: PdfObjects) => void;
const problems = async (change: Change): Promise<readonly string[]> => pdfProblems(await pdfFile(change));
const hex = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0');

const GREY = '/ColorSpace /DeviceGray /BitsPerComponent 4 /Filter /FlateDecode';
const picture =
  (keys: string, content: Uint8Array): Change =>
  (objects) => {
    objects.values[12] = {
      dictionary: `<< /Type /XObject /Subtype /Image ${keys} /Length LENGTH >>`,
      content: Buffer.from(content),
    };
  };
const grey = (width: number, height: number, content?: Uint8Array): Change =>
  picture(
    `/Width ${width} /Height ${height} ${GREY}`,
    deflateSync(content ?? Buffer.alloc(Math.ceil(width / 2) * height)),
  );
const content =
  (text: string): Change =>
  (objects) => {
    objects.values[11] = flate(text);
  };
const inContent = (from: string, to: string): Change => content(CONTENT.replace(from, () => to));

test('bytes that lie in a larger buffer are read from where they begin', async () => {
  const whole = await pdfFile();
  expect(pdfProblems(Buffer.concat([Buffer.from('xx'), whole, Buffer.from('xx')]).subarray(2, -2))).toEqual([]);
});

test('sizes of pages: above zero, at most 14,400 points, in one spelling', async () => {
  const sized =
    (width: string, height: string): Change =>
    (objects) => {
      objects.values[13] = String(objects.values[13]).replace('100 50.5', `${width} ${height}`);
      objects.values[14] = flate(`q\n${width} 0 0 ${height} 0 0 cm\n/I Do\nQ\n`);
    };
  for (const side of ['14400', '1', '0.01', '0.5', '595.28', '14399.99', '10.05'])
    for (const [width, height] of [
      [side, '1'],
      ['1', side],
    ] as const)
      expect([side, await problems(sized(width, height))]).toEqual([side, []]);
  for (const side of ['14400.01', '14401', '0', '9999999999'])
    for (const [width, height] of [
      [side, '1'],
      ['1', side],
    ] as const)
      expect([side, await problems(sized(width, height))]).toEqual([side, ['pdf: page 2: size']]);
  for (const side of ['1.0', '1.10', '01', '1.', '1.001', '-1', '1e1', '.5', '', '99999999999'])
    expect([side, await problems(sized(side, '1'))]).toEqual([side, ['pdf: page 2']]);
});

/** Fonts of so many CIDs, all of them used on the first page. */
function fonts(count: number, vertical = false, change: { advance?: string; lines?: readonly string[] } = {}): Change {
  return (objects) => {
    const lines =
      change.lines ?? Array.from({ length: count }, (_, i) => `<${hex(i + 1)}> <${hex(0x4e00 + (i % 20_000))}>`);
    const blocks: string[] = [];
    for (let at = 0; at < count; at += 100) {
      const block = lines.slice(at, at + 100);
      blocks.push(`${block.length} beginbfchar\n${block.map((line) => `${line}\n`).join('')}endbfchar\n`);
    }
    const advance = (i: number): string => change.advance ?? `${vertical ? '-' : ''}${1 + Math.floor(i / 20_000)}`;
    const array = Array.from({ length: count }, (_, i) => (vertical ? `${advance(i)} 500 880` : advance(i))).join(' ');
    const codes = Array.from({ length: count }, (_, i) => hex(i + 1)).join('');
    const runs = codes.match(/.{1,16000}/g) ?? [];
    const [font, map] = vertical ? [7, 9] : [4, 6];
    objects.values[font] = String(objects.values[font]).replace(/\[1 \[.*\]\]/, count === 0 ? '[]' : `[1 [${array}]]`);
    objects.values[map] = flate(cmap([]).replace('endcmap', `${blocks.join('')}endcmap`));
    const own = runs.map((run) => `1 0 0 1 0 0 Tm\n<${run}> Tj\n`).join('');
    const others = vertical ? '/H 1 Tf\n1 0 0 1 0 0 Tm\n<00010002> Tj\n' : '/V 1 Tf\n1 0 0 1 0 0 Tm\n<0001> Tj\n';
    objects.values[11] = flate(
      `q\n595.28 0 0 841.89 0 0 cm\n/I Do\nQ\nBT\n3 Tr\n${vertical ? others : ''}${count > 0 ? `/${vertical ? 'V' : 'H'} 1 Tf\n` : ''}${own}${vertical ? '' : others}ET\n`,
    );
  };
}

test.each([0, 1, 2, 99, 100, 101, 200, 250])('fonts of %i characters fit', async (count) => {
  for (const vertical of [false, true]) {
    const found = await problems(fonts(count, vertical));
    // In the content one font's name stands behind the other's: without a run of its own it has none.
    expect([vertical, found]).toEqual([vertical, []]);
  }
});

test('65,000 characters, not one more', async () => {
  for (const vertical of [false, true]) {
    expect(await problems(fonts(65_000, vertical))).toEqual([]);
    expect(await problems(fonts(65_001, vertical))).toEqual([
      `pdf: ${vertical ? 'vertical' : 'horizontal'} font: number of advances`,
    ]);
  }
});

test('advances: in one spelling, at most 10,000', async () => {
  for (const advance of ['0', '1', '500', '10000']) expect(await problems(fonts(1, false, { advance }))).toEqual([]);
  for (const advance of ['0', '-1', '-500', '-10000']) expect(await problems(fonts(1, true, { advance }))).toEqual([]);
  for (const advance of ['10001', '-1', '00', '01', '99999', '-0'])
    expect([advance, await problems(fonts(1, false, { advance }))]).toEqual([
      advance,
      ['pdf: horizontal font: an advance'],
    ]);
  for (const advance of ['-10001', '1', '-0', '-01', '00', '-99999'])
    expect([advance, await problems(fonts(1, true, { advance }))]).toEqual([
      advance,
      ['pdf: vertical font: an advance'],
    ]);
});

test('a character may stand for sixteen units, clean ones', async () => {
  const one = (target: string): Change => fonts(1, false, { lines: [`<0001> <${target}>`] });
  for (const target of [
    '0041',
    '0041'.repeat(16),
    'D867DE3D',
    '3042',
    'E000',
    'FFEF',
    'DB80DC00',
    '0020',
    '00A0',
    'FE0E',
  ])
    expect([target, await problems(one(target))]).toEqual([target, []]);
  for (const target of [
    ...[
      '0000',
      '001F',
      '007F',
      '009F',
      '00AD',
      '034F',
      '061C',
      '115F',
      '1160',
      '17B4',
      '17B5',
      '180B',
      '180E',
      '200B',
      '200F',
    ],
    ...[
      '2028',
      '202E',
      '2060',
      '206F',
      '3164',
      'FEFF',
      'FFA0',
      'FFF0',
      'FFFF',
      'D82FDCA0',
      'D834DD73',
      'DB40DC00',
      'DB40DC41',
    ],
    ...['DB40DDF0', 'DB43DFFF', 'D800', 'DC00', '0041D800', 'D83FDFFE', 'FDD0'],
  ])
    expect([target, await problems(one(target))]).toEqual([target, ['pdf: ToUnicode: forbidden character']]);
  for (const target of ['', '004', '0041'.repeat(17), '004g', '00e9'])
    expect([target, await problems(one(target))]).toEqual([target, ['pdf: ToUnicode: CID 1']]);
});

test('the same character twice needs another advance', async () => {
  const twice =
    (advances: string): Change =>
    (objects) => {
      fonts(2, false, { lines: ['<0001> <0041>', '<0002> <0041>'] })(objects);
      objects.values[4] = String(objects.values[4]).replace('[1 [1 1]]', `[1 [${advances}]]`);
    };
  expect(await problems(twice('1 2'))).toEqual([]);
  expect(await problems(twice('1 1'))).toEqual(['pdf: ToUnicode: CID 2 repeats another']);
});

test.each([
  ['10.5 0 0 10.5 72 700.25', []],
  ['-10.5 0 0 10.5 72 700.25', []],
  ['100000 0 0 1 0 0', []],
  ['1 0 0 -100000 595.28 841.89', []],
  ['0.0001 0 0 0.0001 0 0', []],
  ['0 1 -1 0 0 0', []],
  ['1 2 3 4 0.5 0.25', []],
  ['1 1 1 1.0001 0 0', []],
  ['100000.1 0 0 1 0 0', ['pdf: content: size of a number']],
  ['1 100000.1 0 1 0 0', ['pdf: content: size of a number']],
  ['1 0 -100000.1 1 0 0', ['pdf: content: size of a number']],
  ['1 0 0 100001 0 0', ['pdf: content: size of a number']],
  ['1 1 1 1 0 0', ['pdf: content: a flat matrix']],
  ['2 4 1 2 0 0', ['pdf: content: a flat matrix']],
  ['0.0003 0.0001 0.0006 0.0002 0 0', ['pdf: content: a flat matrix']],
  ['1 0 0 0 0 0', ['pdf: content: a flat matrix']],
  ['1 0 0 1 595.29 0', ['pdf: content: position off the page']],
  ['1 0 0 1 0 841.9', ['pdf: content: position off the page']],
  ['1 0 0 1 -0.01 0', ['pdf: content: position off the page']],
  ['1 0 0 1 0 -1', ['pdf: content: position off the page']],
  ['1 0 0 1 0.125 0', ['pdf: content: decimals of a position']],
  ['1 0 0 1 0 0.125', ['pdf: content: decimals of a position']],
  ['-0 0 0 1 0 0', ['pdf: content: spelling of a number']],
  ['1.50 0 0 1 0 0', ['pdf: content: spelling of a number']],
  ['1 0 0 1.0 0 0', ['pdf: content: spelling of a number']],
  ['1 0 0 1 0 1.10', ['pdf: content: spelling of a number']],
  ['10 0 0 100 10 20', []],
  ['1.0001 0 0 1 0 0', []],
])('matrix %s', async (matrix, expected) => {
  expect(await problems(inContent('10.5 0 0 10.5 72 700.25', matrix))).toEqual(expected);
});

test('a run has 4,000 characters at most', async () => {
  expect(await problems(inContent('<000100020001>', `<${'00010002'.repeat(2000)}>`))).toEqual([]);
  expect((await problems(inContent('<000100020001>', `<${'00010002'.repeat(2000)}0001>`)))[0]).toMatch(
    /^pdf: content: run at/,
  );
  expect(await problems(inContent('<000100020001>', '<00010002>'))).toEqual([]);
  expect(await problems(inContent('<000100020001>', '<000100020>'))).toEqual(['pdf: content: half a CID']);
  expect(await problems(inContent('<000100020001>', '<00010001>'))).toEqual(['pdf: a CID that no page uses']);
  expect(await problems(inContent('<0001> Tj\nET', '<0000> Tj\nET'))).toEqual([
    'pdf: content: a CID that the font has not',
  ]);
  expect(await problems(inContent('<0001> Tj\nET', '<0002> Tj\nET'))).toEqual([
    'pdf: content: a CID that the font has not',
  ]);
});

test('fonts take turns, runs follow runs', async () => {
  const run = (code: string): string => `1 0 0 1 0 0 Tm\n<${code}> Tj\n`;
  const text = (body: string): Change => content(`q\n595.28 0 0 841.89 0 0 cm\n/I Do\nQ\nBT\n3 Tr\n${body}ET\n`);
  expect(
    await problems(
      text(
        `/V 1 Tf\n${run('0001')}${run('0001')}/H 1 Tf\n${run('0001')}/V 1 Tf\n${run('0001')}/H 1 Tf\n${run('0002')}`,
      ),
    ),
  ).toEqual([]);
  const all = `/V 1 Tf\n${run('0001')}/H 1 Tf\n${run('00010002')}`;
  for (const [body, why] of [
    ['', 'font'],
    ['/H 1 Tf\n', 'run'],
    [`${all}/H 1 Tf\n${run('0001')}`, 'font'],
    [`${all}/X 1 Tf\n${run('0001')}`, 'font'],
    [`${all}EX`, 'end'],
    [`${all}E`, 'end'],
    [`${all} `, 'run'],
  ] as const)
    expect([body, (await problems(text(body)))[0]?.replace(/ at \d+$/, '')]).toEqual([body, `pdf: content: ${why}`]);
});

test('grey pictures: sides to 20,000, rows of whole bytes, spare bits zero', async () => {
  expect(await problems(grey(20_000, 2))).toEqual([]);
  expect(await problems(grey(1, 20_000))).toEqual([]);
  expect(await problems(grey(20_001, 1))).toEqual(['pdf: image size']);
  expect(await problems(grey(1, 20_001))).toEqual(['pdf: image size']);
  expect(await problems(grey(20_000, 10_001, Buffer.of(0)))).toEqual(['pdf: image size']);
  expect(await problems(grey(20_000, 10_000, Buffer.of(0)))).toEqual(['pdf: image: data are not height × row bytes']);
  for (let width = 1; width < 6; width++) {
    const rowBytes = Math.ceil(width / 2);
    for (let at = 0; at < rowBytes * 3; at++) {
      for (const value of [0x10, 0x01, 0x08]) {
        const rows = Buffer.alloc(rowBytes * 3);
        rows[at] = value;
        const isSpare = width % 2 === 1 && at % rowBytes === rowBytes - 1 && value < 0x10;
        const expected = isSpare ? ['pdf: image: bits behind the end of a row'] : [];
        expect([width, at, value, await problems(grey(width, 3, rows))]).toEqual([width, at, value, expected]);
      }
    }
  }
});

/** @param rows numbers of the pixels, row by row */
function indexed(colours: number, rows: readonly (readonly number[])[], bits: 4 | 8 = colours <= 16 ? 4 : 8): Change {
  const width = rows[0]?.length ?? 0;
  const bytes = rows.map((row) =>
    bits === 8
      ? Buffer.from(row)
      : Buffer.from(`${row.map((value) => value.toString(16)).join('')}${width % 2 === 1 ? '0' : ''}`, 'hex'),
  );
  const palette = Array.from({ length: colours }, (_, i) =>
    (0x010203 * (i + 1)).toString(16).toUpperCase().padStart(6, '0').slice(-6),
  ).join('');
  const keys = `/Width ${width} /Height ${rows.length} /ColorSpace [/Indexed /DeviceRGB ${colours - 1} <${palette}>] /BitsPerComponent ${bits} /Filter /FlateDecode`;
  return picture(keys, deflateSync(Buffer.concat(bytes)));
}
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('pictures of few colours: every number of them', async () => {
  const unused = ['pdf: image: a colour that no pixel has'];
  for (const colours of [1, 2, 3, 4, 15, 16, 17, 18, 128, 254, 255, 256]) {
    const all = upTo(colours);
    const most = colours === 1 ? [0, 0] : all.slice(0, -1);
    for (const rows of [
      [all],
      [all, all],
      [all, [...all].reverse()],
      [
        [...all, 0],
        [0, ...all],
      ],
      all.map((value) => [value]),
    ])
      expect([colours, await problems(indexed(colours, rows))]).toEqual([colours, []]);
    if (colours > 1) {
      expect([colours, await problems(indexed(colours, [most, most]))]).toEqual([colours, unused]);
      expect([colours, await problems(indexed(colours, [all.slice(1), all.slice(1)]))]).toEqual([colours, unused]);
      // Only in the row below does the last colour stand: a row like the one above is not looked at again.
      expect(await problems(indexed(colours, [[...most, 0], [...most, 0], all]))).toEqual([]);
    }
    if (colours !== 16 && colours !== 256)
      expect([colours, await problems(indexed(colours, [[...all, colours]]))]).toEqual([
        colours,
        ['pdf: image: an index beyond the palette'],
      ]);
  }
  const bits = ['pdf: image: more bits than its colours need'];
  expect(await problems(indexed(16, [upTo(16)], 8))).toEqual(bits);
  expect(await problems(indexed(17, [upTo(16)], 4))).toEqual(bits);
});

test('bookmarks: titles of 400 units, heights up to the page’s', async () => {
  const item =
    (title: string, y: string, page = 11): Change =>
    (objects) => {
      objects.values[0] = '<< /Type /Catalog /Pages 2 0 R /Outlines 17 0 R >>';
      objects.values.push(
        '<< /Type /Outlines /First 18 0 R /Last 18 0 R /Count 1 >>',
        `<< /Title <FEFF${title}> /Parent 17 0 R /Dest [${page} 0 R /XYZ null ${y} null] >>`,
      );
    };
  expect(await problems(item('4E00'.repeat(400), '841.89'))).toEqual([]);
  expect(await problems(item('4E00'.repeat(401), '841.89'))).toEqual(['pdf: outline: item']);
  for (const y of ['0', '841.89', '0.5', '0.01', '10.05', '800'])
    expect([y, await problems(item('4E00', y))]).toEqual([y, []]);
  expect(await problems(item('4E00', '50.5', 14))).toEqual([]);
  expect(await problems(item('4E00', '50.51', 14))).toEqual(['pdf: outline: destination off the pages']);
  expect(await problems(item('4E00', '0', 12))).toEqual(['pdf: outline: destination off the pages']);
  for (const y of ['1.0', '1.10', '01', '-1', '1.001', 'x'])
    expect([y, await problems(item('4E00', y))]).toEqual([y, ['pdf: outline: destination']]);
  expect(await problems(item('202E', '0'))).toEqual(['pdf: outline: title']);
});

/** A document of so many pages, each a grey point. */
async function pages(count: number): Promise<readonly string[]> {
  return problems((objects) => {
    const [first, text, image] = objects.values.slice(10, 13);
    const kids = upTo(count).map((page) => `${11 + 3 * page} 0 R`);
    objects.values[1] = `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${count} >>`;
    objects.values.length = 10;
    const plain = flate('q\n595.28 0 0 841.89 0 0 cm\n/I Do\nQ\n');
    for (const page of upTo(count)) {
      const self = 11 + 3 * page;
      const value = String(first)
        .replace('/I 13', `/I ${self + 2}`)
        .replace('/Contents 12', `/Contents ${self + 1}`);
      objects.values.push(value, page === 0 ? (text ?? '') : plain, image ?? '');
    }
  });
}

test('2,000 pages, not one more', async () => {
  expect(await pages(1)).toEqual([]);
  expect(await pages(2_000)).toEqual([]);
  expect(await pages(2_001)).toEqual(['pdf: page tree']);
});
