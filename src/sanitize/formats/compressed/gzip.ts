/**
 * gzip (RFC 1952) → the bytes in it and the name it tells, by our own decoder.
 *
 * Danger: bombs, members behind the first that only some programs read, anything behind the end (threats.tsv A38). Method: all
 * members are read, one after another, as gunzip does; checksum and length of each must be right; behind the last there are
 * zeros or nothing.
 */
import { crc32 } from 'node:zlib';
import { uint16, uint32 } from '../../detect/magic.ts';
import { inflateUpTo } from '../../engines/inflate.ts';

export type Gunzipped =
  | {
      readonly kind: 'expanded';
      readonly bytes: Uint8Array;
      /** FNAME of each member that has one. */
      readonly rawNames: readonly Uint8Array[];
      readonly members: number;
    }
  | { readonly kind: 'refused'; readonly why: 'malformed' | 'limit-exceeded' | 'timeout'; readonly detail: string };

/** Whole files are put together of a few; a program writes one for each megabyte at most. */
const MAX_MEMBERS = 4096;
// §2.3.1
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

class Refused extends Error {}

/** Never throws for what stands in the file. */
export function gunzip(file: Uint8Array, maxBytes: number, isLate: () => boolean): Gunzipped {
  const chunks: Uint8Array[] = [];
  const rawNames: Uint8Array[] = [];
  let room = maxBytes;
  try {
    for (let at = 0; ; ) {
      const { dataStart, rawName } = readHeader(file, at);
      if (rawName !== undefined) rawNames.push(rawName);
      const data = inflateUpTo(file.subarray(dataStart), room, isLate);
      if (data.kind === 'failed') {
        const why = data.why === 'too-long' ? 'limit-exceeded' : data.why === 'timeout' ? 'timeout' : 'malformed';
        return { kind: 'refused', why, detail: `deflate: ${data.detail}` };
      }
      const behind = dataStart + data.read;
      if (behind + 8 > file.length) throw new Refused('no checksum at the end');
      if (uint32(file, behind) !== crc32(data.bytes)) throw new Refused('wrong checksum');
      if (uint32(file, behind + 4) !== data.bytes.length % 2 ** 32) throw new Refused('wrong length');
      chunks.push(data.bytes);
      room -= data.bytes.length;
      at = behind + 8;
      if (file.subarray(at).every((byte) => byte === 0)) break;
      if (chunks.length >= MAX_MEMBERS) return { kind: 'refused', why: 'limit-exceeded', detail: 'too many members' };
    }
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', why: 'malformed', detail: error.message };
    throw error;
  }
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : concatenated(chunks);
  return { kind: 'expanded', bytes, rawNames, members: chunks.length };
}

function concatenated(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = Buffer.concat(chunks);
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
}

/** §2.3 */
function readHeader(
  file: Uint8Array,
  start: number,
): { readonly dataStart: number; readonly rawName: Uint8Array | undefined } {
  if (file[start] !== 0x1f || file[start + 1] !== 0x8b) throw new Refused('something behind the end');
  const flags = file[start + 3] ?? 0;
  if (file[start + 2] !== 8 || (flags & FLAG.reserved) !== 0) throw new Refused('a member of unknown kind');
  let at = start + 10;
  let rawName: Uint8Array | undefined;
  const string = (): Uint8Array => {
    const end = file.indexOf(0, at);
    if (end < 0) throw new Refused('a name without end');
    const value = file.subarray(at, end);
    at = end + 1;
    return value;
  };
  if ((flags & FLAG.extra) !== 0) at += 2 + uint16(file, at);
  if ((flags & FLAG.name) !== 0) rawName = string();
  if ((flags & FLAG.comment) !== 0) string();
  if ((flags & FLAG.headerCrc) !== 0) {
    if ((crc32(file.subarray(start, at)) & 0xffff) !== uint16(file, at))
      throw new Refused('wrong checksum of a header');
    at += 2;
  }
  if (at >= file.length) throw new Refused('a header without data');
  return { dataStart: at, rawName };
}
