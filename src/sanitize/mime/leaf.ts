/** From a read entity to leaves with decoded bytes and names. One entity gives several where decoders disagree. */
import { decodeTransfer, type Encoding, looksLikeBase64 } from './encodings.ts';
import { decodedCandidatesOf, parseStructured } from './parameters.ts';
import type { ReadEntity } from './reader.ts';
import type { Leaf, SeenBy } from './tree.ts';

export interface DecodedEntity {
  readonly leaf: Leaf;
  /** The bytes other decoders would have got; each becomes a leaf of the union. */
  readonly others: readonly Uint8Array[];
  readonly defects: readonly string[];
}

/** More names than one part honestly has. */
const MAX_NAMES = 8;
const MAX_NAME_CHARS = 1000;

export function decodeEntity(data: Buffer, entity: ReadEntity, path: string, seenBy: SeenBy): DecodedEntity {
  const { interpretation, meaning } = entity;
  const raw = data.subarray(entity.start, entity.end);
  const encoding = chooseEncoding(interpretation.encodings, raw);
  const decoded =
    encoding === undefined
      ? { bytes: raw, others: [], defects: ['transfer-encoding-unknown'] }
      : decodeTransfer(raw, encoding);
  const disposition = interpretation.disposition;
  const contentId = entity.header.find(({ name }) => name === 'content-id')?.value ?? '';
  const leaf: Leaf = {
    kind: 'leaf',
    path,
    header: entity.header,
    // A multipart that could not be divided is shown as what it then is: text.
    contentType: entity.undivided ? { type: 'text/plain', params: {} } : meaning.contentType,
    disposition: disposition.value.split(/[\s,]/)[0] ?? '',
    untrustedNames: namesOf(entity),
    contentId: contentId.replace(/^<|>$/g, ''),
    encoding: encoding ?? `unknown:${interpretation.unknownEncoding}`,
    charset: decodedCandidatesOf(meaning.structured, 'charset')[0] ?? '',
    within: entity.within,
    bytes: decoded.bytes,
    start: entity.start,
    end: entity.end,
    seenBy,
  };
  return { leaf, others: decoded.others, defects: decoded.defects };
}

/**
 * Of several claimed encodings the one that the body is really in. No second file is made of the others: undecoded
 * base64 is not another view but the same file in letters, and it would carry what we must rebuild.
 */
export function chooseEncoding(encodings: readonly Encoding[], raw: Uint8Array): Encoding | undefined {
  if (encodings.length < 2) return encodings[0];
  if (encodings.includes('base64') && looksLikeBase64(raw)) return 'base64';
  return (['uuencode', 'quoted-printable', 'identity', 'base64'] as const).find(
    (encoding) => encodings.includes(encoding) && (encoding !== 'uuencode' || raw.includes(0x20)),
  );
}

function namesOf(entity: ReadEntity): string[] {
  const names = [
    ...decodedCandidatesOf(entity.interpretation.disposition, 'filename'),
    ...entity.interpretation.meanings.flatMap(({ structured }) => decodedCandidatesOf(structured, 'name')),
    ...entity.header
      .filter(({ name }) => name === 'content-disposition')
      .slice(1)
      .flatMap(({ value }) => decodedCandidatesOf(parseStructured(value), 'filename')),
  ];
  const unique = [...new Set(names.map((name) => name.slice(0, MAX_NAME_CHARS)))];
  // A writer that could not spell the name in one form put `?` there; the other form is the real one.
  return [...unique.filter((name) => !isDamaged(name)), ...unique.filter(isDamaged)].slice(0, MAX_NAMES);
}

const isDamaged = (name: string): boolean => /[?\ufffd]/.test(name);
