/**
 * Files hidden in the lines of a text: uuencode, begin-base64, yEnc, BinHex, bare base64 (threats.tsv M41–M43), messages of
 * PGP (M47), and the source of a mail, quoted.
 *
 * Danger: some mail programs turn such lines into an attachment that no filter saw; ripmime unpacks a text that looks like a
 * mail, word processors take one that begins with MIME-Version for MHTML. Method: a frame with its data goes and a line says
 * so; a sentence that only begins like one («begin 2015 …»), and a field of a quoted mail, keep their words, in a form that
 * no decoder takes.
 */
import { BODY_SENTENCES, fill, type Language } from '../../message/texts.ts';
import { cleanLine } from './characters.ts';

const START =
  /^([ \t>]*)(begin(?:-base64|-base64-encoded)?[ \t]+[0-7]{3,4}[ \t]|=ybegin[ \t]|\(this file must be converted with binhex)(.*)$/i;
const START_LINES = new RegExp(START, 'gim');
/**
 * Base64 of a file without any frame, as sources of mails quoted in a text have it: by the first letters of programs (MZ,
 * ELF), ZIP, PDF, OLE, RAR, 7z, gzip, CAB and shortcuts. No word or key of 40 letters begins so.
 */
const BARE =
  /(?<![A-Za-z0-9+/])(?:TV[opqr]|f0VMR|UEsDB|JVBERi|0M8R4K|UmFyIR|N3q8rx|H4sI|TVNDRg|TAAAAAEUAg)[A-Za-z0-9+/]{36,}={0,2}(?:\n[ \t>]{0,40}[A-Za-z0-9+/]{40,}={0,2}(?=\n|$))*(?:\n[ \t>]{0,40}[A-Za-z0-9+/]{2,39}={1,2}(?=\n|$))?/g;
/** RFC 9580 §6.2: a message that nobody could look into. Keys and signatures are no message and stay. */
const PGP =
  /^[ \t>]*-----BEGIN PGP MESSAGE(?:, PART [\d/]{1,9})?-----[ \t]*(?:\n(?![ \t>]*-----)[^\n]*)*(?:\n[ \t>]*-----END PGP MESSAGE[^\n]{0,30})?$/gm;
/** Fields without which lines are no part of a mail; what stands before the name is what lenient readers overlook. */
const FIELD =
  /^([ \t>]*(?![ \t>])[!-9;-~]*?(?:content-(?!v)|mime-(?=v)))(type|transfer-encoding|disposition|version)(?=[ \t]*:)/gim;
/** Finds at least every text in which START would match some line: most texts are done after this one look. */
const MAYBE = /begin|binhex/i;
/** uuencode: length character, then data in 0x20–0x60. */
const UU_LINE = /^[ \t>]*[\x20-\x60]{1,90}$/;
const BASE64_LINE = /^[ \t>]*[A-Za-z0-9+/]{2,100}={0,2}$/;
const BINHEX_LINE = /^[ \t>]*(?::?[!-~]{40,66}:?)?$/;
const UU_END = /^[ \t>]*end[ \t]*$/i;
const BASE64_END = /^[ \t>]*====[ \t]*$/;
const Y_END = /^[ \t>]*=yend/i;

export interface Unframed {
  readonly text: string;
  readonly count: number;
}

/** @param text lines ended by LF, cleaned by cleanText. Linear in its length. */
export function removeFrames(text: string, language: Language = 'ja'): Unframed {
  const framed = removeFramed(text, language);
  let { count } = framed;
  const secret = fill(BODY_SENTENCES.blockRemoved, language, { name: '(PGP)' });
  const open = framed.text.replace(PGP, () => {
    count += 1;
    return secret;
  });
  const note = fill(BODY_SENTENCES.blockRemoved, language, { name: '(Base64)' });
  const bare = open.replace(BARE, () => {
    count += 1;
    return note;
  });
  return { text: withoutFields(bare), count };
}

/** For cells of a table, whose data must stay as they are: frames and fields in a form that no decoder takes. */
export const disarmLines = (text: string): string =>
  withoutFields(MAYBE.test(text) ? text.replace(START_LINES, bracketed) : text);

const withoutFields = (text: string): string => text.replace(FIELD, '$1[$2]');

/** Brackets around the first word are enough for it not to be a frame. */
const bracketed = (line: string): string => line.replace(/(\(?)(=ybegin|begin[a-z0-9-]*|this file must)/i, '$1[$2]');

function removeFramed(text: string, language: Language): Unframed {
  if (!MAYBE.test(text)) return { text, count: 0 };
  const lines = text.split('\n');
  const lastYEnd = lines.findLastIndex((line) => Y_END.test(line));
  const kept: string[] = [];
  let count = 0;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const start = START.exec(line);
    if (start === null) {
      kept.push(line);
      continue;
    }
    const last = endOfFrame(lines, at, start[2] ?? '', lastYEnd);
    if (last > at) {
      kept.push(fill(BODY_SENTENCES.blockRemoved, language, { name: nameOf(start) }));
      count += 1;
      at = last;
    } else {
      // Only looks like a frame.
      kept.push(bracketed(line));
    }
  }
  return { text: kept.join('\n'), count };
}

/** BinHex has its name in the data. */
const nameOf = ([, , kind = '', rest = '']: readonly string[]): string =>
  kind.startsWith('(') ? '(BinHex)' : cleanLine(rest.replace(/^.*\bname=/i, ''), 60);

/** Index of the frame's last line; `at` itself when no data follows. */
function endOfFrame(lines: readonly string[], at: number, start: string, lastYEnd: number): number {
  const kind = start.toLowerCase();
  // Asked only when there is an end further down: a thousand starts without one must not each read the whole text.
  if (kind.startsWith('=y')) return at < lastYEnd ? (findWithin(lines, at, Y_END, () => true) ?? at) : at;
  if (kind.startsWith('(')) return dataEnd(lines, at, BINHEX_LINE);
  if (kind.startsWith('begin-')) {
    return findWithin(lines, at, BASE64_END, (line) => BASE64_LINE.test(line)) ?? dataEnd(lines, at, BASE64_LINE);
  }
  return (
    findWithin(lines, at, UU_END, (line) => UU_LINE.test(line) || line.trim() === '') ?? dataEnd(lines, at, UU_DATA)
  );
}

/** A full line of uuencode without its end line: exactly as long as its first character says, give or take one. */
const UU_DATA = /^[ \t>]*M[\x20-\x60]{58,62}$/;

function findWithin(
  lines: readonly string[],
  at: number,
  end: RegExp,
  isData: (line: string) => boolean,
): number | undefined {
  for (let i = at + 1; i < lines.length; i++) {
    const line = lines[i] ?? '';
    // An end right behind the start encloses nothing: two sentences.
    if (end.test(line)) return i > at + 1 ? i : undefined;
    if (!isData(line) || START.test(line)) return undefined;
  }
  return undefined;
}

function dataEnd(lines: readonly string[], at: number, data: RegExp): number {
  let last = at;
  while (last + 1 < lines.length && data.test(lines[last + 1] ?? '')) last += 1;
  return last;
}
