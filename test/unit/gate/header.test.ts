/**
 * The top header (docs/output-grammar.md §2–§3), field by field: every honest form is taken, up to its limits, and what is
 * refused is refused for its own reason. The encoded words and folds are written here by hand from that text.
 */
import { expect, test } from 'vitest';
import { readHeader } from '../../../src/gate/header.ts';
import { MESSAGE_ID } from '../../attacks/gate/specimens.ts';
import { foldedField, wordsOf } from './spelling.ts';

const DATE = 'Sun, 22 Nov 2026 23:21:58 +0900';
const RECEIVED = `Received: from [192.0.2.25] by gw.chuo.lg.jp with SMTP id\r\n ${MESSAGE_ID}; Sun, 22 Nov 2026 23:22:01 +0900`;
const REQUIRED = {
  Received: RECEIVED,
  'Message-ID': 'Message-ID: <a@example.com>',
  Date: `Date: ${DATE}`,
  From: 'From: <a@example.com>',
  'MIME-Version': 'MIME-Version: 1.0',
};
const ORDER = 'Received Message-ID Date From To Cc Reply-To Subject In-Reply-To References MIME-Version'.split(' ');
const OPTIONAL = {
  To: 'To: <b@chuo.lg.jp>',
  Cc: 'Cc: <c@chuo.lg.jp>',
  'Reply-To': 'Reply-To: <d@example.com>',
  Subject: 'Subject: hello',
  'In-Reply-To': 'In-Reply-To: <p@example.com>',
  References: 'References: <p@example.com>',
};

/** A whole header; a field that is '' is left out. */
function header(change: Readonly<Record<string, string>> = {}): string {
  const fields: Readonly<Record<string, string>> = { ...REQUIRED, ...change };
  return ORDER.map((name) => fields[name] ?? '')
    .filter((field) => field !== '')
    .join('\r\n');
}
const FITS = { id: MESSAGE_ID };
const misspelled = (name: string): string => `header: ${name}: not in the grammar`;
const misfolded = (name: string): string => `header: ${name}: folded or spelled in another way`;

function expectFits(name: string, ...fields: readonly string[]): void {
  for (const field of fields) expect([field, readHeader(header({ [name]: field }))]).toEqual([field, FITS]);
}
function expectRefused(name: string, why: string, ...values: readonly string[]): void {
  for (const value of values)
    expect([value, readHeader(header({ [name]: `${name}: ${value}` }))]).toEqual([value, why]);
}

test('the required fields alone, and all fields', () => {
  expect(readHeader(header())).toEqual(FITS);
  expect(readHeader(header(OPTIONAL))).toEqual(FITS);
});

test.each(Object.entries(OPTIONAL))('%s may stand there or not', (name, field) => {
  expect(readHeader(header({ [name]: field }))).toEqual(FITS);
  const { [name as keyof typeof OPTIONAL]: _, ...others } = OPTIONAL;
  expect(readHeader(header(others))).toEqual(FITS);
});

test.each(Object.keys(REQUIRED))('%s must stand there', (name) => {
  const why = `header: ${name} is missing or out of order`;
  expect(readHeader(header({ [name]: '' }))).toBe(why);
  expect(readHeader(header({ ...OPTIONAL, [name]: '' }))).toBe(why);
});

test('a field that is none of ours, twice or last is named as such', () => {
  const why = 'header: a field too many, twice, or out of order';
  expect(readHeader(`${header()}\r\nX-A: b`)).toBe(why);
  expect(readHeader(`${header()}\r\n${REQUIRED['MIME-Version']}`)).toBe(why);
  expect(readHeader(`${header()}\r\n`)).toBe(why);
  expect(readHeader(header({ Cc: `${OPTIONAL.Cc}\r\n${OPTIONAL.Cc}` }))).toBe(
    'header: MIME-Version is missing or out of order',
  );
  expect(readHeader('')).toBe('header: Received is missing or out of order');
});

test('a name that only begins or ends like ours is another field', () => {
  for (const [name, field] of Object.entries(OPTIONAL)) {
    for (const other of [`X${field}`, field.replace(':', 'x:'), field.replace(':', '')]) {
      expect(readHeader(header({ [name]: other }))).toBe('header: MIME-Version is missing or out of order');
    }
  }
});

test('Received: with and without an address, of both kinds', () => {
  const rest = `by gw.chuo.lg.jp with SMTP id\r\n ${MESSAGE_ID}; ${DATE}`;
  expectFits('Received', foldedField('Received', `by gw.chuo.lg.jp with SMTP id ${MESSAGE_ID}; ${DATE}`.split(' ')));
  expectFits('Received', `Received: from [IPv6:2001:db8::1] ${rest}`, `Received: from [192.0.2.1] ${rest}`);
  const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
  expect(longest.length).toBe(253);
  expectFits('Received', foldedField('Received', `by ${longest} with SMTP id ${MESSAGE_ID}; ${DATE}`.split(' ')));
  const all = (value: string): string => value.replaceAll('\r\n ', ' ');
  expectRefused(
    'Received',
    misspelled('Received'),
    `from [192.0.2.25]x by gw.chuo.lg.jp with SMTP id ${MESSAGE_ID}; ${DATE}`,
    `from x[192.0.2.25] by gw.chuo.lg.jp with SMTP id ${MESSAGE_ID}; ${DATE}`,
    `from [x] by gw.chuo.lg.jp with SMTP id ${MESSAGE_ID}; ${DATE}`,
    `from [] by gw.chuo.lg.jp with SMTP id ${MESSAGE_ID}; ${DATE}`,
    'from',
    'from [192.0.2.25]',
    `mail [192.0.2.25] ${all(rest)}`,
    `from [192.0.2.25] at ${all(rest).slice(3)}`,
    `by gw.chuo.lg.jp via SMTP id ${MESSAGE_ID}; ${DATE}`,
    `by gw.chuo.lg.jp with HTTP id ${MESSAGE_ID}; ${DATE}`,
    `by gw.chuo.lg.jp with SMTP no ${MESSAGE_ID}; ${DATE}`,
    `by gw.chuo.lg.jp with SMTP id ${MESSAGE_ID}: ${DATE}`,
    `by gw.chuo.lg.jp with SMTP id ${MESSAGE_ID} ${DATE}`,
    `by gw.chuo.lg.jp with SMTP id ${MESSAGE_ID.slice(1)}; ${DATE}`,
    `by gw.chuo.lg.jp with SMTP id ${MESSAGE_ID};`,
    'by gw.chuo.lg.jp with SMTP id',
    'by',
    `by ${longest.replace('d', 'dd')} with SMTP id ${MESSAGE_ID}; ${DATE}`,
    `by GW.chuo.lg.jp with SMTP id ${MESSAGE_ID}; ${DATE}`,
  );
});

test('dates: each day and month, both ends of the years, Japan time', () => {
  const dates = Array.from({ length: 24 }, (_, i) => new Date(Date.UTC(2026 + (i % 3), i, 1 + i, i, 2 * i, 59 - i)));
  for (const date of dates) {
    // toUTCString writes what RFC 5322 wants, but GMT: the same clock on the wall, nine hours east.
    const text = date.toUTCString().replace('GMT', '+0900');
    expectFits('Date', `Date: ${text}`);
    const [day = '', ...rest] = text.split(' ');
    const other = day === 'Mon,' ? 'Tue,' : 'Mon,';
    expectRefused('Date', misspelled('Date'), `${other} ${rest.join(' ')}`);
  }
  expectFits('Date', 'Date: Mon, 01 Jan 1990 00:00:00 +0900', 'Date: Thu, 31 Dec 2099 23:59:59 +0900');
  expectRefused(
    'Date',
    misspelled('Date'),
    'Sun, 31 Dec 1989 23:59:59 +0900',
    'Fri, 01 Jan 2100 00:00:00 +0900',
    'Sun, 22 Foo 2026 23:21:58 +0900',
    'Sun, 22 Nov 2026 23:21:58',
    'Sun, 22 Nov 2026 +0900',
    'Sun, 22 Nov',
    'Sun,',
    'undefined NaN undefined NaN NaN:NaN:NaN +0900',
    'Sun, 22 Nov 2026 23:21:58 +0900 x',
  );
});

test('Message-ID: one, at most 250 octets', () => {
  const longest = `<${'a'.repeat(246)}@b>`;
  expect(longest.length).toBe(250);
  expectFits('Message-ID', `Message-ID:\r\n ${longest}`, "Message-ID: <!#$%&'*+-/=?^_`{|}~.Az09@b.C>");
  for (const name of ['Message-ID', 'In-Reply-To']) {
    expectRefused(name, misspelled(name), longest.replace('a', 'aa'), '<a@b> <c@d>', '<a@b>x', 'x<a@b>', '<a@b', '<a>');
  }
});

test('References: 50, not 51', () => {
  const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `<${'r'.repeat(60)}${i}@b>`);
  const field = (count: number): string => foldedField('References', ids(count));
  expectFits('References', field(1), field(50));
  expect(readHeader(header({ References: field(51) }))).toBe(misspelled('References'));
});

test('From: exactly one mailbox', () => {
  expectFits('From', 'From: Taro Yamada <a@b.jp>', `From: ${wordsOf('山田', 6).join('\r\n ')} <a@b.jp>`);
  expectRefused('From', misspelled('From'), '<a@b.jp>,', 'Taro', '<a@b.jp> x', '<a@b.jp>, <c@d.jp>', 'a@b.jp', '<>');
  expect(readHeader(header({ From: 'From: <a@b.jp>,\r\n <c@d.jp>' }))).toBe(misspelled('From'));
});

/** Encoded words, each further one on a new line. */
const rows = (text: string, column: number, first = ''): readonly string[] =>
  wordsOf(text, column).map((word, i) => (i === 0 ? first : '\n') + word);

test('lists of mailboxes: each further one on its own line, the comma at its end', () => {
  expectFits(
    'To',
    'To: <a@b.jp>,\r\n <c@d.jp>,\r\n <e@f.jp>',
    'To: A B <a@b.jp>,\r\n C-D_9 <c@d.jp>',
    `To: <a@b.jp>,\r\n ${wordsOf('山田', 1)[0]} <c@d.jp>`,
    foldedField('To', [...rows('山'.repeat(40), 4), '<a@b.jp>,', ...rows('田'.repeat(40), 1, '\n'), '<c@d.jp>']),
  );
  // The first name stands behind ten octets, the second behind one: their first words are not of one length.
  const names = [...rows('山'.repeat(40), 10), '<a@b.jp>,', ...rows('山'.repeat(40), 1, '\n'), '<c@d.jp>'];
  expectFits('Reply-To', foldedField('Reply-To', names));
  for (const [first, second] of [
    [1, 1],
    [10, 10],
    [1, 10],
  ] as const) {
    const others = [...rows('山'.repeat(40), first), '<a@b.jp>,', ...rows('山'.repeat(40), second, '\n'), '<c@d.jp>'];
    expect(readHeader(header({ 'Reply-To': foldedField('Reply-To', others) }))).toBe(misspelled('Reply-To'));
  }
  expectRefused('To', misspelled('To'), '<a@b.jp>,', '<a@b.jp> <c@d.jp>', '<a@b.jp> C', 'C', '<a@b.jp>, C', '@b.jp');
  expectRefused('To', misfolded('To'), '<a@b.jp>, <c@d.jp>');
});

test('an empty field is none', () => {
  for (const name of ['To', 'Cc', 'Reply-To', 'Subject', 'In-Reply-To', 'References']) {
    expect(readHeader(header({ [name]: `${name}:` }))).toBe(misspelled(name));
    expect(readHeader(header({ [name]: `${name}: ` }))).toBe(misspelled(name));
    expect(readHeader(header({ [name]: `${name}:x` }))).toBe(misspelled(name));
  }
});

test('addresses at their limits', () => {
  const label = 'd'.repeat(63);
  const domain = `${label}.${label}.${label}`;
  const atMost = `<${'l'.repeat(254 - domain.length - 1)}@${domain}>`;
  expect(atMost.length).toBe(256);
  expectFits('To', `To:\r\n ${atMost}`, foldedField('To', [`<${'l'.repeat(64)}@b.jp>`]), `To: <a@${label}.jp>`);
  expectFits('To', "To: <!#$&'*+-/=?^_`{|}~.@b.jp>", 'To: <a..b.@b-c.jp>', 'To: <a@b>');
  const refused = [atMost.replace('l', 'll'), `<${'l'.repeat(65)}@b.jp>`, `<a@${label}d.jp>`, '<a@b.jp>x', 'x<a@b.jp>'];
  expectRefused('To', misspelled('To'), ...refused, '<a@b..jp>', '<a@.jp>', '<a@b_c.jp>', '<a b@c.jp>', '<a%b@c.jp>');
});

test('500 recipients in all three lists together, not 501; other fields do not count', () => {
  const list = (name: string, count: number): string =>
    `${name}:${Array.from({ length: count }, (_, i) => `${i > 0 ? '\r\n' : ''} <u${i}@b.jp>${i < count - 1 ? ',' : ''}`).join('')}`;
  const three = (to: number, cc: number, reply: number): unknown =>
    readHeader(header({ To: list('To', to), Cc: list('Cc', cc), 'Reply-To': list('Reply-To', reply) }));
  expect(three(200, 200, 100)).toEqual(FITS);
  for (const [to, cc, reply] of [
    [201, 200, 100],
    [200, 201, 100],
    [200, 200, 101],
    [499, 1, 1],
  ] as const)
    expect(three(to, cc, reply)).toBe('header: too many mailboxes');
  expect(readHeader(header({ To: list('To', 500) }))).toEqual(FITS);
  expect(readHeader(header({ To: list('To', 501) }))).toBe(misspelled('To'));
  const named = Array.from({ length: 300 }, (_, i) => `${i > 0 ? '\r\n' : ''} A B C <u${i}@b.jp>${i < 299 ? ',' : ''}`);
  expect(readHeader(header({ To: `To:${named.join('')}` }))).toEqual(FITS);
});

test('display names: plain exactly when they can be, at most 200 characters', () => {
  const plain = `${'a'.repeat(60)}\r\n ${'b'.repeat(60)}\r\n ${'c'.repeat(60)}\r\n`;
  expectFits('To', `To: ${plain} ${'d'.repeat(17)} <a@b.jp>`);
  expectRefused('To', misspelled('To'), `${plain.replaceAll('\r\n', '')} ${'d'.repeat(18)} <a@b.jp>`);
  const encoded = (text: string): string => foldedField('To', [...rows(text, 4), '<a@b.jp>']);
  expectFits(
    'To',
    encoded('山'.repeat(200)),
    encoded("O'Brien"),
    encoded('a'.repeat(61)),
    encoded('あ'),
    encoded('a  b'),
  );
  for (const text of ['山'.repeat(201), 'Yamada', 'Yamada Taro', 'A-B_c 9']) {
    expect([text, readHeader(header({ To: encoded(text) }))]).toEqual([text, misspelled('To')]);
  }
});

test('subjects: plain exactly when they can be, at most 998 characters', () => {
  const subject = (text: string): string => `Subject: ${wordsOf(text, 9).join('\r\n ')}`;
  const ofPlain = (length: number): string[] => {
    const words = Array.from({ length: Math.floor(length / 61) }, () => 'x'.repeat(60));
    return [...words, 'y'.repeat(length - 61 * words.length)];
  };
  const plain = (length: number): string => `Subject: ${ofPlain(length).join('\r\n ')}`;
  expect(ofPlain(998).join(' ').length).toBe(998);
  expectFits(
    'Subject',
    plain(998),
    'Subject: Re: [x] "a" (b), =1+1',
    'Subject: a =b ?= c',
    `Subject: ${'a'.repeat(60)}`,
  );
  expect(readHeader(header({ Subject: plain(999) }))).toBe(misspelled('Subject'));
  expectFits(
    'Subject',
    subject('件'.repeat(998)),
    subject('a'.repeat(61)),
    subject('a  b'),
    subject(' a'),
    subject('a =?b'),
  );
  for (const text of ['件'.repeat(999), 'hello', 'Re: a b', `${'a'.repeat(60)} b`]) {
    expect([text, readHeader(header({ Subject: subject(text) }))]).toEqual([text, misspelled('Subject')]);
  }
  expectRefused('Subject', misspelled('Subject'), '=?x', 'a =?b', `é ${wordsOf('件', 9)[0]}`, 'あ', 'a\x7f', 'a\tb');
});

test('MIME-Version is 1.0', () => {
  for (const value of ['1.1', '1.0 x', '10', '1 .0']) {
    expect(readHeader(header({ 'MIME-Version': `MIME-Version: ${value}` }))).toBe(misspelled('MIME-Version'));
  }
});
