/** Kinds of files that nobody should open from a mail, and names that attack whoever uses them (threats.tsv ATT). */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { attached, HEADER, mixed, noticeLine, through } from '../through.ts';

const CANARY = 'CANARY-9c51e2b87f3a';
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const with_ = (...pieces: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat([...pieces.map((piece) => (typeof piece === 'string' ? latin1(piece) : piece)), latin1(CANARY)]);

/** [rows, what, usual name, first bytes as in the format's specification] */
const KINDS: readonly (readonly [string, string, string, Buffer])[] = [
  ['A08', 'VHD', 'a.vhd', with_('conectix', Buffer.alloc(504))],
  ['A08', 'VHDX', 'a.vhdx', with_('vhdxfile', Buffer.alloc(600))],
  ['A08', 'WIM', 'a.wim', with_('MSWIM\0\0\0', Buffer.alloc(200))],
  ['A08', 'DMG', 'a.dmg', with_(Buffer.alloc(512), 'koly\0\0\0\x04', Buffer.alloc(504))],
  ['A09', 'OneNote', 'a.one', with_(Buffer.from('e4525c7b8cd8a74daeb15378d02996d3', 'hex'), Buffer.alloc(200))],
  ['A10', 'CHM', 'a.chm', with_('ITSF\x03\0\0\0', Buffer.alloc(100))],
  ['A10', 'HLP', 'a.hlp', with_('?_\x03\0', Buffer.alloc(100))],
  ['A10', 'MSC', 'a.msc', with_('<?xml version="1.0"?><MMC_ConsoleFile ConsoleVersion="3.0"><x/></MMC_ConsoleFile>')],
  ['A10', 'Java class', 'a.class', with_('\xca\xfe\xba\xbe\0\0\0\x34', Buffer.alloc(100))],
  ['A10', 'JNLP', 'a.jnlp', with_('<?xml version="1.0"?><jnlp codebase="http://x.example.invalid/"></jnlp>')],
  ['A10', 'Debian package', 'a.deb', with_('!<arch>\ndebian-binary   ', Buffer.alloc(100))],
  ['A10', 'RPM', 'a.rpm', with_('\xed\xab\xee\xdb\x03\0', Buffer.alloc(100))],
  ['A59', 'DocuWorks', 'a.xdw', with_('\x60\x0e\x82\x82', Buffer.alloc(100))],
  ['A60', 'JW_CAD', 'a.jww', with_('JwwData.', Buffer.alloc(100))],
  ['A60', 'DWG', 'a.dwg', with_('AC1032', Buffer.alloc(100))],
  ['A61', 'TrueType', 'a.ttf', with_('\0\x01\0\0\0\x0a\0\x80\0\x03\0\x20', Buffer.alloc(200))],
  ['A61', 'OpenType', 'a.otf', with_('OTTO\0\x0a\0\x80\0\x03\0\x20', Buffer.alloc(200))],
  ['A61', 'WOFF', 'a.woff', with_('wOFF\0\x01\0\0', Buffer.alloc(100))],
  ['A61', 'WOFF2', 'a.woff2', with_('wOF2\0\x01\0\0', Buffer.alloc(100))],
  ['A62', 'MP3', 'a.mp3', with_('ID3\x04\0\0\0\0\0\0', Buffer.alloc(100))],
  ['A62', 'MP4', 'a.mp4', with_('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', Buffer.alloc(100))],
  ['A62', 'WMV', 'a.wmv', with_(Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'), Buffer.alloc(100))],
  ['A62', 'AVI', 'a.avi', with_('RIFF\x40\0\0\0AVI LIST', Buffer.alloc(100))],
  ['A62', 'Flash', 'a.swf', with_('FWS\x09\x50\0\0\0', Buffer.alloc(100))],
  ['A63', 'certificate in PEM', 'a.crt', with_('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n')],
  [
    'A63',
    'PKCS#12',
    'a.p12',
    with_(Buffer.from('3082010002010330820106092a864886f70d010701', 'hex'), Buffer.alloc(200)),
  ],
  ['A11', 'SQLite', 'a.db', with_('SQLite format 3\0', Buffer.alloc(200))],
];

describe.each([['under its own name'], ['as a PDF'], ['as text']])('%s', (disguise) => {
  const named = (name: string): readonly [string, string] => {
    if (disguise === 'as a PDF') return ['memo.pdf', 'application/pdf'];
    return disguise === 'as text' ? ['memo.txt', 'text/plain'] : [name, 'application/octet-stream'];
  };

  test.each(KINDS)('%s: %s is held, with a reason that can be read', async (_rows, _what, usual, bytes) => {
    const [name, type] = named(usual);
    const mail = await through(...mixed(attached(name, type, bytes)));
    expect(mail.everything).not.toContain(CANARY);
    expect(mail.files).toEqual([]);
    expect(mail.report.attachments[0]?.outcome).toBe('blocked');
    expect(noticeLine(mail, name)).toContain('ため、お渡しできません');
    expect(mail.text).toContain('Please read.');
  });
});

describe('A14: nearly nothing', () => {
  test.each([
    ['nothing', '', '・a.dat: 中身のない空のファイルでした'],
    ['one NUL', '\0', 'a.dat'],
  ])('A14: an attachment of %s does not stop the mail and is told', async (_what, bytes, told) => {
    const mail = await through(...mixed(attached('a.dat', 'application/octet-stream', latin1(bytes))));
    expect(mail.files).toEqual([]);
    expect(mail.text).toContain('Please read.');
    expect(mail.text).toContain(told);
  });

  test('A14: one letter is a text (benign twin)', async () => {
    const mail = await through(...mixed(attached('a.txt', 'text/plain', 'x')));
    expect(mail.files.map(({ bytes }) => bytes.toString().trim())).toEqual(['x']);
  });
});

describe('A15: very many attachments', () => {
  const many = (count: number): readonly string[] =>
    mixed(...Array.from({ length: count }, (_, i) => attached(`n${i}.txt`, 'text/plain', `words ${i}`)));

  test('A15: beyond the limit of parts the message is held, and a notice goes on', async () => {
    const mail = await through(...many(1200));
    expect(mail.report.verdict).toMatchObject({ kind: 'held' });
    expect(mail.files).toEqual([]);
    expect(mail.text).toContain('保留');
  });

  test('A15: forty go through one by one (benign twin)', async () => {
    const mail = await through(...many(40));
    expect(mail.files).toHaveLength(40);
  });
});

describe('names that a command line would obey', () => {
  const marker = `/tmp/sekisho-${process.pid}-marker`;

  test.each([
    ['A16', '-oProxyCommand.pdf'],
    ['A16', '--infile=/etc/passwd.txt'],
    ['A16', '@/etc/passwd.txt'],
    ['A17', `$(touch ${marker}).txt`],
    ['A17', `\`touch ${marker}\`.txt`],
    ['A17', `a;touch ${marker};.txt`],
    ['A17', `a|touch ${marker}|.txt`],
    ['A17', `a\u0000b\ntouch ${marker}\n.txt`],
  ])('%s: %j reaches no command and comes out as a plain file name', async (_row, name) => {
    const mail = await through(...mixed(attached(name, 'text/plain', 'words')));
    expect(existsSync(marker)).toBe(false);
    expect(mail.files).toHaveLength(1);
    expect(mail.files[0]?.name).not.toMatch(/^\.|[/\\|<>:"?*\0-\x1f]/);
    expect(mail.files[0]?.name).toMatch(/\.txt$/);
  });

  test('A16: a dash inside a name stays (benign twin)', async () => {
    const mail = await through(...mixed(attached('令和8年度-予算(案).txt', 'text/plain', 'words')));
    expect(mail.files[0]?.name).toBe('令和8年度-予算(案).txt');
  });
});

describe('A55: XML with a program or a stranger’s file in it', () => {
  test.each([
    [
      'a style sheet',
      '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="https://evil.example.invalid/x.xsl"?><a>words</a>',
    ],
    [
      'an external entity',
      '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>words &x;</a>',
    ],
    [
      'a billion laughs',
      `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "${'&l;'.repeat(20)}">]><a>words &m;</a>`,
    ],
  ])('A55: with %s it is text, nothing is expanded or fetched', async (_what, xml) => {
    const mail = await through(...mixed(attached('data.xml', 'text/xml', xml)));
    expect(mail.everything).not.toMatch(/root:.*:0:0|haha|https:\/\/evil|file:\/\/\//);
    for (const file of mail.files) expect(file.name).toMatch(/\.txt$/);
  });

  test('A55: plain XML can be read (benign twin)', async () => {
    const mail = await through(...mixed(attached('data.xml', 'text/xml', '<?xml version="1.0"?><a>予算</a>')));
    expect(mail.files.map(({ bytes }) => bytes.toString()).join('')).toContain('予算');
  });
});

test('A52: a mail in a mail is taken apart; no .eml goes on, its program is held, its text and file are there', async () => {
  const inner = [
    ...HEADER,
    'Content-Type: multipart/mixed; boundary="in"',
    '',
    '--in',
    'Content-Type: text/plain',
    '',
    'Inner words.',
    '--in',
    ...attached('run.exe', 'application/octet-stream', with_('MZ', Buffer.alloc(100))),
    '--in',
    ...attached('list.csv', 'text/csv', 'a,b\r\n1,2\r\n'),
    '--in--',
  ].join('\r\n');
  const mail = await through(...mixed(attached('fw.eml', 'message/rfc822', inner)));
  expect(mail.everything).not.toContain(CANARY);
  expect(mail.everything).toContain('Inner words.');
  expect(mail.files.map(({ name }) => name).filter((name) => /\.eml$/i.test(name))).toEqual([]);
  expect(mail.report.attachments.find(({ untrustedName }) => untrustedName === 'list.csv')?.outcome).toBe('rebuilt');
  expect(mail.report.attachments.find(({ untrustedName }) => untrustedName === 'run.exe')?.reason).toBe('executable');
});
