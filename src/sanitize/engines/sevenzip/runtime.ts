/**
 * A runtime for the 7-Zip WebAssembly module (7z-wasm), in place of the JavaScript that comes with it.
 *
 * Danger: a megabyte of C++ reads a stranger's bytes. Method: the module gets the 36 functions it asks for and nothing
 * behind them: one file to read (the archive), files it writes go to us as chunks of bytes, its messages to a string. No
 * clock, no environment, no input, no file system. The heap is capped. An instance runs one command and is thrown away.
 * Why not the package's own glue: it brings a file system, Node's `fs` and a console.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Errno values as the module's libc knows them (WASI).
const ERRNO = { badf: 8, exist: 20, inval: 28, noent: 44, notty: 59, perm: 63 } as const;
// open(2) flags of the module's libc.
const O_WRITE = 3;
const O_CREATE = 0o100;
const MODE = { file: 0o100644, folder: 0o040755 } as const;
const STAT_BYTES = 96;
const PAGE_BYTES = 65_536;
/** `struct tm` of musl: nine ints, offset and zone pointer. */
const TM_BYTES = 44;
/** 7-Zip prints a table row or some ten lines for each entry. */
const MAX_PRINTED_BYTES = 16 * 1024 * 1024;

/** The folder of the archive, and the one that is written into. */
const IN = '/in';
export const OUT = '/out';

let compiled: WebAssembly.Module | undefined;

/** The compiled module, once per process. Compiling reads our own code folder only. */
function theModule(): WebAssembly.Module {
  if (compiled === undefined) {
    const path = fileURLToPath(new URL('7zz.wasm', import.meta.resolve('7z-wasm')));
    compiled = new WebAssembly.Module(readFileSync(path));
  }
  return compiled;
}

const belowOut = (path: string): string => (path.startsWith(`${OUT}/`) ? path.slice(OUT.length + 1) : path);

/** What the engine would do to a file system; the one who listens decides. Throwing ends the run. */
export interface Sink {
  /** A file is made at this path, below the output folder unless its name led elsewhere; what follows are its bytes. */
  file(path: string): void;
  bytes(chunk: Uint8Array): void;
  /** A link is made in its place. */
  link(path: string): void;
}

export interface Run {
  readonly archive: Uint8Array;
  /** 7-Zip's command line behind the program's name; the archive is `archivePath`. */
  readonly args: readonly string[];
  readonly maxHeapBytes: number;
  readonly isLate: () => boolean;
  readonly sink: Sink;
}

export interface Ran {
  /** 7-Zip's exit code: 0 fine, 1 warnings, 2 errors, 8 no memory; 255 when the module trapped. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** True once the heap limit refused memory: whatever failed failed for that reason. */
  readonly heapLimitReached: boolean;
}

export const archivePath = `${IN}/archive`;

/** The sink or the clock ended the run. */
export class Stopped extends Error {}

class Exit {
  readonly code: number;

  constructor(code: number) {
    this.code = code;
  }
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  __wasm_call_ctors(): void;
  __main_argc_argv(count: number, values: number): number;
  _emscripten_stack_alloc(bytes: number): number;
}

/** Runs one command in an instance of its own. @throws Stopped, and whatever the sink throws */
export function runSevenZip(run: Run): Ran {
  const machine = new Machine(run);
  return machine.run();
}

class Machine {
  readonly #run: Run;
  readonly #lib: Exports;
  readonly #printed: Record<1 | 2, Buffer[]> = { 1: [], 2: [] };
  #printedBytes = 0;
  #heapLimitReached = false;
  #position = 0;
  #nextFd = 3;
  /** Open descriptors: the archive, or the file that is being written. */
  readonly #open = new Map<number, 'archive' | 'output'>();
  /** The file written last: 7-Zip looks at it once more to set its attributes. */
  #written = '';
  /** Folders there are, and those it made: it asks before it writes into one. */
  readonly #folders = new Set(['/', IN, OUT, `${OUT}/`]);

  constructor(run: Run) {
    this.#run = run;
    const instance = new WebAssembly.Instance(theModule(), this.#imports());
    this.#lib = instance.exports as unknown as Exports;
  }

  run(): Ran {
    let code: number;
    try {
      this.#lib.__wasm_call_ctors();
      const words = ['7z', ...this.#run.args].map((word) => this.#text(word));
      const list = this.#lib._emscripten_stack_alloc((words.length + 1) * 4);
      for (const [i, pointer] of [...words, 0].entries()) this.#view.setUint32(list + i * 4, pointer, true);
      code = this.#lib.__main_argc_argv(words.length, list);
    } catch (thrown) {
      if (thrown instanceof Exit) code = thrown.code;
      else if (thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError) code = 255;
      else throw thrown;
    }
    const said = (fd: 1 | 2): string => Buffer.concat(this.#printed[fd]).toString('utf8');
    return { code, stdout: said(1), stderr: said(2), heapLimitReached: this.#heapLimitReached };
  }

  /** A string on the module's own stack. */
  #text(text: string): number {
    const bytes = Buffer.from(`${text}\0`);
    const pointer = this.#lib._emscripten_stack_alloc(bytes.length);
    this.#bytes.set(bytes, pointer);
    return pointer;
  }

  /** Views are made anew each time: growing the heap detaches older ones. */
  get #bytes(): Uint8Array {
    return new Uint8Array(this.#lib.memory.buffer);
  }

  get #view(): DataView {
    return new DataView(this.#lib.memory.buffer);
  }

  #path(pointer: number): string {
    const bytes = this.#bytes;
    return Buffer.from(bytes.subarray(pointer, bytes.indexOf(0, pointer))).toString('utf8');
  }

  #openFile(pointer: number, flags: number): number {
    const path = this.#path(pointer);
    const writes = (flags & O_WRITE) !== 0 || (flags & O_CREATE) !== 0;
    if (!writes && path === archivePath) {
      this.#position = 0;
      return this.#opened('archive');
    }
    if (!writes) return -ERRNO.noent;
    // Wherever a name leads: there is nothing there.
    this.#written = path;
    this.#run.sink.file(belowOut(path));
    return this.#opened('output');
  }

  #opened(what: 'archive' | 'output'): number {
    const fd = this.#nextFd++;
    this.#open.set(fd, what);
    return fd;
  }

  #stat(path: string, to: number): number {
    if (path === archivePath) return this.#writeStat(to, MODE.file, this.#run.archive.length);
    if (path === this.#written) return this.#writeStat(to, MODE.file, 0);
    if (this.#folders.has(path)) return this.#writeStat(to, MODE.folder, 4096);
    return -ERRNO.noent;
  }

  #writeStat(to: number, mode: number, size: number): 0 {
    this.#bytes.fill(0, to, to + STAT_BYTES);
    const view = this.#view;
    view.setUint32(to + 4, mode, true);
    view.setUint32(to + 8, 1, true);
    view.setBigInt64(to + 24, BigInt(size), true);
    view.setInt32(to + 32, 4096, true);
    view.setInt32(to + 36, Math.ceil(size / 512), true);
    return 0;
  }

  #statOpen(fd: number, to: number): number {
    const what = this.#open.get(fd);
    if (what === undefined) return -ERRNO.badf;
    return this.#writeStat(to, MODE.file, what === 'archive' ? this.#run.archive.length : 0);
  }

  /** Calls `each` with the parts of a vector (readv, writev) until one is not used up. Returns the bytes used. */
  #vector(vector: number, count: number, each: (pointer: number, length: number) => number): number {
    let total = 0;
    for (let i = 0; i < count; i++) {
      const [pointer, length] = [
        this.#view.getUint32(vector + i * 8, true),
        this.#view.getUint32(vector + i * 8 + 4, true),
      ];
      const used = each(pointer, length);
      total += used;
      if (used < length) break;
    }
    return total;
  }

  #read(fd: number, vector: number, count: number, result: number): number {
    if (this.#run.isLate()) throw new Stopped('timeout');
    if (this.#open.get(fd) !== 'archive') {
      // Standard input is empty: a question of the engine's gets no answer.
      this.#view.setUint32(result, 0, true);
      return fd === 0 ? 0 : ERRNO.badf;
    }
    const { archive } = this.#run;
    const got = this.#vector(vector, count, (pointer, length) => {
      const part = archive.subarray(this.#position, this.#position + length);
      this.#bytes.set(part, pointer);
      this.#position += part.length;
      return part.length;
    });
    this.#view.setUint32(result, got, true);
    return 0;
  }

  #write(fd: number, vector: number, count: number, result: number): number {
    if (this.#run.isLate()) throw new Stopped('timeout');
    const isOutput = this.#open.get(fd) === 'output';
    if (!isOutput && fd !== 1 && fd !== 2) return ERRNO.badf;
    const used = this.#vector(vector, count, (pointer, length) => {
      const part = this.#bytes.subarray(pointer, pointer + length);
      if (isOutput) this.#run.sink.bytes(part);
      else this.#print(fd === 1 ? 1 : 2, part);
      return length;
    });
    this.#view.setUint32(result, used, true);
    return 0;
  }

  #print(fd: 1 | 2, part: Uint8Array): void {
    this.#printedBytes += part.length;
    if (this.#printedBytes > MAX_PRINTED_BYTES) throw new Stopped('too much to say');
    this.#printed[fd].push(Buffer.from(part));
  }

  #seek(fd: number, offset: bigint, whence: number, result: number): number {
    const what = this.#open.get(fd);
    // A file that is written stands at its end always: formats that write out of order are not among ours.
    if (what !== 'archive') return what === 'output' && offset === 0n ? 0 : ERRNO.badf;
    const base = whence === 0 ? 0 : whence === 1 ? this.#position : this.#run.archive.length;
    const position = base + Number(offset);
    if (!Number.isSafeInteger(position) || position < 0) return ERRNO.inval;
    this.#position = position;
    this.#view.setBigInt64(result, BigInt(position), true);
    return 0;
  }

  #grow(requestedBytes: number): number {
    const wanted = requestedBytes >>> 0;
    const now = this.#lib.memory.buffer.byteLength;
    if (wanted > this.#run.maxHeapBytes) {
      this.#heapLimitReached = true;
      return 0;
    }
    // A fifth more than asked, as emscripten does.
    const target = Math.min(this.#run.maxHeapBytes, Math.max(wanted, now * 1.2));
    try {
      this.#lib.memory.grow(Math.ceil((target - now) / PAGE_BYTES));
      return 1;
    } catch {
      this.#heapLimitReached = true;
      return 0;
    }
  }

  #imports(): WebAssembly.Imports {
    const zeroes = (pointer: number, length: number): number => {
      this.#bytes.fill(0, pointer, pointer + length);
      return 0;
    };
    const nothing = (): number => 0;
    const notThere = (): number => -ERRNO.noent;
    const forbidden = (): number => -ERRNO.perm;
    const env = {
      __cxa_throw: () => {
        throw new WebAssembly.RuntimeError('C++ exception');
      },
      _abort_js: () => {
        throw new WebAssembly.RuntimeError('abort');
      },
      exit: (code = 0) => {
        throw new Exit(code);
      },
      emscripten_get_heap_max: () => this.#run.maxHeapBytes,
      emscripten_resize_heap: (bytes = 0) => this.#grow(bytes),
      // A fixed instant: archives must not learn the time, and results must repeat.
      emscripten_date_now: () => 0,
      _tzset_js: (timezone = 0, daylight = 0, standard = 0, summer = 0) => {
        for (const pointer of [timezone, daylight]) zeroes(pointer, 4);
        for (const pointer of [standard, summer]) zeroes(pointer, 1);
      },
      _mktime_js: () => 0n,
      _localtime_js: (_time: bigint, tm = 0) => void zeroes(tm, TM_BYTES),
      _gmtime_js: (_time: bigint, tm = 0) => void zeroes(tm, TM_BYTES),
      __syscall_openat: (_folder = 0, path = 0, flags = 0) => this.#openFile(path, flags),
      __syscall_stat64: (path = 0, to = 0) => this.#stat(this.#path(path), to),
      __syscall_lstat64: (path = 0, to = 0) => this.#stat(this.#path(path), to),
      __syscall_newfstatat: (_folder = 0, path = 0, to = 0) => this.#stat(this.#path(path), to),
      __syscall_fstat64: (fd = 0, to = 0) => this.#statOpen(fd, to),
      __syscall_getcwd: (to = 0, size = 0) => {
        if (size < OUT.length + 1) return -ERRNO.inval;
        this.#bytes.set(Buffer.from(`${OUT}\0`), to);
        return OUT.length + 1;
      },
      __syscall_symlinkat: (_target = 0, _folder = 0, path = 0) => {
        this.#run.sink.link(belowOut(this.#path(path)));
        return 0;
      },
      __syscall_ioctl: () => -ERRNO.notty,
      __syscall_mkdirat: (_folder = 0, path = 0) => {
        this.#folders.add(this.#path(path));
        return 0;
      },
      __syscall_chmod: nothing,
      __syscall_fchownat: nothing,
      __syscall_utimensat: nothing,
      __syscall_ftruncate64: nothing,
      __syscall_getdents64: notThere,
      __syscall_readlinkat: notThere,
      // Asked before a second file of one name is written: each goes to the sink.
      __syscall_unlinkat: nothing,
      __syscall_rmdir: forbidden,
      __syscall_renameat: forbidden,
    };
    const wasi = {
      fd_close: (fd = 0) => (this.#open.delete(fd) ? 0 : ERRNO.badf),
      fd_fdstat_get: (fd = 0, to = 0) => {
        zeroes(to, 24);
        this.#bytes[to] = fd < 3 ? 2 : 4;
        return 0;
      },
      fd_seek: (fd = 0, offset = 0n, whence = 0, result = 0) => this.#seek(fd, offset, whence, result),
      fd_read: (fd = 0, vector = 0, count = 0, result = 0) => this.#read(fd, vector, count, result),
      fd_write: (fd = 0, vector = 0, count = 0, result = 0) => this.#write(fd, vector, count, result),
      environ_sizes_get: (count = 0, size = 0) => zeroes(count, 4) + zeroes(size, 4),
      environ_get: nothing,
      clock_time_get: (_clock = 0, _precision = 0n, to = 0) => zeroes(to, 8),
    };
    return { env, wasi_snapshot_preview1: wasi };
  }
}
