/** Cabinets (MS-CAB §2) written by hand: one folder, not compressed, names as raw bytes. */

export interface RawCabFile {
  readonly name: Uint8Array | string;
  readonly content: string;
  /** 0x80: the name is UTF-8. */
  readonly attributes?: number;
}

const HEADER_BYTES = 36;
const FOLDER_BYTES = 8;

export function cabRaw(files: readonly RawCabFile[]): Buffer {
  const data = Buffer.from(files.map(({ content }) => content).join(''), 'latin1');
  let offset = 0;
  const entries = files.map(({ name, content, attributes = 0x20 }) => {
    const head = Buffer.alloc(16);
    head.writeUInt32LE(content.length, 0);
    head.writeUInt32LE(offset, 4);
    head.writeUInt16LE(0x5a21, 10);
    head.writeUInt16LE(attributes, 14);
    offset += content.length;
    return Buffer.concat([head, Buffer.from(name as string, 'latin1'), Buffer.of(0)]);
  });
  const listing = Buffer.concat(entries);
  const first = HEADER_BYTES + FOLDER_BYTES;
  const header = Buffer.alloc(first);
  header.write('MSCF');
  header.writeUInt32LE(first + listing.length + 8 + data.length, 8);
  header.writeUInt32LE(first, 16);
  header.writeUInt16LE(0x0103, 24);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(files.length, 28);
  header.writeUInt32LE(first + listing.length, HEADER_BYTES);
  header.writeUInt16LE(1, HEADER_BYTES + 4);
  const block = Buffer.alloc(8);
  block.writeUInt16LE(data.length, 4);
  block.writeUInt16LE(data.length, 6);
  return Buffer.concat([header, listing, block, data]);
}
