/** A 7z whose header is not compressed, changed by hand, its two checksums set right again (7zFormat.txt). */
import { crc32 } from 'node:zlib';

/** @param to a name as long as `from` */
export function renamed7z(archive: Uint8Array, from: string, to: string): Buffer {
  if (from.length !== to.length) throw new Error('names of one length only');
  const bytes = Buffer.from(archive);
  const at = bytes.indexOf(Buffer.from(from, 'utf16le'));
  if (at < 0) throw new Error(`no ${from} in the header`);
  Buffer.from(to, 'utf16le').copy(bytes, at);
  const start = 32 + Number(bytes.readBigUInt64LE(12));
  bytes.writeUInt32LE(crc32(bytes.subarray(start, start + Number(bytes.readBigUInt64LE(20)))), 28);
  bytes.writeUInt32LE(crc32(bytes.subarray(12, 32)), 8);
  return bytes;
}
