/** The top header of a forwarded message, by docs/output-grammar.md §2, §3 and docs/receipt.md. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { foldedField, phraseOf } from './fold.ts';

const ORDER = [
  'Received',
  'Message-ID',
  'Date',
  'From',
  'To',
  'Cc',
  'Reply-To',
  'Subject',
  'In-Reply-To',
  'References',
  'MIME-Version',
];
const NEEDED = ['Received', 'Message-ID', 'Date', 'From', 'MIME-Version'];

const RECEIPT = new RegExp(
  [
    '^Sekisho-Receipt: v=1; k=[0-9a-f]{16}; d=\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z;',
    ' t=[A-Za-z0-9._-]{1,64};',
    ' m=[0-9A-HJKMNP-TV-Z]{26}; p=[A-Za-z0-9._-]{1,40};',
    ' r=[0-9a-f]{64};',
    ' h=([0-9a-f]{64});',
    ' s=[A-Za-z0-9+/]{64}',
    ' [A-Za-z0-9+/]{22}==',
    '',
  ].join('\r\n'),
);
/** Lines, in octets: seven lines of fixed form end here. */
const RECEIPT_MAX = 600;

export interface Opened {
  /** What stands behind the receipt. */
  readonly message: string;
  readonly faults: readonly string[];
}

/** @param bytes latin1 */
export function openReceipt(bytes: string): Opened {
  const match = RECEIPT.exec(bytes.slice(0, RECEIPT_MAX));
  if (match === null) return { message: bytes, faults: ['no receipt on top'] };
  const message = bytes.slice(match[0].length);
  const id = /\r\n m=(\S{26});/.exec(match[0])?.[1] ?? '';
  const hash = createHash('sha256').update(message, 'latin1').digest('hex');
  const faults = [
    ...(hash === match[1] ? [] : ['the receipt is for other bytes']),
    ...(received(message) === id ? [] : ['the receipt is for another message']),
  ];
  return { message, faults };
}

const received = (message: string): string =>
  /^Received:(?:[^\r]|\r\n )*? ?id(?: |\r\n )(\S{26});/.exec(message)?.[1] ?? '';

interface Field {
  readonly name: string;
  readonly raw: string;
  readonly value: string;
}

/** @param header fields without the empty line, latin1, and without Content-… */
export function headerFaults(header: string): readonly string[] {
  const fields = header.split(/\r\n(?! )/).map((raw): Field => {
    const unfolded = raw.replaceAll('\r\n ', ' ');
    const colon = unfolded.indexOf(':');
    return { name: unfolded.slice(0, colon), raw, value: unfolded.slice(colon + 2) };
  });
  const names = fields.map(({ name }) => name);
  const places = names.map((name) => ORDER.indexOf(name));
  const faults = [
    ...names.filter((_, i) => places[i] === -1).map((name) => `field «${name.slice(0, 40)}»`),
    ...NEEDED.filter((name) => !names.includes(name)).map((name) => `no ${name}`),
  ];
  if (places.some((place, i) => i > 0 && place <= (places[i - 1] ?? -1)))
    faults.push('fields out of order or repeated');
  let mailboxes = 0;
  for (const field of fields) {
    const told = fieldFaults(field);
    faults.push(...told.map((fault) => `${field.name}: ${fault}`));
    if (/^(?:To|Cc|Reply-To)$/.test(field.name)) mailboxes += field.value.split('>,').length;
    if (field.raw !== foldedField(field.name, field.value.split(' '))) faults.push(`${field.name}: folded otherwise`);
    faults.push(...longLines(field));
  }
  if (mailboxes > 500) faults.push(`${mailboxes} mailboxes`);
  return faults;
}

/** A line over 76 octets holds one token that cannot be broken, and only kinds of token that may be long. */
function longLines({ name, raw }: Field): readonly string[] {
  return raw
    .split('\r\n')
    .filter((line) => line.length > 76)
    .filter((line) => {
      const token = /^ (\S+)$/.exec(line)?.[1] ?? '';
      const mayBeLong = /^<.+>,?$/.test(token) || name === 'Received';
      return token === '' || !mayBeLong || line.length > 330;
    })
    .map((line) => `${name}: line of ${line.length} octets`);
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = `${LABEL}(?:\\.${LABEL})*`;
const ADDRESS = new RegExp(`^<([A-Za-z0-9!#$&'*+\\-/=?^_\`{|}~.]{1,64})@(${DOMAIN})>$`);
const MSG_ID = /^<[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+@[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+>$/;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function fieldFaults({ name, value }: Field): readonly string[] {
  switch (name) {
    case 'Received':
      return receivedFaults(value);
    case 'Date':
      return dateFaults(value);
    case 'Message-ID':
    case 'In-Reply-To':
      return idFaults([value]);
    case 'References':
      return idFaults(value.split(' '));
    case 'From':
    case 'To':
    case 'Cc':
    case 'Reply-To':
      return mailboxFaults(name, value);
    case 'Subject': {
      const { value: decoded, faults } = phraseOf(value.split(' '), /^[!-~]{1,60}$/, 'Subject: '.length);
      return [...decoded].length > 998 ? [...faults, 'longer than 998 characters'] : faults;
    }
    default:
      return name === 'MIME-Version' && value !== '1.0' ? [value] : [];
  }
}

function idFaults(ids: readonly string[]): readonly string[] {
  const odd = ids.find((id) => !MSG_ID.test(id) || id.length > 250);
  return [
    ...(odd === undefined ? [] : [`id «${odd.slice(0, 60)}»`]),
    ...(ids.length > 50 ? [`${ids.length} ids`] : []),
  ];
}

function receivedFaults(value: string): readonly string[] {
  const match = new RegExp(`^(?:from (\\S+) )?by (${DOMAIN}) with SMTP id [0-9A-HJKMNP-TV-Z]{26}; (.*)$`).exec(value);
  if (match === null) return [`«${value.slice(0, 120)}»`];
  const literal = match[1];
  const ip = /^\[(IPv6:)?([0-9a-f.:]+)\]$/.exec(literal ?? '');
  const fits = literal === undefined || (ip !== null && isIP(ip[2] ?? '') === (ip[1] === undefined ? 4 : 6));
  const long = (match[2] ?? '').length > 253;
  return [...(fits ? [] : [`address «${literal}»`]), ...(long ? ['long domain'] : []), ...dateFaults(match[3] ?? '')];
}

function dateFaults(value: string): readonly string[] {
  const match = /^(\w{3}), (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) \+0900$/.exec(value);
  if (match === null) return [`date «${value.slice(0, 60)}»`];
  const [, day = '', date = '', month = '', year = '', hour = '', minute = '', second = ''] = match;
  const when = new Date(Date.UTC(+year, MONTHS.indexOf(month), +date, +hour, +minute, +second));
  const same =
    MONTHS.includes(month) &&
    when.toISOString().slice(8, 19) === `${date}T${hour}:${minute}:${second}` &&
    DAYS[when.getUTCDay()] === day;
  return same && +year >= 1990 && +year <= 2099 ? [] : [`no such date «${value}»`];
}

function mailboxFaults(name: string, value: string): readonly string[] {
  const mailboxes = value.split(/(?<=>), /);
  const faults = name === 'From' && mailboxes.length !== 1 ? ['not exactly one mailbox'] : [];
  mailboxes.forEach((mailbox, i) => {
    const tokens = mailbox.split(' ');
    const address = ADDRESS.exec(tokens.at(-1) ?? '');
    const [local = '', domain = ''] = address?.slice(1) ?? [];
    if (address === null || domain.length > 253 || local.length + domain.length + 1 > 254) {
      faults.push(`address «${(tokens.at(-1) ?? '').slice(0, 60)}»`);
    }
    const words = tokens.slice(0, -1);
    if (words.length === 0) return;
    const phrase = phraseOf(words, /^[A-Za-z0-9_-]{1,60}$/, i === 0 ? name.length + 2 : 1);
    faults.push(...phrase.faults);
    if ([...phrase.value].length > 200) faults.push('display name of more than 200 characters');
  });
  return faults;
}
