/**
 * Canaries: unique words planted in a mail, each with a fate. Those that must die are looked for in everything that a
 * gateway wrote, in every spelling and container that we can think of; those that must live are looked for as readers
 * see them.
 */
import { randomInt } from 'node:crypto';
import { brotliDecompressSync, inflateRawSync, inflateSync, type ZlibOptions } from 'node:zlib';
import { keepCanary } from './collect/collector.ts';

export interface Canary {
  /** 24 letters a–z: fits a host label, a file name, a PDF name and a word. */
  readonly token: string;
  /** 'live': a reader of the original sees it. 'die': it must be in nothing that we pass on. */
  readonly fate: 'live' | 'die';
  /** Where it was planted, like 'pdf: Info dictionary'. */
  readonly region: string;
  /** Where it may stand besides, by the schema of the database: subject, addresses, file and host names. */
  readonly inDatabase: boolean;
}

export interface Aviary {
  readonly canaries: readonly Canary[];
  die(region: string): string;
  /** A piece of body or attachment: may not stand in the database. */
  live(region: string): string;
  /** Subject, address, file name, host name: may. */
  known(region: string, fate?: Canary['fate']): string;
}

/** All tokens begin so: one search for it tells whether a file needs a closer look. */
const START = 'qzxkcanary';
const LENGTH = 24;

const newToken = (): string =>
  START + Array.from({ length: LENGTH - START.length }, () => String.fromCharCode(97 + randomInt(26))).join('');

export function openAviary(): Aviary {
  const canaries: Canary[] = [];
  const plant = (region: string, fate: Canary['fate'], inDatabase: boolean): string => {
    const token = newToken();
    const canary: Canary = { token, fate, region, inDatabase };
    canaries.push(canary);
    keepCanary(canary);
    return token;
  };
  return {
    canaries,
    die: (region) => plant(region, 'die', false),
    live: (region) => plant(region, 'live', false),
    known: (region, fate = 'live') => plant(region, fate, true),
  };
}

const hex = (text: string, before: string, upper = false): string =>
  [...Buffer.from(text)].map((byte) => before + (upper ? byte.toString(16).toUpperCase() : byte.toString(16))).join('');
const rot13 = (text: string): string =>
  text.replace(/[a-z]/g, (letter) => String.fromCharCode(((letter.charCodeAt(0) - 97 + 13) % 26) + 97));
const reversed = (text: string): string => [...text].reverse().join('');
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');

/** Base64 of the text standing `shift` bytes into a group of three, without the characters that its neighbours share. */
function base64At(text: string, shift: number): string {
  const encoded = Buffer.from('\0'.repeat(shift) + text).toString('base64');
  const whole = Math.floor((shift + text.length) / 3) * 4;
  return encoded.slice(shift === 0 ? 0 : 4, whole);
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 §6, the text standing `shift` bytes into a group of five, without shared characters. */
function base32At(text: string, shift: number): string {
  const bytes = Buffer.from('\0'.repeat(shift) + text);
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  const from = shift === 0 ? 0 : 8;
  const groups = Math.floor(bytes.length / 5) * 8;
  return Array.from(
    { length: groups - from },
    (_, i) => BASE32[Number.parseInt(bits.slice((from + i) * 5, (from + i) * 5 + 5), 2)],
  ).join('');
}

interface Spelling {
  readonly name: string;
  write(token: string): Buffer;
}

/** Case is ignored for the plain ones: a search runs over a copy in lower case too. */
export const SPELLINGS: readonly Spelling[] = [
  { name: 'plain', write: (token) => Buffer.from(token) },
  { name: 'hex', write: (token) => Buffer.from(hex(token, '')) },
  { name: 'HEX', write: (token) => Buffer.from(hex(token, '', true)) },
  { name: 'hex UTF-16', write: (token) => Buffer.from(hex(token, '00')) },
  { name: 'HEX UTF-16', write: (token) => Buffer.from(hex(token, '00', true)) },
  { name: 'base64', write: (token) => Buffer.from(base64At(token, 0)) },
  { name: 'base64+1', write: (token) => Buffer.from(base64At(token, 1)) },
  { name: 'base64+2', write: (token) => Buffer.from(base64At(token, 2)) },
  ...[0, 1, 2, 3, 4].map((shift) => ({
    name: `base32+${shift}`,
    write: (token: string) => Buffer.from(base32At(token, shift)),
  })),
  { name: 'UTF-16LE', write: utf16 },
  { name: 'UTF-16BE', write: (token) => utf16(token).swap16() },
  { name: 'UTF-32LE', write: (token) => Buffer.from([...token].map((letter) => `${letter}\0\0\0`).join('')) },
  { name: 'UTF-32BE', write: (token) => Buffer.from([...token].map((letter) => `\0\0\0${letter}`).join('')) },
  { name: 'quoted-printable', write: (token) => Buffer.from(hex(token, '=', true)) },
  { name: 'percent', write: (token) => Buffer.from(hex(token, '%', true)) },
  { name: 'percent, lower case', write: (token) => Buffer.from(hex(token, '%')) },
  { name: 'backslash x', write: (token) => Buffer.from(hex(token, '\\x')) },
  { name: 'backslash u', write: (token) => Buffer.from(hex(token, '\\u00')) },
  { name: 'entities', write: (token) => Buffer.from([...token].map((c) => `&#${c.charCodeAt(0)};`).join('')) },
  { name: 'hex entities', write: (token) => Buffer.from([...token].map((c) => `&#x${hex(c, '')};`).join('')) },
  { name: 'ROT13', write: (token) => Buffer.from(rot13(token)) },
  { name: 'reversed', write: (token) => Buffer.from(reversed(token)) },

  { name: 'full-width', write: (token) => Buffer.from(fullWidth(token)) },
  { name: 'spaced', write: (token) => Buffer.from([...token].join(' ')) },
];

const fullWidth = (text: string): string =>
  [...text].map((letter) => String.fromCodePoint(0xff41 + letter.charCodeAt(0) - 97)).join('');

export interface Sighting {
  readonly canary: Canary;
  readonly spelling: string;
  /** Containers opened on the way, like 'message › base64 › inflated'. */
  readonly where: string;
}

const NEEDLES = SPELLINGS.map((spelling) => ({ spelling, start: startOf(spelling) }));

/** What all tokens' spellings begin or, reversed, end with. */
function startOf({ name, write }: Spelling): Buffer {
  const [a, b] = [write(`${START}aaaaaaaaaaaaaa`), write(`${START}zzzzzzzzzzzzzz`)];
  let same = 0;
  if (name === 'reversed') {
    while (a.at(-1 - same) === b.at(-1 - same)) same++;
    return a.subarray(a.length - same);
  }
  while (same < a.length && a[same] === b[same]) same++;
  return a.subarray(0, same);
}

/**
 * All canaries of the list that stand in these bytes, however deep.
 * @param depth containers that were opened already; `MAX_DEPTH`: none is opened
 */
export function sightings(
  bytes: Uint8Array,
  canaries: readonly Canary[],
  where = 'file',
  depth = 0,
): readonly Sighting[] {
  const found = new Map<string, Sighting>();
  for (const view of viewsOf(Buffer.from(bytes), where, depth)) {
    for (const { spelling, start } of NEEDLES) {
      if (!view.bytes.includes(start)) continue;
      for (const canary of canaries) {
        if (!view.bytes.includes(spelling.write(canary.token))) continue;
        found.set(`${canary.token} ${spelling.name} ${view.where}`, {
          canary,
          spelling: spelling.name,
          where: view.where,
        });
      }
    }
  }
  return [...found.values()];
}

export interface View {
  readonly bytes: Buffer;
  readonly where: string;
}

/** How deep containers are opened, and how much of one is inflated. */
export const MAX_DEPTH = 6;
const INFLATE: ZlibOptions = { finishFlush: 2, maxOutputLength: 256 * 1024 * 1024 };

/** The bytes as they stand, in lower case, without line ends, and what can be decoded or inflated out of them. */
export function* viewsOf(bytes: Buffer, where: string, depth = 0): Generator<View> {
  yield { bytes, where };
  const text = bytes.toString('latin1');
  if (/[A-Z]/.test(text)) yield { bytes: Buffer.from(text.toLowerCase(), 'latin1'), where: `${where} › lower case` };
  // Folded lines, soft line ends, and white space between hex digits.
  const joined = text.replace(/=\r?\n|\s+/g, '');
  if (joined.length !== text.length) yield { bytes: Buffer.from(joined, 'latin1'), where: `${where} › joined` };
  if (depth >= MAX_DEPTH) return;
  for (const inner of innerOf(bytes, text)) yield* viewsOf(inner.bytes, `${where} › ${inner.where}`, depth + 1);
}

function* innerOf(bytes: Buffer, text: string): Generator<View> {
  for (const run of base64Runs(text)) yield { bytes: Buffer.from(run, 'base64'), where: 'base64' };
  for (const match of text.matchAll(/=\?[\w-]+\?B\?([A-Za-z0-9+/=]+)\?=(?:\s+=\?[\w-]+\?B\?[A-Za-z0-9+/=]+\?=)*/gi)) {
    const words = [...match[0].matchAll(/\?B\?([^?]*)\?=/gi)].map(([, word = '']) => Buffer.from(word, 'base64'));
    yield { bytes: Buffer.concat(words), where: 'encoded words' };
  }
  for (const match of text.matchAll(/(?:[0-9A-Fa-f]{2}[ \t\r\n]?){16,}/g)) {
    yield { bytes: Buffer.from(match[0].replace(/\s/g, ''), 'hex'), where: 'hex' };
  }
  if (/=[0-9A-F]{2}/.test(text)) {
    const decoded = text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, digits: string) => byte(digits));
    yield { bytes: Buffer.from(decoded, 'latin1'), where: 'quoted-printable' };
  }
  yield* inflated(bytes);
  const pixels = pngData(bytes);
  if (pixels !== undefined) yield { bytes: pixels, where: 'PNG IDAT' };
}

/**
 * Words of base64, and lines of it that follow each other as one. By lines: one expression for all of them overflows its
 * stack at some megabytes.
 */
function* base64Runs(text: string): Generator<string> {
  let run = '';
  let end = -1;
  for (const { 0: word, index } of text.matchAll(/[A-Za-z0-9+/]{24,}={0,2}/g)) {
    const follows = end >= 0 && /^\r?\n$/.test(text.slice(end, Math.min(index, end + 3)));
    if (!follows && run !== '') yield run + shortLine(text, end);
    run = follows ? run + word : word;
    end = word.length >= 60 && !word.endsWith('=') ? index + word.length : -1;
    if (end < 0) {
      yield run;
      run = '';
    }
  }
  if (run !== '') yield run + shortLine(text, end);
}

/** The last line of a run may have any length. */
const shortLine = (text: string, end: number): string =>
  /^\r?\n([A-Za-z0-9+/]{1,23}={0,2})(?![A-Za-z0-9+/])/.exec(text.slice(end, end + 30))?.[1] ?? '';

const byte = (digits: string): string => String.fromCharCode(Number.parseInt(digits, 16));

/** Everything that looks like the start of a zlib, gzip or ZIP stream is tried: PDF streams, PNG text, ZIP entries. */
function* inflated(bytes: Buffer): Generator<View> {
  for (let at = 0; at + 2 < bytes.length; at++) {
    const [a, b] = [bytes[at] ?? 0, bytes[at + 1] ?? 0];
    if (a === 0x78 && ((a << 8) | b) % 31 === 0)
      yield* attempt(() => inflateSync(bytes.subarray(at), INFLATE), 'inflated');
    else if (a === 0x1f && b === 0x8b)
      yield* attempt(() => inflateRawSync(bytes.subarray(gzipData(bytes, at)), INFLATE), 'gunzipped');
    else if (a === 0x50 && b === 0x4b && bytes.readUInt32LE(Math.min(at, bytes.length - 4)) === 0x04034b50) {
      // Within the attempt: the bytes may end before the header does.
      const start = (): number => at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
      yield* attempt(() => inflateRawSync(bytes.subarray(start()), INFLATE), 'ZIP entry');
    }
  }
  if (bytes.length < 100_000) yield* attempt(() => brotliDecompressSync(bytes), 'brotli');
}

/** RFC 1952 §2.3: behind the header, its extra field and its name. */
function gzipData(bytes: Buffer, at: number): number {
  const flags = bytes[at + 3] ?? 0;
  let data = at + 10;
  if ((flags & 4) !== 0) data += 2 + bytes.readUInt16LE(data);
  for (const flag of [8, 16]) if ((flags & flag) !== 0) data = bytes.indexOf(0, data) + 1;
  return data;
}

function* attempt(open: () => Buffer, where: string): Generator<View> {
  try {
    const bytes = open();
    if (bytes.length >= LENGTH / 2) yield { bytes, where };
  } catch {
    // Not a stream after all.
  }
}

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

function pngData(bytes: Buffer): Buffer | undefined {
  if (!bytes.subarray(0, 8).equals(PNG)) return undefined;
  const pieces: Buffer[] = [];
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT') pieces.push(bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  try {
    return inflateSync(Buffer.concat(pieces), INFLATE);
  } catch {
    return undefined;
  }
}
