/** Mails as PHP programs and Outlook write them: templates of their own spelling, since neither runs here. */
import { createHash } from 'node:crypto';
import Encoding from 'encoding-japanese';
import type { CaseFile, MailCase } from './case.ts';

const NAMES = { 'utf-8': 'UTF8', 'iso-2022-jp': 'JIS', shift_jis: 'SJIS', 'euc-jp': 'EUCJP' } as const;

const encoded = (text: string, charset: MailCase['charset']): Buffer =>
  charset === 'utf-8'
    ? Buffer.from(text)
    : Buffer.from(
        Encoding.convert(text, { to: NAMES[charset], from: 'UNICODE', type: 'array' } as never) as unknown as number[],
      );

const wrapped = (base64: string): string => (base64.match(/.{1,76}/g) ?? []).join('\r\n');

/** mb_encode_mimeheader: whole characters, folded. */
function words(text: string, charset: MailCase['charset']): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const pieces = text.match(/.{1,14}/gsu) ?? [];
  return pieces
    .map((piece) => `=?${charset.toUpperCase()}?B?${encoded(piece, charset).toString('base64')}?=`)
    .join('\r\n ');
}

const mailbox = (name: string, address: string, charset: MailCase['charset']): string =>
  name === ''
    ? address
    : `${/^[\x20-\x7e]*$/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : words(name, charset)} <${address}>`;

/** Text in the charset; PHP hosts send 7bit for JIS and base64 or 8bit else. */
function textPart(mail: MailCase, type: string, lines: readonly string[]): string {
  const bytes = encoded(`${lines.join('\r\n')}\r\n`, mail.charset);
  const plain =
    mail.charset === 'iso-2022-jp' ||
    (mail.encoding === '8bit' && lines.every((line) => Buffer.byteLength(line) < 900));
  const cte = mail.charset === 'iso-2022-jp' ? '7bit' : plain ? '8bit' : 'base64';
  const body = plain ? bytes.toString('latin1') : `${wrapped(bytes.toString('base64'))}\r\n`;
  return `Content-Type: ${type}; charset=${mail.charset.toUpperCase()}\r\nContent-Transfer-Encoding: ${cte}\r\n\r\n${body}`;
}

const hash = (mail: MailCase, salt: string): string => createHash('md5').update(`${salt}${mail.number}`).digest('hex');

/** mb_send_mail, PHPMailer and hand-made multiparts of mail forms. */
export function php(mail: MailCase): Buffer {
  const style = mail.number % 3;
  const { charset } = mail;
  const head = [
    `Date: ${mail.date}`,
    `To: ${mail.to.map(([name, address]) => mailbox(name, address, charset)).join(', ')}`,
    `From: ${mailbox(mail.fromName, mail.from, charset)}`,
    ...(mail.replyTo === '' ? [] : [`Reply-To: ${mail.replyTo}`]),
    `Subject: ${words(mail.subject, charset)}`,
    `Message-ID: ${mail.messageId}`,
    ...(style === 0 ? ['X-PHP-Originating-Script: 1000:mail.php'] : []),
    ...(style === 1
      ? ['X-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)']
      : [`X-Mailer: PHP/8.2.${mail.number % 30}`]),
    'MIME-Version: 1.0',
  ].join('\r\n');
  const text = textPart(mail, 'text/plain', mail.text);
  const boundary =
    style === 1
      ? `b1_${hash(mail, 'a')}`
      : style === 0
        ? `__BOUNDARY__${hash(mail, 'b')}`
        : `----=${hash(mail, 'c').slice(0, 20)}`;
  const inner = `b2_${hash(mail, 'd')}`;
  const alternatives =
    mail.html === ''
      ? text
      : `Content-Type: multipart/alternative;\r\n boundary="${inner}"\r\n\r\n--${inner}\r\n${text}\r\n--${inner}\r\n${textPart(mail, 'text/html', [mail.html])}\r\n--${inner}--\r\n`;
  if (mail.files.length === 0) return Buffer.from(`${head}\r\n${alternatives}`, 'latin1');
  const parts = mail.files.map((file) => `--${boundary}\r\n${attachment(file, mail, style === 1)}`);
  const preamble = style === 0 ? 'This is a multi-part message in MIME format.\r\n\r\n' : '';
  const body = `${preamble}--${boundary}\r\n${alternatives}\r\n${parts.join('\r\n')}\r\n--${boundary}--\r\n`;
  return Buffer.from(
    `${head}\r\nContent-Type: multipart/mixed;${style === 1 ? '\r\n' : ''} boundary="${boundary}"\r\n\r\n${body}`,
    'latin1',
  );
}

function attachment(file: CaseFile, { charset }: MailCase, modern: boolean): string {
  const name = /^[\x20-\x7e]*$/.test(file.name) ? `"${file.name}"` : `"${words(file.name, charset)}"`;
  const type = file.type === 'message/rfc822' ? 'application/octet-stream' : file.type;
  const named = modern
    ? `filename*=UTF-8''${encodeURIComponent(file.name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`
    : `filename=${name}`;
  return `Content-Type: ${type};\r\n name=${name}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n ${named}\r\n\r\n${wrapped(file.base64)}\r\n`;
}

/** Outlook for Windows, by SMTP: three nested multiparts, names as encoded words in quotes, Thread-Index. */
export function outlook(mail: MailCase): Buffer {
  const charset = mail.charset === 'euc-jp' ? 'utf-8' : mail.charset;
  const own: MailCase = { ...mail, charset, encoding: 'base64' };
  const boundary = (n: number): string =>
    `----=_NextPart_${String(n).padStart(3, '0')}_${hash(mail, 'o').slice(0, 4).toUpperCase()}_01DB${hash(mail, 'o').slice(4, 8).toUpperCase()}.${hash(mail, 'o').slice(8, 16).toUpperCase()}`;
  const head = [
    `From: ${mailbox(mail.fromName, mail.from, charset)}`,
    `To: ${mail.to.map(([name, address]) => mailbox(name, address, charset)).join(',\r\n\t')}`,
    ...(mail.cc.length > 0 ? [`Cc: ${mail.cc.map((address) => `<${address}>`).join(',\r\n\t')}`] : []),
    ...(mail.inReplyTo === '' ? [] : [`References: ${mail.inReplyTo}`, `In-Reply-To: ${mail.inReplyTo}`]),
    `Subject: ${words(mail.subject, charset)}`,
    `Date: ${mail.date}`,
    `Message-ID: ${mail.messageId}`,
    'MIME-Version: 1.0',
  ];
  const tail = [
    'X-Mailer: Microsoft Outlook 16.0',
    `Thread-Index: Ad${hash(mail, 't').slice(0, 22)}==`,
    'Content-Language: ja',
  ];
  const html =
    mail.html === ''
      ? `<html><body><p class=MsoNormal>${mail.text.map((line) => line.replaceAll('&', '&amp;').replaceAll('<', '&lt;')).join('<br>')}</p></body></html>`
      : mail.html;
  const plainOnly = mail.html === '' && mail.number % 2 === 0;
  const [mixed, related, alternative] = [0, 1, 2].map(boundary) as [string, string, string];
  const text = textPart(own, 'text/plain', mail.text).replace(
    /charset=(\S+)\r\n/,
    (_, name: string) => `\r\n\tcharset="${name.toLowerCase()}"\r\n`,
  );
  const page = `Content-Type: text/html;\r\n\tcharset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${quotedPrintable(html)}\r\n`;
  const both = plainOnly ? text : multipart('alternative', alternative, [text, page]);
  const images = mail.inline.map(
    (file) =>
      `Content-Type: image/png;\r\n\tname="${file.name}"\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <image001.png@01DB>\r\n\r\n${wrapped(file.base64)}\r\n`,
  );
  const body = images.length > 0 && !plainOnly ? multipart('related', related, [both, ...images]) : both;
  const files = mail.files.map((file) =>
    file.type === 'message/rfc822'
      ? `Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\nContent-Disposition: attachment\r\n\r\n${Buffer.from(file.base64, 'base64').toString('latin1')}`
      : attachment(file, own, false).replaceAll('\r\n ', '\r\n\t'),
  );
  const content = files.length > 0 ? multipart('mixed', mixed, [body, ...files]) : body;
  const end = content.indexOf('\r\n\r\n');
  const isMultipart = content.startsWith('Content-Type: multipart/');
  const preamble = isMultipart ? 'This is a multi-part message in MIME format.\r\n\r\n' : '';
  return Buffer.from(
    `${[...head, content.slice(0, end), ...tail].join('\r\n')}\r\n\r\n${preamble}${content.slice(end + 4)}`,
    'latin1',
  );
}

const multipart = (kind: string, boundary: string, parts: readonly string[]): string =>
  `Content-Type: multipart/${kind};\r\n\tboundary="${boundary}"\r\n\r\n${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;

function quotedPrintable(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => {
      const marks = [...Buffer.from(line)].map((byte) =>
        byte === 61 || byte < 32 || byte > 126
          ? `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
          : String.fromCharCode(byte),
      );
      const lines: string[] = [];
      let current = '';
      for (const mark of marks) {
        if (current.length + mark.length > 75) {
          lines.push(`${current}=`);
          current = '';
        }
        current += mark;
      }
      return [...lines, current.replace(/ $/, '=20')].join('\r\n');
    })
    .join('\r\n');
}
