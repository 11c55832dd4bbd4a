/** Types that few mails have: each is told by its bytes, whatever its name says. */
import { expect, test } from 'vitest';
import type { FileType } from '../../../src/message/file-type.ts';
import { detect } from '../../../src/sanitize/detect/detect.ts';

const behind = (at: number, text: string): Buffer => Buffer.concat([Buffer.alloc(at), Buffer.from(text, 'latin1')]);
const begins = (text: string): Buffer => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(600)]);

/** A compound file whose directory names these entries (MS-CFB §2.2, §2.6): header, FAT sector, directory sector. */
function compound(...names: readonly string[]): Buffer {
  const file = Buffer.alloc(512 * 3);
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(file);
  file.writeUInt16LE(0x3e, 24);
  file.writeUInt16LE(3, 26);
  file.writeUInt16LE(0xfffe, 28);
  file.writeUInt16LE(9, 30);
  file.writeUInt16LE(6, 32);
  file.writeUInt32LE(1, 44);
  file.writeUInt32LE(1, 48);
  file.writeUInt32LE(0xfffffffe, 68);
  file.fill(0xff, 76, 512);
  file.writeUInt32LE(0, 76);
  file.fill(0xff, 512, 1024);
  file.writeUInt32LE(0xfffffffd, 512);
  file.writeUInt32LE(0xfffffffe, 516);
  for (const [i, name] of ['Root Entry', ...names].entries()) {
    const at = 1024 + i * 128;
    file.write(name, at, 'utf16le');
    file.writeUInt16LE((name.length + 1) * 2, at + 64);
    file.writeUInt8(i === 0 ? 5 : 2, at + 66);
  }
  return file;
}

const tar = (): Buffer => {
  const block = Buffer.alloc(1024);
  block.write('a.txt');
  block.write('0000644\0', 100);
  block.write('00000000000\0', 124);
  block.write('ustar\u000000', 257, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
};

/** A ZIP of empty stored files (APPNOTE 4.3). */
function stored(...names: readonly string[]): Buffer {
  const [locals, centrals]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const name of names) {
    const local = Buffer.alloc(30 + name.length);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(name.length, 26);
    local.write(name, 30);
    const central = Buffer.alloc(46 + name.length);
    central.writeUInt32LE(0x02014b50);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(at, 42);
    central.write(name, 46);
    locals.push(local);
    centrals.push(central);
    at += local.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(names.length, 8);
  end.writeUInt16LE(names.length, 10);
  end.writeUInt32LE(Buffer.concat(centrals).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...centrals, end]);
}

const CASES: readonly (readonly [FileType, Buffer])[] = [
  ['psd', begins('8BPS\0\x01')],
  ['jp2', begins('\0\0\0\x0cjP  \r\n\x87\n')],
  ['jp2', begins('\xff\x4f\xff\x51\0\x2f')],
  ['jxl', begins('\0\0\0\x0cJXL \r\n\x87\n')],
  ['jxl', begins('\xff\x0a\x3f\0')],
  ['icns', begins('icns\0\0\x10\0')],
  ['ico', begins('\0\0\x01\0\x01\0 \0')],
  ['ico', begins('\0\0\x02\0\x01\0 \0')],
  ['wmf', begins('\xd7\xcd\xc6\x9a')],
  ['emf', Buffer.concat([Buffer.of(1, 0, 0, 0), behind(36, ' EMF'), Buffer.alloc(100)])],
  ['tar', tar()],
  ['bzip2', begins('BZh91AY&SY')],
  ['xz', begins('\xfd7zXZ\x00')],
  ['cab', begins('MSCF\0\0\0\0')],
  ['cad', begins('AC1032\0\0\0\0\0')],
  ['cad', begins('JwwData.')],
  ['jtd', compound('JSRV_SegmentInformation', 'DocumentText')],
  ['cfb', compound('Something')],
  ['database', begins('SQLite format 3\0')],
  ['database', begins('\0\x01\0\0Standard Jet DB\0')],
  ['xps', stored('[Content_Types].xml', 'FixedDocumentSequence.fdseq')],
  ['vcard', Buffer.from('BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Taro\r\nEND:VCARD\r\n')],
];

test.each(CASES)('%s', async (type, bytes) => {
  for (const untrustedName of ['', 'photo.jpg'])
    expect(await detect(bytes, { untrustedName, declaredType: 'image/jpeg' })).toBe(type);
});
