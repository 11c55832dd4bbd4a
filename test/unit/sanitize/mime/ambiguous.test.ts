/**
 * Messages that readers read differently (threats.tsv M01–M31). Whatever any of them would find is found here, or the
 * whole message is held; the benign twin of each shape has no defect and no extra leaf.
 */
import { expect, test } from 'vitest';
import { ATTACHMENT, bytesOf, defectNames, found, MARKER, MARKER_64, parse, read, twoParts, untiled } from './mails.ts';

const PLAIN = 'Content-Type: multipart/mixed; boundary="foo"';

interface Row {
  readonly id: string;
  readonly what: string;
  readonly lines: readonly string[];
  /** A defect that must be named. */
  readonly defect: string;
}

const withEncoding = (...fields: readonly string[]): readonly string[] =>
  twoParts([PLAIN], 'foo', ['Content-Type: application/octet-stream', ...fields, '', MARKER_64]);

const ROWS: readonly Row[] = [
  {
    id: 'M01',
    what: 'two transfer encodings, base64 first',
    lines: withEncoding('Content-Transfer-Encoding: base64', 'Content-Transfer-Encoding: 7bit'),
    defect: 'duplicate-transfer-encoding',
  },
  {
    id: 'M01',
    what: 'two transfer encodings, base64 last',
    lines: withEncoding('Content-Transfer-Encoding: 7bit', 'Content-Transfer-Encoding: base64'),
    defect: 'duplicate-transfer-encoding',
  },
  {
    id: 'M02',
    what: 'two encodings in one field',
    lines: withEncoding('Content-Transfer-Encoding: "base64", 7bit'),
    defect: 'transfer-encoding-list',
  },
  {
    id: 'M03',
    what: 'text, then multipart',
    lines: twoParts(['Content-Type: text/plain', PLAIN], 'foo'),
    defect: 'duplicate-content-type',
  },
  {
    id: 'M03',
    what: 'multipart, then text',
    lines: twoParts([PLAIN, 'Content-Type: text/plain'], 'foo'),
    defect: 'duplicate-content-type',
  },
  {
    id: 'M04',
    what: 'two types in one field',
    lines: twoParts(['Content-Type: application/octet-stream, multipart/mixed; boundary=foo'], 'foo'),
    defect: 'content-type-list',
  },
  {
    id: 'M05',
    what: 'two boundary parameters, the first splits',
    lines: twoParts(['Content-Type: multipart/mixed; boundary=foo; boundary=bar'], 'foo'),
    defect: 'duplicate-boundary',
  },
  {
    id: 'M05',
    what: 'two boundary parameters, the last splits',
    lines: twoParts(['Content-Type: multipart/mixed; boundary=bar; boundary=foo'], 'foo'),
    defect: 'duplicate-boundary',
  },
  {
    id: 'M06',
    what: 'two fields with different boundaries',
    lines: twoParts(['Content-Type: multipart/mixed; boundary=bar', PLAIN], 'foo'),
    defect: 'duplicate-content-type',
  },
  {
    id: 'M07',
    what: 'boundary in numbered pieces',
    lines: twoParts(['Content-Type: multipart/mixed; boundary*0=f; boundary*1=oo; boundary*0=x'], 'foo'),
    defect: 'duplicate-boundary',
  },
  {
    id: 'M08',
    what: 'boundary that decodes',
    lines: twoParts(['Content-Type: multipart/mixed; boundary="=?us-ascii?Q?foo?="'], 'foo'),
    defect: 'boundary-encoded-word',
  },
  {
    id: 'M08',
    what: 'boundary that some decode',
    lines: twoParts(['Content-Type: multipart/mixed; boundary="=?us-ascii?Q?foo?="'], '=?us-ascii?Q?foo?='),
    defect: 'boundary-encoded-word',
  },
  {
    id: 'M09',
    what: 'comment behind the boundary',
    lines: twoParts(['Content-Type: multipart/mixed; boundary=foo(c)'], 'foo'),
    defect: 'comment-in-content-type',
  },
  {
    id: 'M09',
    what: 'comment that is the boundary to some',
    lines: twoParts(['Content-Type: multipart/mixed; boundary=foo(c)'], 'foo(c)'),
    defect: 'comment-in-content-type',
  },
  {
    id: 'M09',
    what: 'comment before the encoding',
    lines: withEncoding('Content-Transfer-Encoding: (x) base64'),
    defect: 'comment-in-transfer-encoding',
  },
  {
    id: 'M09',
    what: 'half a comment before the encoding',
    lines: withEncoding('Content-Transfer-Encoding: (base64'),
    defect: 'unclosed-comment-in-transfer-encoding',
  },
  {
    id: 'M10',
    what: 'NUL in the boundary, kept',
    lines: twoParts(['Content-Type: multipart/mixed; boundary=f\0oo'], 'f\0oo'),
    defect: 'nul-in-header',
  },
  {
    id: 'M10',
    what: 'NUL in the boundary, dropped',
    lines: twoParts(['Content-Type: multipart/mixed; boundary=f\0oo'], 'foo'),
    defect: 'nul-in-header',
  },
  {
    id: 'M10',
    what: 'NUL that cuts the boundary',
    lines: twoParts(['Content-Type: multipart/mixed; boundary=foo\0bar'], 'foo'),
    defect: 'nul-in-header',
  },
  {
    id: 'M10',
    what: 'blank before the boundary',
    lines: twoParts(['Content-Type: multipart/mixed; boundary=" foo"'], 'foo'),
    defect: 'boundary-white-space',
  },
  {
    id: 'M10',
    what: 'blank around the equals sign',
    lines: twoParts(['Content-Type: multipart/mixed; boundary = "foo"'], 'foo'),
    defect: 'space-around-equals-in-content-type',
  },
  {
    id: 'M11',
    what: 'empty boundary',
    lines: twoParts(['Content-Type: multipart/mixed; boundary=""'], ''),
    defect: 'empty-boundary',
  },
  {
    id: 'M11',
    what: 'no boundary',
    lines: twoParts(['Content-Type: multipart/mixed'], 'foo'),
    defect: 'missing-boundary',
  },
  {
    id: 'M12',
    what: 'delimiter longer than declared',
    lines: twoParts(['Content-Type: multipart/mixed; boundary=fo'], 'foo'),
    defect: 'boundary-guessed',
  },
  {
    id: 'M13',
    what: 'unclosed quote',
    lines: twoParts(['Content-Type: multipart/mixed; boundary="foo; x=y'], 'foo'),
    defect: 'unclosed-quote-in-content-type',
  },
  {
    id: 'M13',
    what: 'backslash in the boundary',
    lines: twoParts(['Content-Type: multipart/mixed; boundary="f\\oo"'], 'foo'),
    defect: '',
  },
  {
    id: 'M14',
    what: 'blank before the colon',
    lines: withEncoding('Content-Transfer-Encoding : base64'),
    defect: 'space-before-colon',
  },
  {
    id: 'M14',
    what: 'blank before the name',
    lines: twoParts([PLAIN], 'foo', [
      ' Content-Transfer-Encoding: base64',
      'Content-Type: application/x',
      '',
      MARKER_64,
    ]),
    defect: 'leading-space',
  },
  {
    id: 'M14',
    what: 'a folded field to some',
    lines: withEncoding(' Content-Transfer-Encoding: base64'),
    defect: 'folded-field',
  },
  {
    id: 'M14',
    what: 'NUL before the name',
    lines: withEncoding('\0Content-Transfer-Encoding: base64'),
    defect: 'nul-in-header',
  },
  { id: 'M15', what: 'odd case', lines: withEncoding('cOnTeNt-tRaNsFeR-eNcOdInG: BaSe64'), defect: '' },
  {
    id: 'M16',
    what: 'fold before the colon',
    lines: withEncoding('Content-Transfer-Encoding', ' : base64'),
    defect: '',
  },
  {
    id: 'M16',
    what: 'fold behind the colon',
    lines: withEncoding('Content-Transfer-Encoding:', '\tbase64'),
    defect: '',
  },
  {
    id: 'M16',
    what: 'a fold of blanks only',
    lines: withEncoding('X-A: b', '   ', 'Content-Transfer-Encoding: base64'),
    defect: 'blank-fold',
  },
  {
    id: 'M19',
    what: 'no blank line before the body',
    lines: twoParts([PLAIN], 'foo', ['Content-Type: application/x', 'Content-Transfer-Encoding: base64', MARKER_64]),
    defect: 'header-without-colon',
  },
  { id: 'M22', what: 'no last delimiter', lines: twoParts([PLAIN], 'foo').slice(0, -2), defect: 'missing-close' },
  {
    id: 'M23',
    what: 'an inner multipart with the outer boundary',
    lines: twoParts([PLAIN], 'foo', [PLAIN, '', '--foo', ...ATTACHMENT, '--foo--']),
    defect: '',
  },
  {
    id: 'M24',
    what: 'an inner boundary that continues the outer one',
    lines: twoParts([PLAIN], 'foo', [
      'Content-Type: multipart/mixed; boundary=foo1',
      '',
      '--foo1',
      ...ATTACHMENT,
      '--foo1--',
    ]),
    defect: '',
  },
  {
    id: 'M27',
    what: 'encoding as encoded-word',
    lines: withEncoding('Content-Transfer-Encoding: =?us-ascii?Q?base64?='),
    defect: 'transfer-encoding-encoded-word',
  },
  {
    id: 'M27',
    what: 'encoding in quotes',
    lines: withEncoding('Content-Transfer-Encoding: "base64"'),
    defect: 'transfer-encoding-quoted',
  },
];

test.each(ROWS)('$id: $what', async ({ lines, defect }) => {
  const message = await read(...lines);
  expect(found(message)).toBe(true);
  expect(untiled(message, bytesOf(...lines).length)).toBeUndefined();
  if (defect !== '') expect(defectNames(message)).toContain(defect);
  expect(message.hold).toBeUndefined();
});

const TWINS: readonly (readonly [id: string, lines: readonly string[]])[] = [
  ['two parts', twoParts([PLAIN], 'foo')],
  ['M07', twoParts(['Content-Type: multipart/mixed; boundary*0=f; boundary*1=oo'], 'foo')],
  ['M10', twoParts(['Content-Type: multipart/mixed; boundary="f oo"'], 'f oo')],
  ['M13', twoParts(['Content-Type: multipart/mixed; boundary="foo;bar"'], 'foo;bar')],
  ['M16', twoParts(['Content-Type: multipart/mixed;', '\tboundary=foo'], 'foo')],
  [
    'M24',
    twoParts([PLAIN], 'foo', ['Content-Type: multipart/mixed; boundary=bar', '', '--bar', ...ATTACHMENT, '--bar--']),
  ],
];

test.each(TWINS)('%s: the benign twin has two leaves and no defect', async (_, lines) => {
  const message = await read(...lines);
  expect(message.leaves.map(({ seenBy }) => seenBy)).toEqual(['both', 'both']);
  expect(message.defects).toEqual([]);
  expect(found(message)).toBe(true);
});

test('M20: a part in the preamble is named and its bytes are in no leaf', () => {
  const message = parse(
    'Content-Type: multipart/mixed; boundary=foo',
    '',
    ...ATTACHMENT,
    '--foo',
    '',
    'hello',
    '--foo--',
    '',
  );
  expect(defectNames(message)).toContain('preamble-part');
  expect(found(message)).toBe(false);
});

const FILE = Array.from({ length: 12 }, () => 'QUJD'.repeat(19));

test('M20, M21: an encoded file outside all parts holds the message', () => {
  const head = ['Content-Type: multipart/mixed; boundary=foo', ''];
  expect(parse(...head, ...FILE, '--foo', '', 'hello', '--foo--', '').hold).toBe('unexplained-bytes');
  expect(
    parse(...head, '--foo', '', 'hello', '--foo--', '--foo', ...ATTACHMENT.slice(0, 4), ...FILE, '--foo--').hold,
  ).toBe('unexplained-bytes');
});

test('M20, M21: the usual preamble and a list manager’s footer hold nothing', () => {
  const head = ['Content-Type: multipart/mixed; boundary=foo', ''];
  const usual = parse(...head, 'This is a multi-part message in MIME format.', '--foo', '', 'hello', '--foo--', '');
  expect(usual.defects).toEqual([]);
  const footer = parse(...head, '--foo', '', 'hello', '--foo--', '', '_______', 'To unsubscribe: …');
  expect(defectNames(footer)).toEqual(['epilogue-text']);
  expect(footer.hold).toBeUndefined();
});

test('M25: a multipart under base64 shows its parts in the union', () => {
  const inner = bytesOf('--foo', ...ATTACHMENT, '--foo--', '');
  const lines = [
    'Content-Type: multipart/mixed; boundary=foo',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(inner).toString('base64'),
  ];
  const message = parse(...lines);
  expect(found(message)).toBe(true);
  expect(defectNames(message)).toContain('encoded-composite');
});

test('M25: a multipart that only says quoted-printable is read as it is', async () => {
  const message = await read(...twoParts([PLAIN, 'Content-Transfer-Encoding: quoted-printable'], 'foo'));
  expect(message.leaves).toHaveLength(2);
  expect(message.hold).toBeUndefined();
});

test.each(['base65', 'x-gzip64', 'binhex', 'x-yencode'])('M26: %s is not decoded but named', (encoding) => {
  const leaf = parse(...withEncoding(`Content-Transfer-Encoding: ${encoding}`)).leaves[1];
  expect(leaf?.encoding).toBe(`unknown:${encoding}`);
});

test.each(['7bit', '8bit', 'binary', 'base64', 'quoted-printable', 'x-uuencode'])('M26: %s is decoded', (encoding) => {
  const leaf = parse(...withEncoding(`Content-Transfer-Encoding: ${encoding}`)).leaves[1];
  expect(leaf?.encoding).not.toMatch(/^unknown/);
});

test('M32–M34: floods end at a limit and hold the message', () => {
  const nested = Array.from({ length: 10_000 }, (_, i) => [
    `Content-Type: multipart/mixed; boundary=b${i}`,
    '',
    `--b${i}`,
  ]).flat();
  expect(parse(nested.join('\r\n'))).toMatchObject({ hold: 'limit-exceeded', limits: ['maxDepth'] });
  const flood = ['Content-Type: multipart/mixed; boundary=a', '', ...Array.from({ length: 200_000 }, () => '--a\r\n')];
  expect(parse(flood.join('\r\n'))).toMatchObject({ hold: 'limit-exceeded', limits: ['maxParts'] });
  const chain = Array.from({ length: 5000 }, () => ['Content-Type: message/rfc822', '']).flat();
  expect(parse(chain.join('\r\n')).leaves).toHaveLength(1);
  const header = ['Subject: x', ...Array.from({ length: 100_000 }, () => ' continued line of a header field')];
  expect(parse(header.join('\r\n'))).toMatchObject({ hold: 'limit-exceeded', limits: ['maxHeaderBytes'] });
});

test('M32, M33: twenty levels less one and some hundred parts are read', () => {
  const nested = Array.from({ length: 18 }, (_, i) => [
    `Content-Type: multipart/mixed; boundary=b${i}`,
    '',
    `--b${i}`,
  ]).flat();
  const message = parse(...nested, ...ATTACHMENT, ...Array.from({ length: 18 }, (_, i) => `--b${17 - i}--`));
  expect(found(message)).toBe(true);
  expect(message.hold).toBeUndefined();
  const many = [
    'Content-Type: multipart/mixed; boundary=a',
    '',
    ...Array.from({ length: 400 }, (_, i) => `--a\r\n\r\npart ${i}`),
    '--a--',
  ];
  expect(parse(...many).leaves).toHaveLength(400);
});

test.each([
  ['M35', 'message/partial; id=x; number=1; total=2', 'fragment'],
  ['M36', 'message/external-body; access-type=URL; URL="http://canary.example.invalid/"', 'remote-content'],
] as const)('%s: %s holds the message', (_, type, hold) => {
  expect(parse(`Content-Type: ${type}`, '', 'x').hold).toBe(hold);
  expect(parse(...twoParts([PLAIN], 'foo', [`Content-Type: ${type}`, '', 'x'])).hold).toBe(hold);
});

test.each(['message/rfc822', 'message/delivery-status', 'message/global', 'message/feedback-report'])(
  'M37: %s is a leaf like others',
  (type) => {
    const message = parse(...twoParts([PLAIN], 'foo', [`Content-Type: ${type}`, '', MARKER]));
    expect(message.hold).toBeUndefined();
    expect(message.leaves[1]?.contentType.type).toBe(type);
  },
);

test('M64, M65: blank lines and an mbox line before the header are skipped and named', () => {
  for (const [first, defect] of [
    ['', 'leading-blank-line'],
    ['From a@b Mon Jan 1', 'mbox-from'],
    ['>From a@b Mon', 'mbox-from'],
  ] as const) {
    const message = parse(first, ...twoParts([PLAIN], 'foo'));
    expect(found(message)).toBe(true);
    expect(defectNames(message)).toEqual([defect]);
  }
});

test('M67: several or no MIME-Version change nothing', () => {
  const lines = twoParts([PLAIN], 'foo');
  expect(parse(...lines.filter((line) => !line.startsWith('MIME'))).leaves).toHaveLength(2);
  expect(parse('MIME-Version: 2.0', ...lines).leaves).toHaveLength(2);
});
