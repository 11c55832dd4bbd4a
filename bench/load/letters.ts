/**
 * Letters of a wanted size for the bench: plain Japanese text as it is mailed every day, in six spellings that go round
 * (charset, transfer encoding, header), so that no receiver is measured on one lucky shape.
 */
import Encoding from 'encoding-japanese';
import { type LoadMail, letterLine, letterSentence, SENTENCES } from './mails.ts';

/** Encoded body lines of one sentence: what stands between a line's number and its end. */
interface Spelling {
  readonly contentType: string;
  readonly transferEncoding: string;
  readonly header: readonly string[];
  /** Bytes of each sentence in this charset. */
  readonly sentences: readonly Buffer[];
  /** Raw lines to the bytes that go over the wire. */
  encode(raw: Buffer): Buffer;
  /** Wire bytes for each raw byte, roughly: to meet the wanted size. */
  readonly growth: number;
}

const CRLF = Buffer.from('\r\n');

const inCharset = (charset: 'JIS' | 'SJIS' | 'UTF8'): readonly Buffer[] =>
  SENTENCES.map((text) => Buffer.from(Encoding.convert(Encoding.stringToCode(text), { to: charset, from: 'UNICODE' })));

const base64 = (raw: Buffer): Buffer => Buffer.from(raw.toString('base64').replace(/.{1,76}/g, '$&\r\n'), 'latin1');
const plain = (raw: Buffer): Buffer => raw;

/** RFC 2045 §6.7: every byte beyond ASCII as =XX, soft breaks before the 76th column. */
function quotedPrintable(raw: Buffer): Buffer {
  const lines: string[] = [];
  for (const line of raw.toString('latin1').split('\r\n')) {
    let current = '';
    for (const character of line) {
      const code = character.charCodeAt(0);
      const spelled = code > 126 || code === 61 ? `=${code.toString(16).toUpperCase().padStart(2, '0')}` : character;
      if (current.length + spelled.length > 75) {
        lines.push(`${current}=`);
        current = '';
      }
      current += spelled;
    }
    lines.push(current);
  }
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

const SUBJECT_UTF8 = 'Subject: =?UTF-8?B?5p2l5pyI44Gu56qT5Y+j44Gr44Gk44GE44Gm?=';
const SUBJECT_JIS = 'Subject: =?ISO-2022-JP?B?GyRCTWg3biROQWs4fSRLJEQkJCRGGyhC?=';
const FROM_UTF8 = 'From: =?UTF-8?B?5bGx55SwIOiKseWtkA==?= <hanako@example.com>';
const FROM_JIS = 'From: =?iso-2022-jp?B?GyRCOzNFRBsoQiAbJEIySztSGyhC?= <hanako@example.com>';

const SPELLINGS: readonly Spelling[] = [
  {
    contentType: 'text/plain; charset=UTF-8',
    transferEncoding: 'base64',
    header: [FROM_UTF8, SUBJECT_UTF8, 'X-Mailer: Microsoft Outlook 16.0', 'Thread-Index: AdtLoAdBench=='],
    sentences: inCharset('UTF8'),
    encode: base64,
    growth: 1.37,
  },
  {
    contentType: 'text/plain; charset=ISO-2022-JP',
    transferEncoding: '7bit',
    header: [FROM_JIS, SUBJECT_JIS, 'X-Mailer: Becky! ver. 2.81.03 [ja]', 'Organization: example'],
    sentences: inCharset('JIS'),
    encode: plain,
    growth: 1,
  },
  {
    contentType: 'text/plain; charset=utf-8; format=flowed',
    transferEncoding: '8bit',
    header: [
      'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1;\r\n h=From:To:Subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA',
      FROM_UTF8,
      SUBJECT_UTF8,
      'User-Agent: Mozilla Thunderbird',
      'In-Reply-To: <20261115.1@t.example>',
      'References: <20261114.1@t.example>\r\n <20261115.1@t.example>',
    ],
    sentences: inCharset('UTF8'),
    encode: plain,
    growth: 1,
  },
  {
    contentType: 'text/plain; charset="utf-8"',
    transferEncoding: 'quoted-printable',
    header: [
      FROM_UTF8,
      SUBJECT_UTF8,
      'List-Id: <oshirase.example.com>',
      'List-Unsubscribe: <mailto:u@example.com>',
      'Precedence: bulk',
    ],
    sentences: inCharset('UTF8'),
    encode: quotedPrintable,
    growth: 2.9,
  },
  {
    contentType: 'text/plain; charset=Shift_JIS',
    transferEncoding: 'base64',
    header: [FROM_JIS, SUBJECT_JIS, 'X-Priority: 3', 'X-MSMail-Priority: Normal'],
    sentences: inCharset('SJIS'),
    encode: base64,
    growth: 1.37,
  },
  {
    contentType: 'text/plain; charset=UTF-8',
    transferEncoding: 'base64',
    header: [
      FROM_UTF8,
      SUBJECT_UTF8,
      'Cc: =?UTF-8?B?5oOF5aCx5pS/562W6Kqy?= <joho@example.com>,\r\n kikaku@example.com',
      'Reply-To: hanako@example.com',
      'Auto-Submitted: no',
    ],
    sentences: inCharset('UTF8'),
    encode: base64,
    growth: 1.37,
  },
];

/** A body is made once and used again after this many mails: making it is not what is measured. */
const POOL_BYTES = 256_000_000;

interface Body {
  readonly number: number;
  readonly lines: number;
  readonly bytes: Buffer;
}

export class Letters {
  readonly #tenants: number;
  readonly #bodies = new Map<string, Body>();
  #next = 0;

  /** @param tenants recipients go round through `soumu@t1.example` … */
  constructor(tenants: number) {
    this.#tenants = tenants;
  }

  /** @param size wanted length of the whole mail, in bytes; met within a few per cent. */
  take(count: number, size: number): readonly LoadMail[] {
    return Array.from({ length: count }, () => this.#letter(this.#next++, size));
  }

  #letter(index: number, size: number): LoadMail {
    const pool = Math.max(SPELLINGS.length, Math.floor(POOL_BYTES / size));
    const number = index % pool;
    const spelling = SPELLINGS[number % SPELLINGS.length] as Spelling;
    const domain = `t${(index % this.#tenants) + 1}.example`;
    const messageId = `<bench-${process.pid}-${index}@mail.example.com>`;
    const header = Buffer.from(headerOf(spelling, messageId, domain));
    const key = `${size}/${number}`;
    const body = this.#bodies.get(key) ?? bodyOf(spelling, number, size - header.length);
    this.#bodies.set(key, body);
    return {
      kind: 'text',
      index,
      messageId,
      domain,
      letter: { number, lines: body.lines },
      reversePath: 'hanako@example.com',
      recipients: [`soumu@${domain}`],
      bytes: Buffer.concat([header, body.bytes]),
    };
  }
}

const headerOf = (spelling: Spelling, messageId: string, domain: string): string =>
  [
    'Received: from mx.example.com (mx.example.com [203.0.113.9])\r\n by mx.example with ESMTPS id 4XyZ; Mon, 16 Nov 2026 09:00:01 +0900',
    'Received: from pc (unknown [192.0.2.7]) by mx.example.com; Mon, 16 Nov 2026 09:00:00 +0900',
    'Date: Mon, 16 Nov 2026 09:00:00 +0900',
    ...spelling.header,
    `To: soumu@${domain}`,
    `Message-ID: ${messageId}`,
    'MIME-Version: 1.0',
    `Content-Type: ${spelling.contentType}`,
    `Content-Transfer-Encoding: ${spelling.transferEncoding}`,
    '',
    '',
  ].join('\r\n');

function bodyOf(spelling: Spelling, number: number, size: number): Body {
  const parts: Buffer[] = [];
  let length = 0;
  let lines = 0;
  for (; length * spelling.growth < size; lines++) {
    const label = Buffer.from(letterLine(number, lines, ''));
    const line = [label, spelling.sentences[letterSentence(lines)] as Buffer, CRLF];
    parts.push(...line);
    length += line.reduce((sum, part) => sum + part.length, 0);
  }
  return { number, lines, bytes: spelling.encode(Buffer.concat(parts)) };
}
