/**
 * PDFs written by hand (ISO 32000-2): every object, offset and gap can be made to lie. Well-behaved by default: one A4
 * page in Helvetica, a plain cross-reference table. Bytes are Latin-1 text throughout.
 */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

export interface RawPdf {
  /** Objects 1, 2, 3 … as they stand between `obj` and `endobj`. */
  readonly objects: readonly string[];
  readonly header?: string;
  /** In front of the header. */
  readonly before?: string;
  /** Behind the last `%%EOF`. */
  readonly after?: string;
  /** Between two objects. */
  readonly gap?: string;
  /** Further entries of the trailer. */
  readonly trailer?: string;
  /** The table (default), a stream, or nothing at all: the reader must find the objects himself. */
  readonly xref?: 'table' | 'stream' | 'none';
  /** Numbers of objects that stand in an object stream; needs `xref: 'stream'`. */
  readonly packed?: readonly number[];
  /** Offsets as the table tells them. */
  readonly offsetOf?: (number: number, offset: number) => number;
  /** Changed before offsets are taken. */
  readonly written?: (number: number, text: string) => string;
  /** What stands behind `startxref`. */
  readonly startxref?: (offset: number) => string;
  /** RC4 of 40 bits (revision 2) under this user password; strings and streams of all objects are encrypted. */
  readonly userPassword?: string;
}

export const stream = (content: string, entries = '', length = content.length): string =>
  `<< ${entries} /Length ${length} >>\nstream\n${content}\nendstream`;

export const deflated = (content: string | Buffer, entries = ''): string =>
  stream(deflateSync(Buffer.from(content as string, 'latin1')).toString('latin1'), `${entries} /Filter /FlateDecode`);

/** A line of text at a place of the page. */
export const shows = (text: string, y = 700, more = ''): string => `BT ${more} /F1 20 Tf 60 ${y} Td (${text}) Tj ET\n`;

export interface RawPage {
  readonly content?: string;
  /** Further entries of catalog, page and resources; objects 6, 7, 8 … */
  readonly catalog?: string;
  readonly page?: string;
  readonly resources?: string;
  readonly more?: readonly string[];
}

/** Objects of a document of one page: 1 catalog, 2 pages, 3 page, 4 content, 5 font. */
export const pageObjects = ({
  content = '',
  catalog = '',
  page = '',
  resources = '',
  more = [],
}: RawPage): readonly string[] => [
  `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`,
  '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
  `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> ${resources} >> /Contents 4 0 R ${page} >>`,
  stream(content),
  '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ...more,
];

export const rawPage = (page: RawPage, around: Omit<RawPdf, 'objects'> = {}): Buffer =>
  pdfRaw({ ...around, objects: pageObjects(page) });

/** Bytes of the file, and where each object stands in it. */
export function pdfRaw(raw: RawPdf): Buffer {
  const { before = '', header = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', after = '', gap = '', trailer = '' } = raw;
  const { xref = 'table', packed = [], offsetOf = (_, offset) => offset, written = (_, text) => text } = raw;
  const { startxref = String } = raw;
  const lock = raw.userPassword === undefined ? undefined : lockOf(raw.userPassword);
  const objects = [...raw.objects, ...(lock === undefined ? [] : [lock.dictionary])];
  let text = before + header;
  const places: Place[] = [{ type: 0, at: 0, index: 65535 }];
  const inStream: [number, string][] = [];
  for (const [i, content] of objects.entries()) {
    const number = i + 1;
    if (packed.includes(number)) {
      places.push({ type: 2, at: objects.length + 1, index: inStream.length });
      inStream.push([number, content]);
      continue;
    }
    const secret = lock === undefined || content === lock.dictionary ? content : lock.encrypted(number, content);
    places.push({ type: 1, at: offsetOf(number, text.length), index: 0 });
    text += written(number, `${number} 0 obj\n${secret}\nendobj\n`) + gap;
  }
  if (inStream.length > 0) {
    places.push({ type: 1, at: text.length, index: 0 });
    text += `${places.length - 1} 0 obj\n${objectStream(inStream)}\nendobj\n`;
  }
  const locked = lock === undefined ? '' : `/Encrypt ${objects.length} 0 R /ID [<${lock.id}> <${lock.id}>]`;
  const start = text.length;
  if (xref === 'table') text += tableOf(places, `${trailer} ${locked}`);
  if (xref === 'stream') text += xrefStream(places, start, `${trailer} ${locked}`);
  if (xref === 'none') text += `trailer\n<< /Root 1 0 R ${trailer} ${locked} >>\n`;
  text += `startxref\n${startxref(start)}\n%%EOF\n${after}`;
  return Buffer.from(text, 'latin1');
}

interface Place {
  readonly type: 0 | 1 | 2;
  /** Offset of an object, or number of the stream that holds it. */
  readonly at: number;
  readonly index: number;
}

function tableOf(places: readonly Place[], trailer: string): string {
  const lines = places.slice(1).map(({ at }) => `${String(at).padStart(10, '0')} 00000 n \n`);
  const size = places.length;
  return `xref\n0 ${size}\n0000000000 65535 f \n${lines.join('')}trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\n`;
}

function xrefStream(places: readonly Place[], start: number, trailer: string): string {
  const all = [...places, { type: 1, at: start, index: 0 } as const];
  const rows = all.map(({ type, at, index }) => {
    const row = Buffer.alloc(7);
    row[0] = type;
    row.writeUInt32BE(at, 1);
    row.writeUInt16BE(index, 5);
    return row;
  });
  const dictionary = `/Type /XRef /Size ${all.length} /W [1 4 2] /Root 1 0 R ${trailer}`;
  return `${places.length} 0 obj\n${deflated(Buffer.concat(rows), dictionary)}\nendobj\n`;
}

/** ISO 32000-2 §7.5.7. */
export function objectStream(objects: readonly (readonly [number: number, text: string])[], entries = ''): string {
  let at = 0;
  const heads = objects.map(([number, text]) => {
    const head = `${number} ${at}`;
    at += text.length + 1;
    return head;
  });
  const first = `${heads.join(' ')}\n`;
  const dictionary = `/Type /ObjStm /N ${objects.length} /First ${first.length} ${entries}`;
  return deflated(first + objects.map(([, text]) => `${text}\n`).join(''), dictionary);
}

/** A newer revision behind a file: these objects replace those of the same number (§7.5.6). */
export function withRevision(file: Buffer, changed: ReadonlyMap<number, string>, trailer = ''): Buffer {
  const text = file.toString('latin1');
  const previous = /startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1] ?? '0';
  const size = Math.max(Number(/\/Size (\d+)/.exec(text)?.[1]), ...changed.keys().map((number) => number + 1));
  let added = '';
  let table = 'xref\n';
  for (const [number, content] of changed) {
    table += `${number} 1\n${String(text.length + added.length).padStart(10, '0')} 00000 n \n`;
    added += `${number} 0 obj\n${content}\nendobj\n`;
  }
  const start = text.length + added.length;
  const tail = `trailer\n<< /Size ${size} /Root 1 0 R /Prev ${previous} ${trailer} >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text + added + table + tail, 'latin1');
}

/** §7.6.4: padding of passwords. */
const PADDING = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex');
const md5 = (...pieces: readonly Buffer[]): Buffer => createHash('md5').update(Buffer.concat(pieces)).digest();
const padded = (password: string): Buffer => Buffer.concat([Buffer.from(password, 'latin1'), PADDING]).subarray(0, 32);

function rc4(key: Buffer, data: Buffer): Buffer {
  const state = Array.from({ length: 256 }, (_, i) => i);
  const swap = (a: number, b: number): void => {
    [state[a], state[b]] = [state[b] ?? 0, state[a] ?? 0];
  };
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + (state[i] ?? 0) + (key[i % key.length] ?? 0)) & 255;
    swap(i, j);
  }
  let [i, j] = [0, 0];
  return Buffer.from(
    data.map((byte) => {
      i = (i + 1) & 255;
      j = (j + (state[i] ?? 0)) & 255;
      swap(i, j);
      return byte ^ (state[((state[i] ?? 0) + (state[j] ?? 0)) & 255] ?? 0);
    }),
  );
}

/** Standard security handler, revision 2: algorithms 1, 2, 3 and 4 of §7.6.4. */
function lockOf(userPassword: string) {
  const id = Buffer.from('0123456789abcdef');
  const permissions = Buffer.from('fcffffff', 'hex');
  const owner = rc4(md5(padded('owner')).subarray(0, 5), padded(userPassword));
  const key = md5(padded(userPassword), owner, permissions, id).subarray(0, 5);
  const user = rc4(key, PADDING);
  const encrypt = (number: number, data: string): string => {
    const suffix = Buffer.from([number & 255, (number >> 8) & 255, 0, 0, 0]);
    return rc4(md5(key, suffix).subarray(0, 10), Buffer.from(data, 'latin1')).toString('latin1');
  };
  return {
    id: id.toString('hex'),
    dictionary: `<< /Filter /Standard /V 1 /R 2 /O <${owner.toString('hex')}> /U <${user.toString('hex')}> /P -4 >>`,
    /** Strings in parentheses and stream data; strings of the tests nest no parentheses unescaped. */
    encrypted(number: number, content: string): string {
      const at = content.indexOf('stream\n');
      const dictionary = (at < 0 ? content : content.slice(0, at)).replace(
        /\(((?:\\.|[^()\\])*)\)/gs,
        (_, inner: string) => {
          const plain = inner.replace(/\\(.)/gs, '$1');
          return `<${Buffer.from(encrypt(number, plain), 'latin1').toString('hex')}>`;
        },
      );
      if (at < 0) return dictionary;
      const data = content.slice(at + 7, content.lastIndexOf('\nendstream'));
      return `${dictionary}stream\n${encrypt(number, data)}\nendstream`;
    },
  };
}
