/** LZH archives written by hand, header levels 0 to 2, and small packers for the methods that no program here writes. */

export interface RawLzhEntry {
  readonly name: string | Uint8Array;
  readonly content: Uint8Array;
  readonly method?: string;
  readonly data?: Uint8Array;
  readonly level?: 0 | 1 | 2;
  readonly crc?: number;
  readonly bytes?: number;
  readonly system?: string;
  /** Kind and content of each. */
  readonly extended?: readonly (readonly [number, Uint8Array])[];
}

export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

const u16 = (value: number): Buffer => Buffer.from([value & 255, (value >> 8) & 255]);
const u32 = (value: number): Buffer => Buffer.concat([u16(value & 0xffff), u16(Math.floor(value / 65536) & 0xffff)]);

/** Each extended header with the size of the next behind it; the size of the first comes first. */
const chain = (headers: readonly (readonly [number, Uint8Array])[]): Buffer =>
  Buffer.concat([
    ...headers.flatMap(([kind, content]) => [u16(content.length + 3), Buffer.from([kind]), Buffer.from(content)]),
    u16(0),
  ]);

export function lzhEntry(entry: RawLzhEntry): Buffer {
  const { level = 0, system = 'M', extended = [] } = entry;
  const data = Buffer.from(entry.data ?? entry.content);
  const name = Buffer.from(entry.name as string);
  const crc = u16(entry.crc ?? crc16(entry.content));
  const method = Buffer.from(entry.method ?? '-lh0-');
  const size = u32(entry.bytes ?? entry.content.length);
  if (level === 2) {
    const links = chain([[1, name], ...extended]);
    const fixed = [method, u32(data.length), size, u32(0), Buffer.from([0x20, 2]), crc, Buffer.from(system)];
    const length = 2 + 22 + links.length;
    const padding = Buffer.alloc((length & 255) === 0 ? 1 : 0);
    return Buffer.concat([u16(length + padding.length), ...fixed, links, padding, data]);
  }
  const links = level === 1 ? chain(extended) : Buffer.alloc(0);
  const own = Buffer.concat([
    ...[
      method,
      u32(data.length + Math.max(0, links.length - 2)),
      size,
      u32(0),
      Buffer.from([0x20, level, name.length]),
      name,
      crc,
    ],
    ...(level === 1 ? [Buffer.from(system), links.subarray(0, 2)] : []),
  ]);
  const sum = own.reduce((total, byte) => (total + byte) & 255, 0);
  return Buffer.concat([Buffer.from([own.length, sum]), own, links.subarray(2), data]);
}

export const rawLzh = (entries: readonly RawLzhEntry[], end: Uint8Array = Buffer.alloc(1)): Buffer =>
  Buffer.concat([...entries.map(lzhEntry), end]);

/** A literal, or distance and length of a match. */
export type Token = number | readonly [distance: number, length: number];

/** What the tokens stand for, blanks in front. */
export function meaning(tokens: readonly Token[]): Buffer {
  const bytes: number[] = [];
  for (const token of tokens) {
    if (typeof token === 'number') bytes.push(token);
    else for (let i = 0; i < token[1]; i++) bytes.push(bytes[bytes.length - token[0]] ?? 0x20);
  }
  return Buffer.from(bytes);
}

class BitWriter {
  readonly #bits: number[] = [];

  put(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) this.#bits.push((value >> i) & 1);
  }

  bytes(): Buffer {
    const bytes = Buffer.alloc(Math.ceil(this.#bits.length / 8));
    for (const [i, bit] of this.#bits.entries()) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (bit << (7 - (i & 7)));
    return bytes;
  }
}

/** Number of distance sizes, bits of their number. */
const STATIC = { '-lh4-': [14, 4], '-lh5-': [14, 4], '-lh6-': [16, 5], '-lh7-': [17, 5] } as const;

/** All codes of nearly one length, which makes them complete: `short` of them are one bit shorter. */
const flat = (symbols: number, longest: number): readonly number[] =>
  Array.from({ length: symbols }, (_, i) => (i < 2 ** longest - symbols ? longest - 1 : longest));

function codes(lengths: readonly number[]): readonly number[] {
  const result: number[] = [];
  let code = 0;
  for (let length = 1; length <= 16; length++) {
    for (const [symbol, own] of lengths.entries()) if (own === length) result[symbol] = code++;
    code <<= 1;
  }
  return result;
}

export function packStatic(tokens: readonly Token[], method: keyof typeof STATIC): Buffer {
  const [sizes, sizeBits] = STATIC[method];
  const bits = new BitWriter();
  const symbolLengths = flat(510, 9);
  const distanceLengths = flat(sizes, sizeBits === 5 && sizes > 16 ? 5 : 4);
  const [symbols, distances] = [codes(symbolLengths), codes(distanceLengths)];
  for (let at = 0; at < tokens.length; at += 1000) {
    const block = tokens.slice(at, at + 1000);
    bits.put(block.length, 16);
    // Code lengths 8 and 9 stand as 10 and 11: two codes of one bit.
    bits.put(12, 5);
    for (let i = 0; i < 12; i++) {
      bits.put(i >= 10 ? 1 : 0, 3);
      if (i === 2) bits.put(0, 2);
    }
    bits.put(510, 9);
    for (const length of symbolLengths) bits.put(length - 8, 1);
    bits.put(sizes, sizeBits);
    for (const length of distanceLengths) bits.put(length, 3);
    for (const token of block) {
      const symbol = typeof token === 'number' ? token : token[1] + 253;
      bits.put(symbols[symbol] ?? 0, symbolLengths[symbol] ?? 0);
      if (typeof token === 'number') continue;
      const distance = token[0] - 1;
      const size = distance === 0 ? 0 : Math.floor(Math.log2(distance)) + 1;
      bits.put(distances[size] ?? 0, distanceLengths[size] ?? 0);
      if (size > 1) bits.put(distance - 2 ** (size - 1), size - 1);
    }
  }
  return bits.bytes();
}

/** @param tokens matches of 2 to 17 bytes within 2,048 */
export function packLzs(tokens: readonly Token[]): Buffer {
  const bits = new BitWriter();
  let at = 0;
  for (const token of tokens) {
    if (typeof token === 'number') {
      bits.put(0x100 | token, 9);
      at += 1;
      continue;
    }
    bits.put(0, 1);
    bits.put((at - token[0] - 17) & 2047, 11);
    bits.put(token[1] - 2, 4);
    at += token[1];
  }
  return bits.bytes();
}

/** @param tokens matches of 3 to 18 bytes within 4,096 */
export function packLz5(tokens: readonly Token[]): Buffer {
  const bytes: number[] = [];
  let at = 0;
  for (let first = 0; first < tokens.length; first += 8) {
    const group = tokens.slice(first, first + 8);
    bytes.push(group.reduce<number>((flags, token, i) => flags | (typeof token === 'number' ? 1 << i : 0), 0));
    for (const token of group) {
      if (typeof token === 'number') bytes.push(token);
      else {
        const place = (at - token[0] - 18) & 4095;
        bytes.push(place & 255, ((place >> 4) & 0xf0) | (token[1] - 3));
      }
      at += typeof token === 'number' ? 1 : token[1];
    }
  }
  return Buffer.from(bytes);
}
