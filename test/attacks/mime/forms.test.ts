/** Variants of the rows of threats.tsv that ambiguous.test.ts drives by one form: boundaries, fields, encodings, containers, names. */
import { expect, test } from 'vitest';
import { openAviary } from '../../kit/canary.ts';
import { expectDead } from '../pdf/crossed.ts';
import { attached, base64, type Crossed, HEADER, mixed, noticeLine, through } from '../through.ts';

const aviary = openAviary();
const LETTERS = 'Please read this, it is a small letter. ';
const PROGRAM = Buffer.concat([
  Buffer.from('MZ\x90\0\x03\0\0\0', 'latin1'),
  Buffer.alloc(400),
  Buffer.from(`This program cannot be run in DOS mode. ${aviary.die('program')}`),
]);
const LETTER = Buffer.from(LETTERS.repeat(12));
const TEXT = ['Content-Type: text/plain', '', 'Hello.'];
const CTE = 'Content-Transfer-Encoding: base64';
const FILE = [
  'Content-Type: application/octet-stream; name="a.txt"',
  'Content-Disposition: attachment; filename="a.txt"',
];

/** @param declared parameters of the type; @param used between the parts */
const parts = (
  declared: string,
  used: string,
  part: string,
  second: readonly string[] = [...FILE, CTE],
): readonly string[] => [
  ...HEADER,
  `Content-Type: ${declared}`,
  '',
  `--${used}`,
  ...TEXT,
  `--${used}`,
  ...second,
  '',
  part,
  `--${used}--`,
];

type Form = readonly [id: string, what: string, make: (part: string) => readonly string[]];

const boundary = (id: string, what: string, declared: string, used: string): Form => [
  id,
  what,
  (part) => parts(`multipart/mixed; ${declared}`, used, part),
];
const encoded = (id: string, what: string, field: string): Form => [
  id,
  what,
  (part) => parts('multipart/mixed; boundary=foo', 'foo', part, [...FILE, field]),
];
const within = (id: string, type: string): Form => [id, type, (part) => parts(`${type}; boundary=foo`, 'foo', part)];

const FORMS: readonly Form[] = [
  boundary('M05', 'two boundaries, in quotes', 'boundary="foo"; boundary="bar"', 'foo'),
  boundary('M07', 'the same piece twice', 'boundary*0=f; boundary*1=oo; boundary*0=x', 'foo'),
  boundary('M07', 'pieces out of order', 'boundary*1=oo; boundary*0=f', 'foo'),
  boundary('M07', 'pieces beside a whole', 'boundary=bar; boundary*0=f; boundary*1=oo', 'foo'),
  boundary('M07', 'a piece with a charset', "boundary*=us-ascii''f%6fo", 'foo'),
  boundary('M08', 'a whole encoded word', 'boundary="=?us-ascii?Q?foo?="', 'foo'),
  boundary('M08', 'a boundary that looks encoded', 'boundary="=?us-ascii?Q?foo?="', '=?us-ascii?Q?foo?='),
  boundary('M08', 'in base64', 'boundary="=?us-ascii?B?Zm9v?="', 'foo'),
  boundary('M09', 'a comment before it', 'boundary=(x)foo', 'foo'),
  boundary('M09', 'an open comment behind it', 'boundary=foo(', 'foo'),
  boundary('M10', 'a blank inside', 'boundary="fo o"', 'fo o'),
  boundary('M10', 'a blank at the end', 'boundary="foo "', 'foo'),
  boundary('M10', 'a blank at the start', 'boundary=" foo"', ' foo'),
  boundary('M10', 'a tab around the sign', 'boundary\t=\tfoo', 'foo'),
  boundary('M10', 'blanks around the sign', 'boundary = "foo"', 'foo'),
  boundary('M10', 'NUL at the end', 'boundary="foo\0"', 'foo'),
  boundary('M10', 'NUL at the start', 'boundary="\0foo"', 'foo'),
  boundary('M10', 'a vertical tab', 'boundary="foo\x0b"', 'foo'),
  boundary('M11', 'no name', '', 'foo'),
  boundary('M11', 'a bare sign', 'boundary=', ''),
  boundary('M12', 'one letter more in the lines', 'boundary=foo', 'foob'),
  boundary('M12', 'one letter less in the lines', 'boundary=foob', 'foo'),
  boundary('M13', 'a semicolon inside', 'boundary="foo;bar"', 'foo;bar'),
  boundary('M13', 'a bare semicolon inside', 'boundary=foo;bar', 'foo'),
  boundary('M13', 'a backslash', 'boundary="f\\oo"', 'foo'),
  boundary('M13', 'a backslash that is meant', 'boundary="f\\\\oo"', 'f\\oo'),
  boundary('M13', 'a quote that opens late', 'boundary=f"oo"', 'foo'),
  boundary('M13', 'single quotes', "boundary='foo'", "'foo'"),
  encoded('M02', 'two values, the other way round', 'Content-Transfer-Encoding: 7bit, base64'),
  encoded('M09', 'a comment behind the encoding', 'Content-Transfer-Encoding: base64 (x)'),
  encoded('M14', 'a blank before the name', ' Content-Transfer-Encoding: base64'),
  encoded('M14', 'a tab before the colon', 'Content-Transfer-Encoding\t: base64'),
  encoded('M14', 'NUL before the name', '\0Content-Transfer-Encoding: base64'),
  encoded('M14', 'NUL inside the name', 'Content-Transfer\0-Encoding: base64'),
  encoded('M14', 'two colons', 'Content-Transfer-Encoding:: base64'),
  encoded('M14', 'no colon', 'Content-Transfer-Encoding base64'),
  encoded('M16', 'a fold before the colon', 'Content-Transfer-Encoding\r\n : base64'),
  encoded('M16', 'a fold inside the value', 'Content-Transfer-Encoding: ba\r\n se64'),
  encoded('M16', 'a fold of blanks only', 'Content-Transfer-Encoding:\r\n \r\n base64'),
  encoded('M16', 'a fold inside the name', 'Content-Transfer-\r\n Encoding: base64'),
  encoded('M27', 'in quotes', 'Content-Transfer-Encoding: "base64"'),
  encoded('M27', 'an encoded word in part', 'Content-Transfer-Encoding: =?us-ascii?Q?bas?=e64'),
  encoded('M26', 'base65', 'Content-Transfer-Encoding: base65'),
  encoded('M26', 'x-uue', 'Content-Transfer-Encoding: x-uue'),
  encoded('M26', 'x-gzip64', 'Content-Transfer-Encoding: x-gzip64'),
  encoded('M26', '8-bit', 'Content-Transfer-Encoding: 8-bit'),
  encoded('M26', 'binhex', 'Content-Transfer-Encoding: binhex'),
  [
    'M28',
    'two streams in one',
    (part) => parts('multipart/mixed; boundary=foo', 'foo', `${base64('words words')}\r\n${part}`),
  ],
  [
    'M28',
    'an equals sign in each line',
    (part) => parts('multipart/mixed; boundary=foo', 'foo', part.replaceAll('\r\n', '=\r\n')),
  ],
  ['M29', 'cut in the middle of a group', (part) => parts('multipart/mixed; boundary=foo', 'foo', part.slice(0, -3))],
  ['M29', 'padding too long', (part) => parts('multipart/mixed; boundary=foo', 'foo', `${part}====`)],
  [
    'M29',
    'bits under the padding',
    (part) => parts('multipart/mixed; boundary=foo', 'foo', part.replace(/.(=*)$/, '/$1')),
  ],
  [
    'M30',
    'a last group of one letter',
    (part) => parts('multipart/mixed; boundary=foo', 'foo', `${part.replace(/=+$/, '')}A`),
  ],
  within('M39', 'multipart/related; start="<2>"; type="text/html"'),
  within('M40', 'multipart/header-set'),
  within('M69', 'multipart/byteranges'),
  within('M69', 'multipart/form-data'),
  within('M69', 'multipart/voice-message'),
  within('M69', 'multipart/digest'),
  within('M69', 'multipart/parallel'),
  within('M69', 'multipart/unheard-of'),
  [
    'M23',
    'the inner boundary in quotes',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/mixed; boundary=foo',
      '',
      '--foo',
      'Content-Type: multipart/alternative; boundary="foo"',
      '',
      '--foo',
      ...TEXT,
      '--foo',
      ...FILE,
      CTE,
      '',
      part,
      '--foo--',
      '',
      '--foo--',
    ],
  ],
  [
    'M24',
    'the outer boundary continues the inner',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/mixed; boundary=foo-1',
      '',
      '--foo-1',
      'Content-Type: multipart/mixed; boundary=foo',
      '',
      '--foo',
      ...FILE,
      CTE,
      '',
      part,
      '--foo--',
      '--foo-1--',
    ],
  ],
  [
    'M25',
    'an embedded mail in base64',
    (part) =>
      parts('multipart/mixed; boundary=foo', 'foo', base64(mixed([...FILE, CTE, '', part]).join('\r\n')), [
        'Content-Type: message/rfc822',
        CTE,
      ]),
  ],
  ['M22', 'cut inside the file', (part) => parts('multipart/mixed; boundary=foo', 'foo', part).slice(0, -1)],
  [
    'M37',
    'in a message/global',
    (part) =>
      parts('multipart/mixed; boundary=foo', 'foo', mixed([...FILE, CTE, '', part]).join('\r\n'), [
        'Content-Type: message/global',
      ]),
  ],
  [
    'M37',
    'in a message/news',
    (part) => parts('multipart/mixed; boundary=foo', 'foo', part, ['Content-Type: message/news', CTE]),
  ],
  [
    'M37',
    'in a message/http',
    (part) => parts('multipart/mixed; boundary=foo', 'foo', part, ['Content-Type: message/http', CTE]),
  ],
  [
    'M37',
    'in a message/disposition-notification',
    (part) =>
      parts('multipart/mixed; boundary=foo', 'foo', part, ['Content-Type: message/disposition-notification', CTE]),
  ],
  ['M67', 'two MIME-Versions', (part) => ['MIME-Version: 2.0', ...parts('multipart/mixed; boundary=foo', 'foo', part)]],
  [
    'M67',
    'no MIME-Version',
    (part) => parts('multipart/mixed; boundary=foo', 'foo', part).filter((line) => !line.startsWith('MIME-Version')),
  ],
  [
    'M65',
    'a quoted mbox line',
    (part) => ['>From a@example.com Sun Nov 22 10:00:00 2026', ...parts('multipart/mixed; boundary=foo', 'foo', part)],
  ],
  ['M64', 'a folded line as the first', (part) => [' folded', ...parts('multipart/mixed; boundary=foo', 'foo', part)]],
];

const isTold = ({ report }: Crossed): boolean =>
  report.verdict.kind !== 'sanitized' ||
  report.defects.length > 0 ||
  report.body.removed.length > 0 ||
  report.attachments.some(({ removed }) => removed.length > 0);

test.each(FORMS)('%s: a program under %s does not cross', async (_id, _what, make) => {
  const mail = await through(...make(base64(PROGRAM)));
  expectDead(mail, aviary.canaries);
  expect(mail.everything).not.toContain('MZ\x90');
  expect(mail.everything.replace(/\s/g, '')).not.toContain(PROGRAM.toString('base64').slice(4, 40));
  expect(isTold(mail)).toBe(true);
});

/** A reader of the original saw it, or the notice names what could not be read. */
test.each(FORMS)('%s: a letter under %s arrives or is told (benign twin)', async (_id, _what, make) => {
  const mail = await through(...make(base64(LETTER)));
  if (!mail.everything.includes(LETTERS.trim())) expect(isTold(mail)).toBe(true);
});

const PGP = [
  '-----BEGIN PGP MESSAGE-----',
  '',
  base64(Buffer.concat([Buffer.from([0x85, 1, 12, 3]), Buffer.from(aviary.die('inside PGP')), Buffer.alloc(200, 7)])),
  '=AAAA',
  '-----END PGP MESSAGE-----',
];

test('M47: what is under PGP/MIME is held, with a sentence that says so', async () => {
  const mail = await through(
    ...HEADER,
    'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=foo',
    '',
    '--foo',
    'Content-Type: application/pgp-encrypted',
    '',
    'Version: 1',
    '--foo',
    'Content-Type: application/octet-stream; name=encrypted.asc',
    '',
    ...PGP,
    '--foo--',
  );
  expectDead(mail, aviary.canaries);
  expect(mail.everything).not.toContain('BEGIN PGP MESSAGE');
  expect(mail.report.attachments.find(({ untrustedName }) => untrustedName === 'encrypted.asc')).toMatchObject({
    outcome: 'blocked',
    reason: 'encrypted',
  });
  expect(noticeLine(mail, 'encrypted.asc')).toContain('お渡しできません');
});

test.each([
  ['in the text', [...HEADER, 'Content-Type: text/plain', '', ...PGP]],
  ['behind other words', [...HEADER, 'Content-Type: text/plain', '', 'See below.', '', ...PGP]],
  ['as a file', mixed(attached('a.asc', 'text/plain', PGP.join('\r\n')))],
])('M47: a PGP message %s is held, not passed on as letters', async (_where, lines) => {
  const mail = await through(...lines);
  expectDead(mail, aviary.canaries);
  expect(mail.everything.replace(/\s/g, '')).not.toContain((PGP[2] ?? '').replace(/\s/g, '').slice(8, 80));
  expect(isTold(mail)).toBe(true);
});

test('M47: a signed text keeps its words (benign twin)', async () => {
  const signed = [
    '-----BEGIN PGP SIGNED MESSAGE-----',
    'Hash: SHA256',
    '',
    'Signed words.',
    '-----BEGIN PGP SIGNATURE-----',
    '',
    base64(Buffer.alloc(90, 9)),
    '-----END PGP SIGNATURE-----',
  ];
  const mail = await through(...HEADER, 'Content-Type: text/plain', '', ...signed);
  expect(mail.everything).toContain('Signed words.');
});

test('M46: what a signature carries beside the signature is gone, the text stays', async () => {
  const payload = Buffer.concat([Buffer.from('3082010006092a864886f70d010702', 'hex'), PROGRAM]);
  const mail = await through(
    ...HEADER,
    'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s',
    '',
    '--s',
    ...TEXT,
    '--s',
    'Content-Type: application/pkcs7-signature; name=smime.p7s',
    'Content-Disposition: attachment; filename=smime.p7s',
    CTE,
    '',
    base64(payload),
    '--s--',
  );
  expectDead(mail, aviary.canaries);
  expect(mail.files).toEqual([]);
  expect(mail.text).toContain('Hello.');
  expect(mail.text).toMatch(/署名/);
});

test.each([
  ['M60', 'text/x-vcard', 'BEGIN:VCARD\r\nFN:Taro\r\nEND:VCARD\r\n'],
  ['M60', 'text/directory', 'BEGIN:VCARD\r\nFN:Taro\r\nEND:VCARD\r\n'],
  ['M60', 'text/enriched', '<param>x</param><bold>Taro</bold>'],
  ['M60', 'text/troff', '.TH Taro\r\n.PSPIC |touch\r\n'],
  ['M60', 'text/xml', '<?xml version="1.0"?><a>Taro</a>'],
  ['M60', 'text/javascript', 'var Taro = new ActiveXObject("WScript.Shell");\r\n'],
  ['M60', 'text/css', '@import url(https://evil.example.invalid/x);\r\n'],
])('%s: a part that is %s is never that in what goes on', async (_id, type, content) => {
  const mail = await through(...mixed([`Content-Type: ${type}`, CTE, '', base64(content)]));
  expect(mail.text).toContain('Please read.');
  for (const file of mail.files) expect(file.name).toMatch(/\.txt$/);
  expect(mail.everything).not.toMatch(/ActiveXObject|https:\/\/evil/);
});

test.each([
  ['M54', 'C:\\x\\a.txt'],
  ['M54', '..\\..\\a.txt'],
  ['M54', '../../a.txt'],
  ['M54', '/etc/a.txt'],
  ['M54', '\\\\host\\share\\a.txt'],
  ['M54', 'a.txt:ads'],
  ['M54', 'c:a.txt'],
  ['M54', 'a/../../b.txt'],
  ['M54', 'file:///a.txt'],
  ['M54', '~/a.txt'],
  ['M55', 'CON'],
  ['M55', 'NUL.txt'],
  ['M55', 'com1.txt.txt'],
  ['M55', 'a.txt. . .'],
  ['M55', `${'名'.repeat(400)}.txt`],
  ['M56', ''],
  ['M56', '.txt'],
  ['M56', '...'],
  ['M57', 'a.txt\0.exe'],
  ['M57', '\0\x01\x1b.txt'],
  ['A01', 'a.pdf.txt'],
  ['A01', 'a.txt.exe.txt'],
  ['A02', 'invoice\u202Etxt.exe.txt'],
  ['M51', 'a.txt*0=b'],
  ['B05', '\u2066a\u2069.txt'],
  ['B06', 'a\u200b\u{E0061}.txt'],
])('%s: the name %j comes out as a plain name of the true type', async (_id, name) => {
  const mail = await through(...mixed(attached(name, 'text/plain', 'words')));
  const [file] = mail.files;
  if (file === undefined) {
    // Held under that name: a program, however innocent its content.
    expect(mail.report.attachments[0]).toMatchObject({ outcome: 'blocked', reason: 'script' });
    return;
  }
  expect(file.name).toMatch(/\.txt$/);
  expect(file.name).not.toMatch(/[\\/:*?"<>|\x00-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\u{E0000}-\u{E007F}]/u);
  expect(file.name).not.toMatch(/^(?:con|nul|com1)(?:\.|$)|\.exe\./i);
  expect([...file.name].length).toBeLessThanOrEqual(120);
  expect(file.bytes.toString()).toContain('words');
});

test.each([
  ['M51', 'a hole in the pieces', 'filename*0=a; filename*2=.txt'],
  ['M51', 'pieces with and without a charset', "filename*0*=utf-8''a%E3%81%82; filename*1=b.txt"],
  ['M51', 'a charset that is none', "filename*=nonsense''a%E3%81%82.txt"],
  ['M51', 'a wrong charset', "filename*=us-ascii''%83%65.txt"],
  ['M51', 'broken percents', "filename*=utf-8''%zz%4.txt"],
  ['M51', 'the same piece twice', 'filename*0=a.exe; filename*0=b.txt'],
  ['M52', 'an encoded word', 'filename="=?ISO-2022-JP?B?GyRCTT07OxsoQi50eHQ=?="'],
  ['M52', 'an encoded word in Q', 'filename="=?UTF-8?Q?=E4=BA=88=E7=AE=97=2Etxt?="'],
  ['M53', 'raw Shift_JIS', 'filename="\x97\x5c\x8eZ.txt"'],
  ['M53', 'raw EUC-JP', 'filename="\xcd\xbd\xbb\xbb.txt"'],
  ['M53', 'Shift_JIS that ends in a backslash', 'filename="\x95\\.txt"'],
])('%s: a name with %s comes out clean, its file whole', async (id, _what, parameter) => {
  const mail = await through(
    ...mixed(['Content-Type: text/plain', `Content-Disposition: attachment; ${parameter}`, CTE, '', base64('words')]),
  );
  const held = mail.report.attachments[0]?.outcome === 'blocked';
  if (held) expect(mail.report.attachments[0]?.reason).toBe('script');
  else {
    expect(mail.files[0]?.bytes.toString()).toContain('words');
    expect(mail.files[0]?.name).toMatch(/^[^\x00-\x1f\\/:]+\.txt$/);
  }
  if (id === 'M52' || parameter.includes('\x97\x5c') || parameter.includes('\xcd\xbd')) {
    expect(mail.files[0]?.name).toBe('予算.txt');
  }
});
