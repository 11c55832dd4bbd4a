/**
 * What an entity's Content-… fields may mean. Where readers disagree, all meanings come back, likeliest first.
 *
 * Only disagreements that change which bytes become files matter: which boundary splits, which transfer encoding
 * decodes. Whether a leaf is called text/plain or image/png does not: its bytes decide.
 */
import { decodeHeaderLatin1 } from '../charset/header.ts';
import { type Encoding, encodingOf } from './encodings.ts';
import { candidatesOf, parseStructured, type StructuredValue } from './parameters.ts';
import type { ContentType, HeaderField } from './tree.ts';

export interface Meaning {
  readonly contentType: ContentType;
  readonly structured: StructuredValue;
  /** Every boundary that some reader would split at, undecoded; empty for a leaf. */
  readonly boundaries: readonly string[];
}

export interface Interpretation {
  /** At least one. Multiparts first: who reads `text/plain` there sees only their source. */
  readonly meanings: readonly Meaning[];
  /** Known encodings some reader would use, likeliest first; empty when there is only `unknownEncoding`. */
  readonly encodings: readonly Encoding[];
  /** The name of an encoding that we do not decode, '' when there is none. */
  readonly unknownEncoding: string;
  readonly disposition: StructuredValue;
  readonly defects: readonly string[];
}

/** RFC 2046 §5.1.1 allows 70 characters; longer ones occur, endless ones only in attacks. */
const MAX_BOUNDARY = 1000;

/** How much of a value simple-minded readers are imitated on. */
const MAX_NAIVE = 2000;
/** Candidates tried for one entity; each is searched for in the body. */
const MAX_BOUNDARIES = 8;
/** Content-Type fields of one entity that are looked at: the first ones and the last, which readers choose between. */
const MAX_TYPE_FIELDS = 4;

const COMPOSITE = /^multipart\//;

const NO_VALUE: StructuredValue = { value: '', parameters: [], oddities: [] };

export function interpret(fields: readonly HeaderField[]): Interpretation {
  const defects: string[] = [];
  const valuesOf = (name: string): string[] => fields.filter((field) => field.name === name).map(({ value }) => value);
  const allTypes = valuesOf('content-type');
  const types =
    allTypes.length <= MAX_TYPE_FIELDS ? allTypes : [...allTypes.slice(0, MAX_TYPE_FIELDS - 1), ...allTypes.slice(-1)];
  if (types.length > 1) defects.push('duplicate-content-type');
  const meanings = types.length === 0 ? [plainText()] : types.flatMap((value) => meaningsOf(value, defects));
  const dispositions = valuesOf('content-disposition');
  if (dispositions.length > 1) defects.push('duplicate-disposition');
  const { encodings, unknown } = transferEncodings(valuesOf('content-transfer-encoding'), defects);
  return {
    meanings: [...meanings.filter(isMultipart), ...meanings.filter((meaning) => !isMultipart(meaning))],
    encodings,
    unknownEncoding: unknown,
    disposition: dispositions[0] === undefined ? NO_VALUE : parseStructured(dispositions[0]),
    defects,
  };
}

const isMultipart = (meaning: Meaning): boolean => COMPOSITE.test(meaning.contentType.type);

const plainText = (): Meaning => ({
  contentType: { type: 'text/plain', params: {} },
  structured: NO_VALUE,
  boundaries: [],
});

/** One value may name several types: `multipart/mixed, application/octet-stream` (M04), or hide in encoded-words (M08). */
function meaningsOf(raw: string, defects: string[]): Meaning[] {
  const structured = parseStructured(raw);
  for (const oddity of structured.oddities) defects.push(`${oddity}-in-content-type`);
  let types = [structured.value];
  if (structured.value.includes(',')) {
    defects.push('content-type-list');
    types = structured.value.split(',', MAX_TYPE_FIELDS).map((type) => type.trim());
  }
  return types.map((type) => {
    const plain = type.includes('=?') ? decodeHeaderLatin1(type).toLowerCase() : type;
    if (plain !== type) defects.push('content-type-encoded-word');
    const name = plain.replace(/\s+/g, '').replace(/^["']+|["']+$/g, '');
    const contentType = { type: name.includes('/') ? name : fallbackType(name), params: firstParams(structured) };
    return {
      contentType,
      structured,
      boundaries: COMPOSITE.test(contentType.type) ? boundariesOf(raw, structured, defects) : [],
    };
  });
}

/** RFC 2045 §5.2: no or broken type is text/plain; `text` alone occurs in old mail. */
const fallbackType = (name: string): string =>
  name === '' || name === 'text'
    ? 'text/plain'
    : name.startsWith('multipart')
      ? 'multipart/mixed'
      : 'application/octet-stream';

function firstParams(structured: StructuredValue): Record<string, string> {
  const params: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const { name } of structured.parameters) params[name] ??= candidatesOf(structured, name)[0] ?? '';
  return params;
}

/** All boundaries that readers extract from one Content-Type value (M05–M13). */
function boundariesOf(raw: string, structured: StructuredValue, defects: string[]): string[] {
  const own = candidatesOf(structured, 'boundary');
  if (
    own.length > 1 ||
    structured.parameters.filter(({ name, section }) => name === 'boundary' && section < 0).length > 1
  ) {
    defects.push(own.length > 1 ? 'duplicate-boundary' : 'repeated-boundary');
  }
  const all = new Set<string>();
  for (const boundary of own) {
    all.add(boundary);
    if (boundary.includes('=?')) {
      // Alone it is what Lotus and others write; it counts only where decoding changes it.
      const decoded = decodeHeaderLatin1(boundary);
      if (decoded !== boundary) defects.push('boundary-encoded-word');
      all.add(decoded);
    }
    if (boundary.trim() !== boundary) defects.push('boundary-white-space');
    all.add(boundary.trim());
  }
  // What readers see that know neither comments nor quotes nor NUL.
  if (structured.oddities.length > 0) {
    // Bounded: these expressions would be quadratic in a value of a megabyte of brackets.
    const start = raw.slice(0, MAX_NAIVE);
    for (const match of start.matchAll(/boundary\s*=\s*("?)([^;"]*)\1/gi)) {
      const naive = match[2] ?? '';
      for (const variant of [
        naive.trim(),
        naive.replaceAll('\0', ''),
        naive.split('\0')[0] ?? '',
        naive.replace(/\([^)]*\)/g, '').trim(),
        naive.split(/[\s(]/)[0] ?? '',
      ]) {
        all.add(variant);
      }
    }
    for (const match of start.matchAll(/boundary\s*=\s*([^;\s]*)/gi)) all.add((match[1] ?? '').replaceAll('\0', ''));
  }
  if (own.length === 0) defects.push('missing-boundary');
  else if (own[0] === '') defects.push('empty-boundary');
  return [...all].filter((boundary) => boundary !== '' && boundary.length <= MAX_BOUNDARY).slice(0, MAX_BOUNDARIES);
}

/** RFC 2045 §6.1, and what everybody writes for uuencode; another spelling means something to some readers only (M26). */
const STANDARD_ENCODINGS: ReadonlySet<string> = new Set([
  '',
  '7bit',
  '8bit',
  'binary',
  'base64',
  'quoted-printable',
  'x-uuencode',
]);

function transferEncodings(values: readonly string[], defects: string[]): { encodings: Encoding[]; unknown: string } {
  if (values.length === 0) return { encodings: ['identity'], unknown: '' };
  if (values.length > 1) defects.push('duplicate-transfer-encoding');
  const encodings = new Set<Encoding>();
  let unknown = '';
  for (const value of values) {
    const { value: scanned, oddities } = parseStructured(value);
    for (const oddity of oddities) defects.push(`${oddity}-in-transfer-encoding`);
    const plain = scanned.includes('=?') ? decodeHeaderLatin1(scanned).toLowerCase() : scanned;
    if (plain !== scanned) defects.push('transfer-encoding-encoded-word');
    const names = plain.split(',').map((name) => name.replace(/["']/g, '').trim());
    if (names.length > 1) defects.push('transfer-encoding-list');
    if (/["']/.test(plain)) defects.push('transfer-encoding-quoted');
    for (const name of names) {
      const encoding = encodingOf(name) ?? known(name);
      if (encoding === undefined) unknown = name.slice(0, 40) || 'empty';
      else encodings.add(encoding);
      if (encoding !== undefined && !STANDARD_ENCODINGS.has(name)) defects.push('transfer-encoding-misspelled');
    }
  }
  return { encodings: [...encodings], unknown: encodings.size > 0 ? '' : unknown };
}

/** `(base64`, `x base64`: an unclosed comment or junk beside the one name that some reader finds. */
function known(name: string): Encoding | undefined {
  for (const word of name.split(/[\s()]+/)) {
    const encoding = word === '' ? undefined : encodingOf(word);
    if (encoding !== undefined) return encoding;
  }
  return undefined;
}
