/** Bodies of other kinds than plain text and HTML, and what mail programs do with them by themselves (threats.tsv B38–B43). */

import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { attached, base64, HEADER, mixed, through } from '../through.ts';

const CANARY = 'CANARY-51e2b87f3a9c';

const INVITATION = [
  'BEGIN:VCALENDAR',
  'METHOD:REQUEST',
  'BEGIN:VEVENT',
  'UID:1@example.com',
  'DTSTART:20261201T100000Z',
  'SUMMARY:打合せ',
  'LOCATION:第1会議室',
  'END:VEVENT',
  'END:VCALENDAR',
].join('\r\n');

describe('a calendar entry', () => {
  const evil = INVITATION.replace(
    'END:VEVENT',
    `ATTACH:https://${CANARY}.example.invalid/x.exe\r\nURL:javascript:${CANARY}\r\nEND:VEVENT`,
  );

  test.each([
    [
      'B38: as a form of the text',
      [
        ...HEADER,
        'Content-Type: text/calendar; method=REQUEST; charset=utf-8',
        'Content-Transfer-Encoding: base64',
        '',
        base64(evil),
      ],
    ],
    ['A50: as an attachment', mixed(attached('invite.ics', 'text/calendar; method=REQUEST', evil))],
  ])('%s is never a calendar again, and no link in it can be opened', async (_what, lines) => {
    const mail = await through(...lines);
    expect(mail.header).not.toMatch(/text\/calendar/i);
    for (const file of mail.files) expect(file.name).toMatch(/\.txt$/);
    expect(mail.everything).not.toMatch(/https:\/\/CANARY|javascript:/i);
    expect(mail.everything).not.toMatch(/Content-Type: text\/calendar/i);
  });

  test('B38: its words can be read (benign twin)', async () => {
    const mail = await through(...mixed(attached('invite.ics', 'text/calendar; method=REQUEST', INVITATION)));
    const text = mail.files.map(({ bytes }) => bytes.toString('utf8')).join('\n') + mail.text;
    expect(text).toContain('打合せ');
    expect(text).toContain('第1会議室');
  });
});

describe('an address card', () => {
  const card = (more: string): string =>
    ['BEGIN:VCARD', 'VERSION:3.0', 'FN:山田太郎', 'TEL:03-0000-0000', more, 'END:VCARD'].filter(Boolean).join('\r\n');

  test.each(['B39', 'A51'])('%s: pictures and sounds from elsewhere do not come through as links', async (id) => {
    const evil = card(
      `PHOTO;VALUE=uri:https://${CANARY}.example.invalid/p\r\nSOUND;VALUE=uri:file://server/${CANARY}\r\nURL:javascript:x`,
    );
    const lines =
      id === 'B39'
        ? [...HEADER, 'Content-Type: text/vcard; charset=utf-8', 'Content-Transfer-Encoding: base64', '', base64(evil)]
        : mixed(attached('card.vcf', 'text/vcard', evil));
    const mail = await through(...lines);
    expect(mail.everything).not.toMatch(/https:\/\/CANARY|file:\/\/|javascript:/i);
    expect(mail.everything).not.toMatch(/Content-Type: text\/(x-)?vcard/i);
    for (const file of mail.files) expect(file.name).toMatch(/\.txt$/);
  });

  test('B39: name and number can be read (benign twin)', async () => {
    const mail = await through(...mixed(attached('card.vcf', 'text/vcard', card(''))));
    const text = mail.files.map(({ bytes }) => bytes.toString('utf8')).join('\n');
    expect(text).toContain('山田太郎');
    expect(text).toContain('03-0000-0000');
  });
});

test.each(['application/rtf', 'text/rtf'])('B40: RTF as the only part (%s) never goes on as RTF', async (type) => {
  const rtf = `{\\rtf1\\ansi words {\\object\\objdata ${CANARY}}{\\field{\\*\\fldinst HYPERLINK "file://x"}}}`;
  const mail = await through(...HEADER, `Content-Type: ${type}`, 'Content-Transfer-Encoding: base64', '', base64(rtf));
  expect(mail.everything).not.toContain(CANARY);
  expect(mail.everything).not.toContain('\\rtf');
  expect(mail.text).toMatch(/お渡しできません|文字だけ/);
});

describe('B41: a page whose own charset is another than its label', () => {
  const html = (meta: string, text: Buffer): string => {
    const page = Buffer.concat([
      Buffer.from(`<html><head><meta charset="${meta}"></head><body><p>`),
      text,
      Buffer.from('</p></body></html>'),
    ]);
    return base64(page);
  };
  const mail = (label: string, meta: string, text: Buffer) =>
    through(
      ...HEADER,
      `Content-Type: text/html; charset=${label}`,
      'Content-Transfer-Encoding: base64',
      '',
      html(meta, text),
    );
  const SHIFT_JIS = Buffer.from([0x93, 0xfa, 0x96, 0x7b]);

  test('B41: the label of the mail goes before the page’s', async () => {
    const { text, report } = await mail('shift_jis', 'utf-8', SHIFT_JIS);
    expect(text).toContain('日本');
    expect(report.body.charset.toLowerCase()).toContain('shift');
  });

  test('B41: UTF-7 in the page never becomes a tag', async () => {
    const { text, everything } = await mail(
      'us-ascii',
      'utf-7',
      Buffer.from('+ADw-script+AD4-alert(1)+ADw-/script+AD4-'),
    );
    expect(everything).not.toContain('<script>');
    expect(text).toContain('ADw-script');
  });

  test('B41: both the same (benign twin)', async () => {
    expect((await mail('utf-8', 'utf-8', Buffer.from('日本'))).text).toContain('日本');
  });
});

describe('B42: lines that a reader would join', () => {
  const flowed = (delsp: string, ...lines: readonly string[]) =>
    through(...HEADER, `Content-Type: text/plain; charset=utf-8; format=flowed${delsp}`, '', ...lines);

  test('B42: an address over three lines is one link, found and made unclickable', async () => {
    const { header, text, report } = await flowed('; delsp=yes', 'See https: ', '//evil.example ', '.invalid/x now');
    expect(text).toContain('See hxxps://evil[.]example[.]invalid/x now');
    expect(report.body.links).toHaveLength(1);
    expect(header).not.toMatch(/flowed/i);
  });

  test('B42: without DelSp the blank stays, and no link arises', async () => {
    expect((await flowed('', 'See https: ', '//evil.example.invalid/x')).text).toMatch(
      /See https: \/\/evil\[?\.\]?example/,
    );
  });

  test.each([
    [
      'quotes keep their marks and depth',
      ['>> deep ', '>> est', '> one ', '> line', 'mine'],
      '>> deep est\r\n> one line\r\nmine',
    ],
    ['a signature stands alone', ['words ', '-- ', 'Taro'], 'words \r\n-- \r\nTaro'],
    ['a blank that was stuffed in goes', [' From here', ' >not a quote'], 'From here\r\n>not a quote'],
    ['a broken promise at the end', ['words '], 'words'],
  ])('B42: %s (benign twin)', async (_what, lines, expected) => {
    expect((await flowed('', ...lines)).text.replace(/ +(?=\r\n)/g, '')).toContain(expected.replace(/ +(?=\r\n)/g, ''));
  });

  test('B42: a paragraph comes as one (benign twin)', async () => {
    expect((await flowed('', 'One sentence that ', 'goes on.')).text.replace(/\r\n/g, ' ')).toMatch(
      /One sentence that\s+goes on\./,
    );
  });
});

test('B43: a mail that is one picture becomes a picture of ours, and says that there was no text', async () => {
  const png = await sharp({ create: { width: 40, height: 40, channels: 3, background: '#0a0' } })
    .png()
    .withMetadata({ exif: { IFD0: { Copyright: CANARY } } })
    .toBuffer();
  const mail = await through(
    ...HEADER,
    'Content-Type: image/png; name=qr.png',
    'Content-Disposition: inline; filename=qr.png',
    'Content-Transfer-Encoding: base64',
    '',
    base64(png),
  );
  expect(mail.files.map(({ name }) => name)).toEqual(['qr.png']);
  expect(mail.everything).not.toContain(CANARY);
  expect(mail.text).toContain('本文はありません');
});

test('B12: fields that mail programs act on do not come through', async () => {
  const fields = [
    'X-MS-Has-Attach: yes',
    'Thread-Index: AQ==',
    'X-Priority: 1',
    'X-Mozilla-Status: 0001',
    'X-GM-Labels: x',
    'Importance: high',
    'X-Unsent: 1',
  ];
  const { header, text } = await through(...HEADER, ...fields, 'Content-Type: text/plain', '', 'words');
  for (const field of fields) expect(header).not.toContain(field.split(':')[0]);
  expect(text).toContain('words');
});

test('S08: bare line ends that decoding brings out are none in what goes on', async () => {
  const body = base64('a\r.\rMAIL FROM:<x@evil.invalid>\rb\n.\nRCPT TO:<y@evil.invalid>\n');
  const mail = await through(
    ...HEADER,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    body,
  );
  expect(mail.text).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
  expect(mail.header).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
  expect(mail.text).toContain('MAIL FROM');
});
