/**
 * What a HEIF or AVIF file says of itself, from its boxes (ISO/IEC 14496-12, 23008-12), before a decoder sees it.
 *
 * Danger: sizes that ask for gigabytes, thousands of tiles, boxes in boxes. Method: only the boxes that tell sizes, items
 * and their relations are read, each within its parent's bounds and counted; a claim is believed for refusing only.
 */

export interface HeifFacts {
  /** Of the largest item, tiles and thumbnails included. */
  readonly width: number;
  readonly height: number;
  /** Pictures that stand for themselves: no tile, thumbnail, depth or alpha plane. At least 1. */
  readonly pictures: number;
  /** Items that are not pictures: EXIF, XMP and the like. */
  readonly metadata: number;
  readonly isAvif: boolean;
}

/** A phone's picture has about 60 items and 200 boxes. */
const MAX_ITEMS = 4000;
const MAX_BOXES = 20_000;

interface Box {
  readonly type: string;
  readonly body: Buffer;
}

class NotHeif extends Error {
  override readonly name = 'NotHeif';
}

/** Undefined when the boxes do not have the form of a still picture. */
export function readHeif(bytes: Uint8Array): HeifFacts | undefined {
  try {
    return factsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (error) {
    // A read past the end of a box: it is shorter than it must be.
    if (error instanceof NotHeif || error instanceof RangeError) return undefined;
    throw error;
  }
}

function factsOf(file: Buffer): HeifFacts {
  const budget = { boxes: MAX_BOXES };
  const top = boxesOf(file, budget);
  const brands = one(top, 'ftyp').toString('latin1');
  // `meta` is a full box: version and flags come first.
  const meta = boxesOf(one(top, 'meta').subarray(4), budget);
  const properties = boxesOf(one(boxesOf(one(meta, 'iprp'), budget), 'ipco'), budget);
  const sizes = properties.filter(({ type }) => type === 'ispe').map(({ body }) => sizeOf(body));
  const largest = sizes.toSorted((a, b) => b.width * b.height - a.width * a.height)[0];
  if (largest === undefined) throw new NotHeif('no size');
  const items = itemsOf(one(meta, 'iinf'), budget);
  const images = [...items].filter(([, type]) => IMAGE_ITEMS.has(type)).map(([id]) => id);
  const dependent = dependentOf(meta.find(({ type }) => type === 'iref')?.body, budget);
  return {
    ...largest,
    pictures: Math.max(1, images.filter((id) => !dependent.has(id)).length),
    metadata: [...items.values()].filter((type) => !IMAGE_ITEMS.has(type)).length,
    isAvif: /avi[fs]/.test(brands) && ![...items.values()].includes('hvc1'),
  };
}

const IMAGE_ITEMS: ReadonlySet<string> = new Set(
  'hvc1 hev1 av01 avc1 vvc1 jpeg j2k1 unci grid iden iovl tmap'.split(' '),
);

function boxesOf(parent: Buffer, budget: { boxes: number }): readonly Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < parent.length; ) {
    budget.boxes -= 1;
    if (budget.boxes < 0) throw new NotHeif('too many boxes');
    const short = parent.readUInt32BE(at);
    const head = short === 1 ? 16 : 8;
    // Size 0: to the end of the file; 1: a 64-bit size follows the type (14496-12 §4.2).
    const size = short === 1 ? Number(parent.readBigUInt64BE(at + 8)) : short === 0 ? parent.length - at : short;
    if (!(size >= head && at + size <= parent.length)) throw new NotHeif('a box longer than its parent');
    boxes.push({ type: parent.toString('latin1', at + 4, at + 8), body: parent.subarray(at + head, at + size) });
    at += size;
  }
  return boxes;
}

/** The body of a box that must stand exactly once. */
function one(boxes: readonly Box[], wanted: string): Buffer {
  const [found, ...more] = boxes.filter(({ type }) => type === wanted);
  if (found === undefined || more.length > 0) throw new NotHeif(`${more.length + 1} × ${wanted}`);
  return found.body;
}

/** `ispe`: 23008-12 §6.5.3. */
const sizeOf = (body: Buffer): { readonly width: number; readonly height: number } => ({
  width: body.readUInt32BE(4),
  height: body.readUInt32BE(8),
});

/** Item numbers and types of `iinf`: 14496-12 §8.11.6, entries of version 2 and 3. */
function itemsOf(iinf: Buffer, budget: { boxes: number }): ReadonlyMap<number, string> {
  const entries = boxesOf(iinf.subarray(iinf[0] === 0 ? 6 : 8), budget);
  if (entries.length > MAX_ITEMS) throw new NotHeif('too many items');
  const items = new Map<number, string>();
  for (const { type, body } of entries) {
    const version = body[0] ?? 0;
    if (type !== 'infe' || version < 2) throw new NotHeif('an item of another form');
    const wide = version === 2 ? 0 : 2;
    const id = wide === 0 ? body.readUInt16BE(4) : body.readUInt32BE(4);
    if (body.length < 12 + wide || items.has(id)) throw new NotHeif('an item cut short, or twice');
    items.set(id, body.toString('latin1', 8 + wide, 12 + wide));
  }
  return items;
}

/** Items that are parts of others: tiles (`dimg` from the whole to its parts), thumbnails and planes (from themselves). */
function dependentOf(iref: Buffer | undefined, budget: { boxes: number }): ReadonlySet<number> {
  const dependent = new Set<number>();
  if (iref === undefined) return dependent;
  const wide = iref[0] === 0 ? 2 : 4;
  for (const { type, body } of boxesOf(iref.subarray(4), budget)) {
    const from = body.readUIntBE(0, wide);
    const count = body.readUInt16BE(wide);
    if (count > MAX_ITEMS) throw new NotHeif('too many references');
    if (type === 'thmb' || type === 'auxl') dependent.add(from);
    if (type !== 'dimg') continue;
    for (let i = 0; i < count; i++) dependent.add(body.readUIntBE(wide + 2 + wide * i, wide));
  }
  return dependent;
}
