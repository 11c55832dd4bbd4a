/** Compound files (MS-CFB, version 3) written by hand: a directory of names, and bytes behind it that no stream owns. */

const SECTOR = 512;
const [FREE, END, FAT] = [0xffffffff, 0xfffffffe, 0xfffffffd];

export interface RawCfb {
  /** Names of streams in the root; the root itself is written before them. */
  readonly names: readonly string[];
  /** CLSID of the root entry, hex. */
  readonly rootClass?: string;
  readonly behind?: Uint8Array;
}

/** Sector 0: FAT; sectors 1 …: directory, four entries each. */
export function cfbRaw({ names, rootClass = '00'.repeat(16), behind = Buffer.alloc(0) }: RawCfb): Buffer {
  const entries = [entry('Root Entry', 5, rootClass), ...names.map((name) => entry(name, 2, '00'.repeat(16)))];
  const directory = Buffer.concat([...entries, Buffer.alloc((SECTOR - ((entries.length * 128) % SECTOR)) % SECTOR)]);
  const sectors = directory.length / SECTOR;
  const fat = Buffer.alloc(SECTOR, 0xff);
  fat.writeUInt32LE(FAT, 0);
  for (let i = 1; i <= sectors; i++) fat.writeUInt32LE(i === sectors ? END : i + 1, i * 4);
  return Buffer.concat([header(), fat, directory, behind]);
}

function header(): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.write('d0cf11e0a1b11ae1', 0, 'hex');
  bytes.writeUInt16LE(0x3e, 24);
  bytes.writeUInt16LE(3, 26);
  bytes.writeUInt16LE(0xfffe, 28);
  bytes.writeUInt16LE(9, 30);
  bytes.writeUInt16LE(6, 32);
  bytes.writeUInt32LE(1, 44);
  bytes.writeUInt32LE(1, 48);
  bytes.writeUInt32LE(4096, 56);
  bytes.writeUInt32LE(END, 60);
  bytes.writeUInt32LE(END, 68);
  bytes.writeUInt32LE(0, 76);
  for (let at = 80; at < SECTOR; at += 4) bytes.writeUInt32LE(FREE, at);
  return bytes;
}

function entry(name: string, type: number, rootClass: string): Buffer {
  const bytes = Buffer.alloc(128);
  bytes.write(name.slice(0, 31), 0, 'utf16le');
  bytes.writeUInt16LE((Math.min(name.length, 31) + 1) * 2, 64);
  bytes[66] = type;
  for (const at of [68, 72, 76]) bytes.writeUInt32LE(FREE, at);
  bytes.write(rootClass, 80, 'hex');
  bytes.writeUInt32LE(END, 116);
  return bytes;
}
