/**
 * Active names in a PDF's bytes, for the report only: what the engine does not count (OpenAction, additional actions).
 *
 * Danger: none is copied in any case; what is missed here is missing in a report. Where they hide: in object streams
 * (ISO 32000 §7.5.7, compressed) and behind `#xx` in names (§7.3.5). Encrypted documents show neither.
 */
import { inflateUpTo } from '../../engines/inflate.ts';

export interface ActiveNames {
  readonly scripts: number;
  readonly actions: number;
  /** URI and GoToR: leading out of the document. */
  readonly links: number;
}

/** Blanks and comments may stand between a key and its value (ISO 32000 §7.2.4); bounded, so that no text is read twice. */
const PATTERNS: readonly (readonly [keyof ActiveNames, RegExp])[] = [
  ['scripts', /\/S\s*(?:%[^\r\n]{0,100}[\r\n]\s*){0,5}\/JavaScript\b/g],
  [
    'actions',
    /\/S\s*(?:%[^\r\n]{0,100}[\r\n]\s*){0,5}\/(?:Launch|SubmitForm|ResetForm|ImportData|GoToE|Thread|Named|Hide|Rendition|Movie|Sound|RichMediaExecute)\b/g,
  ],
  ['links', /\/S\s*(?:%[^\r\n]{0,100}[\r\n]\s*){0,5}\/(?:URI|GoToR)\b/g],
];

/** All object streams of one document, unpacked; real ones hold 200 objects or 20 kB each. */
const MAX_UNPACKED_BYTES = 16 * 1024 * 1024;
/** Longest dictionary of an object stream that is looked at; it has six short entries. */
const MAX_DICTIONARY = 1000;
/** RFC 1950: two bytes before the deflate stream. */
const ZLIB_HEADER_BYTES = 2;

/** Never throws; at most as long as it takes to read the file once and to unpack MAX_UNPACKED_BYTES. */
export function activeNames(bytes: Uint8Array, isLate: () => boolean = () => false): ActiveNames {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const clear = countIn(text);
  const structure = structureOf(text, bytes, isLate);
  const found = countIn(structure.replace(/\/[^\s/()<>[\]{}%]*#[^\s/()<>[\]{}%]*/g, unescaped));
  return {
    scripts: Math.max(clear.scripts, found.scripts),
    actions: Math.max(clear.actions, found.actions),
    links: Math.max(clear.links, found.links),
  };
}

const ANY =
  /\/(?:JavaScript|Launch|SubmitForm|ResetForm|ImportData|GoTo[RE]|Thread|Named|Hide|URI|Rendition|Movie|Sound|RichMedia)/;

function countIn(text: string): ActiveNames {
  const found = { scripts: 0, actions: 0, links: 0 };
  if (!ANY.test(text)) return found;
  for (const [key, pattern] of PATTERNS) found[key] = text.match(pattern)?.length ?? 0;
  return found;
}

/** `/J#61vaScript` is `/JavaScript`. */
const unescaped = (name: string): string =>
  name.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

/** The file without the contents of its streams, but with those of its object streams. */
function structureOf(text: string, bytes: Uint8Array, isLate: () => boolean): string {
  const pieces: string[] = [];
  let left = MAX_UNPACKED_BYTES;
  for (let at = 0; ; ) {
    const stream = text.indexOf('stream', at);
    if (stream < 0 || isLate()) return pieces.concat(text.slice(at)).join('\n');
    pieces.push(text.slice(at, stream));
    const begin = dataAfter(text, stream + 'stream'.length);
    const end = text.indexOf('endstream', begin);
    if (end < 0) return pieces.concat(text.slice(begin)).join('\n');
    if (left > 0 && isPackedObjects(text.slice(Math.max(at, stream - MAX_DICTIONARY), stream))) {
      const unpacked = inflateUpTo(bytes.subarray(begin + ZLIB_HEADER_BYTES, end), left, isLate);
      if (unpacked.kind === 'inflated') {
        left -= unpacked.bytes.length;
        pieces.push(Buffer.from(unpacked.bytes).toString('latin1'));
      }
    }
    at = end + 'endstream'.length;
  }
}

const dataAfter = (text: string, at: number): number =>
  text.startsWith('\r\n', at) ? at + 2 : text[at] === '\n' || text[at] === '\r' ? at + 1 : at;

/** @param before the text in front of a stream: its dictionary and what stands before that */
function isPackedObjects(before: string): boolean {
  const dictionary = unescaped(before.slice(before.lastIndexOf(' obj')));
  return /\/Type\s*\/ObjStm\b/.test(dictionary) && /\/Filter\s*\[?\s*\/(?:FlateDecode|Fl)\b/.test(dictionary);
}
