/**
 * What first bytes say, kind by kind, with bytes taken from the formats' own specifications; one changed byte says nothing.
 * And the texts that begin with the same letters.
 */
import { describe, expect, test } from 'vitest';
import type { FileType } from '../../../../src/message/file-type.ts';
import { detectNow } from '../../../../src/sanitize/detect/detect.ts';

const hex = (value: string): Buffer => Buffer.from(value.replaceAll(' ', ''), 'hex');
const ascii = (value: string): Buffer => Buffer.from(value, 'latin1');
const at = (offset: number, bytes: Buffer): Buffer => Buffer.concat([Buffer.alloc(offset, 1), bytes]);
/** Binary data behind: no text, no checksum of a tar. */
const behind = (bytes: Buffer, length = 600): Buffer => Buffer.concat([bytes, Buffer.alloc(length, 0x02)]);
const now = (bytes: Uint8Array, untrustedName = 'safe.txt'): FileType | undefined =>
  detectNow(bytes, { untrustedName, declaredType: 'text/plain' });

const MARKS: readonly (readonly [FileType, Buffer, number?])[] = [
  ['pe', ascii('MZ')],
  ['pe', ascii('ZM')],
  ['elf', hex('7f 45 4c 46')],
  ['macho', hex('fe ed fa ce')],
  ['macho', hex('fe ed fa cf')],
  ['macho', hex('ce fa ed fe')],
  ['macho', hex('cf fa ed fe')],
  ['lnk', hex('4c 00 00 00 01 14 02 00')],
  ['chm', ascii('ITSF')],
  ['swf', hex('46 57 53 09')],
  ['swf', hex('43 57 53 09')],
  ['swf', hex('5a 57 53 09')],
  ['script', hex('3f 5f 03 00')],
  ['msi', hex('4d 53 57 49 4d 00 00 00')],
  ['jpeg', hex('ff d8 ff')],
  ['png', hex('89 50 4e 47 0d 0a 1a 0a')],
  ['gif', ascii('GIF87a')],
  ['gif', ascii('GIF89a')],
  ['tiff', hex('49 49 2a 00')],
  ['tiff', hex('4d 4d 00 2a')],
  ['tiff', hex('49 49 2b 00')],
  ['psd', ascii('8BPS')],
  ['jp2', hex('00 00 00 0c 6a 50 20 20 0d 0a 87 0a')],
  ['jp2', hex('ff 4f ff 51')],
  ['jxl', hex('00 00 00 0c 4a 58 4c 20 0d 0a 87 0a')],
  ['jxl', hex('ff 0a')],
  ['icns', hex('69 63 6e 73 00')],
  ['wmf', hex('d7 cd c6 9a')],
  ['emf', ascii(' EMF'), 40],
  ['rtf', ascii('{\\rt')],
  ['onenote', hex('e4 52 5c 7b 8c d8 a7 4d ae b1 53 78 d0 29 96 d3')],
  ['7z', hex('37 7a bc af 27 1c')],
  ['rar', hex('52 61 72 21 1a 07')],
  ['gzip', hex('1f 8b')],
  ['compress', hex('1f 9d')],
  ['zstd', hex('28 b5 2f fd')],
  ['xz', hex('fd 37 7a 58 5a 00')],
  ['archive-other', hex('4c 5a 49 50 01')],
  ['archive-other', hex('04 22 4d 18')],
  ['archive-other', hex('89 4c 5a 4f 00')],
  ['archive-other', hex('60 ea')],
  ['archive-other', ascii('**ACE**'), 7],
  ['archive-other', ascii('070701')],
  ['archive-other', ascii('070702')],
  ['archive-other', ascii('070707')],
  ['archive-other', hex('c7 71')],
  ['archive-other', hex('71 c7')],
  ['archive-other', ascii('xar!')],
  ['archive-other', ascii('egg!')],
  ['archive-other', hex('41 4c 5a 01')],
  ['archive-other', hex('53 5a 44 44 88 f0 27 33')],
  ['archive-other', ascii('StuffIt')],
  ['cab', ascii('MSCF')],
  ['cab', ascii('ISc(')],
  ['tar', ascii('ustar'), 257],
  ['iso', ascii('CD001'), 0x8001],
  ['iso', ascii('vhdxfile')],
  ['iso', ascii('conectix')],
  ['tnef', hex('78 9f 3e 22')],
  ['pgp', ascii('-----BEGIN PGP ')],
  ['pkcs7', ascii('-----BEGIN ')],
  ['audio', ascii('ID3')],
  ['audio', ascii('fLaC')],
  ['audio', ascii('OggS')],
  ['audio', ascii('MThd')],
  ['audio', ascii('#!AMR')],
  ['video', hex('1a 45 df a3')],
  ['video', hex('46 4c 56 01')],
  ['video', hex('00 00 01 ba')],
  ['video', hex('00 00 01 b3')],
  ['video', hex('30 26 b2 75 8e 66 cf 11')],
  ['font', hex('00 01 00 00 00 12 00')],
  ['font', ascii('OTTO')],
  ['font', ascii('ttcf')],
  ['font', ascii('wOFF')],
  ['font', ascii('wOF2')],
  ['database', ascii('SQLite format 3\0')],
  ['database', hex('00 01 00 00 53 74 61 6e 64 61 72 64 20')],
  ['cad', ascii('JwwData.')],
  ['cad', ascii('AC1032')],
  ['heic', hex('00 00 00 18 66 74 79 70 68 65 69 63')],
  ['webp', ascii('RIFF....WEBP')],
  ['audio', ascii('RIFF....WAVE')],
  ['audio', ascii('RIFF....RMID')],
  ['video', ascii('RIFF....AVI ')],
  ['java-class', hex('ca fe ba be 00 00 00 34')],
  ['macho', hex('ca fe ba be 00 00 00 02')],
  ['audio', hex('ff fb 90')],
  ['audio', hex('ff e3 90')],
  ['lzh', hex('20 00 2d 6c 68 35 2d')],
  ['pkcs7', hex('30 82 01 00 06 09 2a 86 48 86 f7 0d 01 07 02')],
];

describe('marks', () => {
  test.each(MARKS.map(([type, mark, offset = 0]) => [type, mark.toString('hex'), offset, mark] as const))(
    '%s: %s at %i',
    (type, _hex, offset, mark) => {
      expect(now(behind(at(offset, mark)))).toBe(type);
    },
  );

  // Marks whose single bytes may be anything, or another format's mark; and what has a second sign.
  const loose = new Set(['RIFF....']);
  test.each(
    MARKS.filter(
      ([type, mark]) =>
        mark.length > 3 &&
        !loose.has(mark.toString('latin1', 0, 8)) &&
        !['java-class', 'lzh', 'font', 'script', 'pgp', 'pkcs7', 'heic', 'macho', 'jpeg'].includes(type),
    ).map(([type, mark, offset = 0]) => [type, mark.toString('hex'), offset, mark] as const),
  )('%s: no byte of %s at %i may be another', (type, _hex, offset, mark) => {
    for (let i = 0; i < mark.length; i++) {
      const changed = Buffer.from(mark);
      changed[i] = (changed[i] ?? 0) ^ 0x80;
      // A version number is not part of a name.
      if (type === 'cad' && i > 3) continue;
      if (type === 'swf' && i === 3) continue;
      expect([i, now(behind(at(offset, changed)))]).not.toEqual([i, type]);
    }
  });

  test.each(MARKS.map(([type, mark, offset = 0]) => [type, mark.toString('hex'), offset, mark] as const))(
    '%s: %s at %i cut short is none',
    (type, _hex, offset, mark) => {
      // What follows these decides between two kinds only.
      const shorter = mark.toString('latin1', 0, 4);
      if (mark.length + offset > 6 && !/^(?:RIFF|\xca\xfe\xba\xbe|0\x82\x01\0)/.test(shorter))
        expect(now(at(offset, mark.subarray(0, -1)))).not.toBe(type);
    },
  );

  test.each(['heic', 'heif', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1', 'avif', 'avis'])(
    'brand %s is a picture',
    (brand) => {
      expect(now(behind(ascii(`\0\0\0\x18ftyp${brand}`)))).toBe('heic');
    },
  );
  test.each(['isom', 'mp42', 'qt  ', 'M4A ', 'heid', 'xheic', 'av01', 'hev1'])('brand %s is none', (brand) => {
    expect(now(behind(ascii(`\0\0\0\x18ftyp${brand}`)))).toBe('video');
  });

  test('the mark of two formats: the number behind decides', () => {
    expect(now(behind(hex('ca fe ba be 00 00 00 2d')))).toBe('java-class');
    expect(now(behind(hex('ca fe ba be 00 00 00 2c')))).toBe('macho');
  });
});

describe('bitmaps and icons', () => {
  const bitmap = (size: number): Buffer => {
    const bytes = Buffer.alloc(200, 3);
    bytes.write('BM', 'latin1');
    bytes.writeUInt32LE(size, 14);
    return bytes;
  };
  test.each([12, 16, 40, 52, 56, 64, 108, 124])('BM with a header of %i bytes is a bitmap', (size) => {
    expect(now(bitmap(size))).toBe('bmp');
  });
  test.each([0, 11, 41, 128, 0x28000000])('BM with a header of %i bytes is none', (size) => {
    expect(now(bitmap(size))).toBeUndefined();
  });

  const icon = (count: number, high = 0, reserved = 0, kind = 1): Buffer => {
    const bytes = Buffer.alloc(200, 3);
    Buffer.from([0, 0, kind, 0, count, high, 16, 16, 0, reserved]).copy(bytes);
    return bytes;
  };
  test('icons and cursors have one to 64 pictures', () => {
    expect([now(icon(1)), now(icon(64)), now(icon(3, 0, 0, 2))]).toEqual(['ico', 'ico', 'ico']);
    expect([now(icon(0)), now(icon(65)), now(icon(1, 1)), now(icon(1, 0, 1)), now(icon(1, 0, 0, 3))]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('compressed streams', () => {
  const lzma = (properties: number, dictionary: number, low: number, high: number, first = 0): Buffer => {
    const bytes = Buffer.alloc(60, 9);
    bytes[0] = properties;
    bytes.writeUInt32LE(dictionary, 1);
    bytes.writeUInt32LE(low, 5);
    bytes.writeUInt32LE(high, 9);
    bytes[13] = first;
    return bytes;
  };
  test('LZMA: usual properties, a dictionary of a power of two, a length or none, a first byte of 0', () => {
    expect(now(lzma(0x5d, 1 << 16, 1234, 0))).toBe('lzma');
    expect(now(lzma(0x5d, 4096, 1234, 0))).toBe('lzma');
    expect(now(lzma(0x5d, 1 << 23, 0xffffffff, 0xffffffff))).toBe('lzma');
    expect(now(lzma(0x5c, 1 << 16, 1234, 0))).toBeUndefined();
    expect(now(lzma(0x5d, 2048, 1234, 0))).toBeUndefined();
    expect(now(lzma(0x5d, 5000, 1234, 0))).toBeUndefined();
    expect(now(lzma(0x5d, 0, 1234, 0))).toBeUndefined();
    expect(now(lzma(0x5d, 1 << 16, 1234, 1))).toBeUndefined();
    expect(now(lzma(0x5d, 1 << 16, 1234, 0xffffffff))).toBeUndefined();
    expect(now(lzma(0x5d, 1 << 16, 1234, 0, 1))).toBeUndefined();
  });

  test('bzip2: a level, and a block’s or the end’s mark', () => {
    expect(now(behind(ascii('BZh91AY&SY')))).toBe('bzip2');
    expect(now(behind(ascii('BZh11AY&SY')))).toBe('bzip2');
    expect(now(behind(ascii('BZh9\x17rE8P\x90')))).toBe('bzip2');
    expect(now(behind(ascii('BZh01AY&SY')))).toBeUndefined();
    expect(now(behind(ascii('BZhx1AY&SY')))).toBeUndefined();
    expect(now(behind(ascii('BZh91AY&SX')))).toBeUndefined();
    expect(now(behind(ascii('BZh9 1AY&SY')))).toBeUndefined();
  });

  test.each(['lh0', 'lh5', 'lh9', 'lhd', 'lhs', 'lhx', 'lzs', 'lz4', 'lz5'])('-%s- is LZH', (method) => {
    expect(now(behind(ascii(`\x20\0-${method}-`)))).toBe('lzh');
  });
  test.each(['lha', 'la5', 'lh-', 'xh5'])('-%s- is none', (method) => {
    expect(now(behind(ascii(`\x20\0-${method}-`)))).toBeUndefined();
  });
});

describe('tars without a mark', () => {
  const header = (sum: (unsigned: number, signed: number) => string, name = 'a\xe9.txt'): Buffer => {
    const bytes = Buffer.alloc(512);
    bytes.write(name, 'latin1');
    bytes.fill(0x20, 148, 156);
    const all = [...bytes];
    const unsigned = all.reduce((total, byte) => total + byte, 0);
    const signed = all.reduce((total, byte) => total + (byte < 128 ? byte : byte - 256), 0);
    bytes.write(sum(unsigned, signed), 148, 8, 'latin1');
    return bytes;
  };
  test('known by the sum of their first header, signed or not, however it is written', () => {
    expect(now(header((sum) => `${sum.toString(8).padStart(6, '0')}\0 `))).toBe('tar');
    expect(now(header((_, sum) => `${sum.toString(8).padStart(6, '0')}\0 `))).toBe('tar');
    expect(now(header((sum) => `${sum.toString(8)}       `.slice(0, 8)))).toBe('tar');
    expect(now(header((sum) => `  ${sum.toString(8)} \0\0\0`.slice(0, 8)))).toBe('tar');
    expect(now(header((sum) => `${sum.toString(8).padStart(7, '0')} `))).toBe('tar');
  });
  test('a sum of one more or less is none, nor is one without an end', () => {
    expect(now(header((sum) => `${(sum + 1).toString(8).padStart(6, '0')}\0 `))).toBeUndefined();
    expect(now(header((sum) => `${(sum - 1).toString(8).padStart(6, '0')}\0 `))).toBeUndefined();
    expect(now(header((sum) => sum.toString(8).padStart(8, '0')))).toBeUndefined();
    expect(now(header(() => '        '))).toBeUndefined();
    expect(now(header((sum) => `x${sum.toString(8)}\0      `.slice(0, 8)))).toBeUndefined();
  });
  test('less than a block is none, nor is an empty name', () => {
    const whole = header((sum) => `${sum.toString(8).padStart(6, '0')}\0 `);
    expect(now(whole.subarray(0, 511))).toBeUndefined();
    expect(now(header((sum) => `${sum.toString(8).padStart(6, '0')}\0 `, '\0a'))).toBeUndefined();
  });
});

describe('short marks need a second sign', () => {
  test('PKCS#7 by its object identifier within 64 bytes of a sequence', () => {
    const oid = hex('2a 86 48 86 f7 0d 01 07');
    expect(now(behind(Buffer.concat([hex('30 82'), Buffer.alloc(54, 1), oid])))).toBe('pkcs7');
    expect(now(behind(Buffer.concat([hex('30 82'), Buffer.alloc(55, 1), oid])))).toBeUndefined();
    expect(now(behind(Buffer.concat([hex('31 82'), Buffer.alloc(10, 1), oid])))).toBeUndefined();
    expect(now(behind(hex('30 82 01 00')))).toBeUndefined();
  });
  test.each([
    ['jxl', hex('ff 0a')],
    ['tnef', hex('78 9f 3e 22')],
    ['archive-other', hex('60 ea')],
    ['archive-other', hex('c7 71')],
  ])('%s: letters behind its mark make it a text', (type, mark) => {
    const text = Buffer.concat([mark, Buffer.from('a'.repeat(200))]);
    expect(now(text)).not.toBe(type);
    expect(now(Buffer.concat([text, Buffer.from([1])]))).toBe(type);
  });
});

describe('texts that begin like something else', () => {
  test.each([
    ['MZ-80 の思い出', 'text'],
    ['ZM という記号', 'text'],
    ['FWS report', 'text'],
    ['CWS report', 'text'],
    ['CWS! report', 'text'],
    ['BZh9 is a magic', 'text'],
    ['AC10 の図面', 'text'],
    ['AC10x', 'text'],
    ['BM の件', 'text'],
    ['ID3 tags', 'text'],
    ['OggS is a page', 'text'],
    ['MSCF is a cabinet', 'text'],
    ['xar!', 'text'],
    ['StuffIt is old', 'text'],
    ['070701 call me', 'text'],
    ['`\u00ea', 'text'],
    ['ab-lh5- is a method', 'text'],
    ['x\u009f> is no letter', 'text'],
    ['Drawing AC1032 x', 'text'],
  ])('%j is a %s', (content, type) => {
    expect(now(Buffer.from(content))).toBe(type);
  });

  test.each([
    ['MZ This program cannot be run in DOS mode', 'pe'],
    ['MZ this PROGRAM', 'pe'],
    ['MZ dos mode', 'pe'],
    ['AC1032 drawing', 'cad'],
    ['JwwData. drawing', 'cad'],
  ])('%j is a %s all the same', (content, type) => {
    expect(now(Buffer.from(content))).toBe(type);
  });

  test('a stub within the first 512 bytes tells a program', () => {
    expect(now(Buffer.from(`MZ${'a'.repeat(490)} This program`))).toBe('pe');
    expect(now(Buffer.from(`MZ${'a'.repeat(512)} This program`))).toBe('text');
  });
  test('a control byte within the first kilobyte tells a program', () => {
    expect(now(Buffer.from(`MZ${'a'.repeat(1021)}\x01${'b'.repeat(200)}`))).toBe('pe');
    expect(now(Buffer.from(`MZ${'a'.repeat(1022)}\x01${'b'.repeat(200)}`))).toBe('text');
    for (const control of ['\x00', '\x08', '\x0e', '\x1a', '\x1c', '\x1f'])
      expect(now(Buffer.from(`MZ a${control}b${'c'.repeat(300)}`))).toBe('pe');
    for (const control of ['\t', '\n', '\r', '\x1b'])
      expect(now(Buffer.from(`MZ a${control}b${'c'.repeat(300)}`))).toBe('text');
  });
  test('Flash of a version below 64 only', () => {
    expect(now(behind(hex('46 57 53 3f')))).toBe('swf');
    expect(now(behind(hex('46 57 53 40')))).toBeUndefined();
    expect(now(Buffer.from('FWS'))).toBe('text');
  });
});
