/**
 * What a ZIP is, by the names in it. Names only: nothing is inflated.
 *
 * Danger: two directories in one file, names that differ between them (threats.tsv A25–A27). Method: names of the central
 * directory and of the local headers it points at, together; whichever says «macro» or «program» wins. A directory that
 * cannot be read in bounds leaves plain `zip`.
 */
import type { FileType } from '../../message/file-type.ts';
import { latin1, uint16, uint32 } from './magic.ts';

/** A document has some hundred parts. */
const MAX_NAMES = 5000;
const EOCD = 'PK\x05\x06';
const CENTRAL = 'PK\x01\x02';
const LOCAL = 'PK\x03\x04';
/** EOCD and the longest comment. */
const TAIL = 22 + 0xffff;

/** @param bytes begin with a local header (or are an empty archive). */
export function zipType(bytes: Uint8Array): FileType {
  const names = entryNames(bytes).map((name) => name.toLowerCase());
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  const isOoxml = has(/^\/?\[content_types\]\.xml$/);
  // Before the types: a document that is a program at the same time is a program.
  if (has(/^meta-inf\/manifest\.mf$|\.class$|^classes\.dex$|^appxmanifest\.xml$|^appxmetadata\//)) return 'jar';
  if (has(/vbaproject[^/]*\.bin$|vbadata\.xml$/)) return 'ooxml-macro';
  if (isOoxml && has(/\/macrosheets\/|\/dialogsheets\//)) return 'ooxml-macro';
  // In an archive these are folders like others.
  if (odfType(bytes) !== undefined && has(/^basic\/|^scripts\//)) return 'ooxml-macro';
  if (isOoxml) return ooxmlType(has);
  if (has(/\.fdseq$/)) return 'xps';
  return odfType(bytes) ?? 'zip';
}

function ooxmlType(has: (pattern: RegExp) => boolean): FileType {
  if (has(/\.fdseq$/)) return 'xps';
  if (has(/^\/?word\//)) return 'docx';
  if (has(/^\/?xl\//)) return 'xlsx';
  if (has(/^\/?ppt\//)) return 'pptx';
  return 'zip';
}

/** ODF 1.3 part 2 §3.3: first entry `mimetype`, stored, without extra field. */
function odfType(bytes: Uint8Array): FileType | undefined {
  const match = /^mimetypeapplication\/vnd\.oasis\.opendocument\.(text|spreadsheet|presentation)/.exec(
    latin1(bytes, 30, 80),
  );
  const kind = match?.[1];
  return kind === 'text' ? 'odt' : kind === 'spreadsheet' ? 'ods' : kind === 'presentation' ? 'odp' : undefined;
}

function entryNames(bytes: Uint8Array): readonly string[] {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = data.lastIndexOf(EOCD, undefined, 'latin1');
  if (end < 0 || end < data.length - TAIL) return localNames(data);
  const names: string[] = [];
  let at = uint32(data, end + 16);
  const count = Math.min(uint16(data, end + 10), MAX_NAMES);
  for (let i = 0; i < count && latin1(data, at, 4) === CENTRAL; i++) {
    const nameLength = uint16(data, at + 28);
    names.push(latin1(data, at + 46, nameLength));
    const local = uint32(data, at + 42);
    if (latin1(data, local, 4) === LOCAL) names.push(latin1(data, local + 30, uint16(data, local + 26)));
    at += 46 + nameLength + uint16(data, at + 30) + uint16(data, at + 32);
  }
  return names.length > 0 ? names : localNames(data);
}

/** Without a usable directory: every local header there is. */
function localNames(data: Buffer): readonly string[] {
  const names: string[] = [];
  let at = data.indexOf(LOCAL, 0, 'latin1');
  while (at >= 0 && names.length < MAX_NAMES) {
    names.push(latin1(data, at + 30, Math.min(uint16(data, at + 26), 1024)));
    at = data.indexOf(LOCAL, at + 30, 'latin1');
  }
  return names;
}
