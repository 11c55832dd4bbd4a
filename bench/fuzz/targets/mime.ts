/** Whole mails: both readers, union, header, names, body, composer. */
import { mailDepth, plantField, throughMessage } from '../judge.ts';
import { changedMail } from '../mutate/mime.ts';
import { corpusFiles, fixtureFiles, withCrlf } from '../seeds.ts';
import type { Target } from '../target.ts';

const MAX_BYTES = 4096;

export const mime: Target = {
  name: 'mime',
  rooms:
    /^sanitize\/(?:mime\/|header|compose|names|notice|banner|plan|parts|text\.ts|sanitize|sender|dates)|^gate\/(?:grammar|header|filename|base64|fold|words|characters)/,
  isText: true,
  dearMs: 4,
  slowMs: 2000,
  hungMs: 20_000,
  wanted: 200_000,
  async seeds(shared) {
    const mails = [...corpusFiles(shared, /^mail/, MAX_BYTES), ...fixtureFiles('demo', /\.eml$/, MAX_BYTES), ...OWN];
    return mails.map(withCrlf);
  },
  mutate: changedMail,
  execute: (input, scrutiny) => throughMessage(input, scrutiny, { depthOf: mailDepth, plant: plantField }),
};

/** Enough to begin with where there are no corpora. */
const OWN = [
  'From: =?UTF-8?B?5bGx55Sw?= <yamada@example.com>\r\nTo: soumu@t1.example\r\nSubject: a\r\nDate: Sun, 22 Nov 2026 14:00:00 +0900\r\nMessage-ID: <a@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\nThis is MIME.\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E5=B1=B1 http://example.jp/\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>a <a href="http://example.jp/">b</a></p>\r\n--c--\r\n--b\r\nContent-Type: text/csv; name="a.csv"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename*0*=UTF-8\'\'%E8%B3%87;\r\n filename*1=".csv"\r\n\r\nYSxiDQo9MSwyDQo=\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n--b--\r\n',
  'Subject: plain\r\nFrom: a@example.com\r\n\r\ntext\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n',
].map((text) => Buffer.from(text, 'latin1'));
