/** Address lists as people write them: who is named, and that no piece of a name becomes an address. */
import { describe, expect, test } from 'vitest';
import { parseAddresses } from '../../../../src/sanitize/mime/addresses.ts';

const read = (value: string): readonly string[] =>
  parseAddresses(value).mailboxes.map(({ name, address }) => `${name}|${address}`);

describe('mailboxes', () => {
  test.each<[string, readonly string[]]>([
    ['a@example.com', ['|a@example.com']],
    ['A <a@example.com>', ['A|a@example.com']],
    ['A  B\t<a@example.com>', ['A B|a@example.com']],
    ['<a@example.com>', ['|a@example.com']],
    ['< a@example.com >', ['|a@example.com']],
    ['"A, B" <a@example.com>, c@example.com', ['A, B|a@example.com', '|c@example.com']],
    ['"A \\"x\\" \\\\" <a@example.com>', ['A "x" \\|a@example.com']],
    ['"a@city.lg.jp" <b@example.com>', ['a@city.lg.jp|b@example.com']],
    ['a@example.com (A B)', ['A B|a@example.com']],
    ['(A B) <a@example.com>', ['A B|a@example.com']],
    ['X (A B) <a@example.com>', ['X|a@example.com']],
    ['a@example.com (A (B) \\) C)', ['A B ) C|a@example.com']],
    ['a @ example.com', ['|a@example.com']],
    ['Group: a@example.com, B <b@example.com>;', ['|a@example.com', 'B|b@example.com']],
    ['undisclosed-recipients:;', []],
    ['undisclosed-recipients: ;, c@example.com', ['|c@example.com']],
    ['A <a@example.com> : b', ['A : b|a@example.com']],
    ['a@example.com:25', ['|a@example.com:25']],
    ['A <a@example.com> <b@example.com>', ['A|a@example.com']],
    ['A <a@example.com', ['A|a@example.com']],
    ['A <>', ['A|']],
    ['<>', []],
    ['<>, b@example.com', ['|b@example.com']],
    ['A B', ['A B|']],
    [', ,; ', []],
    ['', []],
    ['"unclosed, a@example.com', ['|unclosed,a@example.com']],
    ['a@example.com (unclosed', ['unclosed|a@example.com']],
    ['=?UTF-8?B?6KGo?= <a@example.com>', ['表|a@example.com']],
    ['=?UTF-8?Q?a=40example.com?=', ['a@example.com|']],
    ['=?UTF-8?Q?a?=@example.com', ['a@example.com|']],
    ['\x1b$B$"$,$<\x1b(B <a@example.com>', ['あがぜ|a@example.com']],
    ['"\x1b$B$"$,$<\x1b(B" <a@example.com>', ['あがぜ|a@example.com']],
    ['"\x95\x5c" <a@example.com>', ['表|a@example.com']],
    ['A;B', ['A|', 'B|']],
    ['x$y, b@example.com', ['x$y|', '|b@example.com']],
    ['"x$y, z" <a@example.com>', ['x$y, z|a@example.com']],
    ['"\x1b$B$"\x1b(B, Jr." <a@example.com>', ['あ, Jr.|a@example.com']],
    ['( A ) < a@example.com >', ['A|a@example.com']],
    ['a@example.com ( A )', ['A|a@example.com']],
  ])('%j', (value, mailboxes) => {
    expect(read(value)).toEqual(mailboxes);
  });

  test('kanji without an escape back go to the end', () => {
    expect(parseAddresses('\x1b$B$"$,').mailboxes).toHaveLength(1);
    expect(parseAddresses('"\x1b$B$"$,').mailboxes).toHaveLength(1);
    expect(parseAddresses('\x1bx, b@example.com').mailboxes).toHaveLength(2);
    expect(parseAddresses('"\x1bx", b@example.com').mailboxes).toHaveLength(2);
  });
});

describe('limits', () => {
  const list = (n: number): string => Array.from({ length: n }, (_, i) => `a${i}@example.com`).join(',');
  test('a thousand are read; what follows is told', () => {
    expect(parseAddresses(list(999))).toMatchObject({ cut: false, mailboxes: { length: 999 } });
    expect(parseAddresses(`${list(1001)}`)).toMatchObject({ cut: true, mailboxes: { length: 1000 } });
    expect(parseAddresses(`${list(5000)}`)).toMatchObject({ cut: true, mailboxes: { length: 1000 } });
    expect(parseAddresses(list(1000)).mailboxes).toHaveLength(1000);
  });
  test('4,096 characters of a name are decoded', () => {
    expect(parseAddresses(`${'a'.repeat(5000)} <a@example.com>`).mailboxes[0]?.name).toBe('a'.repeat(4096));
  });
});
