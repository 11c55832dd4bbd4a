/** What stands in bytes that belong to no part: nothing much, text, a part, or an encoded file that some reader would find. */

export type GapContent = 'blank' | 'text' | 'part' | 'encoded-file';

/** Lines of base64 in a row that are a file and not a signature or a key in a text; 8 × 76 characters hold 456 bytes. */
const BASE64_LINES = 8;
const BASE64_LINE = /^[A-Za-z0-9+/]{40,}={0,2}$/;
const UU_BEGIN = /^begin(?:-base64)? [0-7]{3,4} \S/m;
/** First bytes of files that a reader might carve out: PE, ZIP, PDF, OLE, RAR, 7z, ELF, gzip. */
const MAGIC = /^(?:MZ[\x00-\xff]{2}|PK\x03\x04|%PDF-|\xd0\xcf\x11\xe0|Rar!\x1a|7z\xbc\xaf|\x7fELF|\x1f\x8b\x08)/;

export function gapContent(bytes: Buffer): GapContent {
  const text = bytes.toString('latin1');
  if (text.trim() === '') return 'blank';
  if (MAGIC.test(text.trimStart()) || UU_BEGIN.test(text) || hasBase64Run(text)) return 'encoded-file';
  return /^content-(?:type|transfer-encoding|disposition)[ \t]*:/im.test(text) ? 'part' : 'text';
}

function hasBase64Run(text: string): boolean {
  let run = 0;
  for (const line of text.split('\n')) {
    run = BASE64_LINE.test(line.trimEnd()) ? run + 1 : 0;
    if (run >= BASE64_LINES) return true;
  }
  return false;
}
