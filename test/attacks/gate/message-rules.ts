/** Rules of docs/output-grammar.md §1–§5 and, for each, messages that break it and nothing else. */
import {
  type Attachment,
  BODY,
  BOUNDARY,
  b64,
  HEADER,
  MESSAGE_ID,
  mixed,
  single,
  TEXT_FILE,
  TEXT_NAME,
  word,
} from './specimens.ts';

export interface Rule {
  readonly rule: string;
  readonly breaches: readonly (string | Buffer)[];
}

const base = single();

/** `single()` with a piece of it replaced; a piece that is not there would make the mutation void. */
function swap(from: string, to: string, text = base): string {
  if (!text.includes(from)) throw new Error(`nothing to replace: ${from}`);
  return text.replace(from, () => to);
}

/** The header with one field's lines replaced (or removed, when there are none). */
function field(name: string, ...lines: readonly string[]): string {
  const at = HEADER.findIndex((line) => line.startsWith(`${name}:`));
  const next = HEADER.findIndex((line, i) => i > at && !line.startsWith(' '));
  return single([...HEADER.slice(0, at), ...lines, ...HEADER.slice(next)]);
}

const fieldRaw = (name: string, values: readonly string[]): string[] =>
  values.map((value) => field(name, `${name}: ${value}`));

const txt = (name: readonly string[], bytes: string = TEXT_FILE): Attachment => ({
  media: 'text/plain; charset=utf-8',
  name,
  bytes,
});
const named = (...lines: readonly string[]): string => mixed([txt(lines)]);
const percent = (name: string): string =>
  [...Buffer.from(name)]
    .map((byte) =>
      /[A-Za-z0-9._-]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
const one = (name: string): string => named(` filename*=UTF-8''${percent(name)}`);
const attached = mixed([txt([TEXT_NAME])]);
const fields = HEADER.filter((line) => !line.startsWith(' ')).map((line) => line.split(':')[0] ?? '');

const PROGRAMS =
  'exe com scr pif cpl dll sys drv bat cmd ps1 psm1 vbs vbe js jse wsf wsh sct hta msi msp mst jar lnk url scf reg inf hlp chm iso img vhd vhdx docm xlsm pptm xlam html htm svg py pl sh php'.split(
    ' ',
  );
const DEVICES = [
  'CON',
  'prn',
  'Aux',
  'NUL',
  'CLOCK$',
  'CONIN$',
  'CONOUT$',
  'COM0',
  'com1',
  'COM9',
  'LPT0',
  'lpt9',
  'COM¹',
  'LPT²',
  'COM³',
  'NUL ',
];
const INVISIBLE = [
  '\u202E',
  '\u202A',
  '\u2066',
  '\u2069',
  '\u200E',
  '\u061C',
  '\u200B',
  '\u200D',
  '\u2060',
  '\uFEFF',
  '\u00AD',
  '\u034F',
  '\u3164',
  '\u{E0041}',
  '\u2028',
  '\u2029',
  '\0',
  '\x07',
  '\x1B',
  '\x7F',
  '\x85',
  '\uFFFE',
  '\uFDD0',
  '\u{F0000}',
  '\u{10FFFD}',
  'A\uFE00',
  'A\u{E0100}',
  '葛\u{E0100}\u{E0101}',
  '字\uFE0F',
  '\uFFF9',
];

export const MESSAGE_RULES: readonly Rule[] = [
  {
    rule: '§1 bytes',
    breaches: [...'\t\0\x01\x0b\x0c\x1b\x7f\x80\xa5\xff']
      .flatMap((byte) => [
        swap('example.com', `exam${byte}ple.com`),
        swap('Soumu', `S${byte}oumu`),
        swap('base64', `base64${byte}`),
      ])
      .map((text) => Buffer.from(text, 'latin1')),
  },
  {
    rule: '§1 line ends',
    breaches: [...base.matchAll(/\r\n/g)].flatMap(({ index }) =>
      ['\n', '\r', '\r\r\n', '\n\r', ''].map((end) => base.slice(0, index) + end + base.slice(index + 2)),
    ),
  },
  {
    rule: '§1 ends with CRLF',
    breaches: [
      base.slice(0, -2),
      base.slice(0, -1),
      `${base}\r\n`,
      `${base} `,
      `${base}\0`,
      `${attached}\r\n`,
      `${attached}epilogue\r\n`,
    ],
  },
  {
    rule: '§1 folding',
    breaches: [
      swap('id\r\n ', 'id '),
      swap('Message-ID: ', 'Message-ID:\r\n '),
      swap('Date: Sun, 22', 'Date: Sun,\r\n 22'),
      swap('>,\r\n <zaisei', '>, <zaisei'),
      swap(' <soumu', '\r\n <soumu'),
      swap('Date: ', 'Date:  '),
      swap('+0900\r\nFrom', '+0900 \r\nFrom'),
      swap('To: ', 'To:'),
      swap('id\r\n ', 'id\r\n  '),
      swap('id\r\n ', 'id\r\n\t'),
      swap('id\r\n ', 'id \r\n '),
      swap('To: ', 'To: \r\n '),
    ],
  },
  {
    rule: '§1 line length',
    breaches: [
      field('Subject', `Subject: ${'a'.repeat(68)}`),
      field('Subject', `Subject: ${Array(14).fill('abcd').join(' ')}`),
      field('References', `References: ${'<aaaaaaaaaaaaaaaaaaaaaaaa@example.com> '.repeat(2)}<b@c>`),
      field('Message-ID', 'Message-ID:', ` <${'a'.repeat(250)}@b>`),
    ],
  },
  {
    rule: '§2 each field once',
    breaches: fields.map((name) => {
      const at = HEADER.findIndex((line) => line.startsWith(`${name}:`));
      const next = HEADER.findIndex((line, i) => i > at && !line.startsWith(' '));
      const end = next < 0 ? HEADER.length : next;
      return single([...HEADER.slice(0, end), ...HEADER.slice(at, end), ...HEADER.slice(end)]);
    }),
  },
  {
    rule: '§2 required fields',
    breaches: [field('Received'), field('Message-ID'), field('Date'), field('From'), single(HEADER.slice(0, -1))],
  },
  {
    rule: '§2 order of fields',
    breaches: HEADER.flatMap((line, i) =>
      HEADER.slice(i + 1).flatMap((other, j) =>
        line.startsWith(' ') || other.startsWith(' ')
          ? []
          : [single(HEADER.map((same, k) => (k === i ? other : k === i + 1 + j ? line : same)))],
      ),
    ),
  },
  {
    rule: '§2 nothing else',
    breaches: [
      'Bcc: <a@b.jp>',
      'X-Mailer: x',
      'Sender: <a@b.jp>',
      'Return-Path: <>',
      'Sekisho-Receipt: v=1',
      'Content-Language: ja',
      'Resent-From: <a@b.jp>',
      'DKIM-Signature: v=1',
      'List-Unsubscribe: <http://a>',
      'Disposition-Notification-To: <a@b.jp>',
      ': x',
      'x',
      '',
    ].flatMap((line) => [0, 2, 3, 12, 13].map((at) => single([...HEADER.slice(0, at), line, ...HEADER.slice(at)]))),
  },
  {
    rule: '§2 case of names',
    breaches: fields
      .flatMap((name) => [
        swap(`${name}:`, `${name.toLowerCase()}:`),
        swap(`${name}:`, `${name.toUpperCase()}:`),
        swap(`${name}:`, `${name} :`),
      ])
      .filter((text) => text !== base),
  },
  {
    rule: '§2 Received',
    breaches: [
      swap('[192.0.2.25]', '[192.0.2.256]'),
      swap('[192.0.2.25]', '192.0.2.25'),
      swap('[192.0.2.25]', '[192.0.2.025]'),
      swap('[192.0.2.25]', '[IPv6:192.0.2.25]'),
      swap('[192.0.2.25]', '[2001:db8::1]'),
      swap('[192.0.2.25]', '[IPv6:FE80::1]'),
      swap('[192.0.2.25]', '[IPv6:fe80::1%eth0]'),
      swap('with SMTP', 'with ESMTP'),
      swap('with SMTP', 'via TCP'),
      swap('gw.chuo', 'GW.chuo'),
      swap('gw.chuo', '-gw.chuo'),
      swap('gw.chuo', 'gw..chuo'),
      swap('by gw', 'for gw'),
      swap(MESSAGE_ID, MESSAGE_ID.toLowerCase()),
      swap(MESSAGE_ID, MESSAGE_ID.slice(1)),
      swap(MESSAGE_ID, MESSAGE_ID.replace('J', 'I')),
      swap(`${MESSAGE_ID};`, MESSAGE_ID),
      swap('Received: from', 'Received: (a) from'),
    ],
  },
  { rule: '§2 Received names this message', breaches: [swap(MESSAGE_ID, MESSAGE_ID.replace('Z', 'Y'))] },
  {
    rule: '§2 Message-ID, one',
    breaches: [
      swap('<20261122.abc@example.com>', '<20261122.abc@example.com> <b@c>'),
      swap('<20261122.abc@example.com>', '20261122.abc@example.com'),
      swap('20261122.abc@', '20261122.abc'),
      swap('20261122.abc@', '20261122."abc"@'),
      swap('20261122.abc@', 'a@b@'),
      swap('<20261122.abc@example.com>', '<@example.com>'),
      swap('<20261122.abc@example.com>', '<a@[192.0.2.1]>'),
      swap('<20261122.abc@example.com>', ''),
    ],
  },
  {
    rule: '§2 In-Reply-To, one',
    breaches: fieldRaw('In-Reply-To', ['<a@b> <c@d>', 'a@b', '<a@b>,', '<a@b', 'text <a@b>']),
  },
  {
    rule: '§2 References, at most 50',
    breaches: [
      ...fieldRaw('References', ['a', '<a@b>,<c@d>', '<a@b>  <c@d>', '<a@b> x', '<a b@c>']),
      field(
        'References',
        ...Array.from({ length: 51 }, (_, i) => `${i === 0 ? 'References:' : ''} <${'r'.repeat(60)}${i}@example.com>`),
      ),
    ],
  },
  {
    rule: '§2 From, exactly one',
    breaches: [
      field('From', 'From: <a@b.jp>,', ' <c@d.jp>'),
      ...fieldRaw('From', [
        '',
        '<>',
        'a@b.jp',
        'Taro',
        'Taro:<a@b.jp>',
        '"Taro" <a@b.jp>',
        '<a@b.jp> (x)',
        '<a@b.jp>, <c@d.jp>',
      ]),
    ],
  },
  {
    rule: '§3 addresses',
    breaches: [
      '<a b@c.jp>',
      '<"a"@b.jp>',
      '<a@B.jp>',
      '<a@b..jp>',
      '<a@.jp>',
      '<a@-b.jp>',
      '<a@b-.jp>',
      '<a@b.jp.>',
      '<a@[192.0.2.1]>',
      '<@b.jp>',
      '<a@>',
      '<a%b@c.jp>',
      '<@r.jp:a@b.jp>',
      `<${'l'.repeat(65)}@b.jp>`,
      `<a@${'l'.repeat(64)}.jp>`,
      '<a@b.jp>,',
      '<a@b.jp>;',
      'a: <b@c.jp>;',
      '<<a@b.jp>>',
      '<a,b@c.jp>',
      '<a@b@c.jp>',
      '<mailto:a@b.jp>',
      '<a\\b@c.jp>',
      '<a(b)@c.jp>',
    ].flatMap((value) => [...fieldRaw('To', [value]), ...fieldRaw('Cc', [value]), ...fieldRaw('Reply-To', [value])]),
  },
  {
    rule: '§3 display names',
    breaches: [
      'Soumu.ka',
      "O'Brien",
      'A (b)',
      `${'a'.repeat(61)}`,
      '=?UTF-8?Q?abc?=',
      '=?utf-8?B?5bGx?=',
      '=?UTF-8?b?5bGx?=',
      '=?ISO-2022-JP?B?GyRCOzMbKEI=?=',
      `${word('山')} x`,
      `x ${word('山')}`,
      `${word('山')} ${word('田')}`,
      word('Yamada'),
      word('Yamada Taro'),
      '=?UTF-8?B?5bGx',
      '=?UTF-8?B?5bG?=',
      '=?UTF-8?B?gA==?=',
      '=?UTF-8?B?5bGxYR==?=',
      '=?UTF-8?B??=',
      word('字'.repeat(201).slice(0, 14)).replace('?=', '=?='),
    ].flatMap((value) => fieldRaw('To', [`${value} <a@b.jp>`])),
  },
  {
    rule: '§3 encoded words hide nothing',
    breaches: INVISIBLE.concat('\t', '\r\n', '\n', '\r', 'a\r\nBcc: x@y.jp').flatMap((text) => [
      ...fieldRaw('Subject', [word(`件名${text}x`)]),
      ...fieldRaw('To', [`${word(`名${text}前`)} <a@b.jp>`]),
    ]),
  },
  {
    rule: '§3 encoded words are full',
    breaches: [
      field('Subject', `Subject: ${word('会議')}`, ` ${word('資料の送付')}`),
      field('Subject', 'Subject:', ` ${word('会議資料')}`),
      field('Subject', `Subject: ${word('会議')} ${word('資料')}`),
      field('Subject', `Subject: ${word('会議')}`, ` ${word('資料')}`),
    ],
  },
  {
    rule: '§3 plain where it can be',
    breaches: [
      ...fieldRaw('Subject', [
        word('hello'),
        word('Re: a b'),
        '=?UTF-8?B?',
        'a =?b',
        'x=?UTF-8?B?5bGx?=',
        `=?UTF-8?B?${'A'.repeat(4)}?= x`,
      ]),
    ],
  },
  {
    rule: '§3 dates',
    breaches: [
      'Mon, 22 Nov 2026 23:21:58 +0900',
      'Sun, 22 Nov 2026 23:21:58 +0000',
      'Sun, 22 Nov 2026 23:21:58 -0900',
      'Sun, 22 Nov 2026 23:21:58 JST',
      'Sun, 22 nov 2026 23:21:58 +0900',
      'Sun, 22 Nov 26 23:21:58 +0900',
      '22 Nov 2026 23:21:58 +0900',
      'Sun, 22 Nov 2026 23:21 +0900',
      'Sun, 22 Nov 2026 24:00:00 +0900',
      'Sun, 22 Nov 2026 23:60:00 +0900',
      'Sun, 22 Nov 2026 23:21:60 +0900',
      'Sun, 2 Nov 2026 23:21:58 +0900',
      'Tue, 31 Nov 2026 23:21:58 +0900',
      'Fri, 22 Nov 1889 23:21:58 +0900',
      'Mon, 22 Nov 2100 23:21:58 +0900',
      'Sun, 22 Nov 2026 23:21:58 +0900 (JST)',
      'Sun, 22 Nov 2026 23:21:58.0 +0900',
      'Sun,22 Nov 2026 23:21:58 +0900',
      'Sun, 22 Nov 2026 3:21:58 +0900',
      'NaN, NaN NaN NaN NaN:NaN:NaN +0900',
    ].flatMap((date) => [...fieldRaw('Date', [date]), swap('Sun, 22 Nov 2026 23:22:01 +0900', date)]),
  },
  { rule: '§2 subject length', breaches: [...fieldRaw('Subject', ['']), field('Subject', 'Subject:'), longSubject()] },
  {
    rule: '§2 at most 500 mailboxes',
    breaches: [
      field(
        'Cc',
        ...Array.from({ length: 499 }, (_, i) => `${i === 0 ? 'Cc:' : ''} <u${i}@chuo.lg.jp>${i === 498 ? '' : ','}`),
      ),
    ],
  },
  {
    rule: '§2 MIME-Version',
    breaches: [
      swap('MIME-Version: 1.0', 'MIME-Version: 1.1'),
      swap('MIME-Version: 1.0', 'MIME-Version: 1.0 (x)'),
      swap('MIME-Version: 1.0', 'Mime-Version: 1.0'),
      swap('MIME-Version: 1.0', 'MIME-Version:1.0'),
    ],
  },
  {
    rule: '§4 single',
    breaches: [
      'text/html; charset=utf-8',
      'text/plain',
      'text/plain; charset=us-ascii',
      'text/plain; charset=UTF-8',
      'text/plain; charset="utf-8"',
      'text/plain;charset=utf-8',
      'TEXT/plain; charset=utf-8',
      'text/plain; charset=utf-8; format=flowed',
      'text/plain; charset=utf-8; name=a.exe',
      'multipart/alternative',
      'message/rfc822',
      'application/octet-stream',
      'text/calendar; charset=utf-8',
      'multipart/mixed; boundary=x',
    ].map((type) => swap('text/plain; charset=utf-8', type)),
  },
  {
    rule: '§4 transfer encoding',
    breaches: [
      '7bit',
      '8bit',
      'BASE64',
      'Base64',
      'quoted-printable',
      'binary',
      'x-uuencode',
      'base64 ',
      'base64; x',
      'identity',
    ].flatMap((encoding) => [
      swap('Encoding: base64', `Encoding: ${encoding}`),
      swap('Encoding: base64', `Encoding: ${encoding}`, attached),
    ]),
  },
  {
    rule: '§4 part header',
    breaches: [
      'Content-ID: <a@b>',
      'Content-Description: x',
      'Content-Location: http://x',
      'Content-Disposition: inline',
      'X-A: b',
    ].flatMap((line) => [
      swap('base64\r\n\r\n', `base64\r\n${line}\r\n\r\n`),
      swap('Content-Type: text', `${line}\r\nContent-Type: text`),
      swap('.txt\r\n\r\n', `.txt\r\n${line}\r\n\r\n`, attached),
    ]),
  },
  {
    rule: '§4 boundary',
    breaches: [
      swap(`"${BOUNDARY}"`, BOUNDARY, attached),
      ...[
        BOUNDARY.toUpperCase(),
        BOUNDARY.slice(1),
        `${BOUNDARY}0`,
        BOUNDARY.replace('sekisho', 'other'),
        BOUNDARY.replace('a', 'g'),
      ].map((other) => attached.replaceAll(BOUNDARY, other)),
      swap(`--${BOUNDARY}--`, `--${BOUNDARY}`, attached),
      swap(`--${BOUNDARY}--\r\n`, '', attached),
      swap(`--${BOUNDARY}--`, `--${BOUNDARY}-- `, attached),
      swap(`"\r\n\r\n--${BOUNDARY}`, `"\r\n\r\n--${BOUNDARY} `, attached),
      swap('mixed;\r\n boundary', 'mixed; boundary', attached),
      swap('multipart/mixed', 'multipart/alternative', attached),
      swap('multipart/mixed', 'multipart/related', attached),
      swap(`"${BOUNDARY}"`, `"${BOUNDARY}"; type=x`, attached),
    ],
  },
  {
    rule: '§4 no preamble, no text between',
    breaches: [
      swap(`"\r\n\r\n--${BOUNDARY}`, `"\r\n\r\npreamble\r\n--${BOUNDARY}`, attached),
      swap(`"\r\n\r\n--${BOUNDARY}`, `"\r\n\r\n\r\n--${BOUNDARY}`, attached),
      attached.replace(
        `\r\n--${BOUNDARY}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition`,
        (found) => `\r\n\r\n${found.slice(2)}`,
      ),
      `${attached}--${BOUNDARY}--\r\n`,
      `${attached}\r\n--${BOUNDARY}\r\n`,
    ],
  },
  {
    rule: '§4 depth one',
    breaches: [
      mixed([{ media: 'multipart/mixed; boundary=x', name: [TEXT_NAME], bytes: 'x' }]),
      mixed([{ media: 'message/rfc822', name: [TEXT_NAME], bytes: base }]),
      mixed([]),
    ],
  },
  {
    rule: '§4 text part first',
    breaches: [
      attached.replace(
        /(--=_sekisho_[0-9a-f]{32}\r\nContent-Type: text\/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n[A-Za-z0-9+/=\r\n]*)(--[\s\S]*?)(--=_sekisho_[0-9a-f]{32}--)/,
        '$2$1$3',
      ),
    ],
  },
  { rule: '§4 base64', breaches: base64Breaches() },
  {
    rule: '§4 media types',
    breaches: [
      'application/octet-stream',
      'application/pdf; name=a.pdf',
      'image/gif',
      'image/svg+xml',
      'text/html',
      'text/csv',
      'text/plain',
      'application/zip',
      'APPLICATION/PDF',
      'application/x-msdownload',
      'image/jpg',
      'text/plain; charset=utf-8; x=y',
      ' text/plain; charset=utf-8',
    ].map((media) => mixed([{ ...txt([TEXT_NAME]), media }])),
  },
  {
    rule: 'INV-05 type, extension, first bytes',
    breaches: [
      mixed([{ media: 'application/pdf', name: [" filename*=UTF-8''a.txt"], bytes: '%PDF-1.7\n' }]),
      mixed([{ media: 'application/pdf', name: [" filename*=UTF-8''a.pdf"], bytes: TEXT_FILE }]),
      mixed([{ media: 'application/pdf', name: [" filename*=UTF-8''a.pdf"], bytes: 'MZ\x90' }]),
      mixed([{ media: 'image/png', name: [" filename*=UTF-8''a.png"], bytes: Buffer.from([0xff, 0xd8, 0xff, 0xdb]) }]),
      mixed([
        { media: 'image/jpeg', name: [" filename*=UTF-8''a.jpg"], bytes: Buffer.from('89504e470d0a1a0a', 'hex') },
      ]),
      mixed([
        { media: 'image/jpeg', name: [" filename*=UTF-8''a.jpeg"], bytes: Buffer.from([0xff, 0xd8, 0xff, 0xdb]) },
      ]),
      mixed([txt([TEXT_NAME], 'no mark\r\n')]),
      mixed([{ media: 'text/csv; charset=utf-8', name: [" filename*=UTF-8''a.csv"], bytes: '"a"\r\n' }]),
      ...['txt.exe', 'a.TXT', 'a.pdf', 'a.txt.', 'a', 'txt', '.txt', 'a.txtx'].map(one),
    ],
  },
  {
    rule: '§5 spelling of names',
    breaches: [
      named(' filename=memo.txt'),
      named(' filename="memo.txt"'),
      named(" filename*=utf-8''memo.txt"),
      named(" filename*=UTF-8'ja'memo.txt"),
      named(" filename*=UTF-8''%6Demo.txt"),
      named(" filename*=UTF-8''%e4%b8%80.txt"),
      named(" filename*=UTF-8''%FF.txt"),
      named(" filename*=UTF-8''%E4%B8.txt"),
      named(" filename*=UTF-8''%C0%AE.txt"),
      named(" filename*=UTF-8''a b.txt"),
      named(" filename*=UTF-8''a%.txt"),
      named(" filename*=UTF-8''a+b.txt"),
      named(" filename*=UTF-8''memo.txt; x=y"),
      named(" filename*=UTF-8''memo.txt;", ' filename=memo.exe'),
      named(" filename*0*=UTF-8''memo.txt"),
      named(" filename*0*=UTF-8''memo;", ' filename*1*=.txt'),
      named(" filename*0*=UTF-8''memo;", ' filename*2*=.txt'),
      named(" filename*0*=UTF-8''memo;", ' filename*01*=.txt'),
      named(" filename*1*=UTF-8''memo.txt"),
      named("  filename*=UTF-8''memo.txt"),
      named("\tfilename*=UTF-8''memo.txt"),
      named(),
      swap('attachment;', 'inline;', attached),
      swap('attachment;', 'Attachment;', attached),
      swap('attachment;\r\n ', 'attachment; ', attached),
    ],
  },
  { rule: '§5 segments are full', breaches: segmentBreaches() },
  {
    rule: '§5 names hide nothing',
    breaches: INVISIBLE.map((text) => one(`議${text}事.txt`)).concat(
      one('葛\u{E0100}.txt'),
      one('a\tb.txt'),
      one('a\r\nb.txt'),
      one('か\u3099.txt'),
    ),
  },
  {
    rule: '§5 names are no paths',
    breaches: [
      'a/b',
      'a\\b',
      'C:a',
      'a:ads',
      'a*',
      'a?',
      'a"b',
      'a<b',
      'a>b',
      'a|b',
      '../a',
      '..\\a',
      '.a',
      ' a',
      'a ',
      'a.',
      'a  b',
      '. a',
    ].map((stem) => one(`${stem}.txt`)),
  },
  {
    rule: '§5 no second extension of a program',
    breaches: PROGRAMS.flatMap((extension) => [
      one(`invoice.${extension}.txt`),
      one(`invoice.${extension.toUpperCase()}.x.txt`),
    ]),
  },
  { rule: '§5 no device names', breaches: DEVICES.flatMap((device) => [one(`${device}.txt`), one(`${device}.a.txt`)]) },
  { rule: '§5 1–120 code points', breaches: [mixed([txt(longName(121))]), mixed([txt(longName(400))])] },
  {
    rule: '§5 names are unique',
    breaches: [
      mixed([txt([TEXT_NAME]), txt([TEXT_NAME])]),
      mixed([txt([TEXT_NAME]), txt([" filename*=UTF-8''MEMO.txt"])]),
      mixed([txt([TEXT_NAME]), txt([` filename*=UTF-8''${percent('memo.txt')}`])]),
    ],
  },
  {
    rule: '§6 body: no byte order mark, CRLF at the end',
    breaches: [
      single(HEADER, `\uFEFF${BODY}`),
      single(HEADER, 'x'),
      single(HEADER, 'x\n'),
      single(HEADER, ''),
      single(HEADER, 'x\r\n\0'),
    ],
  },
];

function longSubject(): string {
  const words: string[] = [];
  let rest = '件'.repeat(999);
  for (let column = 9; rest !== ''; column = 1) {
    const take = Math.floor((3 * Math.floor((76 - column - 12) / 4)) / 3);
    words.push(word(rest.slice(0, take)));
    rest = rest.slice(take);
  }
  return field('Subject', `Subject: ${words[0]}`, ...words.slice(1).map((each) => ` ${each}`));
}

function base64Breaches(): string[] {
  const start = base.indexOf('\r\n\r\n') + 4;
  const [head, body] = [base.slice(0, start), base.slice(start)];
  const lines = body.split('\r\n').slice(0, -1);
  const flat = lines.join('');
  const wrap = (columns: number): string => flat.replace(new RegExp(`.{1,${columns}}`, 'g'), '$&\r\n');
  const inserted = [' ', '\t', '-', '_', '=', '.', '\r\n', 'é', '%', '>'].flatMap((piece) =>
    [0, 1, 4, 75, 76, 77].map((at) => body.slice(0, at) + piece + body.slice(at)),
  );
  const padded = [
    b64('a\r\n\r'),
    'YQ0K\r\nYQ0K\r\n',
    'YWINCh==\r\n',
    'YWINCv==\r\n',
    'YWJjDQp=\r\n',
    'YWJjDQr=\r\n',
    'YQ0KYR==\r\n',
    'YQ0KYWF=\r\n',
    'YQ0KYQ\r\n',
    'YQ0KYWE\r\n',
    'YQ0KY\r\n',
    'YQ0K=\r\n',
    'YQ0KYQ=\r\n',
    'YQ0K====\r\n',
    // More pads than two: another spelling of the same bytes.
    'YWENCg===\r\n',
    `YWENCg${'='.repeat(70)}\r\n`,
    'YWJhDQo==\r\n',
    'YQ==YQ==\r\n',
    'YQ0KYQ==\r\nYQ0K\r\n',
    '\r\n',
  ];
  return [
    wrap(72),
    wrap(80),
    wrap(60),
    `${flat}\r\n`,
    ...inserted,
    ...padded,
    `${lines[0]}\r\n\r\n${lines.slice(1).join('\r\n')}\r\n`,
    `${body}\r\n`,
  ].map((text) => head + text);
}

function segmentsOf(name: string, room: (segment: number) => number): string[] {
  const encoded = [...name].map(percent);
  const lines: string[] = [];
  for (let at = 0; at < encoded.length; ) {
    let line = ` filename*${lines.length}*=${lines.length === 0 ? "UTF-8''" : ''}`;
    const rest = encoded.slice(at).join('');
    if (line.length + rest.length <= 76) {
      lines.push(line + rest);
      break;
    }
    while (line.length + (encoded[at] ?? '').length + 1 <= room(lines.length)) line += encoded[at++] ?? '';
    lines.push(`${line};`);
  }
  return lines;
}

export function longName(codePoints: number): string[] {
  return segmentsOf(`${'議'.repeat(codePoints - 4)}.txt`, () => 76);
}

function segmentBreaches(): string[] {
  const name = `${'会議資料'.repeat(5)}.txt`;
  const good = segmentsOf(name, () => 76);
  const early = segmentsOf(name, (segment) => (segment === 0 ? 60 : 76));
  return [
    named(...early),
    named(...segmentsOf(name, () => 60)),
    named(...good.map((line) => line.replace(/\*=/, '='))),
    named(...good.map((line, i) => (i === 0 ? line.replace(/;$/, '') : line))),
    named(...good.map((line, i) => (i === good.length - 1 ? `${line};` : line))),
    named(...good.slice(1)),
    named(...good.slice(0, -1)),
    named(...good, ...good.slice(1)),
    named(...[...good].reverse()),
    named(...good.map((line) => line.replace(/%([0-9A-F]{2})/, (found) => found.toLowerCase()))),
    named(` filename*=UTF-8''${percent(name)}`),
  ];
}
