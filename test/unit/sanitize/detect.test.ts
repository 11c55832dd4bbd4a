/** Types by bytes; names only make the answer stricter. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FILE_TYPES, type FileType } from '../../../src/message/file-type.ts';
import { detect, detectNow } from '../../../src/sanitize/detect/detect.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const hex = (value: string): Uint8Array => Buffer.from(value.replaceAll(' ', ''), 'hex');
const padded = (bytes: Uint8Array, length = 512): Uint8Array => Buffer.concat([bytes, Buffer.alloc(length)]);
const now = (bytes: Uint8Array, untrustedName = '', declaredType = ''): FileType | undefined =>
  detectNow(bytes, { untrustedName, declaredType });

/** A ZIP with empty stored entries. @param central names in the directory, when they differ from the local ones. */
function zip(names: readonly string[], central: readonly string[] = names, content = ''): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  names.forEach((name, i) => {
    const local = Buffer.alloc(30);
    local.write('PK\x03\x04', 'latin1');
    local.writeUInt16LE(name.length, 26);
    const shown = central[i] ?? name;
    const entry = Buffer.alloc(46);
    entry.write('PK\x01\x02', 'latin1');
    entry.writeUInt16LE(shown.length, 28);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, Buffer.from(shown));
    const all = Buffer.concat([local, Buffer.from(name), Buffer.from(i === 0 ? content : '')]);
    locals.push(all);
    offset += all.length;
  });
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(names.length, 8);
  end.writeUInt16LE(names.length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

/** A compound file with one directory sector. */
function cfb(names: readonly string[], rootClass = Buffer.alloc(16)): Buffer {
  const file = Buffer.alloc(512 * 4);
  file.write('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'latin1');
  file.writeUInt16LE(9, 30);
  file.writeUInt32LE(1, 48);
  file.writeUInt32LE(0xfffffffe, 68);
  file.fill(0xff, 76, 512);
  file.writeUInt32LE(0, 76);
  file.fill(0xff, 512, 1024);
  ['Root Entry', ...names].forEach((name, i) => {
    const at = 1024 + i * 128;
    file.write(name, at, 'utf16le');
    file.writeUInt16LE(name.length * 2 + 2, at + 64);
    file[at + 66] = i === 0 ? 5 : 2;
    if (i === 0) rootClass.copy(file, at + 80);
  });
  return file;
}

const INSTALLER = hex('84100c0000000000c000000000000046');

test.each<[FileType, Uint8Array]>([
  ['pe', padded(text('MZ'))],
  ['elf', padded(hex('7f454c46'))],
  ['macho', padded(hex('cffaedfe'))],
  ['java-class', padded(hex('cafebabe00000034'))],
  ['swf', padded(hex('43575309'))],
  ['chm', padded(text('ITSF'))],
  ['lnk', padded(hex('4c00000001140200'))],
  ['msi', cfb(['x'], Buffer.from(INSTALLER))],
  ['onenote', padded(hex('e4525c7b8cd8a74daeb15378d02996d3'))],
  ['iso', Buffer.concat([Buffer.alloc(0x8001), Buffer.from('CD001'), Buffer.alloc(100)])],
  ['pdf', text('%PDF-1.4\n')],
  ['jpeg', hex('ffd8ffe0')],
  ['png', hex('89504e470d0a1a0a')],
  ['gif', text('GIF89a')],
  ['webp', text('RIFF....WEBPVP8 ')],
  ['tiff', hex('49492a00')],
  ['heic', padded(Buffer.from('\0\0\0\x18ftypheic', 'latin1'))],
  ['video', padded(Buffer.from('\0\0\0\x18ftypisom', 'latin1'))],
  ['rtf', text('{\\rtf1 x}')],
  ['7z', hex('377abcaf271c')],
  ['rar', hex('526172211a0700')],
  ['gzip', hex('1f8b08')],
  ['compress', padded(hex('1f9d90'))],
  ['zstd', padded(hex('28b52ffd'))],
  ['lzma', padded(hex('5d00008000ffffffffffffffff00'))],
  ['archive-other', padded(text('LZIP\x01'))],
  ['lzh', padded(Buffer.from('\x20\x00-lh5-', 'latin1'))],
  ['doc', cfb(['WordDocument', '1Table'])],
  ['xls', cfb(['Workbook'])],
  ['ppt', cfb(['PowerPoint Document'])],
  ['msg', cfb(['__properties_version1.0'])],
  ['office-encrypted', cfb(['EncryptedPackage', 'EncryptionInfo'])],
  ['ooxml-macro', cfb(['WordDocument', 'Macros', 'VBA'])],
  ['docx', zip(['[Content_Types].xml', 'word/document.xml'])],
  ['xlsx', zip(['[Content_Types].xml', 'xl/workbook.xml'])],
  ['pptx', zip(['[Content_Types].xml', 'ppt/presentation.xml'])],
  ['ooxml-macro', zip(['[Content_Types].xml', 'word/document.xml', 'word/vbaProject.bin'])],
  ['ooxml-macro', zip(['[Content_Types].xml', 'xl/workbook.xml', 'xl/macrosheets/sheet1.xml'])],
  ['jar', zip(['META-INF/MANIFEST.MF', 'A.class'])],
  ['odt', zip(['mimetype'], ['mimetype'], 'application/vnd.oasis.opendocument.text')],
  ['ooxml-macro', zip(['mimetype', 'Basic/x.xml'], undefined, 'application/vnd.oasis.opendocument.text')],
  ['zip', zip(['a.txt'])],
  ['zip', zip(['scripts/a.txt', 'basic/b.txt', 'x/macrosheets/c.txt'])],
  ['tnef', padded(hex('789f3e22'))],
  ['pgp', text('-----BEGIN PGP MESSAGE-----\n')],
  ['font', padded(text('OTTO'))],
  ['empty', new Uint8Array()],
])('%s is known by its bytes', (type, bytes) => {
  expect(now(bytes, 'safe.txt', 'text/plain')).toBe(type);
});

test.each([
  ['a.bat', 'echo x'],
  ['a.txt', '@echo off\r\ndel x'],
  ['a.js', 'alert(1)'],
  ['a.JS ', 'alert(1)'],
  ['ａ．ｖｂｓ', 'MsgBox 1'],
  ['a.exe\0.txt', 'x'],
  ['a.ps1', 'x'],
  ['a.hta', '<html>x</html>'],
  ['a.html', '<html><hta:application id=x></html>'],
  ['a.txt', '#!/bin/sh\n'],
  ['a.url', '[InternetShortcut]\nURL=file://x'],
  ['a.txt', '[InternetShortcut]\nURL=file://x'],
  ['a.reg', 'REGEDIT4'],
  ['a.iqy', 'WEB\n1\nhttp://canary'],
  ['a.csv', 'ID;P\nC;X1;Y1;K1'],
  ['a.library-ms', '<?xml version="1.0"?><libraryDescription/>'],
  ['a.png', 'push graphic-context\nviewbox 0 0 1 1'],
  ['a.php', '<?php echo 1;'],
])('A06 A07 A11: the text %s is a script', (name, content) => {
  expect(now(text(content), name)).toBe('script');
});

test.each<[FileType, string, string, string]>([
  ['text', 'memo.txt', 'text/plain', 'これは本文です。\nMZ-80 の思い出'],
  ['text', 'memo.txt', 'text/plain', 'MZ-80 の思い出'],
  ['text', 'memo.txt', 'text/plain', 'BMの件、CWSについて、MM'],
  ['text', 'readme.md', '', '# a\nThe header is %PDF-1.7 in the first line.'],
  ['csv', 'a.csv', '', '名前,数\n机,1'],
  ['csv', '', 'text/csv; charset=utf-8', '名前,数'],
  ['html', 'report.pdf', 'application/pdf', '<!DOCTYPE html><html><body>x'],
  ['html', 'a.htm', '', 'x <b>y</b>'],
  ['svg', 'a.png', 'image/png', '<?xml version="1.0"?><svg xmlns="x"/>'],
  ['xml', 'a.xml', '', '<?xml version="1.0"?><a/>'],
  ['eml', 'a.eml', '', 'From: a@example.com\r\nMIME-Version: 1.0\r\n\r\nx'],
  ['eml', '', 'message/rfc822', 'Received: x\r\nSubject: a\r\n\r\nx'],
  ['calendar', 'a.ics', '', 'BEGIN:VCALENDAR\r\n'],
])('M59 A03: %s: %s declared %s', (type, name, declared, content) => {
  expect(now(text(content), name, declared)).toBe(type);
});

test('text in any charset in use is text', () => {
  const shiftJis = Buffer.from('93fa967b8cea8356837483678357835882cc955c8e8691538e6988c8', 'hex');
  const utf16 = Buffer.concat([hex('fffe'), Buffer.from('日本語 abc\r\n', 'utf16le')]);
  const iso2022 = Buffer.from('\x1b$B$3$l$O\x1b(B abc', 'latin1');
  for (const bytes of [shiftJis, utf16, iso2022]) expect(now(bytes, 'a.txt')).toBe('text');
});

test.each<[FileType, Uint8Array]>([
  ['pe', Buffer.concat([padded(text('MZ')), text('\n%PDF-1.4\n%%EOF')])],
  ['html', text(`<html><script>x</script>\n%PDF-1.4\n${' '.repeat(10)}startxref\n0\n%%EOF`)],
  ['script', text('@echo off\n%PDF-1.4\nstartxref\n%%EOF')],
  ['pdf', Buffer.concat([hex('00010203'), text('\n%PDF-1.4\nstartxref\n0\n%%EOF')])],
  ['pdf', Buffer.concat([text('%PDF-1.4\nstartxref\n0\n%%EOF'), zip(['evil.exe'])])],
  ['png', Buffer.concat([hex('89504e470d0a1a0a'), zip(['evil.exe'])])],
  ['gif', Buffer.concat([text('GIF89a/*'), text('*/=1;alert(1)//')])],
])('A04: a polyglot that begins as %s is that', (type, bytes) => {
  expect(now(bytes, 'x.pdf')).toBe(type);
});

test('A25: names that only the local headers tell count too', () => {
  expect(now(zip(['[Content_Types].xml', 'word/vbaProject.bin'], ['[Content_Types].xml', 'word/aaaProject.xml']))).toBe(
    'ooxml-macro',
  );
});

test('A13: random bytes are unknown, and the slow opinions do not make them anything else', async () => {
  const random = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + ((i * i) >> 3)) & 0xff));
  expect(await detect(random, { untrustedName: 'a.txt', declaredType: 'text/plain' })).toBe('unknown');
});

test('what only libmagic or file-type know gets a better word than unknown', async () => {
  const mp3 = Buffer.concat([hex('fff344c4'), Buffer.alloc(2000)]);
  expect(['audio', 'unknown']).toContain(await detect(mp3, { untrustedName: '', declaredType: '' }));
  const deb = padded(text('!<arch>\ndebian-binary   1410122664  0     0     100644  4         `\n2.0\n'));
  expect(await detect(deb, { untrustedName: 'a.txt', declaredType: '' })).toBe('jar');
});

test('any bytes and names: an answer, never an exception', () => {
  const start = fc.constantFrom(
    '',
    'PK\x03\x04',
    'PK\x05\x06',
    '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1',
    'MZ',
    '%PDF-',
    '<',
    '\xff\xfe',
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 2000 }), fc.string(), fc.string(), (magic, rest, name, declared) => {
      const type = now(Buffer.concat([Buffer.from(magic, 'latin1'), rest]), name, declared);
      expect(type === undefined || type in FILE_TYPES).toBe(true);
    }),
    { numRuns: 500 },
  );
});

const samples = join(process.env['SEKISHO_SHARED'] ?? '../shared', 'samples/office');
const known: readonly [string, FileType][] = [
  ['dx-keikaku.odp', 'odp'],
  ['dx-keikaku.ppt', 'ppt'],
  ['dx-keikaku.pptx', 'pptx'],
  ['hogan-shinsei.ods', 'ods'],
  ['hogan-shinsei.xls', 'xls'],
  ['hogan-shinsei.xlsx', 'xlsx'],
  ['kaigi-tsuchi.doc', 'doc'],
  ['kaigi-tsuchi.docx', 'docx'],
  ['kaigi-tsuchi.odt', 'odt'],
  ['kaigi-tsuchi.rtf', 'rtf'],
  ['logo.png', 'png'],
  ['meibo-sjis.csv', 'csv'],
  ['meibo-utf8bom.csv', 'csv'],
  ['pw-test1234-hogan-shinsei.xlsx', 'office-encrypted'],
];

test.skipIf(!existsSync(samples)).each(known)('the sample %s is %s', (file, type) => {
  expect(now(readFileSync(join(samples, file)), file)).toBe(type);
});
