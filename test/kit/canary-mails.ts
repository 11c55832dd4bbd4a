/** Mails with canaries in every region, written by hand. */
import type { Aviary } from './canary.ts';
import {
  bmpFile,
  csvFile,
  gifFile,
  gzipped,
  jpegFile,
  macroDocument,
  pdfFile,
  pdfWithHistory,
  pngFile,
  program,
  script,
  webpFile,
  zipFile,
} from './canary-files.ts';

export interface CanaryMail {
  readonly name: string;
  /** CRLF line ends. */
  readonly bytes: Buffer;
}

const crlf = (lines: readonly string[]): string => lines.map((line) => `${line}\r\n`).join('');
const base64 = (bytes: Buffer | string): string =>
  Buffer.from(bytes as string)
    .toString('base64')
    .replace(/.{76}(?=.)/g, '$&\r\n');
const word = (text: string): string => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;

interface File {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** A mail of a text and files, with a header in which everything that may be planted is planted. */
function mailOf(aviary: Aviary, kind: string, to: string, text: readonly string[], files: readonly File[]): Buffer {
  const { die, known } = aviary;
  const boundary = `=_${die(`${kind}: boundary`)}`;
  const own = (region: string): string => die(`${kind}: ${region}`);
  const header = [
    `Received: from ${own('host of a former hop')}.example (unknown [198.51.100.7]) by mx.example (${own('comment of a former hop')})`,
    `	with ESMTPSA id ${own('id of a former hop')}; Sun, 22 Nov 2026 10:00:00 +0900`,
    `DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=${own('DKIM selector')}; h=from; bh=AA==; b=${own('DKIM signature')}`,
    `Authentication-Results: mx.example; dkim=pass header.i=@${own('Authentication-Results')}.example`,
    `X-Mailer: ${own('X-Mailer')}`,
    `X-Originating-IP: [${own('X-Originating-IP')}]`,
    `X-${own('name of a field')}: x`,
    `User-Agent: ${own('User-Agent')}`,
    `Organization: ${own('Organization')}`,
    `Return-Receipt-To: <${own('Return-Receipt-To')}@example.com>`,
    `Disposition-Notification-To: <${own('Disposition-Notification-To')}@example.com>`,
    `Sender: <${own('Sender')}@example.com>`,
    `List-Unsubscribe: <https://${own('List-Unsubscribe')}.example/>`,
    `Thread-Topic: ${own('Thread-Topic')}`,
    `Comments: ${own('Comments')}`,
    `Keywords: ${own('Keywords')}`,
    `Bcc: <${own('Bcc')}@example.com>`,
    `From: ${word(known(`${kind}: name of the sender`))} (${own('comment in From')}) <${known(`${kind}: address of the sender`)}@example.com>`,
    `To: ${word('総務課')} <${to}>`,
    `Date: Sun, 22 Nov 2026 10:00:00 +0900 (${own('comment in Date')})`,
    `Subject: ${word(`件名 ${known(`${kind}: subject`)}`)}`,
    `Message-ID: <${known(`${kind}: Message-ID`)}@example.com>`,
    `References: <${known(`${kind}: References`)}@example.com>`,
    `MIME-Version: 1.0 (${own('comment in MIME-Version')})`,
    `Content-Type: multipart/mixed; boundary="${boundary}"; ${own('name of a parameter')}=x; x-mac=${own('value of a parameter')}`,
    `Content-Description: ${own('Content-Description')}`,
  ];
  const parts = files.flatMap(({ name, type, bytes }) => [
    `--${boundary}`,
    `Content-Type: ${type}; x-unix-mode=${own(`parameter of ${type}`)}`,
    `Content-Description: ${own(`Content-Description of ${type}`)}`,
    `Content-ID: <${own(`Content-ID of ${type}`)}@x>`,
    `X-Attachment-Id: ${own(`X-Attachment-Id of ${type}`)}`,
    `Content-Disposition: attachment; filename="${name}"; creation-date="${own(`creation-date of ${type}`)}"`,
    'Content-Transfer-Encoding: base64',
    '',
    base64(bytes),
  ]);
  const lines = [
    ...header,
    '',
    own('preamble'),
    `--${boundary}`,
    ...text,
    ...parts,
    `--${boundary}--`,
    own('epilogue'),
  ];
  return Buffer.from(crlf(lines), 'latin1');
}

const plainText = ({ live }: Aviary, kind: string): readonly string[] => [
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: base64',
  '',
  base64(`お世話になっております。\r\n${live(`${kind}: text of the body`)}\r\n`),
];

function htmlSource({ die, live, known }: Aviary): string {
  const own = (region: string): string => die(`html: ${region}`);
  const shown = (region: string): string => live(`html: ${region}`);
  return `<!doctype html><!-- ${own('comment before the root')} -->
<html lang="${own('lang')}" data-x="${own('attribute of the root')}"><head><title>${own('title')}</title>
<meta name="author" content="${own('meta')}"><base href="https://${own('base')}.example/"><link rel="stylesheet" href="https://${own('style sheet address')}.example/">
<style>p.a::before{content:"${own('content of a style')}"} .gone{display:none}</style>
<script>var a="${own('script')}"</script><script type="application/ld+json">{"name":"${own('JSON-LD')}"}</script>
<!--[if mso]><p>${own('conditional comment')}</p><![endif]--></head>
<body onload="f('${own('event handler')}')"><h1>${shown('heading')}</h1><p>${shown('paragraph')} <b>${shown('bold')}</b></p>
<ul><li>${shown('list item')}</li><li>b</li></ul><ol><li>${shown('numbered item')}</li></ol>
<table summary="${own('summary of a table')}"><caption>${shown('caption')}</caption><tr><th>${shown('head of a table')}</th><td>${shown('cell of a table')}</td></tr></table>
<blockquote cite="https://${own('cite')}.example/">${shown('quotation')}</blockquote><pre>${shown('pre')}</pre>
<p><a href="https://${known('html: host of a link')}.example/" title="${own('title of a link')}" id="${own('id')}">${shown('text of a link')}</a></p>
<p hidden>${own('hidden attribute')}</p><p style="display:none">${own('display none')}</p><p style="visibility:hidden">${own('visibility hidden')}</p>
<p class="gone">${own('display none by class')}</p><p style="font-size:0">${own('font size 0')}</p><p style="font-size:1px">${own('font size 1')}</p>
<p style="color:#fff;background:#ffffff">${own('white on white')}</p><p style="opacity:0">${own('opacity 0')}</p>
<p style="position:absolute;left:-9999px">${own('off the screen')}</p><p style="height:0;overflow:hidden">${own('no height')}</p><p style="text-indent:-9999px">${own('indented away')}</p>
<template>${own('template')}</template><noscript><!-- ${own('comment in noscript')} --></noscript>
<iframe srcdoc="<p>${own('iframe srcdoc')}</p>"></iframe><object data="https://${own('object')}.example/"></object>
<svg><desc>${own('svg desc')}</desc><script>${own('svg script')}</script></svg>
<form action="https://${own('form target')}.example/"><input type="hidden" name="${own('name of an input')}" value="${own('hidden input')}"></form>
<img src="https://${own('address of a picture')}.example/t.gif" width="1" height="1"><img src="cid:${own('cid')}" alt="${shown('alt text')}">
<p>終わり</p></body></html><!-- ${own('comment behind the root')} -->`;
}

const htmlText = (aviary: Aviary): readonly string[] => {
  const html = htmlSource(aviary);
  return ['Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: base64', '', base64(html)];
};

/** All forms say the same, and each has something of its own that the one shown must not bring along. */
function alternatives(aviary: Aviary): readonly string[] {
  const inner = 'inner-boundary';
  const same = aviary.live('alternative: text of both');
  return [
    `Content-Type: multipart/alternative; boundary=${inner}`,
    '',
    aviary.die('alternative: preamble'),
    `--${inner}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    same,
    `--${inner}`,
    'Content-Type: text/enriched; charset=utf-8',
    '',
    `<bold>${aviary.die('alternative: enriched form')}</bold>`,
    `--${inner}`,
    'Content-Type: text/x-amp-html; charset=utf-8',
    '',
    `<html amp4email><body>${aviary.die('alternative: AMP form')}</body></html>`,
    `--${inner}`,
    'Content-Type: text/html; charset=utf-8',
    '',
    `<html><head><title>${aviary.die('alternative: title')}</title></head><body><p>${same}</p></body></html>`,
    `--${inner}--`,
    aviary.die('alternative: epilogue'),
  ];
}

/** All mails of the kit, for one recipient. */
export async function canaryMails(aviary: Aviary, to: string): Promise<readonly CanaryMail[]> {
  const { known } = aviary;
  const mail = (name: string, text: readonly string[], files: readonly File[]): CanaryMail => ({
    name,
    bytes: mailOf(aviary, name, to, text, files),
  });
  const file = (type: string, extension: string, bytes: Buffer): File => ({
    name: `${known(`name of a file: ${extension}`)}.${extension}`,
    type,
    bytes,
  });
  const images = [
    file('image/jpeg', 'jpg', await jpegFile(aviary)),
    file('image/png', 'png', await pngFile(aviary)),
    file('image/gif', 'gif', await gifFile(aviary)),
    file('image/webp', 'webp', await webpFile(aviary)),
    file('image/bmp', 'bmp', bmpFile(aviary)),
  ];
  return [
    mail('plain', plainText(aviary, 'plain'), []),
    mail('html', htmlText(aviary), []),
    mail('alternatives', alternatives(aviary), []),
    mail('documents', plainText(aviary, 'documents'), [
      file('application/pdf', 'pdf', pdfFile(aviary)),
      file('application/pdf', 'PDF', pdfWithHistory(aviary)),
      file('text/csv', 'csv', csvFile(aviary)),
      file('text/plain; charset=utf-8', 'txt', Buffer.from(`${aviary.live('text file: its text')}\r\n`)),
    ]),
    mail('images', plainText(aviary, 'images'), images),
    mail('blocked', plainText(aviary, 'blocked'), [
      file('application/octet-stream', 'exe', program(aviary)),
      file('application/pdf', 'scr', program(aviary)),
      file('application/octet-stream', 'js', script(aviary)),
      file('application/vnd.ms-word.document.macroEnabled.12', 'docm', macroDocument(aviary)),
      file('application/zip', 'zip', zipFile(aviary, [['a.txt', aviary.live('zip: text file')]])),
      file('application/gzip', 'gz', gzipped(aviary)),
    ]),
  ];
}
