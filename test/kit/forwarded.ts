/** Reads a forwarded message as a mail program would: decoded header, text, files. Knows only what our grammar writes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ForwardedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

export interface ForwardedMail {
  /** Unfolded and decoded. */
  readonly header: string;
  readonly text: string;
  readonly files: readonly ForwardedFile[];
}

const split = (bytes: Buffer): readonly [string, Buffer] => {
  const at = bytes.indexOf('\r\n\r\n');
  return [bytes.toString('latin1', 0, at), bytes.subarray(at + 4)];
};

const decoded = (body: Buffer): Buffer => Buffer.from(body.toString('latin1'), 'base64');

const decodedWords = (header: string): string =>
  header
    .replace(/\?=\r\n =\?UTF-8\?B\?/g, '?= =?UTF-8?B?')
    .replace(/\r\n /g, ' ')
    .replace(/(?:=\?UTF-8\?B\?[A-Za-z0-9+/=]*\?= ?)+/g, (words) =>
      Buffer.concat(
        [...words.matchAll(/\?B\?([^?]*)\?=/g)].map(([, word = '']) => Buffer.from(word, 'base64')),
      ).toString(),
    );

function nameOf(head: string): string {
  const pieces = [...head.matchAll(/filename\*(?:\d+\*)?=(?:UTF-8'')?([^;\r\n]*)/g)].map(([, piece = '']) => piece);
  return decodeURIComponent(pieces.join(''));
}

export function readForwarded(bytes: Buffer): ForwardedMail {
  const [head, body] = split(bytes);
  const header = decodedWords(head);
  const boundary = /boundary="([^"]+)"/.exec(head)?.[1];
  if (boundary === undefined) return { header, text: decoded(body).toString(), files: [] };
  const [first, ...others] = body
    .toString('latin1')
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => split(Buffer.from(part.slice(2), 'latin1')));
  return {
    header,
    text: first === undefined ? '' : decoded(first[1]).toString(),
    files: others.map(([partHead, partBody]) => ({
      name: nameOf(partHead),
      type: /Content-Type: ([^;\r\n]+)/.exec(partHead)?.[1] ?? '',
      bytes: decoded(partBody),
    })),
  };
}

/** All that a reader sees of the files, PDFs by pdftotext, which knows nothing of us. @throws when it is not installed. */
export function shownText(mail: ForwardedMail): string {
  const texts = mail.files.map(({ name, type, bytes }) =>
    type === 'application/pdf' ? pdfText(bytes) : type.startsWith('text/') ? bytes.toString() : name,
  );
  return [mail.header, mail.text, ...mail.files.map(({ name }) => name), ...texts].join('\n');
}

export function pdfText(bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-pdf-'));
  try {
    writeFileSync(join(folder, 'a.pdf'), bytes);
    return execFileSync('pdftotext', ['-q', '-layout', join(folder, 'a.pdf'), '-'], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
