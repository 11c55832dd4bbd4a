/** What a header says: the first of each field, bounded, and what was too much (M66, M73). */
import { describe, expect, test } from 'vitest';
import { MAX_MAILBOXES } from '../../../../src/sanitize/header-fields.ts';
import { headerFacts } from '../../../../src/sanitize/mime/facts.ts';

const facts = (...fields: readonly (readonly [name: string, value: string])[]) =>
  headerFacts(fields.map(([name, value]) => ({ name, value, start: 0, end: 0 })));
const addresses = (n: number): string => Array.from({ length: n }, (_, i) => `a${i}@example.jp`).join(',');

test('nothing said', () => {
  expect(facts()).toEqual({
    facts: {
      subject: '',
      from: [],
      to: [],
      cc: [],
      replyTo: [],
      date: '',
      messageId: '',
      inReplyTo: '',
      references: [],
    },
    defects: [],
  });
});

test('all said, each field for itself', () => {
  const one = (address: string) => [{ name: '', address }];
  expect(
    facts(
      ['x-subject', 'none'],
      ['subject', '=?utf-8?Q?s?='],
      ['from', 'f@x.jp'],
      ['to', 't@x.jp'],
      ['cc', 'c@x.jp'],
      ['reply-to', 'r@x.jp'],
      ['date', 'today'],
      ['message-id', 'x <m@x> <n@x>'],
      ['in-reply-to', '<i@x>'],
      ['references', '<1@x> <2@x>'],
    ),
  ).toEqual({
    facts: {
      subject: 's',
      from: one('f@x.jp'),
      to: one('t@x.jp'),
      cc: one('c@x.jp'),
      replyTo: one('r@x.jp'),
      date: 'today',
      messageId: '<m@x>',
      inReplyTo: '<i@x>',
      references: ['<1@x>', '<2@x>'],
    },
    defects: [],
  });
});

test.each([
  'from',
  'sender',
  'to',
  'cc',
  'reply-to',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'mime-version',
])('M66: %s may stand once; more are counted', (name) => {
  expect(facts([name, ''], [name, ''], [name, '']).defects).toEqual([{ what: `duplicate-${name}`, count: 2 }]);
  expect(facts([name, '']).defects).toEqual([]);
});
test('M66: other fields may stand as often as they like', () => {
  expect(facts(['received', 'a'], ['received', 'b']).defects).toEqual([]);
});

describe('M73: too many addresses', () => {
  test('of all three lists together', () => {
    expect(facts(['to', addresses(MAX_MAILBOXES - 2)], ['cc', 'c@x.jp'], ['reply-to', 'r@x.jp']).defects).toEqual([]);
    expect(
      facts(['to', addresses(MAX_MAILBOXES - 2)], ['cc', addresses(3)], ['reply-to', addresses(2)]).defects,
    ).toEqual([{ what: 'too-many-addresses', count: 3 }]);
  });
  test('a list that is cut by its number or its length', () => {
    expect(facts(['from', addresses(5000)]).defects).toEqual([{ what: 'too-many-addresses', count: 1 }]);
    const padded = (length: number): string => `a@x.jp${' '.repeat(length - 12)}b@x.jp`;
    expect(facts(['from', padded(512 * 1024)]).defects).toEqual([]);
    const long = facts(['from', `a@x.jp,${' '.repeat(512 * 1024)}b@x.jp`]);
    expect(long.defects).toEqual([{ what: 'too-many-addresses', count: 1 }]);
    expect(long.facts.from).toEqual([{ name: '', address: 'a@x.jp' }]);
  });
});

test('a subject of 8 KiB, a date of 200 characters', () => {
  expect(facts(['subject', 'x'.repeat(9000)]).facts.subject).toHaveLength(8192);
  expect(facts(['date', 'x'.repeat(300)]).facts.date).toHaveLength(200);
});

describe('message ids', () => {
  const ids = (n: number): readonly string[] => Array.from({ length: n }, (_, i) => `<${i}@x>`);
  test('50 of a thread: its root and the latest', () => {
    const refs = (n: number) => facts(['references', ids(n).join(' ')]).facts.references;
    expect(refs(50)).toEqual(ids(50));
    expect(refs(60)).toEqual(['<0@x>', ...ids(60).slice(11)]);
    expect(refs(60)).toHaveLength(50);
  });
  test('998 characters, no blanks, within 64 KiB', () => {
    const one = (value: string) => facts(['message-id', value]).facts.messageId;
    expect(one(`<${'x'.repeat(998)}>`)).toHaveLength(1000);
    expect(one(`<${'x'.repeat(999)}>`)).toBe('');
    expect(one('<a b>')).toBe('');
    expect(one('<a<b>')).toBe('<b>');
    expect(one('<>')).toBe('');
    expect(one(`${' '.repeat(64 * 1024 - 5)}<a@x>`)).toBe('<a@x>');
    expect(one(`${' '.repeat(64 * 1024 - 4)}<a@x>`)).toBe('');
  });
});
