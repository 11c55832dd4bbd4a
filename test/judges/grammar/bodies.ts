/** Content fields, base64 and names of the leaves, by docs/output-grammar.md §4, §5 (INV-03…INV-05). */
import type { LeafType } from '../judge.ts';
import { KINDS } from '../subject.ts';
import { folded, nameFaults } from './characters.ts';

const SINGLE = `Content-Type: ${KINDS.text.media}\r\nContent-Transfer-Encoding: base64\r\n\r\n`;
const BOUNDARY = /^Content-Type: multipart\/mixed;\r\n boundary="(=_sekisho_[0-9a-f]{32})"\r\n\r\n/;

/** First bytes that each kind begins with. */
const MAGIC: Readonly<Record<Exclude<LeafType, 'unknown'>, RegExp>> = {
  pdf: /^%PDF-1\.7\n/,
  png: /^\x89PNG\r\n\x1a\n/,
  jpeg: /^\xff\xd8\xff/,
  zip: /^PK\x03\x04/,
  csv: /^\xef\xbb\xbf"/,
  text: /^\xef\xbb\xbf/,
};

/**
 * @param rest from the first Content- field to the end, latin1
 * @param original bytes that went in, latin1; '' when not known
 */
export function bodyFaults(rest: string, original: string): readonly string[] {
  const boundary = BOUNDARY.exec(rest)?.[1];
  if (boundary === undefined) {
    return rest.startsWith(SINGLE) ? textLeafFaults(rest.slice(SINGLE.length)) : ['neither a text nor multipart/mixed'];
  }
  const pieces = rest.slice(rest.indexOf('\r\n\r\n') + 4).split(`--${boundary}`);
  const faults = original.includes(boundary) ? ['the boundary stands in the original'] : [];
  if (pieces[0] !== '') faults.push('preamble');
  if (pieces.at(-1) !== '--\r\n') faults.push('epilogue, or no end of the multipart');
  const parts = pieces.slice(1, -1);
  if (parts.some((part) => !part.startsWith('\r\n'))) faults.push('something behind a boundary');
  const [first = '', ...others] = parts.map((part) => part.slice(2));
  if (!first.startsWith(SINGLE)) faults.push('the first part is not our text');
  faults.push(...textLeafFaults(first.slice(first.indexOf('\r\n\r\n') + 4)));
  if (others.length < 1 || others.length > 500) faults.push(`${others.length} attachments in a multipart`);
  const names = new Set<string>();
  for (const part of others) {
    const read = attachmentFaults(part);
    faults.push(...read.faults);
    if (names.has(folded(read.name))) faults.push(`name «${read.name}» twice`);
    names.add(folded(read.name));
  }
  return faults;
}

interface Attachment {
  readonly name: string;
  readonly faults: readonly string[];
}

function attachmentFaults(part: string): Attachment {
  const match =
    /^Content-Type: ([^\r]+)\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n((?: [^\r]+\r\n)+)\r\n/.exec(
      part,
    );
  if (match === null) return { name: '', faults: [`head of a part «${part.slice(0, 80)}»`] };
  const [head, media = '', parameters = ''] = match;
  const kind = (Object.keys(KINDS) as (keyof typeof KINDS)[]).find((each) => KINDS[each].media === media);
  if (kind === undefined) return { name: '', faults: [`type «${media}»`] };
  const body = part.slice(head.length);
  const spelled = /\*=(?:UTF-8'')?([^;\r]*)/g;
  let name = '';
  try {
    name = decodeURIComponent([...parameters.matchAll(spelled)].map(([, piece = '']) => piece).join(''));
  } catch {
    return { name, faults: ['name is no UTF-8'] };
  }
  const begin = Buffer.from(body.slice(0, 76), 'base64').toString('latin1');
  return {
    name,
    faults: [
      ...(parameters === namedParameters(name) ? [] : [`name spelled otherwise: «${parameters.slice(0, 80)}»`]),
      ...nameFaults(name, KINDS[kind].end),
      ...base64Faults(body),
      ...(MAGIC[kind].test(begin) ? [] : [`not ${kind} by its first bytes`]),
    ],
  };
}

/** RFC 2231 as §5 wants it: one line when it fits, else segments filled with whole code points. */
function namedParameters(name: string): string {
  const spelled = [...name].map((character) =>
    /^[A-Za-z0-9._-]$/.test(character)
      ? character
      : [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
  const one = ` filename*=UTF-8''${spelled.join('')}`;
  if (one.length <= 76) return `${one}\r\n`;
  const lines: string[] = [];
  for (let at = 0; at < spelled.length; ) {
    const start = ` filename*${lines.length}*=${lines.length === 0 ? "UTF-8''" : ''}`;
    const left = spelled.slice(at).join('');
    if (start.length + left.length <= 76) {
      lines.push(start + left);
      break;
    }
    let line = start;
    while (at < spelled.length && line.length + (spelled[at] ?? '').length + 1 <= 76) line += spelled[at++];
    lines.push(line);
  }
  return `${lines.join(';\r\n')}\r\n`;
}

function textLeafFaults(body: string): readonly string[] {
  const bytes = Buffer.from(body, 'base64');
  return [...base64Faults(body), ...(Buffer.from(bytes.toString()).equals(bytes) ? [] : ['the text is no UTF-8'])];
}

/** INV-04. By lines: an expression over a whole body of many megabytes would overflow its stack. */
function base64Faults(body: string): readonly string[] {
  const lines = body.split('\r\n');
  const last = lines.pop();
  const odd = lines.findIndex((line, i) => !(i + 1 < lines.length ? FULL_LINE : LAST_LINE).test(line));
  if (last !== '' || lines.length === 0 || odd >= 0) return ['base64 lines'];
  const text = lines.join('');
  return Buffer.from(text, 'base64').toString('base64') === text ? [] : ['base64 is not canonical'];
}

const FULL_LINE = /^[A-Za-z0-9+/]{76}$/;
const LAST_LINE = /^(?=.{1,76}$)[A-Za-z0-9+/]+={0,2}$/;
