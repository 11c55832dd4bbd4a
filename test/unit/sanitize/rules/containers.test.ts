/** What ZIPs, compound files and texts are, by what is in them; a name or a label makes the answer stricter, never looser. */
import { describe, expect, test } from 'vitest';
import type { FileType } from '../../../../src/message/file-type.ts';
import { detectNow } from '../../../../src/sanitize/detect/detect.ts';

const now = (bytes: Uint8Array, untrustedName = 'safe.bin', declaredType = ''): FileType | undefined =>
  detectNow(bytes, { untrustedName, declaredType });

interface Entry {
  readonly local: string;
  readonly central?: string;
  readonly content?: string;
  readonly extra?: number;
  readonly comment?: number;
}

/** Stored entries without sums. @param tail bytes behind the end record's fields: its comment. */
function zip(entries: readonly Entry[], tail = '', count = entries.length): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { local, central = local, content = '', extra = 0, comment = 0 } of entries) {
    const header = Buffer.alloc(30);
    header.write('PK\x03\x04', 'latin1');
    header.writeUInt16LE(local.length, 26);
    const entry = Buffer.alloc(46);
    entry.write('PK\x01\x02', 'latin1');
    entry.writeUInt16LE(central.length, 28);
    entry.writeUInt16LE(extra, 30);
    entry.writeUInt16LE(comment, 32);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, Buffer.from(central), Buffer.alloc(extra + comment, 7));
    locals.push(header, Buffer.from(local), Buffer.from(content));
    offset += 30 + local.length + content.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(tail.length, 20);
  return Buffer.concat([...locals, ...directory, end, Buffer.from(tail)]);
}
const named = (...names: readonly string[]): Buffer => zip(names.map((local) => ({ local })));
const TYPES = '[Content_Types].xml';

describe('ZIPs', () => {
  test.each<[FileType, readonly string[]]>([
    ['jar', ['META-INF/MANIFEST.MF']],
    ['jar', ['meta-inf/manifest.mf', TYPES, 'word/document.xml']],
    ['jar', ['a/b/X.class']],
    ['jar', ['classes.dex']],
    ['jar', ['AppxManifest.xml']],
    ['jar', ['AppxMetadata/x.cat']],
    ['ooxml-macro', [TYPES, 'word/vbaProject.bin']],
    ['ooxml-macro', ['xl/VBAPROJECT.BIN']],
    ['ooxml-macro', ['vbaProjectSignature.bin']],
    ['ooxml-macro', ['word/vbaData.xml']],
    ['ooxml-macro', [TYPES, 'xl/macrosheets/a.xml']],
    ['ooxml-macro', [TYPES, 'xl/dialogsheets/a.xml']],
    ['docx', [TYPES, 'word/document.xml']],
    ['docx', ['[content_types].XML', 'WORD/document.xml']],
    ['docx', ['/[Content_Types].xml', '/word/document.xml']],
    ['xlsx', [TYPES, 'xl/workbook.xml']],
    ['xlsx', [TYPES, '/xl/workbook.xml']],
    ['pptx', [TYPES, 'ppt/presentation.xml']],
    ['pptx', [TYPES, '/ppt/presentation.xml']],
    ['xps', [TYPES, 'FixedDocSeq.fdseq']],
    ['xps', ['x/Other.fdseq']],
    ['xps', [TYPES, 'a.fdseq', 'word/document.xml']],
    ['zip', [TYPES]],
    ['zip', ['word/document.xml']],
    ['zip', ['xl/macrosheets/a.xml']],
    ['zip', ['x/META-INF/MANIFEST.MF', 'META-INF/MANIFEST.MF.txt', 'my.classes.dex', 'AppxManifest.xml.txt']],
    ['zip', [`${TYPES}.txt`, 'word/document.xml']],
    ['zip', [TYPES, 'a.fdseq.txt']],
    ['zip', ['a.classes', 'classes.dex.txt', 'xappxmanifest.xml', 'x/appxmetadata/a']],
    ['zip', ['vbaproject/a.bin', 'vbaproject.bin.txt', 'vbadata.xml.txt']],
    ['zip', ['x/[content_types].xml', 'word/a']],
    ['zip', [TYPES, 'myword/a', 'myxl/a', 'myppt/a']],
    ['zip', ['a.fdseq.txt']],
  ])('%s: %j', (type, names) => {
    expect(now(named(...names))).toBe(type);
  });

  test.each<[FileType, string, readonly string[]]>([
    ['odt', 'text', []],
    ['ods', 'spreadsheet', []],
    ['odp', 'presentation', []],
    ['zip', 'graphics', []],
    ['ooxml-macro', 'text', ['Basic/Standard/a.xml']],
    ['ooxml-macro', 'spreadsheet', ['Scripts/python/a.py']],
    ['odt', 'text', ['x/Basic/a.xml', 'x/scripts/a', 'basic.xml']],
  ])('OpenDocument: %s from %s with %j', (type, kind, more) => {
    const first = { local: 'mimetype', content: `application/vnd.oasis.opendocument.${kind}` };
    expect(now(zip([first, ...more.map((local) => ({ local }))]))).toBe(type);
  });

  test('a folder called basic is one in an archive', () => {
    expect(now(named('Basic/a.xml', 'scripts/b'))).toBe('zip');
  });

  test('both names of an entry count: the directory’s and the local one', () => {
    expect(now(zip([{ local: 'a.txt', central: 'X.class' }]))).toBe('jar');
    expect(now(zip([{ local: 'X.class', central: 'a.txt' }]))).toBe('jar');
    expect(now(zip([{ local: 'a.txt' }, { local: 'X.class', central: 'b.txt' }]))).toBe('jar');
  });

  test('entries behind extra fields and comments are reached', () => {
    expect(now(zip([{ local: 'a', extra: 9 }, { local: 'b', comment: 5 }, { local: 'X.class' }]))).toBe('jar');
    // Their local names hidden: only the directory tells.
    const bytes = zip([
      { local: 'a', extra: 9, comment: 7 },
      { local: 'bbbbbbb', central: 'X.class' },
    ]);
    expect(now(bytes)).toBe('jar');
  });

  test('a directory that says less entries than it has, or none: what it says', () => {
    expect(now(zip([{ local: 'a' }, { local: 'X.class' }], '', 1))).toBe('zip');
    expect(now(zip([{ local: 'a' }, { local: 'X.class' }], '', 0))).toBe('jar');
  });

  test('the end record is looked for behind a comment of any length; without one every local header counts', () => {
    expect(now(zip([{ local: 'a', central: 'X.class' }], 'c'.repeat(0xffff)))).toBe('jar');
    // Behind more than a comment may hold there is no end record.
    expect(now(Buffer.concat([zip([{ local: 'a', central: 'X.class' }]), Buffer.alloc(0x10000)]))).toBe('zip');
    expect(now(Buffer.concat([zip([{ local: 'X.class', central: 'a' }]), Buffer.alloc(0x10000)]))).toBe('jar');
    const cut = named('a.txt', 'X.class');
    expect(now(cut.subarray(0, cut.length - 22))).toBe('jar');
  });

  test('lengths have two bytes', () => {
    const long = `${'a'.repeat(300)}.txt`;
    expect(
      now(
        zip([
          { local: long, extra: 513, comment: 258 },
          { local: 'a', central: 'X.class' },
        ]),
      ),
    ).toBe('jar');
    expect(now(zip([{ local: `${'a'.repeat(255)}.class` }]))).toBe('jar');
  });

  test('an empty archive and a spanned one are ZIPs', () => {
    expect(now(zip([]))).toBe('zip');
    expect(now(Buffer.concat([Buffer.from('PK\x07\x08', 'latin1'), named('a')]))).toBe('zip');
    expect(now(Buffer.from('PK\x09\x09 not one', 'latin1'))).not.toBe('zip');
    expect(now(Buffer.concat([Buffer.from('x'), named('a')]))).not.toBe('zip');
  });
});

interface Cfb {
  readonly names: readonly string[];
  readonly rootClass?: string;
  /** 9 or 12. */
  readonly shift?: number;
}

/**
 * A compound file whose directory runs over as many sectors as it needs, last ones first: only the FAT tells the way.
 * The FAT's own sectors come first.
 */
function cfb({ names, rootClass = '', shift = 9 }: Cfb): Buffer {
  const size = 1 << shift;
  const perSector = size / 128;
  const entries = ['Root Entry', ...names];
  const sectors = Math.ceil(entries.length / perSector);
  const fats = Math.ceil((sectors + 110) / (size / 4));
  const file = Buffer.alloc(size * (1 + fats + sectors));
  file.write('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'latin1');
  file.writeUInt16LE(shift, 30);
  file.fill(0xff, 76, 512);
  file.writeUInt32LE(0xfffffffe, 68);
  for (let i = 0; i < fats; i++) file.writeUInt32LE(i, 76 + i * 4);
  file.fill(0xff, size, size * (1 + fats));
  // The directory begins in the last sector and goes backwards.
  const order = Array.from({ length: sectors }, (_, i) => fats + sectors - 1 - i);
  file.writeUInt32LE(order[0] ?? 0, 48);
  order.forEach((sector, i) => {
    file.writeUInt32LE(order[i + 1] ?? 0xfffffffe, size + sector * 4);
    entries.slice(i * perSector, (i + 1) * perSector).forEach((name, n) => {
      const at = (sector + 1) * size + n * 128;
      file.write(name, at, 62, 'utf16le');
      file.writeUInt16LE(name.length * 2 + 2, at + 64);
      file[at + 66] = name === 'Root Entry' ? 5 : 2;
      if (name === 'Root Entry') file.write(rootClass, at + 80, 'hex');
    });
  });
  return file;
}

describe('compound files', () => {
  const many = (last: string): readonly string[] => [...Array.from({ length: 40 }, (_, i) => `s${i}`), last];

  test.each<[FileType, string]>([
    ['office-encrypted', 'EncryptedPackage'],
    ['office-encrypted', 'encryptedpackage'],
    ['msg', '__properties_version1.0'],
    ['msg', '__PROPERTIES_VERSION1.0'],
    ['ooxml-macro', '_VBA_PROJECT'],
    ['ooxml-macro', '_VBA_PROJECT_CUR'],
    ['ooxml-macro', 'VBA'],
    ['ooxml-macro', 'Macros'],
    ['ooxml-macro', 'macros'],
    ['doc', 'WordDocument'],
    ['doc', 'worddocument'],
    ['xls', 'Workbook'],
    ['xls', 'Book'],
    ['xls', 'BOOK'],
    ['ppt', 'PowerPoint Document'],
    ['ppt', 'powerpoint document'],
    ['jtd', 'JSRV_SegmentInformation'],
    ['jtd', 'JTD_x'],
    ['jtd', 'DocumentText'],
    ['jtd', 'TextLayout'],
    ['jtd', 'jsrv_x'],
    ['msi', '\u4840\u3b3f'],
    ['cfb', 'EncryptedPackages'],
    ['cfb', 'xEncryptedPackage'],
    ['cfb', 'x__properties_version1.0'],
    ['cfb', '__properties_version1x0'],
    ['cfb', '__properties_version1.01'],
    ['cfb', 'MyMacros'],
    ['cfb', 'VBAx'],
    ['cfb', 'WordDocuments'],
    ['cfb', 'xWordDocument'],
    ['cfb', 'Workbooks'],
    ['cfb', 'MyBook'],
    ['cfb', 'PowerPoint Documents'],
    ['cfb', 'xPowerPoint Document'],
    ['cfb', 'DocumentTexts'],
    ['cfb', 'xJTD'],
    ['cfb', 'x\u4840'],
  ])('%s: a stream called %j, wherever it stands in the directory', (type, name) => {
    expect(now(cfb({ names: [name] }))).toBe(type);
    expect(now(cfb({ names: many(name) }))).toBe(type);
    expect(now(cfb({ names: many(name), shift: 12 }))).toBe(type);
  });

  test.each(['82', '84', '86'])('the class 000C10%s of the root is an installer’s', (kind) => {
    const rootClass = `${kind}100c0000000000c000000000000046`;
    expect(now(cfb({ names: ['WordDocument'], rootClass }))).toBe('msi');
  });
  test.each([
    '83100c0000000000c000000000000046',
    '84100d0000000000c000000000000046',
    '84100c0000000000c000000000000047',
  ])('the class %s is none', (rootClass) => {
    expect(now(cfb({ names: ['WordDocument'], rootClass }))).toBe('doc');
  });

  test('the stricter name wins: installer, encrypted, message, macros, then documents', () => {
    expect(
      now(cfb({ names: ['WordDocument', 'Macros', '__properties_version1.0', 'EncryptedPackage', '\u4840x'] })),
    ).toBe('msi');
    expect(now(cfb({ names: ['WordDocument', 'Macros', '__properties_version1.0', 'EncryptedPackage'] }))).toBe(
      'office-encrypted',
    );
    expect(now(cfb({ names: ['WordDocument', 'Macros', '__properties_version1.0'] }))).toBe('msg');
    expect(now(cfb({ names: ['WordDocument', 'Macros'] }))).toBe('ooxml-macro');
    expect(now(cfb({ names: ['JTD', 'Book', 'WordDocument'] }))).toBe('doc');
  });

  test('sectors of another size than 512 or 4,096 are not read', () => {
    for (const shift of [0, 8, 10, 11, 13, 16]) {
      const file = cfb({ names: ['WordDocument'] });
      file.writeUInt16LE(shift, 30);
      expect([shift, now(file)]).toEqual([shift, 'cfb']);
      if (shift >= 10) expect([shift, now(cfb({ names: ['WordDocument'], shift }))]).toEqual([shift, 'cfb']);
    }
  });

  test('many names are looked at, and no more than a directory of 8,192', () => {
    const names = (n: number): readonly string[] => [...Array.from({ length: n }, (_, i) => `s${i}`), 'WordDocument'];
    // One sector of the FAT holds 128 sectors of four names each.
    expect(now(cfb({ names: names(480) }))).toBe('doc');
    expect(now(cfb({ names: names(2000) }))).toBe('doc');
    // Which sector of the FAT tells the way is told by the header's list.
    expect(now(cfb({ names: [...names(10), ...names(1990).slice(0, -1)] }))).toBe('doc');
    // The bound is looked at before each sector of 32.
    expect(now(cfb({ names: names(8191), shift: 12 }))).toBe('doc');
    expect(now(cfb({ names: names(8192 + 32), shift: 12 }))).toBe('cfb');
    // Entries without a name do not count.
    expect(now(cfb({ names: [...Array.from({ length: 9000 }, () => ''), 'WordDocument'], shift: 12 }))).toBe('doc');
    expect(now(cfb({ names: names(5000), shift: 12 }))).toBe('doc');
    expect(now(cfb({ names: names(9000), shift: 12 }))).toBe('cfb');
  });

  test('a directory that leads back to itself ends; one that leads out of the file ends', () => {
    const loop = cfb({ names: many('WordDocument') });
    loop.writeUInt32LE(loop.readUInt32LE(48), 512 + loop.readUInt32LE(48) * 4);
    expect(now(loop)).toBe('cfb');
    const out = cfb({ names: ['WordDocument'] });
    out.writeUInt32LE(1_000_000, 48);
    expect(now(out)).toBe('cfb');
    // Without a name nothing but the way itself ends it.
    const empty = Buffer.alloc(512 * 3);
    cfb({ names: [] }).copy(empty, 0, 0, 1024);
    empty.writeUInt32LE(1, 48);
    empty.writeUInt32LE(1, 512 + 4);
    expect(now(empty)).toBe('cfb');
  });

  test('a list of FAT sectors that leads back to itself ends', () => {
    const file = cfb({ names: many('WordDocument') });
    file.writeUInt32LE(1, 68);
    file.writeUInt32LE(1, 512 * 3 - 4);
    expect(now(file)).toBe('doc');
  });

  test('a file that is cut inside its directory', () => {
    const file = cfb({ names: ['WordDocument'] });
    expect(now(file.subarray(0, file.length - 128))).toBe('doc');
    expect(now(file.subarray(0, file.length - 384))).toBe('cfb');
    expect(now(file.subarray(0, 600))).toBe('cfb');
  });

  test('a FAT whose sectors stand in the list behind the header’s 109, and in the list behind that', () => {
    // The directory's two sectors belong to the FAT's sector 0 and to the last one that the lists name.
    const listed = 109 + 127;
    const [first, second, fat, far, next] = [2, listed * 128 + 7, 3, 4, 5];
    const small = cfb({ names: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'WordDocument'] });
    const file = Buffer.alloc((second + 3) * 512);
    small.copy(file, 0, 0, 512);
    const at = (sector: number): number => (sector + 1) * 512;
    const third = second + 1;
    // `cfb` puts the directory's start into its last sector and the rest before it.
    small.copy(file, at(first), small.length - 512);
    small.copy(file, at(second), small.length - 1024, small.length - 512);
    small.copy(file, at(third), small.length - 1536, small.length - 1024);
    file.fill(0xff, 76, 512);
    file.writeUInt32LE(fat, 76);
    file.writeUInt32LE(first, 48);
    file.writeUInt32LE(second, at(fat) + first * 4);
    // Two lists: the first says nothing but where the second is, the second's first entry says where `second` goes on.
    file.writeUInt32LE(next, 68);
    file.fill(0xff, at(next), at(next) + 512);
    file.writeUInt32LE(8, at(next) + 508);
    file.fill(0xff, at(8), at(8) + 512);
    file.writeUInt32LE(far, at(8));
    file.writeUInt32LE(0xfffffffe, at(8) + 508);
    file.writeUInt32LE(third, at(far) + 7 * 4);
    file.writeUInt32LE(0xfffffffe, at(far) + 8 * 4);
    expect(now(file)).toBe('doc');
    // The same without the lists: the last part of the directory is out of reach.
    file.writeUInt32LE(0xfffffffe, 68);
    expect(now(file)).toBe('cfb');
    file.writeUInt32LE(next, 68);
    file.writeUInt32LE(0xfffffffe, at(next) + 508);
    expect(now(file)).toBe('cfb');
  });
});

describe('texts', () => {
  const text = (content: string, name = 'a.txt', declared = ''): FileType | undefined =>
    now(Buffer.from(content), name, declared);

  test.each([
    '<!DOCTYPE html>',
    '<!doctype  html>',
    '<html>',
    '<head>',
    '<body class=x>',
    '<script>',
    '<meta charset=x>',
    '<title>',
    '<iframe>',
    '<table>',
    '<div>',
    '<p>',
    '<a href=x>',
    '<style>',
    '<base href=x>',
    '<form>',
    '<center>',
    '<font size=1>',
    '<HTML>',
    '<!-- a comment --><html>',
    '<!-- a -->\n<!-- b -->\n<p>',
    '<?xml version="1.0"?><html>',
    '<?xml version="1.0"?><!DOCTYPE x><xhtml >',
  ])('%j is a page under any name', (start) => {
    expect(text(start, 'a.pdf', 'application/pdf')).toBe('html');
  });
  test.each([
    '<htmlx>',
    '<px>',
    'a <html>',
    '<!-- open <html>',
    '<foo>',
    '<?xml?><htmlx>',
    '<tables>',
    '<!doctypehtml>',
  ])('%j is none', (start) => {
    expect(text(start)).not.toBe('html');
  });
  test.each(['html', 'htm', 'xhtml', 'xht', 'shtml', 'shtm', 'asp', 'aspx', 'jsp'])(
    'with any element in it, .%s is a page',
    (extension) => {
      expect(text('x <b>y</b>', `a.${extension}`)).toBe('html');
      expect(text('x </b>', `a.${extension}`)).toBe('html');
      expect(text('x <!x', `a.${extension}`)).toBe('html');
      expect(text('x < y', `a.${extension}`)).toBe('text');
    },
  );
  test('so is what is declared as a page', () => {
    expect(text('x <b>y</b>', 'a.txt', 'text/html; charset=utf-8')).toBe('html');
    expect(text('x <b>y</b>', 'a.txt', 'APPLICATION/XHTML+XML')).toBe('html');
    expect(text('x <b>y</b>', 'a.txt', 'text/htmlx')).toBe('text');
    expect(text('x <b>y</b>', 'a.txt', 'xtext/html')).toBe('text');
  });

  test.each([
    '<svg>',
    '<svg:svg>',
    '<SVG xmlns="x">',
    '<?xml version="1.0"?>\n<svg>',
    '<!-- x --> <?xml?> <svg>',
    '<!DOCTYPE svg PUBLIC "x" "y">\n<svg>',
    '<?xml?><!doctype svg [ <!ENTITY a "b"> ] > <svg>',
    '<!-- x --> \n <svg>',
    '<!DOCTYPE  svg [ x ]  >  <svg>',
    '<!doctype svg>\n\n<!-- y -->\n\n<svg>',
  ])('%j is a drawing', (start) => {
    expect(text(start)).toBe('svg');
  });
  test('so is whatever is called .svg', () => {
    expect(text('x', 'a.svg')).toBe('svg');
    expect(text('x', 'a.svgx')).toBe('text');
  });
  test.each(['<svgs>', 'a <svg>'])('%j is none', (start) => {
    expect(text(start)).not.toBe('svg');
  });

  const MAIL = 'Return-Path: <a@example.com>\r\nX-A: b\r\n\r\nbody';
  test.each(['eml', 'mht', 'mhtml', 'mbox'])('a mail called .%s is one', (extension) => {
    expect(text(MAIL, `a.${extension}`)).toBe('eml');
    expect(text('no mail', `a.${extension}`)).toBe('text');
  });
  test('a mail declared as one is one, and not otherwise', () => {
    expect(text(MAIL, '', 'message/rfc822')).toBe('eml');
    expect(text(MAIL, '', 'message/global')).toBe('eml');
    expect(text(MAIL, '', 'message/x')).toBe('text');
    expect(text(MAIL, 'a.txt')).toBe('text');
  });
  test.each([
    'From',
    'To',
    'Subject',
    'Date',
    'MIME-Version',
    'Content-Type',
    'Received',
    'Message-ID',
    'Return-Path',
    'Delivered-To',
  ])('with a field %s', (field) => {
    expect(text(`X-First: 1\r\n${field}: x\r\n\r\nbody`, 'a.eml')).toBe('eml');
    expect(text(`X-First: 1\n${field.toUpperCase()} \t: x\n\nbody`, 'a.eml')).toBe('eml');
    expect(text(`X-First: 1\r\nX-${field}: x\r\n\r\n${field}: body`, 'a.eml')).toBe('text');
  });
  test('behind a mailbox’s separator too', () => {
    expect(text('From a@b Thu Jan  1 00:00:00 1970\r\nX: 1\r\nSubject: x\r\n\r\n', 'a.mbox')).toBe('eml');
    expect(text('>From a@b Thu Jan  1\nSubject: x\n\n', 'a.mbox')).toBe('eml');
    expect(text('Form a@b\nSubject: x\n\n', 'a.mbox')).toBe('text');
    expect(text('-x: 1\nSubject: x\n\n', 'a.eml')).toBe('text');
    expect(text(`${'x'.repeat(62)}: 1\nSubject: x\n\n`, 'a.eml')).toBe('text');
    expect(text('X \t: 1\nSubject: x\n\n', 'a.eml')).toBe('eml');
  });

  test('fields of the header only, however its lines end', () => {
    expect(text('X: 1\n\nSubject: x', 'a.eml')).toBe('text');
    expect(text('X: 1\r\n\nSubject: x', 'a.eml')).toBe('text');
    expect(text('X: 1\n\r\nSubject: x', 'a.eml')).toBe('text');
  });

  test('a byte order mark counts at the beginning only', () => {
    expect(now(Buffer.concat([Buffer.from(`#!/bin/sh ${'a'.repeat(90)}`), Buffer.from([0xff, 0xfe])]))).toBe('script');
    expect(text('#\uFEFF!/bin/sh')).toBe('text');
  });

  test('appointments, cards, XML', () => {
    expect(text('BEGIN:VCALENDAR\r\n')).toBe('calendar');
    expect(text('begin:vcalendar')).toBe('calendar');
    expect(text('BEGIN:VCARD')).toBe('vcard');
    expect(text('begin:vcard')).toBe('vcard');
    expect(text('x BEGIN:VCARD BEGIN:VCALENDAR')).toBe('text');
    expect(text('<?xml?><a/>')).toBe('xml');
    expect(text('<?XML version="1.0"?><a/>')).toBe('xml');
    expect(text('<?xmlx?><a/>')).toBe('text');
    expect(text('x <?xml?>')).toBe('text');
  });

  test('tables by name or label only', () => {
    for (const extension of ['csv', 'tsv', 'tab']) expect(text('a,b', `a.${extension}`)).toBe('csv');
    for (const type of ['text/csv', 'text/tab-separated-values', 'text/comma-separated-values'])
      expect(text('a,b', 'a', type)).toBe('csv');
    for (const type of ['text/csvx', 'xtext/csv', 'text/plain']) expect(text('a,b', 'a', type)).toBe('text');
    expect(text('a,b', 'a.csvx')).toBe('text');
    expect(text('a,b', 'a', ' TEXT/CSV ; charset=x')).toBe('csv');
    expect(text('a,b', 'a.csv:')).toBe('csv');
    // Of several names the last counts for what only sorts texts.
    expect(
      detectNow(Buffer.from('a,b'), { untrustedName: 'a.csv', otherUntrustedNames: ['b.txt'], declaredType: '' }),
    ).toBe('csv');
    expect(
      detectNow(Buffer.from('a,b'), { untrustedName: 'a.txt', otherUntrustedNames: ['b.csv'], declaredType: '' }),
    ).toBe('text');
  });

  test('what has a NUL, or a control in more than a hundred characters, is no text', () => {
    expect(now(Buffer.from(`${'a'.repeat(500)}\0`))).toBeUndefined();
    expect(now(Buffer.from(`${'a'.repeat(198)}\x01\x02`))).toBe('text');
    expect(now(Buffer.from(`${'a'.repeat(197)}\x01\x02`))).toBeUndefined();
    for (const control of ['\x01', '\x07', '\x0e', '\x19', '\x1c', '\x1f'])
      expect([control, now(Buffer.from(`abc${control}`))]).toEqual([control, undefined]);
    for (const control of ['\x08', '\x09', '\x0d', '\x1a', '\x1b'])
      expect([control, now(Buffer.from(`abc${control}`))]).toEqual([control, 'text']);
  });

  test('Western text has few high bytes, and is text in none of our charsets', () => {
    expect(now(Buffer.from('a longer word, caf\xe9 '.repeat(20), 'latin1'))).toBe('text');
    expect(now(Buffer.from('caf\xe9 '.repeat(20), 'latin1'))).toBeUndefined();
  });

  test('half a mark is none', () => {
    const little = Buffer.from('a plain text, no more than that', 'utf16le');
    const big = Buffer.from('a plain text, no more than that', 'utf16le').swap16();
    for (const [first, second, text] of [
      [0xff, 0x41, little],
      [0xff, 0xff, little],
      [0xfe, 0x41, big],
      [0xfe, 0xfe, big],
      [0x41, 0xff, big],
      [0x41, 0xfe, little],
    ] as const)
      expect([first, second, now(Buffer.concat([Buffer.from([first, second]), text]))]).toEqual([
        first,
        second,
        undefined,
      ]);
  });

  test('controls far behind the beginning of UTF-16 count too', () => {
    const late = (characters: number): Buffer =>
      Buffer.from(`\uFEFF${'a'.repeat(characters)}${'\x01'.repeat(characters)}`, 'utf16le');
    expect(now(late(8192))).toBeUndefined();
    // Looked at are 64 KiB.
    expect(now(Buffer.concat([Buffer.from(`\uFEFF${'a'.repeat(32 * 1024)}`, 'utf16le'), late(99)]))).toBe('text');
  });

  test('UTF-16 with its mark is text when it reads as such', () => {
    const big = (value: string): Buffer => Buffer.from(value, 'utf16le').swap16();
    expect(now(Buffer.from('\uFEFF日本語の本文', 'utf16le'))).toBe('text');
    expect(now(Buffer.concat([Buffer.from([0xfe, 0xff]), big('日本語の本文')]))).toBe('text');
    expect(now(Buffer.concat([Buffer.from([0xfe, 0xff]), big('#!/bin/sh')]))).toBe('script');
    expect(now(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.alloc(100, 0xd8)]))).toBeUndefined();
    expect(now(Buffer.from(`\uFEFF${'a'.repeat(50)}\x01`, 'utf16le'))).toBeUndefined();
    expect(now(Buffer.from(`\uFEFF${'a'.repeat(50)}\x1f`, 'utf16le'))).toBeUndefined();
    expect(now(Buffer.from(`\uFEFF${'a'.repeat(50)}\x0e`, 'utf16le'))).toBeUndefined();
    expect(now(Buffer.from(`\uFEFF${'a'.repeat(50)}\x09`, 'utf16le'))).toBe('text');
    expect(now(Buffer.from(`\uFEFF${'a'.repeat(50)}\uE000`, 'utf16le'))).toBeUndefined();
    expect(now(Buffer.from([0xff, 0xfd, 0x41, 0x42]))).not.toBe('text');
  });

  test('high bytes are text when one charset in use reads them, or when they are few', () => {
    const noise = Buffer.from(Array.from({ length: 900 }, (_, i) => 0x80 + ((i * 37 + ((i * i) >> 2)) & 0x7f)));
    expect(now(noise)).toBeUndefined();
    expect(now(Buffer.concat([noise, Buffer.alloc(8200, 0x61)]))).toBe('text');
    expect(now(Buffer.concat([noise, Buffer.alloc(7900, 0x61)]))).toBeUndefined();
    expect(now(Buffer.from('日本語'.repeat(100)))).toBe('text');
    expect(now(Buffer.from('93fa967b8cea'.repeat(100), 'hex'))).toBe('text');
    expect(now(Buffer.from('c6fccbdcb8ec'.repeat(100), 'hex'))).toBe('text');
  });

  test('what a text is stands within its first 8,192 bytes', () => {
    expect(text(`${'a'.repeat(8000)}\nOption Explicit\n`)).toBe('script');
    expect(text(`${'a'.repeat(8200)}\nOption Explicit\n`)).toBe('text');
  });
});

describe('names', () => {
  const script = (untrustedName: string, ...others: readonly string[]): boolean =>
    detectNow(Buffer.from('hello'), { untrustedName, otherUntrustedNames: others, declaredType: '' }) === 'script';

  test.each([
    'a.vbs',
    'A.VBS',
    'a.vbs...',
    'a.vbs ',
    'a.vbs:stream',
    'a.vbs;1',
    'a.vbs\0.txt',
    'a.ｖｂｓ',
    'a.v\u200bbs',
    'a.txt.vbs',
    '.vbs',
    `${'x'.repeat(5000)}.vbs`,
    'a.vbs。',
  ])('%j is a script’s', (name) => {
    expect(script(name)).toBe(true);
    expect(script('a.txt', name)).toBe(true);
  });
  test.each(['vbs', 'a.vbs.txt', 'a_vbs', 'avbs', '', 'a.'])('%j is none', (name) => {
    expect(script(name)).toBe(false);
  });
});

describe('further kinds', () => {
  test('nothing is empty', () => {
    expect(now(Buffer.alloc(0), 'a.exe')).toBe('empty');
  });

  test('macOS’s companions under their own names only', () => {
    const apple = Buffer.from('00051607000200000000', 'hex');
    const store = Buffer.from('0000000142756431', 'hex');
    for (const name of ['._a.txt', 'x/._a.txt', '.DS_Store', 'x/.DS_Store'])
      expect([name, now(apple, name)]).toEqual([name, 'finder-data']);
    expect(now(store, '.DS_Store')).toBe('finder-data');
    for (const name of ['a.txt', 'x._a', '._', '.DS_Store.txt', 'x.DS_Store', '._a/b'])
      expect([name, now(apple, name)]).toEqual([name, undefined]);
    expect(now(Buffer.from('00051607000300000000', 'hex'), '._a')).toBeUndefined();
    expect(now(Buffer.from('0000000142756432', 'hex'), '.DS_Store')).toBeUndefined();
    expect(now(Buffer.concat([Buffer.from([1]), apple]), '._a')).toBeUndefined();
  });

  const END = '\nstartxref\n0\n%%EOF';
  test('a PDF behind other bytes is one within the first 1,024, and with an end', () => {
    const odd = Buffer.from([0, 1, 2, 3]);
    const late = (before: Buffer, header: string, end = END): FileType | undefined =>
      now(Buffer.concat([before, Buffer.from(`${header}${end}`)]));
    expect(late(odd, '\n%PDF-2.0')).toBe('pdf');
    expect(late(odd, '\r%PDF-2.0')).toBe('pdf');
    expect(late(odd, '\0%PDF-2.0')).toBe('pdf');
    expect(late(Buffer.from([1, 2, 3]), 'x%PDF-1.4')).toBe('pdf');
    expect(late(Buffer.from([1, 2, 3]), 'x%PDF-2.0')).toBeUndefined();
    expect(late(odd, '\n%PDF-x')).toBeUndefined();
    expect(late(odd, '\n%PDF-1.4', '\nstartxref')).toBe('pdf');
    expect(late(odd, '\n%PDF-1.4', '\n%%EOF')).toBe('pdf');
    expect(late(odd, '\n%PDF-1.4', '\nend')).toBeUndefined();
    expect(late(Buffer.alloc(1015, 1), '\n%PDF-1.4')).toBe('pdf');
    expect(late(Buffer.alloc(1020, 1), '\n%PDF-1.4')).toBeUndefined();
    // The end is looked for in the last 2,048 bytes.
    expect(late(odd, '\n%PDF-1.4', `${END}${'\x01'.repeat(2000)}`)).toBe('pdf');
    expect(late(odd, '\n%PDF-1.4', `${END}${'\x01'.repeat(2100)}`)).toBeUndefined();
  });
  test('a letter that speaks of %PDF is a letter; one that holds a PDF is a PDF', () => {
    expect(now(Buffer.from('The header is %PDF-1.7 in the first line.'))).toBe('text');
    expect(now(Buffer.from(`hello\n%PDF-1.7${END}`))).toBe('pdf');
    expect(now(Buffer.from(`<html>\n%PDF-1.7${END}`))).toBe('html');
    expect(now(Buffer.from(`a,b\n%PDF-1.7${END}`), 'a.csv')).toBe('pdf');
  });

  test('what nobody knows is a volume when it is called like one', () => {
    const bytes = Buffer.alloc(100, 0x03);
    expect(now(bytes, 'a.7z.002')).toBe('volume');
    expect(now(bytes, 'a.7z')).toBeUndefined();
    expect(now(Buffer.from('a text'), 'a.7z.002')).toBe('text');
  });

  test('disk images have their mark in the last 512 bytes', () => {
    const image = (mark: string, behind = 512): FileType | undefined =>
      now(Buffer.concat([Buffer.alloc(600, 1), Buffer.from(mark), Buffer.alloc(behind - mark.length, 1)]));
    expect(image('conectix')).toBe('iso');
    expect(image('koly')).toBe('iso');
    expect(image('conectix', 511)).toBeUndefined();
    expect(image('conectiy')).toBeUndefined();
    expect(image('xkoly')).toBeUndefined();
  });
});
