/**
 * The top header of our messages: docs/output-grammar.md §2–§3 (RFC 5322, RFC 2047), fields in one order, each at most once.
 *
 * Each field reader takes the tokens of a field's body and answers with the tokens as they must be folded, or `undefined`.
 */
import { isIP } from 'node:net';
import { isId } from '../message/ids.ts';
import { codePoints } from './characters.ts';
import { fold, type Token, token, tokensOf } from './fold.ts';
import { isWord, readWords } from './words.ts';

export interface Header {
  /** Our id of the message, out of Received. */
  readonly id: string;
}

type FieldReader = (tokens: readonly string[], name: string) => readonly Token[] | undefined;

const MAX_MAILBOXES = 500;
const MAX_REFERENCES = 50;
const MAX_SUBJECT = 998;
const MAX_DISPLAY_NAME = 200;

/** Names in order; `+`: must be there. */
const FIELDS: readonly { readonly name: string; readonly required: boolean; readonly read: FieldReader }[] = [
  { name: 'Received', required: true, read: readReceived },
  { name: 'Message-ID', required: true, read: (tokens) => readMessageIds(tokens, 1) },
  { name: 'Date', required: true, read: readDate },
  { name: 'From', required: true, read: (tokens, name) => readMailboxes(tokens, name, 1) },
  { name: 'To', required: false, read: readMailboxes },
  { name: 'Cc', required: false, read: readMailboxes },
  { name: 'Reply-To', required: false, read: readMailboxes },
  { name: 'Subject', required: false, read: readSubject },
  { name: 'In-Reply-To', required: false, read: (tokens) => readMessageIds(tokens, 1) },
  { name: 'References', required: false, read: (tokens) => readMessageIds(tokens, MAX_REFERENCES) },
  {
    name: 'MIME-Version',
    required: true,
    read: (tokens) => (tokens.join(' ') === '1.0' ? tokens.map(token) : undefined),
  },
];

/**
 * Judges the header fields up to and with MIME-Version.
 * @param text Latin-1, without the CRLF of its last line.
 * @returns what it says, or a sentence.
 */
export function readHeader(text: string): Header | string {
  const fields = text.split(/\r\n(?! )/);
  let [next, mailboxes, id] = [0, 0, ''];
  for (const { name, required, read } of FIELDS) {
    const field = fields[next];
    if (field === undefined || !field.startsWith(`${name}:`)) {
      if (required) return `header: ${name} is missing or out of order`;
      continue;
    }
    next++;
    const tokens = tokensOf(name, field);
    const canonical = tokens && read(tokens, name);
    if (canonical === undefined) return `header: ${name}: not in the grammar`;
    if (fold(name, canonical) !== field) return `header: ${name}: folded or spelled in another way`;
    if (RECIPIENT_FIELDS.has(name)) mailboxes += canonical.filter(({ text: word }) => ANGLE_ADDRESS.test(word)).length;
    if (name === 'Received') id = canonical.find(({ text: word }) => word.endsWith(';'))?.text.slice(0, -1) ?? '';
  }
  if (next !== fields.length) return 'header: a field too many, twice, or out of order';
  return mailboxes > MAX_MAILBOXES ? 'header: too many mailboxes' : { id };
}

const RECIPIENT_FIELDS = new Set(['To', 'Cc', 'Reply-To']);

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const LOCAL = /^[A-Za-z0-9!#$&'*+\-/=?^_`{|}~.]{1,64}$/;
const ANGLE_ADDRESS = /^<([^<>@]+)@([^<>@]+)>(,?)$/;
const ID_CHARACTERS = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~.]+";
const MESSAGE_ID = new RegExp(`^<${ID_CHARACTERS}@${ID_CHARACTERS}>$`);

const isDomain = (text: string): boolean => text.length <= 253 && DOMAIN.test(text);

function readReceived(tokens: readonly string[]): readonly Token[] | undefined {
  const rest = tokens[0] === 'from' ? tokens.slice(2) : tokens;
  if (tokens[0] === 'from' && !isAddressLiteral(tokens[1] ?? '')) return undefined;
  const [by, host = '', withWord, protocol, idWord, id = '', ...date] = rest;
  if (by !== 'by' || withWord !== 'with' || protocol !== 'SMTP' || idWord !== 'id') return undefined;
  if (!isDomain(host) || !id.endsWith(';') || !isId(id.slice(0, -1))) return undefined;
  return readDate(date) && tokens.map(token);
}

function isAddressLiteral(text: string): boolean {
  const [, six, address = ''] = /^\[(IPv6:)?([0-9a-f:.]+)\]$/.exec(text) ?? [];
  return isIP(address) === (six === undefined ? 4 : 6);
}

const DAYS = ['Sun,', 'Mon,', 'Tue,', 'Wed,', 'Thu,', 'Fri,', 'Sat,'];
const MONTHS: readonly (string | undefined)[] = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
];

/** RFC 5322 §3.3, always Japan time. Read, counted and written again: a day that does not exist differs. */
function readDate(tokens: readonly string[]): readonly Token[] | undefined {
  const [, day, month, year, time] = tokens;
  const [hour, minute, second] = String(time).split(':').map(Number);
  // Counted as if it were UTC: whichever zone, a day has the same name and a month the same days.
  const date = new Date(Date.UTC(Number(year), MONTHS.indexOf(month), Number(day), hour, minute, second));
  const isKnownYear = Number(year) >= 1990 && Number(year) <= 2099;
  return isKnownYear && tokens.join(' ') === writeDate(date) ? tokens.map(token) : undefined;
}

function writeDate(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return `${DAYS[date.getUTCDay()]} ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()} ${time} +0900`;
}

function readMessageIds(tokens: readonly string[], most: number): readonly Token[] | undefined {
  const fit = tokens.every((text) => text.length <= 250 && MESSAGE_ID.test(text));
  return fit && tokens.length <= most ? tokens.map(token) : undefined;
}

function readMailboxes(tokens: readonly string[], name: string, most = MAX_MAILBOXES): readonly Token[] | undefined {
  const canonical: Token[] = [];
  let [from, count] = [0, 0];
  for (const [at, text] of tokens.entries()) {
    const [, local = '', domain = '', comma = ''] = ANGLE_ADDRESS.exec(text) ?? [];
    if (local === '') continue;
    const isLast = at === tokens.length - 1;
    if (!LOCAL.test(local) || !isDomain(domain) || local.length + 1 + domain.length > 254) return undefined;
    if ((comma === '') !== isLast || ++count > most) return undefined;
    const phrase = readPhrase(tokens.slice(from, at), count === 1 ? name.length + 2 : 1);
    if (phrase === undefined) return undefined;
    for (const [i, word] of [...phrase, token(text)].entries()) {
      canonical.push(i === 0 && count > 1 ? { text: word.text, newLine: true } : word);
    }
    from = at + 1;
  }
  return from === tokens.length ? canonical : undefined;
}

const PLAIN_PHRASE = /^[A-Za-z0-9_-]{1,60}(?: [A-Za-z0-9_-]{1,60})*$/;

/** A display name, plain exactly when it can be. @param column octets before its first token. */
function readPhrase(tokens: readonly string[], column: number): readonly Token[] | undefined {
  const [first] = tokens;
  if (first === undefined) return [];
  if (!isWord(first)) {
    const text = tokens.join(' ');
    return PLAIN_PHRASE.test(text) && text.length <= MAX_DISPLAY_NAME ? tokens.map(token) : undefined;
  }
  const words = readWords(tokens, column);
  return words === undefined || PLAIN_PHRASE.test(words.text) || codePoints(words.text) > MAX_DISPLAY_NAME
    ? undefined
    : words.tokens;
}

const PLAIN_TEXT = /^[\x21-\x7e]{1,60}(?: [\x21-\x7e]{1,60})*$/;
const isPlainText = (text: string): boolean => PLAIN_TEXT.test(text) && !text.includes('=?');

function readSubject(tokens: readonly string[]): readonly Token[] | undefined {
  const text = tokens.join(' ');
  if (isPlainText(text)) return text.length <= MAX_SUBJECT ? tokens.map(token) : undefined;
  const words = readWords(tokens, 'Subject: '.length);
  return words === undefined || isPlainText(words.text) || codePoints(words.text) > MAX_SUBJECT
    ? undefined
    : words.tokens;
}
