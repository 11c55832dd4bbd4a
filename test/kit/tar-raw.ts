/** Tars written by hand, block by block: every field can be made to lie. */

export interface RawTarEntry {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  /** Type flag; '0' by default. */
  readonly type?: string;
  readonly link?: string;
  /** What the header says instead of the content's length. */
  readonly size?: number;
  readonly sizeField?: Uint8Array;
  /** Six bytes at 257: 'ustar\0' by default, '' for programs before POSIX. */
  readonly magic?: string;
  readonly prefix?: string;
  readonly checksum?: number;
}

const BLOCK = 512;

const padded = (bytes: Uint8Array): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);

export function tarEntry(entry: RawTarEntry): Buffer {
  const content = Buffer.from((entry.content ?? '') as string);
  const header = Buffer.alloc(BLOCK);
  Buffer.from(entry.name as string).copy(header, 0, 0, 100);
  header.write('0000644\x000000000\x000000000\0', 100, 'latin1');
  if (entry.sizeField === undefined)
    header.write(`${(entry.size ?? content.length).toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  else Buffer.from(entry.sizeField).copy(header, 124);
  header.write('00000000000\0', 136, 'latin1');
  header.write(entry.type ?? '0', 156, 'latin1');
  header.write(entry.link ?? '', 157, 'utf8');
  header.write(entry.magic ?? 'ustar\0', 257, 'latin1');
  header.write(entry.prefix ?? '', 345, 'utf8');
  header.fill(0x20, 148, 156);
  const sum = entry.checksum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, padded(content)]);
}

export const rawTar = (entries: readonly RawTarEntry[], end: Uint8Array = Buffer.alloc(2 * BLOCK)): Buffer =>
  Buffer.concat([...entries.map(tarEntry), end]);

/** A pax extended header with these records, before the entry it belongs to. */
export function pax(records: Readonly<Record<string, string>>, type = 'x'): RawTarEntry {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    const digits = String(rest + String(rest).length).length;
    return `${rest + digits} ${key}=${value}\n`;
  });
  return { name: 'pax', type, content: lines.join('') };
}

/** A GNU header with a name too long for the field. */
export const longName = (name: string): RawTarEntry => ({
  name: '././@LongLink',
  type: 'L',
  content: `${name}\0`,
  magic: 'ustar ',
});
