/** Whether bytes are a tar: also those older than the mark `ustar`, by the checksum of their first header. */

/** Everything in a tar comes in blocks of this many bytes. */
export const TAR_BLOCK = 512;

/** True when the first block is a header with a right checksum: also tars older than the mark `ustar`. */
export const startsLikeTar = (bytes: Uint8Array): boolean =>
  bytes.length >= TAR_BLOCK && bytes[0] !== 0 && checksumFits(bytes.subarray(0, TAR_BLOCK));

/** The sum of all bytes, its own field counted as blanks; old programs added signed bytes. */
export function checksumFits(header: Uint8Array): boolean {
  const [, digits] = /^[ \0]*([0-7]{1,7})[ \0]/.exec(Buffer.from(header.subarray(148, 156)).toString('latin1')) ?? [];
  if (digits === undefined) return false;
  let [unsigned, signed] = [8 * 0x20, 8 * 0x20];
  for (const [i, byte] of header.entries()) {
    if (i >= 148 && i < 156) continue;
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  const said = Number.parseInt(digits, 8);
  return said === unsigned || said === signed;
}
