/**
 * The font of the invisible text layer: a TrueType program (ISO/IEC 14496-22) with two glyphs that draw nothing.
 *
 * The bytes are made here instead of being stored, so that a reviewer can read them; the same bytes stand in every PDF
 * we write, and the inspector knows their SHA-256 (docs/output-grammar-pdf.md).
 */

const UNITS_PER_EM = 1000;
/** Ascent and descent of the em box as Japanese fonts have it, in 1/1000 em. */
export const ASCENT = 880;
export const DESCENT = -120;

const uint16 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, i * 2);
  return bytes;
};

const uint32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, i * 4);
  return bytes;
};

/** `head`: all dates zero, so that the bytes never change. The checksum adjustment at offset 8 is filled in later. */
const head = (): Buffer =>
  Buffer.concat([
    uint32(0x00010000, 0x00010000, 0, 0x5f0f3cf5),
    uint16(3, UNITS_PER_EM),
    uint32(0, 0, 0, 0),
    uint16(0, DESCENT, UNITS_PER_EM, ASCENT, 0, 8, 2, 0, 0),
  ]);

const hhea = (): Buffer =>
  Buffer.concat([
    uint32(0x00010000),
    uint16(ASCENT, DESCENT, 0, UNITS_PER_EM, 0, 0, UNITS_PER_EM, 1, 0, 0, 0, 0, 0, 0, 0, 2),
  ]);

const maxp = (): Buffer => Buffer.concat([uint32(0x00010000), uint16(2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)]);

/** `cmap`: one empty format 4 subtable (Windows, Unicode); CIDs never pass through it. */
const cmap = (): Buffer =>
  Buffer.concat([uint16(0, 1, 3, 1), uint32(12), uint16(4, 24, 0, 2, 2, 0, 0, 0xffff, 0, 0xffff, 1, 0)]);

const name = (): Buffer => {
  const text = Buffer.from('SekishoInvisible', 'utf16le').swap16();
  const record = (id: number): Buffer => uint16(3, 1, 0x409, id, text.length, 0);
  return Buffer.concat([uint16(0, 4, 6 + 4 * 12), record(1), record(3), record(4), record(6), text]);
};

const os2 = (): Buffer =>
  Buffer.concat([
    uint16(3, UNITS_PER_EM, 400, 5, 0),
    Buffer.alloc(20),
    uint16(0),
    Buffer.alloc(10),
    uint32(0, 0, 0, 0),
    Buffer.from('SKSH', 'latin1'),
    uint16(0x40, 0xffff, 0xffff, ASCENT, DESCENT, 0, ASCENT, -DESCENT),
    uint32(0, 0),
    uint16(0, 0, 0, 0, 0),
  ]);

const post = (): Buffer => Buffer.concat([uint32(0x00030000, 0), uint16(0, 0), uint32(0, 0, 0, 0, 0)]);

const padded = (table: Buffer): Buffer => Buffer.concat([table, Buffer.alloc(-table.length & 3)]);

function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 4) sum = (sum + bytes.readUInt32BE(i)) >>> 0;
  return sum;
}

/** The font program. Tables in alphabetical order, each on a multiple of four bytes. */
function build(): Buffer {
  const tables: readonly (readonly [tag: string, bytes: Buffer])[] = [
    ['OS/2', os2()],
    ['cmap', cmap()],
    ['glyf', Buffer.alloc(4)],
    ['head', head()],
    ['hhea', hhea()],
    ['hmtx', uint16(UNITS_PER_EM, 0, UNITS_PER_EM, 0)],
    ['loca', uint16(0, 0, 0)],
    ['maxp', maxp()],
    ['name', name()],
    ['post', post()],
  ];
  const entries: Buffer[] = [];
  const bodies: Buffer[] = [];
  let offset = 12 + tables.length * 16;
  let headAt = 0;
  for (const [tag, bytes] of tables) {
    if (tag === 'head') headAt = offset;
    const body = padded(bytes);
    entries.push(Buffer.from(tag, 'latin1'), uint32(checksum(body), offset, bytes.length));
    bodies.push(body);
    offset += body.length;
  }
  const font = Buffer.concat([uint32(0x00010000), uint16(tables.length, 128, 3, 32), ...entries, ...bodies]);
  font.writeUInt32BE((0xb1b0afba - checksum(font)) >>> 0, headAt + 8);
  return font;
}

export const GLYPHLESS_FONT: Uint8Array = build();
