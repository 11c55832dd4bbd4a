/** Entropy data of our JPEGs (T.81 Annex F), written here bit by bit: its true end is found, and nothing stands behind it. */
import { expect, test } from 'vitest';
import { readJpeg } from '../../../src/inspect/jpeg.ts';
import { decodeScan, type HuffmanTable, huffmanTable, type ScanComponent } from '../../../src/inspect/jpeg-scan.ts';
import { jpegFile } from '../../attacks/gate/specimens.ts';

/** Counts by length, then symbols. */
const spec = (counts: readonly number[], symbols: readonly number[]): Uint8Array =>
  Uint8Array.from([...counts, ...Array<number>(16 - counts.length).fill(0), ...symbols]);
function table(counts: readonly number[], symbols: readonly number[], isAc: boolean): HuffmanTable {
  const made = huffmanTable(spec(counts, symbols), isAc);
  if (typeof made === 'string') throw new Error(made);
  return made;
}

/** DC: 0 is «0», 5 is «10», 11 is «110». AC: EOB «0», 01 «10», ZRL «110», 3A «1110», 11 «11110». */
const dc = table([1, 1, 1], [0, 5, 11], false);
const ac = table([1, 1, 1, 1, 1], [0x00, 0x01, 0xf0, 0x3a, 0x11], true);
const [EOB, ONE, ZRL, RUN3, RUN1] = ['0', '10', '110', '1110', '11110'];
const plain: ScanComponent = { h: 1, v: 1, dc, ac };

/** Packs bits, pads with ones, stuffs a zero behind each FF. */
function bytesOf(bits: string, pad = '1'): Buffer {
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, pad);
  const bytes = (whole.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return Buffer.from(bytes.flatMap((byte) => (byte === 0xff ? [0xff, 0] : [byte])));
}
const EOI = Buffer.from([0xff, 0xd9]);
const scan = (bits: string, width = 8, height = 8, components: readonly ScanComponent[] = [plain]): number | string =>
  decodeScan(Buffer.concat([bytesOf(bits), EOI]), 0, width, height, components);

test('a block ends with EOB or with its 64th coefficient, and so does the data', () => {
  for (const bits of [
    `0${EOB}`,
    `0${ONE}1${EOB}`,
    `10${'01101'}${EOB}`,
    `110${'10101010101'}${EOB}`,
    `0${RUN3}${'1'.repeat(10)}${EOB}`,
  ])
    expect([bits, scan(bits)]).toEqual([bits, bytesOf(bits).length]);
  const full = `0${`${ONE}0`.repeat(63)}`;
  expect(scan(full)).toBe(bytesOf(full).length);
  // Three runs of sixteen zeros, then fifteen coefficients.
  const runs = `0${ZRL.repeat(3)}${`${ONE}1`.repeat(15)}`;
  expect(scan(runs)).toBe(bytesOf(runs).length);
  expect(scan(`0${ZRL.repeat(3)}${`${RUN1}1`.repeat(7)}${ONE}1`)).toBe(
    bytesOf(`0${ZRL.repeat(3)}${`${RUN1}1`.repeat(7)}${ONE}1`).length,
  );
});

test('no block has more than 64 coefficients', () => {
  const why = 'a block of more than 64 coefficients';
  expect(scan(`0${ZRL.repeat(4)}`)).toBe(why);
  expect(scan(`0${`${ONE}0`.repeat(62)}${RUN1}1`)).toBe(why);
  expect(scan(`0${`${ONE}0`.repeat(60)}${RUN3}${'1'.repeat(10)}`)).toBe(why);
  expect(scan(`0${`${ONE}0`.repeat(59)}${RUN3}${'1'.repeat(10)}`)).not.toBe(why);
});

test('as many blocks as the picture has, by size and sampling', () => {
  const block = `0${EOB}`;
  for (const [width, height, h, v, others, blocks] of [
    [8, 8, 1, 1, 0, 1],
    [9, 8, 1, 1, 0, 2],
    [8, 9, 1, 1, 0, 2],
    [16, 24, 1, 1, 0, 6],
    [16, 16, 2, 2, 2, 6],
    [17, 16, 2, 2, 2, 12],
    [16, 17, 2, 2, 2, 12],
    [33, 33, 2, 2, 2, 54],
    [1, 1, 2, 1, 1, 3],
    [16, 8, 2, 1, 1, 3],
    [16, 9, 2, 1, 1, 6],
    [8, 16, 1, 2, 1, 3],
  ] as const) {
    const components = [{ h, v, dc, ac }, ...Array<ScanComponent>(others).fill(plain)];
    const right = block.repeat(blocks);
    expect([width, height, scan(right, width, height, components)]).toEqual([width, height, bytesOf(right).length]);
    expect(scan(block.repeat(blocks + 4), width, height, components)).toMatch(/bytes behind|not ones/);
    // Ones are fed behind the data: no code begins with sixteen of them.
    expect(scan(block.repeat(blocks - 1), width, height, components)).toBe('no such Huffman code');
  }
});

test('each component is read by its own tables', () => {
  const other: ScanComponent = { h: 1, v: 1, dc: table([0, 1], [0], false), ac: table([0, 0, 1], [0x00], true) };
  const bits = '000' + '000' + '00000' + '00';
  const luma: ScanComponent = { h: 1, v: 1, dc: table([0, 0, 1], [0], false), ac: table([0, 0, 1], [0], true) };
  // Luma: 000 000. Chroma: 00 000, then again for a second MCU.
  const mcu = '000000' + '00000';
  expect(scan(mcu, 8, 8, [luma, other])).toBe(2);
  expect(scan(mcu + mcu, 16, 8, [luma, other])).toBe(3);
  expect(scan(bits, 8, 8, [luma, other])).toMatch(/bytes behind|not ones/);
});

test('the rest of the last byte is ones, and the data end there', () => {
  for (let values = 0; values < 12; values++) {
    const bits = `0${`${ONE}1`.repeat(values)}${EOB}`;
    const bytes = bytesOf(bits);
    const at = (piece: Buffer): number | string => decodeScan(Buffer.concat([piece, EOI]), 0, 8, 8, [plain]);
    expect([values, at(bytes)]).toEqual([values, bytes.length]);
    if (bits.length % 8 !== 0) expect([values, at(bytesOf(bits, '0'))]).toEqual([values, 'padding bits are not ones']);
    for (const behind of ['00', '7f', 'ff00', '80', 'ffff00'])
      expect([values, behind, at(Buffer.concat([bytes, Buffer.from(behind, 'hex')]))]).toEqual([
        values,
        behind,
        behind === 'ffff00' ? bytes.length : 'bytes behind the last block',
      ]);
    expect(decodeScan(bytes, 0, 8, 8, [plain])).toBe(bytes.length);
  }
});

test('data that begin later, and FF in every place', () => {
  const bits = `110${'1'.repeat(11)}${RUN3}${'1'.repeat(10)}${RUN3}${'1'.repeat(10)}${RUN3}${'1'.repeat(10)}${EOB}`;
  const bytes = bytesOf(bits);
  expect(bytes.includes(0xff)).toBe(true);
  expect(decodeScan(Buffer.concat([Buffer.from('xyz'), bytes, EOI]), 3, 8, 8, [plain])).toBe(3 + bytes.length);
  for (let cut = 1; cut < bytes.length; cut++)
    expect([cut, typeof decodeScan(Buffer.concat([bytes.subarray(0, cut), EOI]), 0, 8, 8, [plain])]).toEqual([
      cut,
      'string',
    ]);
});

test('data that end in the middle of a value', () => {
  const last = `0${RUN3}${'1'.repeat(10)}`;
  const blocks = `${`0${EOB}`.repeat(3)}`;
  // The value bits of the last coefficient would be the ones that are fed behind the data.
  for (let missing = 1; missing <= 3; missing++) {
    const bits = blocks + last;
    const bytes = bytesOf(`${bits}${EOB}`);
    expect(decodeScan(Buffer.concat([bytes.subarray(0, bytes.length - missing), EOI]), 0, 32, 8, [plain])).toMatch(
      /too early|no such/,
    );
  }
  expect(decodeScan(EOI, 0, 8, 8, [plain])).toBe('no such Huffman code');
  expect(decodeScan(Buffer.alloc(0), 0, 8, 8, [plain])).toBe('no such Huffman code');
});

test('values that reach into the last byte', () => {
  // DC 11 with eleven bits, then coefficients of ten: the value ends in each place of a byte.
  for (let shift = 0; shift < 16; shift++) {
    for (const fill of ['0', '1']) {
      const bits = `0${`${ONE}0`.repeat(shift)}${`${ONE}0`.repeat(59 - shift)}${`${RUN3}`}${fill.repeat(10)}`;
      expect([shift, fill, scan(bits)]).toEqual([shift, fill, bytesOf(bits).length]);
      const odd = `110${fill.repeat(11)}${`${ONE}0`.repeat(shift)}${EOB}`;
      expect([shift, fill, scan(odd)]).toEqual([shift, fill, bytesOf(odd).length]);
    }
  }
});

test('random blocks of random tables', () => {
  let seed = 5;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return (seed >> 8) % below;
  };
  // Codes of 2 to 16 bits: one of each length but the first.
  const symbols = [0x00, 0x01, 0x02, 0x11, 0x23, 0x34, 0x05, 0x46, 0x07, 0x58, 0x09, 0x1a, 0xf0, 0xea, 0x0a];
  const deep = table([0, ...Array<number>(15).fill(1)], symbols, true);
  const deepDc = table([0, ...Array<number>(12).fill(1)], upTo(12), false);
  // The first code has two bits, «00», the next three, «010», then «0110» and so on.
  const code = (index: number): string => `0${'1'.repeat(index)}0`;
  for (let round = 0; round < 60; round++) {
    let bits = '';
    const count = 1 + random(6);
    for (let block = 0; block < count; block++) {
      const category = random(12);
      bits += code(category) + value(category);
      let position = 1;
      while (position < 64) {
        const at = random(symbols.length);
        const symbol = symbols[at] ?? 0;
        if (symbol !== 0 && position + (symbol >> 4) + 1 > 64) continue;
        bits += code(at) + value(symbol & 15);
        if (symbol === 0) break;
        position += (symbol >> 4) + 1;
      }
    }
    const component: ScanComponent = { h: 1, v: 1, dc: deepDc, ac: deep };
    expect([round, scan(bits, 8 * count, 8, [component])]).toEqual([round, bytesOf(bits).length]);
  }
  function upTo(length: number): number[] {
    return Array.from({ length }, (_, i) => i);
  }
  function value(size: number): string {
    return Array.from({ length: size }, () => String(random(2))).join('');
  }
});

test('Huffman tables: what a baseline table is', () => {
  const fits = (counts: readonly number[], symbols: readonly number[], isAc: boolean): unknown =>
    typeof huffmanTable(spec(counts, symbols), isAc);
  expect(fits([0, 3], [0, 1, 2], false)).toBe('object');
  expect(fits([0, 1], [11], false)).toBe('object');
  for (const symbol of [0x00, 0xf0, 0x01, 0x0a, 0xfa])
    expect([symbol, fits([0, 1], [symbol], true)]).toEqual([symbol, 'object']);
  const refused = (why: string, counts: readonly number[], symbols: readonly number[], isAc = false): void =>
    expect([symbols, huffmanTable(spec(counts, symbols), isAc)]).toEqual([symbols, why]);
  refused('Huffman symbol outside the baseline', [0, 1], [12]);
  for (const symbol of [0x0b, 0x0f, 0x10, 0xe0, 0xfb, 0x1f])
    refused('Huffman symbol outside the baseline', [0, 1], [symbol], true);
  refused('Huffman table of another form', [0, 2], [1]);
  refused('Huffman table of another form', [0, 2], [1, 1]);
  refused('Huffman table of another length', [0, 1], [1, 2]);
  refused('Huffman table of another length', [], []);
  refused('Huffman code overflows', [2], [0, 1]);
  refused('Huffman code overflows', [3], [0, 1, 2]);
  refused('Huffman code overflows', [0, 4], [0, 1, 2, 3]);
  refused('Huffman code overflows', [1, 2], [0, 1, 2]);
  expect(fits([1, 1], [0, 1], false)).toBe('object');
  expect(huffmanTable(new Uint8Array(3), false)).toBe('Huffman table of another length');
  expect(huffmanTable(Uint8Array.of(1), false)).toBe('Huffman table of another form');
});

test('the frame: sizes and reasons', async () => {
  const ours = await jpegFile();
  const frame = ours.indexOf(Buffer.from('ffc0', 'hex'));
  const sized = (width: number, height: number): unknown => {
    const changed = Buffer.from(ours);
    changed.writeUInt16BE(height, frame + 5);
    changed.writeUInt16BE(width, frame + 7);
    const verdict = readJpeg(changed);
    return verdict.kind === 'misfit' ? verdict.problem : verdict;
  };
  expect(sized(23, 17)).toEqual({ kind: 'fits', width: 23, height: 17 });
  expect(sized(32, 32)).toEqual({ kind: 'fits', width: 32, height: 32 });
  for (const [width, height] of [
    [0, 17],
    [23, 0],
    [15_625, 16_001],
    [65_535, 65_535],
  ] as const)
    expect([width, height, sized(width, height)]).toEqual([width, height, 'jpeg: size out of bounds']);
  for (const [width, height] of [
    [15_625, 16_000],
    [65_535, 1],
    [1, 65_535],
  ] as const)
    expect(sized(width, height)).not.toBe('jpeg: size out of bounds');
  expect(readJpeg(Buffer.concat([Buffer.from('xx'), ours, Buffer.from('xx')]).subarray(2, -2)).kind).toBe('fits');
  expect(readJpeg(Buffer.alloc(0))).toEqual({ kind: 'misfit', problem: 'jpeg: no SOI' });
  expect(readJpeg(Buffer.concat([ours, Buffer.of(0)]))).toEqual({ kind: 'misfit', problem: 'jpeg: bytes after EOI' });
  const marker = ours.indexOf(Buffer.from('ffdb', 'hex'));
  for (const value of [0, 1]) {
    const changed = Buffer.from(ours);
    changed.writeUInt16BE(value, marker + 2);
    expect(readJpeg(changed)).toEqual({ kind: 'misfit', problem: 'jpeg: segment longer than the file' });
  }
  const zero = Buffer.from(ours);
  zero[marker + 20] = 0;
  expect(readJpeg(zero)).toEqual({ kind: 'misfit', problem: 'jpeg: quantization table' });
});

test('segments of another length, and tables of the other class', async () => {
  const ours = await jpegFile();
  const problem = (bytes: Uint8Array): unknown => {
    const verdict = readJpeg(bytes);
    return verdict.kind === 'misfit' ? verdict.problem : verdict.kind;
  };
  expect(problem(ours)).toBe('fits');
  const table = ours.indexOf(Buffer.from('ffdb', 'hex'));
  const resized = (at: number, by: Buffer, to: number): Buffer => {
    const length = 2 + ours.readUInt16BE(at + 2);
    const content = Buffer.concat([ours.subarray(at + 4, at + length), by]).subarray(0, to);
    const head = Buffer.from([0xff, ours[at + 1] ?? 0, (content.length + 2) >> 8, (content.length + 2) & 255]);
    return Buffer.concat([ours.subarray(0, at), head, content, ours.subarray(at + length)]);
  };
  // One value more, a whole table more, one less, none.
  for (const length of [66, 130, 64, 1, 0])
    expect([length, problem(resized(table, Buffer.alloc(65, 1), length))]).toEqual([
      length,
      'jpeg: quantization table',
    ]);
  expect(problem(resized(table, Buffer.alloc(65, 1), 65))).toBe('fits');

  const scan = ours.indexOf(Buffer.from('ffda', 'hex'));
  expect(problem(ours.subarray(0, scan + 14))).toBe('jpeg: no such Huffman code');
  expect(problem(ours.subarray(0, scan + 13))).toBe('jpeg: segment longer than the file');

  // Run 1, size 1 is a symbol of AC tables; category 11 one of DC tables.
  let at = -1;
  for (const [i, symbol] of [0x11, 0x0b, 0x11, 0x0b].entries()) {
    at = ours.indexOf(Buffer.from('ffc4', 'hex'), at + 1);
    const changed = Buffer.from(ours);
    const last = at + 1 + ours.readUInt16BE(at + 2);
    changed[last] = symbol;
    expect([i, problem(changed)]).toEqual([i, 'jpeg: Huffman symbol outside the baseline']);
  }
});

test('a last value that ends in each place of a byte, and data that end before it', () => {
  // DC: each category by four bits. AC: 01 is «10», 00 is «0», and 0A the longest code there can be, sixteen bits.
  const dcDeep = table(
    [0, 0, 0, 12],
    Array.from({ length: 12 }, (_, i) => i),
    false,
  );
  const longest = [1, 1, ...Array<number>(13).fill(0), 1];
  const acDeep = table(longest, [0x00, 0x01, 0x0a], true);
  const component: ScanComponent = { h: 1, v: 1, dc: dcDeep, ac: acDeep };
  for (let category = 0; category < 12; category++) {
    for (const fill of ['0', '1']) {
      const front = `${category.toString(2).padStart(4, '0')}${fill.repeat(category)}${`${ONE}0`.repeat(62)}`;
      const bits = `${front}1100000000000000${fill.repeat(10)}`;
      const bytes = bytesOf(bits);
      const read = (...pieces: readonly Uint8Array[]) => decodeScan(Buffer.concat(pieces), 0, 8, 8, [component]);
      expect([category, fill, read(bytes, EOI)]).toEqual([category, fill, bytes.length]);
      expect([category, fill, read(bytes)]).toEqual([category, fill, bytes.length]);
      if (bits.length % 8 !== 0) expect(read(bytesOf(bits, '0'), EOI)).toBe('padding bits are not ones');
      // Or the offset of the byte where EOI should stand, which the reader of the file misses there.
      expect(['bytes behind the last block', bytes.length]).toContain(read(bytes, Buffer.of(0x7f), EOI));
      // Cut where the last bits of the value would be the ones that are fed.
      const whole = Math.floor(bits.length / 8) * 8;
      const cut = bytesOf(bits.slice(0, whole === bits.length ? whole - 8 : whole));
      for (const end of [EOI, Buffer.alloc(0), Buffer.of(0xff)])
        expect([category, fill, read(cut, end)]).toEqual([category, fill, 'entropy data ends too early']);
    }
  }
});

test('a byte behind a last block that begins with a byte and ends in the middle of one', () => {
  const longest = [1, 1, ...Array<number>(13).fill(0), 1];
  const component: ScanComponent = {
    h: 1,
    v: 1,
    dc: table([0, 0, 0, 3], [0, 1, 2], false),
    ac: table(longest, [0x00, 0x01, 0x04], true),
  };
  // 4 + 2 + 62 × 3 bits are whole bytes; the last coefficient has 16 + 4.
  const bytes = bytesOf(`${'0010'}11${`${ONE}0`.repeat(62)}1100000000000000${'0101'}`);
  const read = (behind: string) =>
    decodeScan(Buffer.concat([bytes, Buffer.from(behind, 'hex'), EOI]), 0, 8, 8, [component]);
  expect(read('')).toBe(bytes.length);
  for (const behind of ['7f', '00', 'ff00', '7f7f'])
    expect([behind, read(behind)]).toEqual([behind, 'bytes behind the last block']);
});
