/**
 * ZIP entries packed by other methods than deflate: Deflate64, BZip2, LZMA, XZ, Zstandard, PPMd (APPNOTE §4.4.5).
 *
 * Method: the entry's data alone goes to 7-Zip as WebAssembly, inside a ZIP of our own with one entry: what the stranger's
 * ZIP is, our reader has decided already.
 */
import { blocked, type Held } from '../../converter.ts';
import { expandStream } from '../../engines/sevenzip/archive.ts';
import type { RawEntry } from './directory.ts';

const KNOWN: ReadonlyMap<number, string> = new Map([
  [9, 'Deflate64'],
  [12, 'BZip2'],
  [14, 'LZMA'],
  [93, 'Zstandard'],
  [95, 'XZ'],
  [98, 'PPMd'],
]);

/** Bits 1 and 2: options of the method, like LZMA's end mark. */
const OPTIONS = 6;
const NAME = Buffer.from('a');

/** Whether `unpackOther` knows the method. */
export const isOtherMethod = (method: number): boolean => KNOWN.has(method);

/** Exactly the bytes that the entry announces, their checksum not yet looked at; or why not. */
export function unpackOther(data: Uint8Array, entry: RawEntry, isLate: () => boolean): Uint8Array | Held {
  const archive = alone(data, entry);
  const result = expandStream({ archive, format: 'zip', isLate }, entry.bytes);
  const method = KNOWN.get(entry.method) ?? '';
  if (result.kind === 'refused') {
    return blocked(result.why === 'password' ? 'malformed' : result.why, `${method}: ${result.detail}`);
  }
  return result.bytes.length === entry.bytes ? result.bytes : blocked('malformed', `${method}: another size`);
}

function alone(data: Uint8Array, { method, flags, crc, bytes }: RawEntry): Uint8Array {
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(63, 0);
  facts.writeUInt16LE(flags & OPTIONS, 2);
  facts.writeUInt16LE(method, 4);
  facts.writeUInt32LE(crc, 10);
  facts.writeUInt32LE(data.length, 14);
  facts.writeUInt32LE(bytes, 18);
  facts.writeUInt16LE(NAME.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), facts, NAME]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x3f\x00', 'latin1'), facts, Buffer.alloc(14), NAME]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + data.length, 16);
  return Buffer.concat([local, data, central, end]);
}
