/** ZIPs written by hand, byte by byte (PKWARE APPNOTE 6.3.10): every field can be made to lie. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface RawZipEntry {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  /** Compressed bytes as they stand in the file; by default stored or deflated by `method`. */
  readonly data?: Uint8Array;
  /** 0 stored (default), 8 deflate, anything else is only written down. */
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  readonly bytes?: number;
  readonly compressedBytes?: number;
  readonly host?: number;
  readonly attributes?: number;
  readonly extra?: Uint8Array;
  readonly localExtra?: Uint8Array;
  readonly disk?: number;
  /** What the local header says otherwise. */
  readonly local?: Partial<Pick<RawZipEntry, 'name' | 'method' | 'flags' | 'crc' | 'bytes' | 'compressedBytes'>>;
  /** Put behind the data: a descriptor, or anything. */
  readonly behind?: Uint8Array;
  /** No local part of its own: the directory points here. */
  readonly at?: number;
  readonly comment?: string;
}

export interface RawZip {
  readonly before?: Uint8Array;
  /** Between the last entry and the directory. */
  readonly between?: Uint8Array;
  /** Between the directory and its end record. */
  readonly beforeEnd?: Uint8Array;
  readonly comment?: string | Uint8Array;
  readonly after?: Uint8Array;
  readonly entries?: number;
  readonly entriesHere?: number;
  readonly disk?: number;
  readonly start?: number;
  readonly size?: number;
  /** Offsets count from the end of `before`, as in a self-extracting file. */
  readonly shifted?: boolean;
}

export const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value & 0xffff);
  return bytes;
};
export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};
export const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
export const field = (id: number, content: Uint8Array): Buffer =>
  Buffer.concat([u16(id), u16(content.length), content]);
const signature = (name: string): Buffer => Buffer.from(`PK${name}`, 'latin1');
const bytesOf = (value: string | Uint8Array): Buffer => Buffer.from(value as string);

/** An Info-ZIP Unicode Path field for a raw name. */
export const unicodePath = (rawName: string | Uint8Array, name: string, crc = crc32(bytesOf(rawName))): Buffer =>
  field(0x7075, Buffer.concat([Buffer.from([1]), u32(crc), Buffer.from(name)]));

/** A data descriptor, with its signature or without. */
export function descriptor(content: string | Uint8Array, compressedBytes: number, signed = true): Buffer {
  const bytes = bytesOf(content);
  const values = [u32(crc32(bytes)), u32(compressedBytes), u32(bytes.length)];
  return Buffer.concat(signed ? [signature('\x07\x08'), ...values] : values);
}

export function rawZip(entries: readonly RawZipEntry[], options: RawZip = {}): Buffer {
  const before = Buffer.from(options.before ?? []);
  const locals: Buffer[] = [before];
  const central: Buffer[] = [];
  let at = before.length;
  const base = options.shifted === true ? before.length : 0;
  for (const entry of entries) {
    const content = bytesOf(entry.content ?? '');
    const method = entry.method ?? 0;
    const data = Buffer.from(entry.data ?? (method === 8 ? deflateRawSync(content) : content));
    const said = {
      name: bytesOf(entry.name),
      method,
      flags: entry.flags ?? 0,
      crc: entry.crc ?? crc32(content),
      bytes: entry.bytes ?? content.length,
      compressedBytes: entry.compressedBytes ?? data.length,
    };
    const here = { ...said, ...entry.local, name: bytesOf(entry.local?.name ?? entry.name) };
    const place = entry.at ?? at;
    if (entry.at === undefined) {
      const extra = Buffer.from(entry.localExtra ?? []);
      const local = Buffer.concat([
        ...[signature('\x03\x04'), u16(20), u16(here.flags), u16(here.method), u32(0x21 << 16), u32(here.crc)],
        ...[u32(here.compressedBytes), u32(here.bytes), u16(here.name.length), u16(extra.length), here.name, extra],
        ...[data, Buffer.from(entry.behind ?? [])],
      ]);
      locals.push(local);
      at += local.length;
    }
    const extra = Buffer.from(entry.extra ?? []);
    const comment = Buffer.from(entry.comment ?? '');
    central.push(
      Buffer.concat([
        ...[signature('\x01\x02'), Buffer.from([20, entry.host ?? 0]), u16(20), u16(said.flags), u16(said.method)],
        ...[u32(0x21 << 16), u32(said.crc), u32(said.compressedBytes), u32(said.bytes), u16(said.name.length)],
        ...[u16(extra.length), u16(comment.length), u16(entry.disk ?? 0), u16(0), u32(entry.attributes ?? 0)],
        ...[u32(place - base), said.name, extra, comment],
      ]),
    );
  }
  const directory = Buffer.concat(central);
  const between = Buffer.from(options.between ?? []);
  const comment = bytesOf(options.comment ?? '');
  const count = options.entries ?? entries.length;
  return Buffer.concat([
    ...locals,
    between,
    directory,
    Buffer.from(options.beforeEnd ?? []),
    ...[
      signature('\x05\x06'),
      u16(options.disk ?? 0),
      u16(options.disk ?? 0),
      u16(options.entriesHere ?? count),
      u16(count),
    ],
    ...[u32(options.size ?? directory.length), u32(options.start ?? at + between.length - base)],
    ...[u16(comment.length), comment, Buffer.from(options.after ?? [])],
  ]);
}

/** Large end record and locator, to be put before the small end record of an archive that ends its directory at `at`. */
export function end64(values: {
  readonly entries: number;
  readonly size: number;
  readonly start: number;
  readonly at: number;
}): Buffer {
  const { entries, size, start, at } = values;
  return Buffer.concat([
    ...[
      signature('\x06\x06'),
      u64(44),
      u16(45),
      u16(45),
      u32(0),
      u32(0),
      u64(entries),
      u64(entries),
      u64(size),
      u64(start),
    ],
    ...[signature('\x06\x07'), u32(0), u64(at), u32(1)],
  ]);
}
