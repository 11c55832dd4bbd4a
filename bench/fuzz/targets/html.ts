/** HTML as a mail's body, some of it as an attached file too. */
import { mailDepth, throughMessage } from '../judge.ts';
import { changedHtml } from '../mutate/html.ts';
import { corpusFiles } from '../seeds.ts';
import type { Target } from '../target.ts';

const MAX_BYTES = 4096;

const HEAD = 'From: a@example.com\r\nTo: soumu@chuo.lg.jp\r\nSubject: x\r\nMIME-Version: 1.0\r\n';
const PART = 'Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n';

const base64 = (html: Buffer): string => html.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n');

/** Base64 keeps every byte. What begins like a whole page stands in the mail twice, as its text and as a file. */
function mailOf(html: Buffer): Buffer {
  const body = `${PART}\r\n${base64(html)}\r\n`;
  if (!/^<(?:!|html)/i.test(html.toString('latin1', 0, 10))) return Buffer.from(HEAD + body);
  const file = `${PART}Content-Disposition: attachment; filename=a.html\r\n\r\n${base64(html)}\r\n`;
  return Buffer.from(`${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${body}--b\r\n${file}--b--\r\n`);
}

const OWN = [
  '<html><head><title>t</title><style>.h{display:none}</style></head><body><p>お世話になっております。<a href="http://example.jp/">こちら</a></p><table><tr><td>a</td><td class=h>b</td></tr></table><img src="http://t.example.invalid/p.gif" width=1 height=1><ul><li>x<li>y</ul><script>alert(1)</script></body></html>',
  '<p style="font-size:0">hidden</p><div style="color:#fff;background:#fff">white</div><pre>a\n b</pre><blockquote>q</blockquote>',
  '<form action="https://login.example.invalid/"><input name=a value=b><select><option>x</select><textarea>t</textarea></form>',
].map((text) => Buffer.from(text));

export const html: Target = {
  name: 'html',
  rooms: /^sanitize\/(?:body\/|formats\/html\/|text\.ts)/,
  isText: true,
  dearMs: 6,
  slowMs: 2000,
  hungMs: 20_000,
  wanted: 200_000,
  seeds: async (shared) => [...corpusFiles(shared, /^html/, MAX_BYTES), ...OWN],
  mutate: changedHtml,
  execute: (input, scrutiny) =>
    throughMessage(mailOf(input), scrutiny, {
      depthOf: mailDepth,
      // In front of everything else a comment is one, whatever comes.
      plant: (_, word) => mailOf(Buffer.concat([Buffer.from(`<!-- ${word} -->`), input])),
    }),
};
