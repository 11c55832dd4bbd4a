/** Compound files (MS-CFB, version 3) of storages only, written by hand: a macro project without a macro. */

const FREE = 0xffffffff;
const END_OF_CHAIN = 0xfffffffe;
const FAT_SECTOR = 0xfffffffd;
const SECTOR = 512;

/** @param names storages, each inside of the one before; at most three, so that the directory has one sector */
export function compoundFile(names: readonly string[]): Buffer {
  const header = Buffer.alloc(SECTOR);
  header.write('d0cf11e0a1b11ae1', 0, 'hex');
  for (const [at, value] of [
    [0x18, 0x3e],
    [0x1a, 3],
    [0x1c, 0xfffe],
    [0x1e, 9],
    [0x20, 6],
  ] as const)
    header.writeUInt16LE(value, at);
  header.writeUInt32LE(1, 0x2c);
  header.writeUInt32LE(1, 0x30);
  header.writeUInt32LE(4096, 0x38);
  header.writeUInt32LE(END_OF_CHAIN, 0x3c);
  header.writeUInt32LE(END_OF_CHAIN, 0x44);
  for (let at = 0x4c; at < SECTOR; at += 4) header.writeUInt32LE(at === 0x4c ? 0 : FREE, at);
  const fat = Buffer.alloc(SECTOR, 0xff);
  fat.writeUInt32LE(FAT_SECTOR, 0);
  fat.writeUInt32LE(END_OF_CHAIN, 4);
  const entries = ['Root Entry', ...names].map((name, i, all) =>
    entry(name, i === 0 ? 5 : 1, i + 1 < all.length ? i + 1 : FREE),
  );
  const directory = Buffer.concat(entries, SECTOR);
  return Buffer.concat([header, fat, directory]);
}

function entry(name: string, kind: number, child: number): Buffer {
  const bytes = Buffer.alloc(128);
  const spelled = Buffer.from(`${name}\0`, 'utf16le');
  spelled.copy(bytes);
  bytes.writeUInt16LE(spelled.length, 64);
  bytes[66] = kind;
  bytes[67] = 1;
  for (const [i, value] of [FREE, FREE, child].entries()) bytes.writeUInt32LE(value, 68 + 4 * i);
  bytes.writeUInt32LE(kind === 5 ? END_OF_CHAIN : 0, 116);
  return bytes;
}
