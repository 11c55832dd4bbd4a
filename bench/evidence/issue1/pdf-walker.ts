/**
 * A stranger's look at our PDFs: `qpdf --json` reads every object, this file judges keys, names, values and content
 * operators against a list of its own. It imports nothing of the product and nothing of its grammar's reader.
 */
import { execFileSync } from 'node:child_process';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Dictionary = { readonly [key: string]: Json };

/** Each object must have exactly the keys of one of these (`/Length` is left out by qpdf). */
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  catalog: ['/Pages', '/Type'],
  'catalog with bookmarks': ['/Outlines', '/Pages', '/Type'],
  bookmarks: ['/Count', '/First', '/Last', '/Type'],
  pages: ['/Count', '/Kids', '/Type'],
  page: ['/Contents', '/MediaBox', '/Parent', '/Resources', '/Type'],
  'composite font': ['/BaseFont', '/DescendantFonts', '/Encoding', '/Subtype', '/ToUnicode', '/Type'],
  'horizontal font': [
    '/BaseFont',
    '/CIDSystemInfo',
    '/CIDToGIDMap',
    '/DW',
    '/FontDescriptor',
    '/Subtype',
    '/Type',
    '/W',
  ],
  'vertical font': [
    '/BaseFont',
    '/CIDSystemInfo',
    '/CIDToGIDMap',
    '/DW',
    '/DW2',
    '/FontDescriptor',
    '/Subtype',
    '/Type',
    '/W2',
  ],
  descriptor: [
    '/Ascent',
    '/CapHeight',
    '/Descent',
    '/Flags',
    '/FontBBox',
    '/FontFile2',
    '/FontName',
    '/ItalicAngle',
    '/StemV',
    '/Type',
  ],
};

const STREAM_SHAPES: Readonly<Record<string, readonly string[]>> = {
  'font program': ['/Length1'],
  'content or map': [],
  picture: ['/BitsPerComponent', '/ColorSpace', '/Height', '/Subtype', '/Type', '/Width'],
  fax: ['/BitsPerComponent', '/ColorSpace', '/DecodeParms', '/Filter', '/Height', '/Subtype', '/Type', '/Width'],
  photo: ['/BitsPerComponent', '/ColorSpace', '/Filter', '/Height', '/Subtype', '/Type', '/Width'],
};

/** A bookmark always has these, and may have those. */
const [BOOKMARK, BOOKMARK_OPTIONS] = [
  ['/Parent', '/Title'],
  ['/Count', '/Dest', '/First', '/Last', '/Next', '/Prev'],
];
/** As qpdf writes it: a page, how to show it, and its height in points at most. */
const DESTINATION = /^\["\d+ 0 R","\/XYZ",null,\d+(?:\.\d+)?,null\]$/;

/** Dictionaries inside of objects. */
const INNER_SHAPES: readonly (readonly string[])[] = [
  ['/Ordering', '/Registry', '/Supplement'],
  ['/Font', '/XObject'],
  ['/H', '/V'],
  ['/I'],
  ['/Columns', '/K', '/Rows'],
];

const NAMES: ReadonlySet<string> = new Set([
  ...['/Catalog', '/Pages', '/Page', '/Outlines', '/Font', '/FontDescriptor', '/XObject', '/Image'],
  ...['/Type0', '/CIDFontType2', '/SekishoInvisible', '/Identity', '/Identity-H', '/Identity-V'],
  ...['/DeviceGray', '/DeviceRGB', '/DCTDecode', '/Indexed', '/CCITTFaxDecode'],
]);
const STRINGS: ReadonlySet<string> = new Set(['u:Adobe', 'u:Identity']);

/** Names that no output may hold anywhere, also not as text between objects. */
const ACTIVE =
  /\/(?:JS|JavaScript|AA|OpenAction|Launch|EmbeddedFiles?|Filespec|URI|SubmitForm|ImportData|GoTo[RE]?|Named|Movie|Sound|Rendition|RichMedia\w*|Screen|Annots?|AcroForm|XFA|Widget|Metadata|ObjStm|XRef|Encrypt|OCProperties|OCG|Dests|Names|Threads?|Perms|DSS|StructTreeRoot|PieceInfo|Type[13]|FontFile3?|JBIG2Decode|JPXDecode|LZWDecode|Crypt)\b/;

const CONTENT =
  /^q\n\S+ 0 0 \S+ 0 0 cm\n\/I Do\nQ\n(?:BT\n3 Tr\n(?:\/[HV] 1 Tf\n|(?:-?[\d.]+ ){6}Tm\n|<[0-9A-F]+> Tj\n)*ET\n)?$/;

const keysOf = (value: Dictionary): string => Object.keys(value).toSorted().join(' ');

const isDictionary = (value: Json): value is Dictionary =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shapeOf = (shapes: Readonly<Record<string, readonly string[]>>, value: Dictionary): string | undefined =>
  Object.entries(shapes).find(([, keys]) => keys.toSorted().join(' ') === keysOf(value))?.[0];

export interface Walked {
  readonly objects: number;
  readonly problems: readonly string[];
}

/** @param path a PDF that calls itself ours. */
export function walk(path: string, bytes: Buffer): Walked {
  const problems: string[] = [];
  let parsed: { readonly qpdf?: readonly Dictionary[] };
  try {
    const json = execFileSync(
      'qpdf',
      ['--json', '--json-key=qpdf', '--json-stream-data=inline', '--decode-level=generalized', path],
      { maxBuffer: 1 << 29, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    parsed = JSON.parse(json.toString('latin1')) as { readonly qpdf?: readonly Dictionary[] };
  } catch (error) {
    return { objects: 0, problems: [`qpdf: ${(error as Error).message.slice(0, 200)}`] };
  }
  const active = ACTIVE.exec(outsideStreams(bytes));
  if (active !== null) problems.push(`name ${active[0]}`);
  const objects = Object.entries(parsed.qpdf?.[1] ?? {});
  let contents = 0;
  for (const [id, object] of objects) {
    if (!isDictionary(object)) problems.push(`${id}: not an object`);
    else if (id === 'trailer') judgeTrailer(object['value'] ?? null, problems);
    else if (isDictionary(object['stream'] ?? null))
      contents += judgeStream(id, object['stream'] as Dictionary, problems);
    else judgeValue(id, object['value'] ?? null, problems);
  }
  const pages = objects.filter(
    ([, object]) => isDictionary(object) && typeOf(object['value'] ?? null) === '/Page',
  ).length;
  if (pages === 0) problems.push('no page');
  if (contents !== pages) problems.push(`${contents} content streams for ${pages} pages`);
  return { objects: objects.length, problems };
}

const typeOf = (value: Json): Json => (isDictionary(value) ? (value['/Type'] ?? null) : null);

/** The file without what lies between `stream` and `endstream`. */
function outsideStreams(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  let rest = '';
  for (let at = 0; ; ) {
    const start = text.indexOf('\nstream\n', at);
    if (start < 0) return rest + text.slice(at);
    rest += text.slice(at, start);
    const end = text.indexOf('\nendstream\nendobj\n', start);
    if (end < 0) return rest + text.slice(start);
    at = end;
  }
}

function judgeTrailer(value: Json, problems: string[]): void {
  if (!isDictionary(value) || keysOf(value) !== '/Root /Size') problems.push(`trailer: ${JSON.stringify(value)}`);
}

function judgeValue(id: string, value: Json, problems: string[]): void {
  if (isDictionary(value) && BOOKMARK.every((key) => key in value)) {
    judgeBookmark(id, value, problems);
    return;
  }
  if (!isDictionary(value) || shapeOf(SHAPES, value) === undefined) {
    problems.push(`${id}: unknown kind with ${isDictionary(value) ? keysOf(value) : JSON.stringify(value)}`);
    return;
  }
  for (const inner of Object.values(value)) judgeInner(id, inner, problems);
}

function judgeBookmark(id: string, value: Dictionary, problems: string[]): void {
  for (const [key, inner] of Object.entries(value)) {
    const isKnown = BOOKMARK.includes(key) || BOOKMARK_OPTIONS.includes(key);
    const holds =
      key === '/Title'
        ? /^u:./u.test(String(inner))
        : key === '/Dest'
          ? DESTINATION.test(JSON.stringify(inner))
          : /^(?:\d+ 0 R|-\d+)$/.test(String(inner));
    if (!isKnown || !holds) problems.push(`${id}: bookmark with ${key} ${JSON.stringify(inner)}`);
  }
}

function judgeInner(id: string, value: Json, problems: string[]): void {
  if (Array.isArray(value)) {
    for (const each of value) judgeInner(id, each, problems);
  } else if (isDictionary(value)) {
    if (!INNER_SHAPES.some((keys) => keys.join(' ') === keysOf(value))) problems.push(`${id}: inner ${keysOf(value)}`);
    for (const each of Object.values(value)) judgeInner(id, each, problems);
  } else if (typeof value === 'string') {
    if (!/^\d+ 0 R$/.test(value) && !NAMES.has(value) && !STRINGS.has(value)) problems.push(`${id}: ${value}`);
  } else if (typeof value !== 'number') problems.push(`${id}: ${String(value)}`);
}

/** @returns 1 for a page's content, else 0. */
function judgeStream(id: string, stream: Dictionary, problems: string[]): 0 | 1 {
  const dictionary = stream['dict'] ?? null;
  const shape = isDictionary(dictionary) ? shapeOf(STREAM_SHAPES, dictionary) : undefined;
  if (!isDictionary(dictionary) || shape === undefined) {
    problems.push(`${id}: stream with ${isDictionary(dictionary) ? keysOf(dictionary) : 'no dictionary'}`);
    return 0;
  }
  for (const [key, inner] of Object.entries(dictionary)) {
    // A palette is told apart from text by its place only; its length is compared with the pixels below.
    if (!(key === '/ColorSpace' && Array.isArray(inner))) judgeInner(id, inner, problems);
  }
  const data = Buffer.from(String(stream['data'] ?? ''), 'base64');
  if (shape === 'photo' && dictionary['/Filter'] !== '/DCTDecode')
    problems.push(`${id}: ${String(dictionary['/Filter'])}`);
  if (shape === 'fax' && dictionary['/Filter'] !== '/CCITTFaxDecode')
    problems.push(`${id}: ${String(dictionary['/Filter'])}`);
  if (shape === 'picture') judgePixels(id, dictionary, data, problems);
  if (shape === 'font program' && data.length !== dictionary['/Length1'])
    problems.push(`${id}: font of ${data.length}`);
  if (shape !== 'content or map') return 0;
  const text = data.toString('latin1');
  if (text.startsWith('/CIDInit /ProcSet findresource begin\n')) return 0;
  if (!CONTENT.test(text)) problems.push(`${id}: content is not picture and invisible text: ${text.slice(0, 80)}`);
  return 1;
}

function judgePixels(id: string, dictionary: Dictionary, data: Buffer, problems: string[]): void {
  const [width, height, bits] = ['/Width', '/Height', '/BitsPerComponent'].map((key) => Number(dictionary[key]));
  const expected = Math.ceil(((width ?? 0) * (bits ?? 0)) / 8) * (height ?? 0);
  const space = dictionary['/ColorSpace'] ?? null;
  const known = space === '/DeviceGray' || (Array.isArray(space) && isPalette(space));
  if (!known || data.length !== expected) problems.push(`${id}: ${data.length} bytes of pixels`);
}

/** `[/Indexed /DeviceRGB highest bytes]`: three bytes for each colour. qpdf writes a string as `u:text` or `b:hex`. */
function isPalette([indexed, base, highest, colours]: readonly Json[]): boolean {
  if (indexed !== '/Indexed' || base !== '/DeviceRGB' || typeof highest !== 'number' || typeof colours !== 'string')
    return false;
  if (!colours.startsWith('b:')) return colours.startsWith('u:');
  return colours.length - 2 === (highest + 1) * 6;
}
