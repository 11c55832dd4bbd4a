/**
 * Archives through 7-Zip: what is in them, and the files, both bounded before they cost anything.
 *
 * Two commands, each in an instance of its own: the listing, looked over for number, sizes and encryption; then the
 * extraction, whose files must be the listed ones, in that order and of that size.
 */
import { crc32 } from 'node:zlib';
import { type Member, membersOf } from './listing.ts';
import { archivePath, OUT, type Ran, runSevenZip, Stopped } from './runtime.ts';

/** 7-Zip's names of formats; it is told which one, and guesses nothing. */
export type SevenZipFormat =
  | '7z'
  | 'rar'
  | 'rar5'
  | 'cab'
  | 'iso'
  | 'udf'
  | 'bzip2'
  | 'xz'
  | 'z'
  | 'lzma'
  | 'zstd'
  | 'zip';

export type Refusal = {
  readonly kind: 'refused';
  readonly why: 'password' | 'malformed' | 'limit-exceeded' | 'timeout';
  readonly detail: string;
};

export type Listing = { readonly kind: 'listed'; readonly members: readonly Member[] } | Refusal;

export interface Task {
  readonly archive: Uint8Array;
  readonly format: SevenZipFormat;
  readonly isLate: () => boolean;
}

/** One listed file; `undefined` bytes: it could not be unpacked whole, or was not to be kept. */
export interface Extracted {
  readonly member: Member;
  readonly bytes: Uint8Array | undefined;
}

export type Extraction = { readonly kind: 'extracted'; readonly files: readonly Extracted[] } | Refusal;

/**
 * Dictionaries of up to 128 MiB with their decoder's tables. 7-Zip's own «ultra» uses 64; programs that pack whole disks use
 * more, and are then held.
 */
const MAX_HEAP_BYTES = 192 * 1024 * 1024;

/** Never throws for what stands in the archive. */
export function listArchive(task: Task, maxMembers: number): Listing {
  const sink = { file: nothing, bytes: nothing, link: nothing };
  const ran = guarded(task, ['l', '-slt', '-ba', '-bd', `-t${task.format}`, '--', archivePath], sink);
  if (!('code' in ran)) return ran;
  const refusal = refusalOf(ran);
  if (refusal?.why === 'password' || ran.heapLimitReached) return refusal ?? refused('limit-exceeded', 'engine memory');
  const members = membersOf(ran.stdout, maxMembers);
  if (members === undefined) return refused('limit-exceeded', `more than ${maxMembers} entries`);
  // What is told of a damaged archive counts when something is told: the files say themselves whether they are whole.
  return members.length === 0 && refusal !== undefined ? refusal : { kind: 'listed', members };
}

export interface ExtractLimits {
  /** All files together. */
  readonly maxBytes: number;
  /** Larger files are unpacked, because others stand behind them, but not kept. */
  readonly maxFileBytes: number;
}

/** The files of a listing, in its order; folders and what is no file are left out. Never throws for what stands in it. */
export function extractArchive(task: Task, members: readonly Member[], limits: ExtractLimits): Extraction {
  const sink = new Collector(limits);
  const args = ['x', '-p', '-aoa', '-spf', '-ba', '-bd', `-t${task.format}`, `-o${OUT}`, '--', archivePath];
  const ran = guarded(task, args, sink);
  if (!('code' in ran)) return ran;
  if (ran.heapLimitReached) return refused('limit-exceeded', 'engine memory');
  return matched(sink.files, members, ran);
}

/** Bytes of a compressed stream that holds one file and names none (bzip2, xz, Z). Never throws for what stands in it. */
export function expandStream(
  task: Task,
  maxBytes: number,
): { readonly kind: 'expanded'; readonly bytes: Uint8Array } | Refusal {
  const sink = new Collector({ maxBytes, maxFileBytes: maxBytes });
  const ran = guarded(task, ['x', '-aoa', '-ba', '-bd', `-t${task.format}`, `-o${OUT}`, '--', archivePath], sink);
  if (!('code' in ran)) return ran;
  const refusal = refusalOf(ran);
  const [file, ...more] = sink.files;
  if (refusal !== undefined) return refusal;
  if (file === undefined || more.length > 0) return refused('malformed', 'not one stream');
  return { kind: 'expanded', bytes: file.content() ?? new Uint8Array() };
}

const nothing = (): void => undefined;

const refused = (why: Refusal['why'], detail: string): Refusal => ({ kind: 'refused', why, detail });

/** A file over the limit of all ends the run at once. */
class TooMuch extends Error {}

class Made {
  readonly path: string;
  readonly #maxBytes: number;
  #chunks: Uint8Array[] | undefined = [];
  length = 0;

  constructor(path: string, maxBytes: number) {
    this.path = path;
    this.#maxBytes = maxBytes;
  }

  add(chunk: Uint8Array): void {
    this.length += chunk.length;
    if (this.length > this.#maxBytes) this.#chunks = undefined;
    // A copy: the chunk is a window on the engine's heap.
    this.#chunks?.push(chunk.slice());
  }

  /** undefined when it was too long to keep. */
  content(): Uint8Array | undefined {
    if (this.#chunks === undefined) return undefined;
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [];
    return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
  }
}

class Collector {
  readonly files: Made[] = [];
  readonly #limits: ExtractLimits;
  #left: number;

  constructor(limits: ExtractLimits) {
    this.#limits = limits;
    this.#left = limits.maxBytes;
  }

  file(path: string): void {
    this.files.push(new Made(path, this.#limits.maxFileBytes));
  }

  bytes(chunk: Uint8Array): void {
    this.#left -= chunk.length;
    if (!(this.#left >= 0)) throw new TooMuch('more bytes than allowed');
    this.files.at(-1)?.add(chunk);
  }

  /** Links are made of a file's content; the listing says which entries are links. */
  link(): void {}
}

function guarded(task: Task, args: readonly string[], sink: Parameters<typeof runSevenZip>[0]['sink']): Ran | Refusal {
  try {
    const { archive, isLate } = task;
    return runSevenZip({ archive, args, maxHeapBytes: MAX_HEAP_BYTES, isLate, sink });
  } catch (error) {
    if (error instanceof TooMuch) return refused('limit-exceeded', error.message);
    if (error instanceof Stopped)
      return refused(error.message === 'timeout' ? 'timeout' : 'limit-exceeded', error.message);
    throw error;
  }
}

/** undefined when 7-Zip found nothing wrong. */
function refusalOf({ code, stdout, stderr, heapLimitReached }: Ran): Refusal | undefined {
  if (heapLimitReached) return refused('limit-exceeded', 'engine memory');
  if (code === 0) return undefined;
  const said = stderr.replaceAll(archivePath, '').replace(/\s+/g, ' ').trim().slice(0, 200);
  const asks = /^\s*Enter password/.test(stdout) || /Cannot open encrypted archive/.test(stderr);
  return asks ? refused('password', 'encrypted') : refused('malformed', `7-Zip ${code}: ${said}`);
}

/** Files made against files listed. A damaged archive gives up those whose checksum is told and right, no other. */
function matched(made: readonly Made[], members: readonly Member[], ran: Ran): Extraction {
  const files: Extracted[] = [];
  let at = 0;
  for (const member of members) {
    if (member.isFolder) continue;
    const next = made[at];
    const fits = next !== undefined && isSamePath(next.path, member.untrustedName);
    if (fits) at += 1;
    // A link or an encrypted file may leave nothing behind; of a file that was listed and not made nothing is known.
    files.push({ member, bytes: fits ? contentOf(next, member, ran.code === 0) : undefined });
  }
  return at === made.length
    ? { kind: 'extracted', files }
    : refused('malformed', 'a listing that differs from the files');
}

function contentOf(made: Made, { bytes, crc, isEncrypted, special }: Member, isWhole: boolean): Uint8Array | undefined {
  if (isEncrypted || special !== '' || (bytes !== undefined && bytes !== made.length)) return undefined;
  const content = made.content();
  if (content === undefined) return undefined;
  if (crc !== undefined && crc32(content) !== crc) return undefined;
  return isWhole || crc !== undefined || bytes === 0 ? content : undefined;
}

/** The printed name has `_` for controls; the path lacks what leads nowhere or out of the folder. */
function isSamePath(path: string, name: string): boolean {
  const plain = (text: string): string =>
    text
      .split(/[\\/]/)
      .filter((segment) => !/^\.{0,2}$/.test(segment))
      .join('/')
      .replace(/[\x00-\x1f\x7f:_]+/g, '_');
  return plain(path) === plain(name);
}
