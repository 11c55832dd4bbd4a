/**
 * Content-Transfer-Encoding undone (RFC 2045 §6): base64, quoted-printable, uuencode, identity.
 *
 * Danger: decoders disagree on junk, padding and concatenation, so a filter decodes other bytes than a mail program
 * (threats.tsv M28–M31). Method: clean input takes the platform's decoder; anything else is decoded in each way that
 * readers are known to, every different result is handed on, and the oddity is named.
 */

export interface Decoded {
  readonly bytes: Uint8Array;
  /** What other readers would have got instead, each different from `bytes` and not just its beginning. */
  readonly others: readonly Uint8Array[];
  readonly defects: readonly string[];
}

/** Encodings we undo; a part with another name is held. */
export type Encoding = 'identity' | 'base64' | 'quoted-printable' | 'uuencode';

const NAMES: Readonly<Record<string, Encoding>> = {
  '': 'identity',
  '7bit': 'identity',
  '7-bit': 'identity',
  '8bit': 'identity',
  '8-bit': 'identity',
  '8bits': 'identity',
  '7bits': 'identity',
  binary: 'identity',
  none: 'identity',
  base64: 'base64',
  'base-64': 'base64',
  'quoted-printable': 'quoted-printable',
  quotedprintable: 'quoted-printable',
  'quoted printable': 'quoted-printable',
  'x-uuencode': 'uuencode',
  'x-uue': 'uuencode',
  uuencode: 'uuencode',
  uue: 'uuencode',
};

/** The encoding a (trimmed, lower-case) name means; undefined for one that nobody here decodes. */
export const encodingOf = (name: string): Encoding | undefined =>
  Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;

export function decodeTransfer(raw: Uint8Array, encoding: Encoding): Decoded {
  switch (encoding) {
    case 'identity':
      return { bytes: raw, others: [], defects: [] };
    case 'base64':
      return decodeBase64(raw);
    case 'quoted-printable':
      return decodeQuotedPrintable(raw);
    case 'uuencode':
      return decodeUu(raw);
  }
}

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Searched for, never matched from the start: a greedy match over 70 MB would exhaust the regexp stack. */
const JUNK = /[^A-Za-z0-9+/=\s]/;

/** Only letters of the alphabet, at most two `=`, and those at the end. */
function isCleanBase64(text: string): boolean {
  const padding = text.indexOf('=');
  if (padding >= 0 && !/^=\s*=?\s*$/.test(text.slice(padding))) return false;
  return !JUNK.test(text);
}

/** More streams behind each other than this are no streams but padding strewn about. */
const MAX_STREAMS = 1000;

function decodeBase64(raw: Uint8Array): Decoded {
  const text = buffer(raw).toString('latin1');
  if (isCleanBase64(text)) return decodeCleanBase64(text);
  const defects: string[] = [];
  let body = text;
  const footer = footerAt(text);
  if (footer >= 0) {
    // A list manager's footer behind the padding: text, not base64 (M30's benign twin).
    defects.push('base64-trailing-text');
    body = text.slice(0, footer);
    if (isCleanBase64(body)) {
      const clean = decodeCleanBase64(body);
      return { ...clean, defects: [...defects, ...clean.defects] };
    }
  }
  if (/[-_]/.test(body) && !/[+/]/.test(body) && !JUNK.test(body.replace(/[-_]/g, ''))) {
    defects.push('base64-url-alphabet');
    const url = Buffer.from(body.replaceAll('-', '+').replaceAll('_', '/'), 'base64');
    return { bytes: url, others: different(url, [Buffer.from(body.replace(/[-_]/g, ''), 'base64')]), defects };
  }
  const junk = JUNK.exec(body);
  if (junk !== null) defects.push('base64-junk');
  const letters = body.replace(/[^A-Za-z0-9+/=]/g, '');
  const split = letters.split(/=+/).filter((stream) => stream !== '');
  const streams = split.length <= MAX_STREAMS ? split : [split.join('')];
  if (streams.length > 1) defects.push('base64-concatenated');
  const joined = Buffer.concat(streams.map((stream) => Buffer.from(stream, 'base64')));
  const others = [Buffer.from(letters.replaceAll('=', ''), 'base64')];
  if (streams.length > 1) others.push(Buffer.from(streams.slice(1).join(''), 'base64'));
  if (junk !== null) others.push(Buffer.from(body.slice(0, junk.index), 'base64'));
  return { bytes: joined, others: different(joined, others), defects };
}

function decodeCleanBase64(text: string): Decoded {
  const bytes = Buffer.from(text, 'base64');
  const letters = text.length - countWhiteSpace(text);
  return { bytes, others: [], defects: letters % 4 === 0 ? [] : ['base64-padding'] };
}

function countWhiteSpace(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) <= 0x20) count++;
  return count;
}

/** Where text begins that follows a complete base64 stream: a line behind padding that is no base64; -1 when there is none. */
function footerAt(text: string): number {
  const padding = /=[ \t]*\r?\n/.exec(text);
  if (padding === null) return -1;
  const start = padding.index + padding[0].length;
  const rest = text.slice(start);
  return rest.split('\n', 20).some((line) => JUNK.test(line.trim()) || /\S\s+\S/.test(line.trim())) ? start : -1;
}

/** Candidates that differ from `main` by more than being its beginning. At most two: the usual disagreements are that few. */
function different(main: Buffer, candidates: readonly Buffer[]): Buffer[] {
  const kept: Buffer[] = [];
  for (const candidate of candidates) {
    const begins = main.subarray(0, candidate.length).equals(candidate);
    if (candidate.length > 0 && !begins && !kept.some((other) => other.equals(candidate))) kept.push(candidate);
  }
  return kept.slice(0, 2);
}

const EQUALS = 0x3d;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/** RFC 2045 §6.7, leniently: lower-case hex, stray `=` kept, white space at line ends dropped. */
function decodeQuotedPrintable(raw: Uint8Array): Decoded {
  const out = Buffer.allocUnsafe(raw.length);
  let written = 0;
  let malformed = 0;
  for (let i = 0; i < raw.length; i++) {
    const byte = raw[i] ?? 0;
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
      // Blanks that were encoded (`=20`) stay: only those that stand there as they are were put there by the way.
      for (let at = i - 1; isBlank(raw[at]); at--) written--;
      out[written++] = byte;
    } else if (byte !== EQUALS) {
      out[written++] = byte;
    } else {
      const end = softBreakEnd(raw, i + 1);
      const high = hexValue(raw[i + 1]);
      const low = hexValue(raw[i + 2]);
      if (end >= 0) i = end - 1;
      else if (high >= 0 && low >= 0) {
        out[written++] = high * 16 + low;
        i += 2;
      } else {
        malformed++;
        out[written++] = byte;
      }
    }
  }
  return { bytes: out.subarray(0, written), others: [], defects: malformed > 0 ? ['quoted-printable-malformed'] : [] };
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;

/** End of a soft line break that starts behind the `=` at `at`; -1 when this is none. */
function softBreakEnd(raw: Uint8Array, at: number): number {
  let i = at;
  while (isBlank(raw[i])) i++;
  if (i >= raw.length) return i;
  if (raw[i] === LINE_FEED) return i + 1;
  return raw[i] === CARRIAGE_RETURN && raw[i + 1] === LINE_FEED ? i + 2 : -1;
}

function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** POSIX uuencode, `begin 644 name` … `end`; lines outside it are named. */
function decodeUu(raw: Uint8Array): Decoded {
  const out: Buffer[] = [];
  const defects = new Set<string>();
  let inside = false;
  let seen = false;
  for (const line of buffer(raw).toString('latin1').split(/\r?\n/)) {
    if (!inside && /^begin(?:-base64)? [0-7]{3,4} /.test(line)) {
      inside = true;
      seen = true;
    } else if (inside && /^end\s*$/.test(line)) inside = false;
    else if (inside) out.push(decodeUuLine(line));
    else if (line.trim() !== '') defects.add('uuencode-trailing-text');
  }
  if (!seen) return { bytes: raw, others: [], defects: ['uuencode-without-begin'] };
  if (inside) defects.add('uuencode-unterminated');
  return { bytes: Buffer.concat(out), others: [], defects: [...defects] };
}

function decodeUuLine(line: string): Buffer {
  const length = ((line.charCodeAt(0) || 0x20) - 0x20) & 0x3f;
  const bytes = Buffer.alloc(Math.ceil(length / 3) * 3);
  for (let i = 1, o = 0; o < length; i += 4, o += 3) {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => ((line.charCodeAt(i + k) || 0x20) - 0x20) & 0x3f) as [
      number,
      number,
      number,
      number,
    ];
    bytes[o] = (a << 2) | (b >> 4);
    bytes[o + 1] = ((b << 4) & 0xff) | (c >> 2);
    bytes[o + 2] = ((c << 6) & 0xff) | d;
  }
  return bytes.subarray(0, length);
}

/** True when a body reads like base64 rather than like text: long unbroken lines of its alphabet, hardly anything else. */
export function looksLikeBase64(raw: Uint8Array): boolean {
  const sample = buffer(raw.subarray(0, 8192)).toString('latin1').trim();
  if (sample.length < 4) return false;
  const lines = sample.split(/\r?\n/).filter((line) => line.trim() !== '');
  const good = lines.filter((line) => /^[A-Za-z0-9+/]+={0,2}\s*$/.test(line)).length;
  return good * 10 >= lines.length * 8;
}
