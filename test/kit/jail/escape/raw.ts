/** System calls from TypeScript, through addon.c. */

import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { could, refused, type Targets, type Tried } from './targets.ts';

export type Word = number | bigint | string | Uint8Array;

interface Addon {
  call(...words: readonly (bigint | Buffer)[]): bigint;
  callAsParent(...words: readonly (bigint | Buffer)[]): bigint;
  address(buffer: Buffer): bigint;
  grab(flags: bigint, protection: bigint, mebibytes: bigint): bigint;
  threads(count: bigint): bigint;
  call32(number: bigint): bigint;
}

let addon: Addon | undefined;

/** Refused by node where addons are not allowed, and where the file cannot be read. */
export function native({ addon: path }: Targets): Addon {
  if (addon === undefined) {
    const loaded = { exports: {} as Addon };
    process.dlopen(loaded, path);
    addon = loaded.exports;
  }
  return addon;
}

const toWord = (word: Word): bigint | Buffer =>
  typeof word === 'string'
    ? Buffer.from(`${word}\0`)
    : typeof word === 'object'
      ? Buffer.from(word.buffer, word.byteOffset, word.byteLength)
      : BigInt(word);

/** @returns what the kernel says; errors are negative errno values. */
export function call(targets: Targets, name: string, ...words: readonly Word[]): number {
  return Number(native(targets).call(BigInt(numberOf(targets, name)), ...words.map(toWord)));
}

/** For fork and its kin. */
export function callAsParent(targets: Targets, name: string, ...words: readonly Word[]): number {
  return Number(native(targets).callAsParent(BigInt(numberOf(targets, name)), ...words.map(toWord)));
}

/** -1 where this architecture does not have the call: the kernel answers ENOSYS. */
const numberOf = (targets: Targets, name: string): number => targets.numbers[name] ?? -1;

/** The buffer must be kept by the caller while the call runs. */
export const addressOf = (targets: Targets, buffer: Buffer): bigint => native(targets).address(buffer);

const NAMES = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));
export const errnoName = (result: number): string => NAMES.get(-result) ?? `errno ${-result}`;

/** A call that succeeds with anything that is not an error. */
export const tried = (result: number): Tried => (result < 0 ? refused(errnoName(result)) : could(`returned ${result}`));

export const attempt = (targets: Targets, name: string, ...words: readonly Word[]): Tried =>
  tried(call(targets, name, ...words));

export const AT_FDCWD = -100;
/** asm-generic/fcntl.h; O_TMPFILE and O_DIRECTORY differ on arm64. */
const isArm = process.arch === 'arm64';
export const O = {
  rdonly: 0,
  wronly: 1,
  rdwr: 2,
  creat: 0x40,
  directory: isArm ? 0x4000 : 0x10000,
  tmpfile: 0x400000 | (isArm ? 0x4000 : 0x10000),
} as const;

/** @returns a descriptor or a negative errno. */
export const open = (targets: Targets, path: string, flags: number, mode = 0o600): number =>
  call(targets, 'openat', AT_FDCWD, path, flags, mode);

/** Opens and reads a little: success is at least one byte. */
export function readSome(targets: Targets, path: string, at?: bigint): Tried {
  const descriptor = open(targets, path, O.rdonly);
  if (descriptor < 0) return refused(errnoName(descriptor));
  const bytes = Buffer.alloc(64);
  const got =
    at === undefined
      ? call(targets, 'read', descriptor, bytes, bytes.length)
      : call(targets, 'pread64', descriptor, bytes, bytes.length, at);
  call(targets, 'close', descriptor);
  return got > 0 ? could(`${got} bytes of ${path}`) : refused(got < 0 ? errnoName(got) : 'empty');
}

/** Opens a folder and lists it: success is at least one entry beside . and .. */
export function listSome(targets: Targets, path: string): Tried {
  const descriptor = open(targets, path, O.rdonly | O.directory);
  if (descriptor < 0) return refused(errnoName(descriptor));
  const bytes = Buffer.alloc(4096);
  const got = call(targets, 'getdents64', descriptor, bytes, bytes.length);
  call(targets, 'close', descriptor);
  if (got < 0) return refused(errnoName(got));
  const names = namesIn(bytes.subarray(0, got)).filter((name) => !isOnOurWay(targets, path, name));
  return names.length > 0 ? could(`${names.length} names in ${path}`) : refused('nothing foreign');
}

/** Names in struct linux_dirent64 records (getdents64(2)): inode, offset, u16 length of the record, type, name. */
function namesIn(records: Buffer): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at + 19 < records.length; at += records.readUInt16LE(at + 16)) {
    const name = records.subarray(at + 19, records.indexOf(0, at + 19)).toString();
    if (name !== '.' && name !== '..') names.push(name);
  }
  return names;
}

/** A clone below /tmp: the folders that lead to the code that runs here are what it must be able to read. */
const isOnOurWay = (targets: Targets, path: string, name: string): boolean =>
  [fileURLToPath(import.meta.url), targets.addon, process.execPath].some((file) => file.startsWith(`${path}/${name}/`));
