/**
 * The files of a folder as mails: mails as they are, documents as the attachment of a mail, so that each goes the whole way
 * through parser, converters, composer and gate. Words that must die are planted around them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join, relative } from 'node:path';
import { type Canary, openAviary } from '../../test/kit/canary.ts';

export interface CorpusInput {
  /** Below the folder. */
  readonly path: string;
  readonly file: string;
  readonly kind: string;
}

/** Rows of a manifest that are no inputs: what other programs made of an input, licences. */
const NO_INPUT = /^(?:expected|licence)$/;

/**
 * By `MANIFEST.tsv` where the folder has one (path in the first column, kind in the ninth), in its order; else all files,
 * sorted, of the kind that their extension says.
 */
export function inputsOf(folder: string): readonly CorpusInput[] {
  const manifest = join(folder, 'MANIFEST.tsv');
  const rows = existsSync(manifest) ? manifestRows(manifest) : folderRows(folder);
  return rows
    .map(({ path, kind }) => ({ path, kind, file: join(folder, path) }))
    .toSorted((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0));
}

const manifestRows = (file: string): { readonly path: string; readonly kind: string }[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .map((cells) => ({ path: cells[0] ?? '', kind: cells[8] ?? '' }))
    .filter(({ kind }) => !NO_INPUT.test(kind));

const folderRows = (folder: string): { readonly path: string; readonly kind: string }[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted()
    .map((path) => ({ path, kind: extname(path).slice(1).toLowerCase() || 'none' }));

/** `count` of them, evenly over all kinds. */
export const evenly = (inputs: readonly CorpusInput[], count: number): readonly CorpusInput[] =>
  inputs.length <= count
    ? inputs
    : Array.from({ length: count }, (_, i) => inputs[Math.floor((i * inputs.length) / count)] as CorpusInput);

export interface CorpusMail {
  readonly bytes: Buffer;
  readonly canaries: readonly Canary[];
}

export function mailOf({ file, kind, path }: CorpusInput): CorpusMail {
  const bytes = readFileSync(file);
  return looksLikeMail(kind, path, bytes) ? planted(bytes) : wrapped(basename(path), bytes);
}

/** RFC 5322: header fields first. */
function looksLikeMail(kind: string, path: string, bytes: Buffer): boolean {
  if (/^mail/.test(kind) || /\.(?:eml|mbox)$/i.test(path)) return true;
  const head = bytes.toString('latin1', 0, 4096);
  return (
    /^(?:From [^\n]*\r?\n|[A-Za-z][A-Za-z0-9-]*:[ \t])/.test(head) && /^(?:received|from|message-id):/im.test(head)
  );
}

/** One field more, where the mail begins with a field: anything else might change how it is read. */
function planted(bytes: Buffer): CorpusMail {
  const start = /^(?:From [^\n]*\n)?(?=[A-Za-z][A-Za-z0-9-]*:)/.exec(bytes.toString('latin1', 0, 2048))?.[0];
  if (start === undefined) return { bytes, canaries: [] };
  const aviary = openAviary();
  const end = bytes.includes('\r\n') ? '\r\n' : '\n';
  const field = Buffer.from(`X-Mailer: ${aviary.die('mail: X-Mailer')}${end}`);
  const parts = [bytes.subarray(0, start.length), field, bytes.subarray(start.length)];
  return { bytes: Buffer.concat(parts), canaries: aviary.canaries };
}

function wrapped(name: string, bytes: Buffer): CorpusMail {
  const { die, canaries } = openAviary();
  const dies = (region: string): string => die(`wrapping: ${region}`);
  const lines = [
    `Received: from ${dies('Received')}.example.invalid (unknown [203.0.113.9]) by mx.example.invalid; Sun, 22 Nov 2026 13:59:00 +0900`,
    'From: =?UTF-8?B?5bGx55Sw5aSq6YOO?= <yamada@example.com>',
    'To: soumu@t1.example',
    'Subject: =?UTF-8?B?6LOH5paZ44Gu6YCB5LuY?=',
    'Date: Sun, 22 Nov 2026 14:00:00 +0900',
    `Message-ID: <${Date.now()}.${canaries.length}@example.com>`,
    `X-Originating-IP: ${dies('unknown field')}`,
    `Comments: ${dies('Comments')}`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary="b_${dies('boundary')}"`,
    '',
    dies('preamble'),
  ];
  const boundary = /boundary="(.*)"/.exec(lines.join('\n'))?.[1] ?? '';
  lines.push(
    `--${boundary}`,
    'Content-Type: text/html; charset=utf-8',
    `Content-Description: ${dies('Content-Description')}`,
    '',
    `<html><head><title>${dies('title')}</title><style>.${dies('style')} { color: red }</style></head><body>`,
    `<!-- ${dies('comment')} --><p>お世話になっております。資料を送ります。</p>`,
    `<script>alert("${dies('script')}")</script><p style="display:none">${dies('hidden text')}</p></body></html>`,
    `--${boundary}`,
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: base64',
    `Content-ID: <${dies('Content-ID')}@example.com>`,
    `Content-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(name).replaceAll("'", '%27')}`,
    '',
    ...(bytes.toString('base64').match(/.{1,76}/g) ?? []),
    `--${boundary}--`,
    dies('epilogue'),
    '',
  );
  return { bytes: Buffer.from(lines.join('\r\n')), canaries };
}
