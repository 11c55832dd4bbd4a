/**
 * Attachments that are containers of programs or of nobody's business (threats.tsv A04, A08, A10–A12, A53, A54, A58, A63),
 * what a converter with a bug might write (A64), and files of ours that someone else prepared the place for (A18).
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openAviary } from '../../kit/canary.ts';
import { cfbRaw } from '../../kit/cfb-raw.ts';
import { rawPage, shows, stream } from '../../kit/pdf-raw.ts';
import { pngRaw } from '../../kit/picture-raw.ts';
import { rawZip } from '../../kit/zip-raw.ts';
import { judge } from '../gate/door.ts';
import { mixed as draft } from '../gate/specimens.ts';
import { expectDead } from '../pdf/crossed.ts';
import { attached, mixed, noticeLine, through } from '../through.ts';

const aviary = openAviary();
const mark = (region: string): Buffer => Buffer.from(aviary.die(region));
const zip = (...names: readonly string[]): Buffer =>
  rawZip(names.map((name) => ({ name, content: `${name} ${aviary.die(`inside ${name}`)}`, method: 8 })));
const cfb = (name: string, ...names: readonly string[]): Buffer => cfbRaw({ names, behind: mark(name) });
const MSI = '84100c0000000000c000000000000046';

test.each<readonly [string, string, string, Buffer]>([
  ['A08', 'ISO', 'a.iso', Buffer.concat([Buffer.alloc(0x8000), Buffer.from('\x01CD001\x01'), mark('ISO')])],
  [
    'A08',
    'ISO called a PDF',
    'a.pdf',
    Buffer.concat([Buffer.alloc(0x8000), Buffer.from('\x01CD001\x01'), mark('ISO 2')]),
  ],
  [
    'A08',
    'UDF',
    'a.udf',
    Buffer.concat([
      Buffer.alloc(0x8000),
      Buffer.from('\0BEA01\x01'),
      Buffer.alloc(2041),
      Buffer.from('\0NSR02\x01'),
      mark('UDF'),
    ]),
  ],
  ['A10', 'JAR', 'a.jar', zip('META-INF/MANIFEST.MF', 'Main.class')],
  ['A10', 'APK', 'a.apk', zip('AndroidManifest.xml', 'classes.dex', 'META-INF/MANIFEST.MF')],
  ['A10', 'MSIX', 'a.msix', zip('AppxManifest.xml', 'AppxBlockMap.xml', 'a.exe')],
  ['A10', 'an installer of Windows', 'a.msi', cfbRaw({ names: ['\u4840\u3b3f'], rootClass: MSI, behind: mark('MSI') })],
  [
    'A10',
    'a patch of Windows',
    'a.msp',
    cfbRaw({ names: [], rootClass: MSI.replace('84', '86'), behind: mark('MSP') }),
  ],
  [
    'A10',
    'an installer called a letter',
    'a.doc',
    cfbRaw({ names: ['WordDocument'], rootClass: MSI, behind: mark('MSI 2') }),
  ],
  [
    'A10',
    'AppInstaller',
    'a.appinstaller',
    Buffer.concat([
      Buffer.from('<?xml version="1.0"?><AppInstaller Uri="http://x.example.invalid/">'),
      mark('AppInstaller'),
    ]),
  ],
  [
    'A10',
    'an add-in of Excel',
    'a.xll',
    Buffer.concat([Buffer.from('MZ\x90\0', 'latin1'), Buffer.alloc(400), mark('XLL')]),
  ],
  ['A11', 'Access', 'a.mdb', Buffer.concat([Buffer.from('\0\x01\0\0Standard Jet DB\0'), mark('MDB')])],
  ['A11', 'Access of today', 'a.accdb', Buffer.concat([Buffer.from('\0\x01\0\0Standard ACE DB\0'), mark('ACCDB')])],
  ['A11', 'Publisher', 'a.pub', cfb('PUB', 'Contents', 'Quill')],
  ['A11', 'Visio', 'a.vsd', cfb('VSD', 'VisioDocument')],
  ['A11', 'Project', 'a.mpp', cfb('MPP', 'Props12')],
  ['A11', 'a query', 'a.dqy', Buffer.concat([Buffer.from('XLODBC\r\n1\r\nDRIVER=x\r\n'), mark('DQY')])],
  ['A11', 'a query without a sign', 'a.oqy', Buffer.concat([Buffer.from('QueryType=OLEDB\r\n'), mark('OQY')])],
  [
    'A11',
    'a connection',
    'a.odc',
    Buffer.concat([
      Buffer.from('<html xmlns:o="urn:schemas-microsoft-com:office:office"><head></head></html>'),
      mark('ODC'),
    ]),
  ],
  ['A11', 'DIF', 'a.dif', Buffer.concat([Buffer.from('TABLE\r\n0,1\r\n"EXCEL"\r\n'), mark('DIF')])],
  [
    'A13',
    'bytes of no kind',
    'a.bin',
    Buffer.concat([
      Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 197 + (i >> 3) * 31) & 255)),
      mark('unknown'),
    ]),
  ],
  [
    'A53',
    'a message of Outlook',
    'a.msg',
    cfb('MSG', '__properties_version1.0', '__substg1.0_0037001F', '__attach_version1.0_#00000000'),
  ],
  ['A53', 'a message of Outlook with macros in it', 'a.msg', cfb('MSG 2', 'VBA', '__properties_version1.0')],
  ['A53', 'a message of Outlook called a text', 'memo.txt', cfb('MSG 3', '__properties_version1.0')],
  ['A58', 'Ichitaro', 'a.jtd', cfb('JTD', 'JSRV_SegmentInformation', 'DocumentText')],
  ['A58', 'a template of Ichitaro', 'a.jtt', cfb('JTT', 'JSRV_SummaryInformation', 'DocumentText')],
  ['A58', 'Ichitaro, packed', 'a.jtdc', cfb('JTDC', 'JSCompDocument')],
  ['A58', 'Ichitaro called a PDF', 'a.pdf', cfb('JTD 2', 'DocumentText')],
  [
    'A63',
    'a certificate in DER',
    'a.cer',
    Buffer.concat([Buffer.from('308203aa30820292a0030201020209', 'hex'), Buffer.alloc(200, 7), mark('DER')]),
  ],
  ['A63', 'ASN.1 without end', 'a.p7b', Buffer.concat([Buffer.from('3080'.repeat(20_000), 'hex'), mark('ASN.1')])],
  [
    'A63',
    'a list of revoked ones',
    'a.crl',
    Buffer.concat([Buffer.from('-----BEGIN X509 CRL-----\nMIIB\n'), mark('CRL')]),
  ],
])('%s: %s is held, nothing of it goes on, the text does', async (_id, _what, name, bytes) => {
  const mail = await through(...mixed(attached(name, 'application/octet-stream', bytes)));
  expectDead(mail, aviary.canaries);
  expect(mail.files).toEqual([]);
  expect(mail.report.attachments[0]?.outcome).toBe('blocked');
  expect(noticeLine(mail, name)).toContain('お渡しできません');
  expect(mail.text).toContain('Please read.');
});

const TEST_VIRUS = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-', 'TEST-FILE!$H+H*'].join('');
const letter = (content: string): string =>
  mixed(attached('v.txt', 'text/plain', content))
    .map((line) => `${line}\r\n`)
    .join('');

test.each<readonly [string, string, Buffer]>([
  ['a ZIP', 'a.zip', rawZip([{ name: 'v.txt', content: TEST_VIRUS }])],
  [
    'a ZIP in a ZIP',
    'a.zip',
    rawZip([{ name: 'b.zip', content: rawZip([{ name: 'v.com', content: TEST_VIRUS, method: 8 }]) }]),
  ],
  ['gzip', 'v.txt.gz', gzipSync(TEST_VIRUS)],
  ['a mail', 'a.eml', Buffer.from(letter(TEST_VIRUS))],
  [
    'a PDF',
    'a.pdf',
    rawPage({
      content: shows('Words'),
      catalog: '/Names << /EmbeddedFiles << /Names [(v) 6 0 R] >> >>',
      more: ['<< /Type /Filespec /F (v.txt) /EF << /F 7 0 R >> >>', stream(TEST_VIRUS)],
    }),
  ],
  ['a stream of a PDF', 'a.pdf', rawPage({ content: shows('Words'), more: [stream(TEST_VIRUS)] })],
  ['a picture', 'a.png', pngRaw({ width: 9, height: 9, after: Buffer.from(TEST_VIRUS) })],
  ['base64', 'a.txt', Buffer.from(Buffer.from(`TVqQ${TEST_VIRUS}`).toString('base64'))],
])('A12: the test virus in %s is in nothing that goes on', async (_what, name, bytes) => {
  const mail = await through(...mixed(attached(name, 'application/octet-stream', bytes)));
  expect(mail.everything).not.toContain('EICAR-STANDARD');
  expect(mail.everything).not.toContain(TEST_VIRUS.slice(0, 20));
});

test.each<readonly [string, string, string]>([
  ['a.html', 'text/html', '<p>Words</p><script>alert("MARK")</script>'],
  ['a.htm', 'text/html', '<p>Words</p><a href="javascript:MARK">x</a>'],
  ['a.shtml', 'text/html', '<p>Words</p><!--#exec cmd="MARK"-->'],
  [
    'a.xhtml',
    'application/xhtml+xml',
    '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Words</p><script>MARK</script></body></html>',
  ],
  [
    'a.mht',
    'multipart/related',
    'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Words</p><script>MARK</script>\r\n--b--\r\n',
  ],
  [
    'a.svg',
    'image/svg+xml',
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="MARK"><script>MARK</script></svg>',
  ],
  ['a.pdf', 'application/pdf', '<html><p>Words</p><script>MARK</script></html>'],
])('A54: %s (%s) goes on as text, picture or not at all', async (name, type, content) => {
  const page = content.replaceAll('MARK', aviary.die(`script of ${name}`));
  const mail = await through(...mixed(attached(name, type, page)));
  expectDead(mail, aviary.canaries);
  for (const file of mail.files) expect(file.name).toMatch(/\.(?:txt|png)$/);
  expect(mail.text).toContain('Please read.');
});

test.each<readonly [string, string, () => Buffer]>([
  ['a PDF that is a ZIP too', 'a.pdf', () => Buffer.concat([rawPage({ content: shows('Words') }), zip('x.exe')])],
  [
    'a PDF that is JavaScript too',
    'a.pdf',
    () =>
      Buffer.concat([
        Buffer.from('/*'),
        rawPage({ content: shows('Words') }),
        Buffer.from(`*/${aviary.die('JavaScript')}`),
      ]),
  ],
  [
    'a PDF behind a thousand bytes',
    'a.pdf',
    () =>
      Buffer.concat([Buffer.from(`${aviary.die('front')}${' '.repeat(980)}\n`), rawPage({ content: shows('Words') })]),
  ],
  ['a PNG that is a ZIP too', 'a.png', () => pngRaw({ width: 9, height: 9, after: zip('x.exe') })],
  [
    'a ZIP that begins with a picture',
    'a.zip',
    () =>
      rawZip([{ name: 'a.txt', content: 'words' }], {
        before: pngRaw({ width: 9, height: 9, after: mark('between') }),
        shifted: true,
      }),
  ],
  [
    'a program that is a ZIP too',
    'a.zip',
    () =>
      rawZip([{ name: 'a.txt', content: 'words' }], {
        before: Buffer.concat([Buffer.from('MZ\x90\0', 'latin1'), Buffer.alloc(200), mark('SFX')]),
        shifted: true,
      }),
  ],
  [
    'a PNG that is PHP too',
    'a.png',
    () => pngRaw({ width: 9, height: 9, after: Buffer.from(`<?php ${aviary.die('PHP')}`) }),
  ],
])('A04: of %s one kind is left at most', async (_what, name, make) => {
  const mail = await through(...mixed(attached(name, 'application/octet-stream', make())));
  expectDead(mail, aviary.canaries);
  for (const { bytes } of mail.files) {
    const text = bytes.toString('latin1');
    const kinds = [/^%PDF-/, /^\x89PNG/, /PK\x05\x06/, /<\?php/, /MZ\x90/].filter((kind) => kind.test(text));
    expect(kinds.length).toBeLessThanOrEqual(1);
  }
});

const PAGE = '<script>alert(1)</script>';
test.each<readonly [string, readonly [media: string, name: string, bytes: string]]>([
  ['a page as a page', ['text/html', 'a.html', PAGE]],
  ['a page named text', ['text/html; charset=utf-8', 'a.txt', `\uFEFF${PAGE}\r\n`]],
  ['text named a page', ['text/plain; charset=utf-8', 'a.html', '\uFEFFwords\r\n']],
  ['a drawing', ['image/svg+xml', 'a.svg', '<svg/>']],
  ['a program named PDF', ['application/pdf', 'a.pdf', 'MZ\x90\0']],
  ['a page named PNG', ['image/png', 'a.png', PAGE]],
  ['a program as text', ['text/plain; charset=utf-8', 'a.exe', '\uFEFFwords\r\n']],
  ['a mail', ['message/rfc822', 'a.eml', 'Subject: x\r\n\r\nx\r\n']],
  ['a letter with macros', ['application/vnd.ms-word.document.macroEnabled.12', 'a.docm', 'PK\x03\x04']],
  ['bytes of no kind', ['application/octet-stream', 'a.bin', 'x']],
])('A64: a converter with a bug writes %s: the gate refuses the whole message', async (_what, [media, name, bytes]) => {
  const verdict = await judge(Buffer.from(draft([{ media, name: [` filename*=UTF-8''${name}`], bytes }]), 'latin1'));
  expect(verdict.kind).toBe('refused');
});

test('A64: what the table of kinds has passes (benign twin)', async () => {
  const bytes = '\uFEFFwords\r\n';
  const verdict = await judge(
    Buffer.from(draft([{ media: 'text/plain; charset=utf-8', name: [" filename*=UTF-8''a.txt"], bytes }]), 'latin1'),
  );
  expect(verdict).toMatchObject({ kind: 'passed' });
});

test('A18: nothing is written to the folder for temporary files, and links that wait there are not followed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-race-'));
  const [victim, temporary, out] = [join(folder, 'victim'), join(folder, 'tmp'), join(folder, 'out')];
  try {
    writeFileSync(victim, 'untouched');
    for (const path of [temporary, out, join(out, 'letter.eml')]) mkdirSync(path);
    for (const name of ['a.pdf', 'a.zip', 'letter.eml', 'report.json', 'sekisho'])
      symlinkSync(victim, join(temporary, name));
    // Where our own files go: someone was there before us.
    for (const name of ['message.eml', 'report.json']) symlinkSync(victim, join(out, 'letter.eml', name));
    const mail = join(folder, 'letter.eml');
    writeFileSync(
      mail,
      mixed(
        attached('a.pdf', 'application/pdf', rawPage({ content: shows('Words') })),
        attached('a.zip', 'application/zip', rawZip([{ name: 'a.txt', content: 'words' }])),
      )
        .map((line) => `${line}\r\n`)
        .join(''),
      'latin1',
    );
    const before = readdirSync(temporary);
    const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
    try {
      execFileSync(process.execPath, [main, 'sanitize', mail, '--out', out], {
        env: { ...process.env, TMPDIR: temporary },
        stdio: 'pipe',
      });
    } catch {
      // Whether it refuses or writes elsewhere is its choice.
    }
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
    expect(readdirSync(temporary)).toEqual(before);
    expect(existsSync(mail)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

test('A57: text of any make ends as UTF-8 without controls', async () => {
  for (const content of [
    Buffer.from('\ufeffwords', 'utf16le'),
    Buffer.concat([Buffer.from('feff', 'hex'), Buffer.from('words', 'utf16le').swap16()]),
    Buffer.from('\ufeff\ufeffwords'),
    Buffer.from('wo\0rds'),
    Buffer.from(`words${'x'.repeat(3e6)}`),
  ]) {
    const mail = await through(...mixed(attached('a.txt', 'text/plain', content)));
    const [file] = mail.files;
    if (file === undefined) expect(noticeLine(mail, 'a.txt')).toContain('お渡しできません');
    else expect(file.bytes.toString().slice(1)).toMatch(/^words[^\0-\x08\x0b\x0c\x0e-\x1f\ufeff]*$/);
  }
});
