/**
 * Messages that readers understand differently (threats.tsv M01–M47): the program in them crosses under no reading, and the
 * notice tells of it or of the disorder. The benign twin of each carries a text instead of the program: it must arrive.
 */
import { expect, test } from 'vitest';
import { openAviary, sightings } from '../../kit/canary.ts';
import { base64, type Crossed, HEADER, through } from '../through.ts';

const LETTERS = 'Please read this, it is a small letter. ';
const aviary = openAviary();
const MARK = aviary.die('program');
const PROGRAM = Buffer.concat([
  Buffer.from('MZ\x90\x00\x03\x00\x00\x00', 'latin1'),
  Buffer.alloc(400),
  Buffer.from(`This program cannot be run in DOS mode. ${MARK}`),
]);
const LETTER = Buffer.from(LETTERS.repeat(12));

/** A structure around one part in base64. */
type Structure = (part: string) => readonly string[];

const TEXT = ['Content-Type: text/plain', '', 'Hello.'];
const FILE = [
  'Content-Type: application/octet-stream; name="a.txt"',
  'Content-Disposition: attachment; filename="a.txt"',
];
const CTE = 'Content-Transfer-Encoding: base64';

/** multipart/mixed with the given fields in front and delimiters of `used`. */
const parted =
  (fields: readonly string[], used: string, second: readonly string[] = [...FILE, CTE]): Structure =>
  (part) => [...HEADER, ...fields, '', `--${used}`, ...TEXT, `--${used}`, ...second, '', part, `--${used}--`];
const mixedWith = (second: readonly string[]): Structure =>
  parted(['Content-Type: multipart/mixed; boundary=foo'], 'foo', second);

const STRUCTURES: readonly (readonly [id: string, what: string, Structure])[] = [
  ['M01', 'two encodings, base64 first', mixedWith([...FILE, CTE, 'Content-Transfer-Encoding: 7bit'])],
  ['M01', 'two encodings, base64 last', mixedWith([...FILE, 'Content-Transfer-Encoding: quoted-printable', CTE])],
  ['M02', 'two encodings in one field', mixedWith([...FILE, 'Content-Transfer-Encoding: "base64", 7bit'])],
  [
    'M03',
    'two types, multipart first',
    parted(['Content-Type: multipart/mixed; boundary=foo', 'Content-Type: text/plain'], 'foo'),
  ],
  [
    'M03',
    'two types, multipart last',
    parted(['Content-Type: text/plain', 'Content-Type: multipart/mixed; boundary=foo'], 'foo'),
  ],
  ['M04', 'two types in one field', parted(['Content-Type: text/plain, multipart/mixed; boundary=foo'], 'foo')],
  [
    'M05',
    'two boundaries, the first used',
    parted(['Content-Type: multipart/mixed; boundary=foo; boundary=bar'], 'foo'),
  ],
  [
    'M05',
    'two boundaries, the second used',
    parted(['Content-Type: multipart/mixed; boundary=bar; boundary=foo'], 'foo'),
  ],
  [
    'M06',
    'two fields, two boundaries',
    parted(['Content-Type: multipart/mixed; boundary=bar', 'Content-Type: multipart/mixed; boundary=foo'], 'foo'),
  ],
  ['M07', 'a boundary in pieces', parted(['Content-Type: multipart/mixed; boundary*0=f; boundary*1=oo'], 'foo')],
  [
    'M08',
    'a boundary in an encoded word',
    parted(['Content-Type: multipart/mixed; boundary="f=?us-ascii?Q?oo?="'], 'foo'),
  ],
  ['M09', 'a comment in the boundary', parted(['Content-Type: multipart/mixed; boundary=foo(x)'], 'foo')],
  ['M09', 'a comment in the encoding', mixedWith([...FILE, 'Content-Transfer-Encoding: (x) base64'])],
  ['M09', 'half a comment in the encoding', mixedWith([...FILE, 'Content-Transfer-Encoding: (base64'])],
  ['M10', 'NUL in the boundary', parted(['Content-Type: multipart/mixed; boundary="foo\0bar"'], 'foo')],
  ['M10', 'blanks around the boundary', parted(['Content-Type: multipart/mixed; boundary=" foo "'], 'foo')],
  ['M11', 'no boundary', parted(['Content-Type: multipart/mixed'], 'foo')],
  ['M11', 'an empty boundary', parted(['Content-Type: multipart/mixed; boundary=""'], '')],
  ['M12', 'a boundary that is a prefix', parted(['Content-Type: multipart/mixed; boundary=fo'], 'foo')],
  ['M13', 'half a quote', parted(['Content-Type: multipart/mixed; boundary="foo'], 'foo')],
  ['M14', 'blank before the colon', mixedWith([...FILE, 'Content-Transfer-Encoding : base64'])],
  ['M15', 'odd case', mixedWith([...FILE, 'cOnTeNt-TrAnSfEr-EnCoDiNg: BaSe64'])],
  ['M16', 'a fold behind the colon', mixedWith([...FILE, 'Content-Transfer-Encoding:\r\n base64'])],
  [
    'M19',
    'no blank line before the body',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/mixed; boundary=foo',
      '',
      '--foo',
      ...TEXT,
      '--foo',
      ...FILE,
      CTE,
      part,
      '--foo--',
    ],
  ],
  [
    'M20',
    'in the preamble',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/mixed; boundary=foo',
      '',
      ...FILE,
      CTE,
      '',
      part,
      '',
      '--foo',
      ...TEXT,
      '--foo--',
    ],
  ],
  [
    'M21',
    'in the epilogue',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/mixed; boundary=foo',
      '',
      '--foo',
      ...TEXT,
      '--foo--',
      ...FILE,
      CTE,
      '',
      part,
    ],
  ],
  [
    'M21',
    'a part behind the end',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/mixed; boundary=foo',
      '',
      '--foo',
      ...TEXT,
      '--foo--',
      '--foo',
      ...FILE,
      CTE,
      '',
      part,
      '--foo--',
    ],
  ],
  [
    'M22',
    'no end',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/mixed; boundary=foo',
      '',
      '--foo',
      ...TEXT,
      '--foo',
      ...FILE,
      CTE,
      '',
      part,
    ],
  ],
  [
    'M23',
    'the inner boundary is the outer',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/mixed; boundary=foo',
      '',
      '--foo',
      'Content-Type: multipart/mixed; boundary=foo',
      '',
      '--foo',
      ...FILE,
      CTE,
      '',
      part,
      '--foo--',
      '--foo--',
    ],
  ],
  [
    'M24',
    'the inner boundary continues the outer',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/mixed; boundary=foo',
      '',
      '--foo',
      'Content-Type: multipart/mixed; boundary=foo-1',
      '',
      '--foo-1',
      ...FILE,
      CTE,
      '',
      part,
      '--foo-1--',
      '--foo--',
    ],
  ],
  [
    'M25',
    'a multipart in base64',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/mixed; boundary=foo',
      CTE,
      '',
      base64(['--foo', ...FILE, CTE, '', part, '--foo--', ''].join('\r\n')),
    ],
  ],
  ['M27', 'an encoded encoding', mixedWith([...FILE, 'Content-Transfer-Encoding: =?us-ascii?Q?base64?='])],
  ['M28', 'junk in the base64', (part) => mixedWith([...FILE, CTE])(part.replaceAll('A', 'A*'))],
  ['M28', 'an end in the middle', (part) => mixedWith([...FILE, CTE])(`QUJDRA==\r\n${part}`)],
  ['M29', 'a blank between all letters', (part) => mixedWith([...FILE, CTE])(part.replace(/./g, '$& '))],
  ['M29', 'the URL alphabet', (part) => mixedWith([...FILE, CTE])(part.replaceAll('+', '-').replaceAll('/', '_'))],
  ['M30', 'text behind the base64', (part) => mixedWith([...FILE, CTE])(`${part}\r\n\r\nRegards, the sender`)],
  [
    'M38',
    'in an alternative',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/alternative; boundary=foo',
      '',
      '--foo',
      ...TEXT,
      '--foo',
      ...FILE,
      CTE,
      '',
      part,
      '--foo--',
    ],
  ],
  [
    'M38',
    'deep in an alternative',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/alternative; boundary=foo',
      '',
      '--foo',
      ...TEXT,
      '--foo',
      'Content-Type: multipart/related; boundary=bar',
      '',
      '--bar',
      'Content-Type: text/html',
      '',
      '<p>Hello.</p>',
      '--bar',
      ...FILE,
      CTE,
      '',
      part,
      '--bar--',
      '--foo--',
    ],
  ],
  [
    'M40',
    'in an appledouble',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/appledouble; boundary=foo',
      '',
      '--foo',
      'Content-Type: application/applefile',
      CTE,
      '',
      part,
      '--foo',
      ...TEXT,
      '--foo--',
    ],
  ],
  [
    'M58',
    'inline and without disposition',
    mixedWith(['Content-Type: application/octet-stream', 'Content-Disposition: inline', CTE]),
  ],
  ['M59', 'as text/plain without a name', mixedWith(['Content-Type: text/plain', CTE])],
  ['M59', 'as text/html without a name', mixedWith(['Content-Type: text/html', CTE])],
  ['M64', 'a blank line before the header', (part) => ['', ...mixedWith([...FILE, CTE])(part)]],
  [
    'M65',
    'an mbox line before the header',
    (part) => ['From a@example.com Sun Nov 22 10:00:00 2026', ...mixedWith([...FILE, CTE])(part)],
  ],
  ['M69', 'in x-mixed-replace', parted(['Content-Type: multipart/x-mixed-replace; boundary=foo'], 'foo')],
  [
    'M74',
    'as AMP',
    (part) => [
      ...HEADER,
      'Content-Type: multipart/alternative; boundary=foo',
      '',
      '--foo',
      ...TEXT,
      '--foo',
      'Content-Type: text/x-amp-html',
      CTE,
      '',
      part,
      '--foo--',
    ],
  ],
];

/** Held files, a disorder or the whole message: something of it must be told. */
const isTold = ({ report }: Crossed): boolean =>
  report.verdict.kind !== 'sanitized' || report.defects.length > 0 || report.body.removed.length > 0;

test.each(STRUCTURES)('%s: a program %s does not cross', async (_id, _what, structure) => {
  const mail = await through(...structure(base64(PROGRAM)));
  expect(sightings(Buffer.from(mail.everything, 'latin1'), aviary.canaries)).toEqual([]);
  for (const { bytes } of mail.files) expect(bytes.indexOf('MZ\x90', 0, 'latin1')).toBe(-1);
  // Base64 that could be taken apart again would be the program in letters.
  expect(mail.everything.replace(/\s/g, '')).not.toContain(PROGRAM.toString('base64').slice(4, 40));
  expect(isTold(mail)).toBe(true);
});

/** Where a letter is legitimately not shown: the place that no reader shows, and forms that repeat the text. */
const NOT_SHOWN = new Set(['in the preamble', 'in the epilogue', 'a part behind the end', 'as AMP']);

test.each(STRUCTURES.filter(([, what]) => !NOT_SHOWN.has(what)))(
  '%s: a letter %s arrives (benign twin)',
  async (_id, _what, structure) => {
    const mail = await through(...structure(base64(LETTER)));
    expect(mail.everything).toContain(LETTERS.trim());
  },
);
