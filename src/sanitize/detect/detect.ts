/**
 * What a file is, by its bytes.
 *
 * Danger: names and labels lie (threats.tsv A01–A11), one file is two types at once (A04). Method: our own table of first
 * bytes, programs first; then a look inside containers; then text. A name can only make the answer stricter. What nobody
 * knows is `unknown`, which nothing converts; libmagic and file-type are asked only then, for a better word.
 */
import type { FileType } from '../../message/file-type.ts';
import { isVolumeName } from '../archive.ts';
import { cleanText } from '../body/characters.ts';
import { CFB_MAGIC, cfbType } from './cfb.ts';
import { byMagic, latin1 } from './magic.ts';
import { opinion } from './opinions.ts';
import { textType } from './text.ts';
import { zipType } from './zip.ts';

export interface DetectHints {
  readonly untrustedName: string;
  /** Further names of the same part (threats.tsv M50): a reader may save it under any of them. */
  readonly otherUntrustedNames?: readonly string[];
  /** Media type as declared, with or without parameters. */
  readonly declaredType: string;
}

/** ISO 32000-2 §7.5.2 note: readers accept the header within the first 1,024 bytes. */
const PDF_HEADER_WITHIN = 1024;

/** Never rejects. */
export async function detect(bytes: Uint8Array, hints: DetectHints): Promise<FileType> {
  return detectNow(bytes, hints) ?? (await opinion(bytes)) ?? 'unknown';
}

/** Our own look, without the slow opinions; undefined when we do not know. */
export function detectNow(bytes: Uint8Array, hints: DetectHints): FileType | undefined {
  if (bytes.length === 0) return 'empty';
  const start = latin1(bytes, 0, 8);
  const found =
    start === CFB_MAGIC
      ? cfbType(bytes)
      : /^PK(?:\x03\x04|\x05\x06|\x07\x08)/.test(start)
        ? zipType(bytes)
        : byMagic(bytes);
  if (found !== undefined) return found;
  if (isFinderData(bytes, hints.untrustedName)) return 'finder-data';
  const text = textType(bytes, {
    extensions: [...(hints.otherUntrustedNames ?? []), hints.untrustedName].flatMap(extensionsOf),
    declaredType: plainType(hints.declaredType),
  });
  // Scripts and pages with a PDF further down count as what their start is; a PDF behind a few odd bytes is a PDF.
  if (text !== undefined && text !== 'text' && text !== 'csv') return text;
  if (isLatePdf(bytes)) return 'pdf';
  if (text !== undefined) return text;
  if (isDiskImage(bytes)) return 'iso';
  // Volumes behind the first begin with anything.
  return isVolumeName(hints.untrustedName) ? 'volume' : undefined;
}

/** AppleDouble (RFC 1740 §5) and .DS_Store, under the names that macOS gives them: what is called otherwise is a file. */
const isFinderData = (bytes: Uint8Array, untrustedName: string): boolean =>
  /(?:^|\/)(?:\._[^/]+|\.DS_Store)$/.test(untrustedName) &&
  /^(?:\x00\x05\x16\x07\x00\x02\x00\x00|\x00\x00\x00\x01Bud1)/.test(latin1(bytes, 0, 8));

/**
 * The last extension of the name in lower case, as the various systems see it: full-width letters folded, invisible ones
 * and trailing dots gone (Windows drops them), and also what stands before a NUL, a stream's name or a version
 * (`a.exe\0.txt`, `a.vbs::$DATA`, `a.vbs;1` name a program).
 */
function extensionsOf(untrustedName: string): readonly string[] {
  const name = cleanText(untrustedName.slice(-1024).replaceAll('\0', ':').normalize('NFKC')).text.toLowerCase();
  return name
    .split(/[:;]/)
    .map((piece) => /\.([^.]*)$/.exec(piece.replace(/[^a-z0-9]{1,100}$/, ''))?.[1] ?? '')
    .filter((extension) => extension !== '');
}

const plainType = (declared: string): string => (declared.split(';')[0] ?? '').trim().toLowerCase();

function isLatePdf(bytes: Uint8Array): boolean {
  if (
    !/(?:^|[\r\n\x00])%PDF-\d/.test(latin1(bytes, 0, PDF_HEADER_WITHIN)) &&
    !latin1(bytes, 0, PDF_HEADER_WITHIN).includes('%PDF-1.')
  ) {
    return false;
  }
  const tail = latin1(bytes, Math.max(0, bytes.length - 2048), 2048);
  return /startxref|%%EOF/.test(tail);
}

/** Formats that put their mark at the end: VHD («conectix» in the last 512 bytes), DMG («koly»). */
const isDiskImage = (bytes: Uint8Array): boolean =>
  /^(?:conectix|koly)/.test(latin1(bytes, Math.max(0, bytes.length - 512), 8));
