/**
 * Strict reader of the ZIPs that we write: docs/output-grammar.md §9.
 *
 * Danger: what one program shows and another hides (two directories, gaps, names that differ), names that are paths, bombs, anything in
 * it that we did not write.
 * Grammar: local parts, directory and end record without a byte between them, each field with its one value; every file
 * judged by the reader of its own type, which its extension names. A ZIP in a ZIP is none of ours.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { SAFE_TYPES, type SafeType } from '../message/file-type.ts';
import { latin1 } from './bytes.ts';
import { pathProblem } from './path.ts';
import { decodeUtf8 } from './text.ts';

export type Judge = (type: SafeType, bytes: Uint8Array) => readonly string[];

/** As many files as a message may have parts (config/schema.ts). */
const MAX_FILES = 5000;
/** All files of it unpacked: what one message may write at most (config/schema.ts, maxOutputBytes). */
const MAX_BYTES = 512 * 1024 * 1024;
const MAX_NAME_BYTES = 4 * 1100;

const LOCAL = 'PK\x03\x04';
/** Made by version 2.0 on Unix. */
const CENTRAL = 'PK\x01\x02\x14\x03';
/** No comment, volume 0, no internal attributes; a plain file with mode 644. */
const ATTRIBUTES = '\0\0\0\0\0\0\x00\x00\xa4\x81';
const END = 'PK\x05\x06';
/** Version 2.0, names in UTF-8; 1980-01-01 00:00 stands behind the method. */
const HEAD = '\x14\x00\x00\x08';
const MOMENT = '\x00\x00\x21\x00';

const DEFLATED: ReadonlySet<SafeType> = new Set<SafeType>(['text', 'csv']);
const TYPES: ReadonlyMap<string, SafeType> = new Map(
  (['pdf', 'png', 'jpeg', 'csv', 'text'] as const).map((type) => [SAFE_TYPES[type].extension, type]),
);

/** Thrown and caught here only: the first byte that does not fit ends the reading. */
class Misfit extends Error {}

/** Every problem found; none for a file of ours. Problems name files by their number: names are not for logs. */
export function zipProblems(bytes: Uint8Array, judge: Judge): readonly string[] {
  try {
    return readArchive(bytes, judge);
  } catch (error) {
    if (error instanceof Misfit) return [`zip: ${error.message}`];
    throw error;
  }
}

interface Entry {
  readonly place: number;
  /** From the version to the length of the name: the same bytes in both headers. */
  readonly facts: string;
  readonly name: Uint8Array;
}

function readArchive(bytes: Uint8Array, judge: Judge): readonly string[] {
  const problems: string[] = [];
  const entries: Entry[] = [];
  const seen = { paths: new Set<string>(), folders: new Set<string>() };
  let at = 0;
  let total = 0;
  while (latin1(bytes, at, at + 4) === LOCAL) {
    if (entries.length >= MAX_FILES) throw new Misfit('too many files');
    const file = readFile(bytes, at, MAX_BYTES - total);
    total += file.content.length;
    const number = entries.push({ place: at, facts: file.facts, name: file.name });
    const type = typeOf(file.name, seen);
    if (DEFLATED.has(type) !== file.isDeflated) throw new Misfit(`file ${number}: another method than its type has`);
    problems.push(...judge(type, file.content).map((problem) => `zip: file ${number}: ${problem}`));
    at = file.end;
  }
  if (entries.length === 0) throw new Misfit('no file');
  for (const folder of seen.folders) if (seen.paths.has(folder)) throw new Misfit('a file and a folder of one name');
  requireDirectory(bytes, at, entries);
  return problems;
}

interface ReadFile {
  readonly facts: string;
  readonly name: Uint8Array;
  readonly content: Uint8Array;
  readonly isDeflated: boolean;
  readonly end: number;
}

function readFile(bytes: Uint8Array, at: number, maxBytes: number): ReadFile {
  const facts = latin1(bytes, at + 4, at + 30);
  const method = facts.slice(4, 6);
  // The last two bytes, the length of extra fields, also fail where the file's end cuts the header.
  if (facts.slice(0, 4) !== HEAD || facts.slice(6, 10) !== MOMENT || facts.slice(24) !== '\0\0') {
    throw new Misfit('a local header of another form');
  }
  if (method !== '\x08\x00' && method !== '\x00\x00') throw new Misfit('another method');
  const [crc, packed, size] = [le32(bytes, at + 14), le32(bytes, at + 18), le32(bytes, at + 22)];
  const nameLength = le16(bytes, at + 26);
  const start = at + 30 + nameLength;
  if (!(nameLength > 0 && nameLength <= MAX_NAME_BYTES && start + packed <= bytes.length)) {
    throw new Misfit('lengths that do not fit the file');
  }
  if (size > maxBytes) throw new Misfit('unpacked too large');
  const data = bytes.subarray(start, start + packed);
  const isDeflated = method === '\x08\x00';
  const content = isDeflated ? inflated(data, size) : data;
  if (content.length !== size || crc32(content) !== crc) throw new Misfit('size or checksum of a file');
  return { facts, name: bytes.subarray(at + 30, start), content, isDeflated, end: start + packed };
}

/** What `inflateRawSync` answers with `info: true`; the Node typings know only the plain answer. */
interface InflateAnswer {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

function inflated(data: Uint8Array, size: number): Uint8Array {
  try {
    const options = { info: true, maxOutputLength: Math.max(1, size) };
    const answer = inflateRawSync(data, options) as unknown as InflateAnswer;
    if (answer.engine.bytesWritten !== data.length) throw new Misfit('bytes behind the end of a deflate stream');
    return answer.buffer;
  } catch (error) {
    throw error instanceof Misfit ? error : new Misfit('deflate stream broken or too long');
  }
}

function typeOf(name: Uint8Array, seen: { readonly paths: Set<string>; readonly folders: Set<string> }): SafeType {
  const path = decodeUtf8(name);
  if (path === undefined) throw new Misfit('a name that is not UTF-8');
  const type = TYPES.get(/\.([a-z]+)$/.exec(path)?.[1] ?? '');
  if (type === undefined) throw new Misfit('a file of none of our types');
  const problem = pathProblem(path, SAFE_TYPES[type].extension);
  if (problem !== '') throw new Misfit(`name: ${problem}`);
  const key = path.normalize('NFKC').toLowerCase();
  if (seen.paths.has(key)) throw new Misfit('two files of one name');
  seen.paths.add(key);
  for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1))
    seen.folders.add(key.slice(0, slash));
  return type;
}

/** The directory is what follows from the local headers, byte for byte, and the end record what follows from it. */
function requireDirectory(bytes: Uint8Array, start: number, entries: readonly Entry[]): void {
  let at = start;
  for (const { place, facts, name } of entries) {
    const expected = Buffer.concat([Buffer.from(`${CENTRAL}${facts}${ATTRIBUTES}${le(place, 4)}`, 'latin1'), name]);
    if (expected.compare(bytes, at, Math.min(at + expected.length, bytes.length)) !== 0) {
      throw new Misfit('a directory entry that differs from its file');
    }
    at += expected.length;
  }
  const count = le(entries.length, 2);
  const end = `${END}\0\0\0\0${count}${count}${le(at - start, 4)}${le(start, 4)}\0\0`;
  if (latin1(bytes, at, at + end.length) !== end) throw new Misfit('an end record of another form');
  if (at + end.length !== bytes.length) throw new Misfit('bytes behind the end');
}

/** Little-endian, in so many bytes. */
const le = (value: number, length: number): string =>
  Array.from({ length }, (_, i) => String.fromCharCode(Math.floor(value / 256 ** i) % 256)).join('');

const le16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? Number.NaN) + (bytes[at + 1] ?? Number.NaN) * 256;
const le32 = (bytes: Uint8Array, at: number): number => le16(bytes, at) + le16(bytes, at + 2) * 65_536;
