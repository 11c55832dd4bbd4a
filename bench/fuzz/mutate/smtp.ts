/**
 * Changes of an SMTP conversation as the client speaks it: commands, their order, their parameters, ends of lines and of data,
 * PROXY headers, and how the octets are cut into segments. The first line of an input says how it is sent:
 * `peer|proxy reject|normalize wait|early SEGMENT\n`.
 */
import type { Random } from '../random.ts';
import { changedText, damaged } from './bytes.ts';

export const HOW = /^(peer|proxy) (reject|normalize) (wait|early) (\d{1,5})\n/;

const COMMANDS =
  'EHLO mx.example.com|HELO mx.example.com|LHLO x|MAIL FROM:<a@example.com>|MAIL FROM:<>|MAIL FROM:<a@example.com> SIZE=100 BODY=8BITMIME|MAIL FROM:<a@example.com> SMTPUTF8|MAIL FROM:<a@example.com> RET=HDRS ENVID=a+2Bb|MAIL FROM: <"a b"@example.com>|MAIL FROM:<a@[127.0.0.1]>|RCPT TO:<taro@a.lg.jp>|RCPT TO:<user1@b.lg.jp>|RCPT TO:<taro@c.lg.jp> NOTIFY=NEVER ORCPT=rfc822;a+40b|RCPT TO:<postmaster>|RCPT TO:<Postmaster@a.lg.jp>|RCPT TO:<nobody@a.lg.jp>|RCPT TO:<x@elsewhere.example>|RCPT TO:<a%b@a.lg.jp>|RCPT TO:<@x:taro@a.lg.jp>|RCPT TO:<taro@d.lg.jp>|RCPT TO:<taro@e.lg.jp>|RCPT TO:<a..b.@a.lg.jp>|RCPT TO:<taro@a.lg.jp>\rRCPT TO:<x@y>|DATA|BDAT 10 LAST|RSET|NOOP|NOOP x|QUIT|VRFY a|EXPN a|HELP|AUTH PLAIN AAAA|STARTTLS|XCLIENT ADDR=127.0.0.1|PROXY TCP4 192.0.2.1 192.0.2.2 1 25|GET / HTTP/1.1|.|..|'.split(
    '|',
  );
const DATA_LINES =
  'Subject: x|From: a@example.com|Received: from a by b; Sun, 22 Nov 2026 14:00:00 +0900|Sekisho-Receipt: v=1; k=0123456789abcdef; d=x;| k=0123456789abcdef|sekisho-receipt : 0123456789ABCDEF|X:|: y|| a|\tb|..|...|.x|text \xff\x80|x\0y|a\rb|a\nb|\r|\n|.\r'.split(
    '|',
  );
const ENDS = [
  '\r\n.\r\n',
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r\n.\r',
  '\r.\r\n',
  '\r\n.\r\r\n',
  '\r\n\0.\r\n',
  '\r\n..\r\n',
  '\r\n.\r\n.\r\n',
];
const PROXY_HEADERS = [
  'PROXY TCP4 192.0.2.9 192.0.2.1 1000 25\r\n',
  'PROXY TCP6 2001:db8::9 2001:db8::1 1000 25\r\n',
  'PROXY UNKNOWN\r\n',
  '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x09\xc0\0\x02\x01\x03\xe8\0\x19',
  '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0',
  '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xc0\0\x02\x09\xc0\0\x02\x01\x03\xe8\0\x19\x03\0\x04\0\0\0\0',
  '',
];

type Change = (random: Random, lines: string[], other: readonly string[]) => void;

const somewhere = (random: Random, lines: readonly string[]): number => random.below(lines.length + 1);

const CHANGES: readonly Change[] = [
  (random, lines) => void lines.splice(random.below(lines.length), 1),
  (random, lines) => void lines.splice(somewhere(random, lines), 0, lines[random.below(lines.length)] ?? ''),
  (random, lines) => void lines.splice(somewhere(random, lines), random.below(2), random.pick(COMMANDS)),
  (random, lines) => void lines.splice(somewhere(random, lines), random.below(2), random.pick(DATA_LINES)),
  (random, lines) => {
    const at = random.below(lines.length);
    lines[at] = changedText(random, lines[at] ?? '');
  },
  (random, lines) => {
    const at = random.below(lines.length);
    lines[at] = (lines[at] ?? '') + random.pick(ENDS) + random.pick(COMMANDS);
  },
  (random, lines) => {
    const [from, to] = [random.below(lines.length), random.below(lines.length)];
    [lines[from], lines[to]] = [lines[to] ?? '', lines[from] ?? ''];
  },
  (random, lines, other) => {
    const from = random.below(other.length);
    lines.splice(somewhere(random, lines), 0, ...other.slice(from, from + 1 + random.below(8)));
  },
  (random, lines) => {
    const at = random.below(lines.length);
    const line = random.pick([...DATA_LINES, ...COMMANDS]);
    lines.splice(at, 0, ...Array.from({ length: random.oneIn(10) ? 120 : 12 }, () => line));
  },
  (random, lines) => {
    const at = random.below(lines.length);
    lines[at] =
      (lines[at] ?? '') + random.pick(['x', ' ', '\xff', '.', 'a@']).repeat(random.pick([70, 500, 1100, 3000]));
  },
  (random, lines) =>
    void lines.splice(0, lines.length, ...lines, ...TRANSACTION, ...(random.oneIn(2) ? TRANSACTION : [])),
];

const TRANSACTION = ['MAIL FROM:<a@example.com>', 'RCPT TO:<taro@a.lg.jp>', 'DATA', 'Subject: x', '', 'text', '.'];

export function changedDialog(random: Random, input: Buffer, other: Buffer): Buffer {
  const text = input.toString('latin1');
  const body = text.replace(HOW, '');
  const all = body.split('\r\n');
  // Without a greeting nothing behind it is heard: it is left alone mostly.
  const first = random.oneIn(5) ? 0 : all.findIndex((line) => /^(?:EHLO|HELO) /i.test(line)) + 1;
  const lines = all.slice(first);
  for (let left = random.few(6); left > 0; left--) {
    random.pick(CHANGES)(random, lines, other.toString('latin1').replace(HOW, '').split('\r\n'));
    if (lines.length === 0) lines.push('');
  }
  let changed: Uint8Array = Buffer.from([...all.slice(0, first), ...lines].join('\r\n'), 'latin1');
  if (random.oneIn(12)) changed = damaged(random, Buffer.from(changed), other);
  const before = HOW.exec(text)?.[0] ?? 'peer reject wait 99999\n';
  const how = random.oneIn(4) ? newHow(random) : before;
  const isFirst =
    how.startsWith('proxy') && !/^(?:PROXY|\r\n\r\n)/.test(Buffer.from(changed).toString('latin1', 0, 20));
  const header = isFirst ? Buffer.from(random.pick(PROXY_HEADERS), 'latin1') : Buffer.alloc(0);
  const start = isFirst && random.oneIn(4) ? damaged(random, header, other, 2) : header;
  return Buffer.concat([Buffer.from(how), start, changed]);
}

const newHow = (random: Random): string =>
  `${random.oneIn(5) ? 'proxy' : 'peer'} ${random.oneIn(4) ? 'normalize' : 'reject'} ${random.oneIn(30) ? 'early' : 'wait'} ${random.pick([99_999, 99_999, 99_999, 1, 2, 3, 7, 64, 500])}\n`;
