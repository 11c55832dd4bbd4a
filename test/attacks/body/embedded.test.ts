/** Files hidden in a mail's text, where a mail program or a person could bring them back to life. */
import { expect, test } from 'vitest';
import { attached, base64, HEADER, mixed, through } from '../through.ts';

const PROGRAM = Buffer.concat([
  Buffer.from('MZ\x90\x00\x03\x00\x00\x00', 'latin1'),
  Buffer.alloc(300, 0x61),
  Buffer.from('qzxmark'),
]);
const ENCODED = base64(PROGRAM);
/** The middle of the program as it stands in base64, and in its last line. */
const TRACES = [ENCODED.slice(90, 140), ENCODED.slice(-30)];

function uuencoded(bytes: Buffer): string {
  const lines: string[] = [];
  const letter = (value: number): string => (value === 0 ? '`' : String.fromCharCode(32 + value));
  for (let at = 0; at < bytes.length; at += 45) {
    const chunk = bytes.subarray(at, at + 45);
    let line = letter(chunk.length);
    for (let i = 0; i < chunk.length; i += 3) {
      const [a = 0, b = 0, c = 0] = chunk.subarray(i, i + 3);
      line += letter(a >> 2) + letter(((a & 3) << 4) | (b >> 4)) + letter(((b & 15) << 2) | (c >> 6)) + letter(c & 63);
    }
    lines.push(line);
  }
  return [...lines, '`', 'end'].join('\r\n');
}

const quoted = (text: string): string => text.replace(/(^|\n)/g, '$1> ');
const markup = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

test.each([
  ['M42', 'uuencode', 'plain', `begin 644 x.exe\r\n${uuencoded(PROGRAM)}`],
  ['M42', 'uuencode in quotes', 'plain', quoted(`begin 644 x.exe\r\n${uuencoded(PROGRAM)}`)],
  ['M42', 'uuencode in HTML', 'html', `<pre>begin 644 x.exe\r\n${markup(uuencoded(PROGRAM))}</pre>`],
  ['M43', 'begin-base64', 'plain', `begin-base64 644 x.exe\r\n${ENCODED}\r\n====`],
  ['M43', 'base64 alone', 'plain', ENCODED],
  ['M43', 'base64 in quotes', 'plain', quoted(ENCODED)],
  ['M43', 'base64 in one line', 'plain', PROGRAM.toString('base64')],
  ['M43', 'base64 in HTML', 'html', `<pre>${ENCODED}</pre>`],
  [
    'M43',
    'a certificate that is none',
    'plain',
    `-----BEGIN CERTIFICATE-----\r\n${ENCODED}\r\n-----END CERTIFICATE-----`,
  ],
  [
    'B16',
    'a data: address in plain text',
    'plain',
    `data:application/octet-stream;base64,${PROGRAM.toString('base64')}`,
  ],
  [
    'B16',
    'a data: link',
    'html',
    `<a href="data:application/x;base64,${PROGRAM.toString('base64')}" download="x.exe">x</a>`,
  ],
  ['B15', 'HTML smuggling', 'html', `<script>save(atob("${PROGRAM.toString('base64')}"))</script>x`],
])('%s: %s in text/%s is taken out and named', async (_id, _what, form, content) => {
  const mail = await through(
    ...HEADER,
    `Content-Type: text/${form}; charset=utf-8`,
    '',
    'Before.',
    content,
    '',
    'After.',
  );
  for (const trace of TRACES) expect(mail.everything).not.toContain(trace);
  expect(mail.everything).not.toMatch(/^[ >]*begin [0-7]{3}/m);
  expect(mail.text).toContain('Before.');
  expect(mail.text).toContain('After.');
  expect(mail.report.body.removed).not.toEqual([]);
});

test('B22: what a form hides is not in the text', async () => {
  const form = `<form action="https://x.example.invalid/"><input type=hidden value="${PROGRAM.toString('base64')}">x</form>`;
  const mail = await through(...HEADER, 'Content-Type: text/html', '', form);
  for (const trace of [...TRACES, 'x.example.invalid']) expect(mail.everything).not.toContain(trace);
});

test('M34 M43: the source of a mail in a text file does not carry its attachment', async () => {
  const source = `From: a\r\nContent-Type: application/x; name=x.exe\r\nContent-Transfer-Encoding: base64\r\n\r\n${ENCODED}\r\n`;
  const mail = await through(...mixed(attached('memo.txt', 'text/plain', source)));
  expect(mail.files).toHaveLength(1);
  for (const trace of TRACES) expect(mail.everything).not.toContain(trace);
});

test.each([
  ['a key', `ssh-ed25519 ${Buffer.alloc(60, 7).toString('base64')}`],
  [
    'a signature block',
    `-----BEGIN PGP SIGNATURE-----\r\n\r\n${base64(Buffer.alloc(200, 9))}\r\n-----END PGP SIGNATURE-----`,
  ],
  ['a word that begins alike', 'TVonline and UEsDB are words; H4sI too.'],
  ['the word begin', 'begin 2015 budget\r\nend'],
  ['a long address', `https://example.jp/${'TVqQ'.repeat(30)}`],
])('M43: %s stays (benign twin)', async (_what, content) => {
  const mail = await through(...HEADER, 'Content-Type: text/plain; charset=utf-8', '', content);
  const last = content.split(/\s/).at(-1) ?? '';
  expect(mail.text).toContain(last.slice(-20));
  expect(mail.report.body.removed).toEqual([]);
});
