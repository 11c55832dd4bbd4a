/**
 * Header text: RFC 2047 encoded-words, and what people send instead of them (raw Shift_JIS, EUC-JP, ISO-2022-JP, UTF-8).
 *
 * Lenient where mail of this country is: encoded-words inside quotes and parameters, a character split over two words,
 * words that touch other text. Linear in the length of the input (threats.tsv M72).
 */
import { decodeText } from './decode.ts';

/** RFC 2047 §2 allows 75 characters a word; writers exceed it, a charset name does not. Bounded, so that no `?` run is rescanned. */
const ENCODED_WORD = /=\?([^?\s]{1,60})\?([bq])\?([^?]*)\?=/gi;

const RAW = 'raw';

interface Run {
  /** Charset label, or RAW. */
  readonly charset: string;
  readonly encoding: string;
  readonly bytes: Buffer;
}

/** Text of a header value. @param raw the value's bytes, folds removed or not. Controls are not removed here. */
export function decodeHeader(raw: Uint8Array): string {
  return decodeHeaderLatin1(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1'));
}

/** The same for a value held as one byte a char. */
export function decodeHeaderLatin1(raw: string): string {
  const unfolded = raw.replace(/\r?\n(?=[ \t])/g, '').replace(/[\r\n]+/g, ' ');
  if (!unfolded.includes('=?')) return decodeRaw(unfolded);
  const runs = runsOf(unfolded);
  // All raw pieces of one header are in one charset: judged together they are judged better.
  const rawCharset = decodeText(
    Buffer.concat(runs.filter((run) => run.charset === RAW).map((run) => run.bytes)),
    '',
  ).charset;
  return runs
    .map((run) => decodeText(run.bytes, run.charset === RAW ? rawCharset : run.charset, 'utf-8').text)
    .join('');
}

function decodeRaw(text: string): string {
  if (!/[\x1b\x80-\xff]/.test(text)) return text;
  return decodeText(Buffer.from(text, 'latin1'), '').text;
}

/** Cuts a value into raw text and decoded words; neighbouring words of one charset and encoding become one run. */
function runsOf(text: string): Run[] {
  const groups: { charset: string; encoding: string; pieces: Buffer[] }[] = [];
  let end = 0;
  const addRaw = (piece: string): void => {
    if (piece !== '') groups.push({ charset: RAW, encoding: '', pieces: [Buffer.from(piece, 'latin1')] });
  };
  for (const match of text.matchAll(ENCODED_WORD)) {
    const charset = (match[1] ?? '').toLowerCase();
    const encoding = (match[2] ?? '').toLowerCase();
    const between = text.slice(end, match.index);
    const last = groups.at(-1);
    const follows = last !== undefined && last.charset !== RAW && /^[ \t]*$/.test(between);
    // White space between two encoded-words is not text (RFC 2047 §6.2).
    if (!follows) addRaw(between);
    const bytes = encoding === 'b' ? Buffer.from(match[3] ?? '', 'base64') : decodeQ(match[3] ?? '');
    if (follows && last.charset === charset && last.encoding === encoding) last.pieces.push(bytes);
    else groups.push({ charset, encoding, pieces: [bytes] });
    end = match.index + match[0].length;
  }
  addRaw(text.slice(end));
  return groups.map(({ charset, encoding, pieces }) => ({ charset, encoding, bytes: Buffer.concat(pieces) }));
}

/** RFC 2047 §4.2: underscore is a space, =XX a byte; a lone `=` stays. */
function decodeQ(text: string): Buffer {
  const plain = text
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1');
}
