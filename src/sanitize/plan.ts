/**
 * Which leaves of a message are its text, which are files, which are dropped and said so.
 *
 * Danger: a program that calls itself text/plain becomes «body» and is passed on (threats.tsv M58, M59). Method: body is
 * only what calls itself text/plain or text/html, is not meant as a file, and whose bytes are text; all else is a file.
 */
import type { Removal } from '../message/outcome.ts';
import { charsetOf } from './charset/decode.ts';
import type { Entity, Leaf, MimeMessage } from './mime/tree.ts';

/** One stretch of the text: what a sender wrote once, in one or two forms (multipart/alternative). */
export interface BodyUnit {
  readonly plain?: Leaf;
  readonly html?: Leaf;
}

export interface Plan {
  readonly body: readonly BodyUnit[];
  readonly files: readonly Leaf[];
  /** S/MIME and PGP signatures of the whole: worthless on a message written anew (M46). */
  readonly signatures: readonly Leaf[];
  /** Further forms of a text that is in `body` already: AMP, rich text (M74). */
  readonly alternatives: readonly Leaf[];
}

const SIGNATURE = /^application\/(?:x-)?(?:pkcs7-signature|pgp-signature)$/;
/** Forms of a text besides plain and HTML. Not calendars: those say something else. */
const OTHER_FORM = /^text\/(?:x-amp-html|watch-html|enriched|richtext|x-richtext)$/;

export function planOf(message: MimeMessage): Plan {
  const body: BodyUnit[] = [];
  const files: Leaf[] = [];
  const signatures: Leaf[] = [];
  const alternatives: Leaf[] = [];
  /** Depth-first with an own stack; `unit` is the alternative that an entity belongs to. */
  const pending: { entity: Entity; unit: { plain?: Leaf; html?: Leaf } | undefined }[] = [
    { entity: message.root, unit: undefined },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { entity, unit } = next;
    if (entity.kind === 'multipart') {
      const starts = entity.contentType.type === 'multipart/alternative' && unit === undefined;
      const own = starts ? {} : unit;
      if (starts && own !== undefined) body.push(own);
      pending.push(...entity.children.map((child) => ({ entity: child, unit: own })).toReversed());
    } else if (isBlank(entity) && entity.untrustedNames.length === 0) {
    } else if (SIGNATURE.test(entity.contentType.type) && entity.within.includes('multipart/signed')) {
      signatures.push(entity);
    } else if (unit !== undefined && OTHER_FORM.test(entity.contentType.type)) {
      alternatives.push(entity);
    } else if (!isBody(entity, entity === message.root)) {
      files.push(entity);
    } else {
      const form = entity.contentType.type === 'text/html' ? 'html' : 'plain';
      if (unit === undefined) body.push({ [form]: entity });
      else if (unit[form] === undefined) unit[form] = entity;
      else body.push({ [form]: entity });
    }
  }
  // What only another reading or the second reader saw is nobody's main text.
  files.push(...message.leaves.filter((leaf) => leaf.seenBy === 'second' || leaf.seenBy === 'reading'));
  return {
    body: body.filter(({ plain, html }) => plain !== undefined || html !== undefined),
    files,
    signatures,
    alternatives,
  };
}

/** What the plan leaves out, for the report. */
export function droppedBy({ signatures, alternatives }: Plan): readonly Removal[] {
  const removed: Removal[] = [];
  if (signatures.length > 0) removed.push({ what: 'signature', count: signatures.length });
  if (alternatives.length > 0) removed.push({ what: 'alternative-body', count: alternatives.length });
  return removed;
}

function isBody(leaf: Leaf, isRoot: boolean): boolean {
  if (leaf.contentType.type !== 'text/plain' && leaf.contentType.type !== 'text/html') return false;
  if (leaf.disposition === 'attachment' || leaf.encoding.startsWith('unknown:')) return false;
  if (leaf.untrustedNames.length > 0 && !isRoot) return false;
  return isText(leaf);
}

/** Bytes that begin so are a file, whatever they are called. Without NUL or controls an `MZ` is just two letters. */
const MAGIC =
  /^(?:%PDF-|PK\x03\x04|\x7fELF|Rar!\x1a|7z\xbc\xaf|\xd0\xcf\x11\xe0|\x1f\x8b\x08|\x89PNG|GIF8[79]a|\xff\xd8\xff|\{\\rtf)/;
/** Share of controls above which bytes are no text (M59). */
const MAX_CONTROL_SHARE = 0.01;
const SAMPLE_BYTES = 64 * 1024;

function isText(leaf: Leaf): boolean {
  if (charsetOf(leaf.charset).startsWith('utf-16')) return true;
  const sample = leaf.bytes.subarray(0, SAMPLE_BYTES);
  if (MAGIC.test(Buffer.from(sample.subarray(0, 16)).toString('latin1'))) return false;
  let controls = 0;
  for (const byte of sample) {
    if (byte === 0) return false;
    // ESC, SO and SI are how ISO-2022-JP works.
    if (
      byte < 0x20 &&
      byte !== 0x09 &&
      byte !== 0x0a &&
      byte !== 0x0d &&
      byte !== 0x0c &&
      byte !== 0x1b &&
      byte !== 0x0e &&
      byte !== 0x0f
    ) {
      controls++;
    }
  }
  return controls <= sample.length * MAX_CONTROL_SHARE;
}

function isBlank(leaf: Leaf): boolean {
  if (leaf.bytes.length > 256) return false;
  return Buffer.from(leaf.bytes).toString('latin1').trim() === '';
}
