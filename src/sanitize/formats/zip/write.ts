/**
 * ZIPs that we write: docs/output-grammar.md §9. One spelling for each set of files: no times, no comments, no extra fields, no
 * folder entries, UTF-8 names, text deflated and everything else stored (it is packed already).
 */
import { crc32, deflateRawSync } from 'node:zlib';
import type { SafeType } from '../../../message/file-type.ts';
import { type BuiltBytes, built } from '../../converter.ts';

export interface ZipMember {
  /** Final path: names by docs/output-grammar.md §9, `/` between them. */
  readonly path: string;
  readonly type: SafeType;
  readonly bytes: BuiltBytes;
}

const DEFLATED: ReadonlySet<SafeType> = new Set<SafeType>(['text', 'csv']);
/** 1980-01-01 00:00, the first moment that MS-DOS knows. */
const MOMENT = 0x0021_0000;
/** «Needed to extract» 2.0: folders and deflate. */
const VERSION = 20;
const UTF8 = 0x800;
/** «Made by» Unix: Info-ZIP's unzip takes names of MS-DOS for code page 850, whatever the UTF-8 flag says. */
const HOST = 3;
/** A plain file, mode 644 (stat(2)): with the host stated, none would mean no rights at all. */
const ATTRIBUTES = 0o100644 * 0x1_0000;

/** @throws RangeError on what a plain ZIP cannot hold; the policy's limits are far below. */
export function zipFile(members: readonly ZipMember[]): BuiltBytes {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { path, type, bytes } of members) {
    const name = Buffer.from(path, 'utf8');
    const data = DEFLATED.has(type) ? deflateRawSync(bytes) : bytes;
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(VERSION, 0);
    facts.writeUInt16LE(UTF8, 2);
    facts.writeUInt16LE(DEFLATED.has(type) ? 8 : 0, 4);
    facts.writeUInt32LE(MOMENT, 6);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(data.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const local = [Buffer.from('PK\x03\x04', 'latin1'), facts, name, Buffer.from(data)];
    const place = Buffer.alloc(14);
    place.writeUInt32LE(ATTRIBUTES, 6);
    place.writeUInt32LE(at, 10);
    central.push(Buffer.from(`PK\x01\x02${String.fromCharCode(VERSION, HOST)}`, 'latin1'), facts, place, name);
    locals.push(...local);
    at += 30 + name.length + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return built(Buffer.concat([...locals, directory, end]));
}
