/**
 * A runtime for the PDFium WebAssembly module, in place of the JavaScript that comes with it.
 *
 * Danger: 4.6 MB of C++ read a stranger's bytes. Method: the module gets 37 functions and nothing else: no file, no
 * clock, no environment, no output. Every system call answers "not there". The heap is capped. One instance serves one
 * document; after a trap it is not used again. Why not the package's own glue: it brings a file system, a console and
 * 500 wrappers per instance, none of which we want here.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PdfiumExports } from './exports.ts';

/** Errno values of WASI and of Linux as the module's libc knows them. */
const EBADF = 8;
const ENOENT = -44;
const PAGE_BYTES = 65_536;
/** `struct tm` of musl: nine ints, offset and zone pointer. */
const TM_BYTES = 44;

/** What setjmp/longjmp of the compiled C code throws; a number, so that nothing else is taken for it. */
const LONGJMP = Number.POSITIVE_INFINITY;

let compiled: WebAssembly.Module | undefined;

/** The compiled module, once per process. Compiling reads our own code folder only. */
function theModule(): WebAssembly.Module {
  if (compiled === undefined) {
    const path = fileURLToPath(import.meta.resolve('@embedpdf/pdfium/pdfium.wasm'));
    compiled = new WebAssembly.Module(readFileSync(path));
  }
  return compiled;
}

export interface Instance {
  readonly lib: PdfiumExports;
  /** The heap as bytes. Ask again after each call into the engine: growing the heap detaches older views. */
  bytes(): Uint8Array;
  view(): DataView;
  /** Makes a JavaScript function callable from C. `signature`: result first, then parameters; v void, i int32, f float, d double. */
  callback(signature: string, fn: (...args: number[]) => number | undefined): number;
  /** True once the heap limit refused memory: whatever failed afterwards failed for that reason. */
  heapLimitReached(): boolean;
}

/** A new instance with its own heap of at most `maxHeapBytes`. */
export function instantiate(maxHeapBytes: number): Instance {
  let limitReached = false;
  let lib: PdfiumExports;

  const grow = (requestedBytes: number): number => {
    const wanted = requestedBytes >>> 0;
    if (wanted > maxHeapBytes) {
      limitReached = true;
      return 0;
    }
    const now = lib.memory.buffer.byteLength;
    // A fifth more than asked, as emscripten does: growing page by page would copy the views too often.
    const target = Math.min(maxHeapBytes, Math.max(wanted, now * 1.2));
    lib.memory.grow(Math.ceil((target - now) / PAGE_BYTES));
    return 1;
  };

  const protectedCall = (index: number, ...args: number[]): number | undefined => {
    const stack = lib.emscripten_stack_get_current();
    try {
      return lib.__indirect_function_table.get(index)(...args);
    } catch (thrown) {
      if (thrown !== LONGJMP) throw thrown;
      lib._emscripten_stack_restore(stack);
      lib.setThrew(1, 0);
      return undefined;
    }
  };

  const instance = new WebAssembly.Instance(
    theModule(),
    importsOf(grow, protectedCall, () => lib.memory.buffer),
  );
  lib = instance.exports as unknown as PdfiumExports;
  lib.emscripten_stack_init();
  lib.__wasm_call_ctors();
  let bytes = new Uint8Array(lib.memory.buffer);
  let view = new DataView(lib.memory.buffer);
  return {
    lib,
    bytes: () => {
      if (bytes.buffer !== lib.memory.buffer) bytes = new Uint8Array(lib.memory.buffer);
      return bytes;
    },
    view: () => {
      if (view.buffer !== lib.memory.buffer) view = new DataView(lib.memory.buffer);
      return view;
    },
    callback: (signature, fn) => addToTable(lib.__indirect_function_table, signature, fn),
    heapLimitReached: () => limitReached,
  };
}

type ProtectedCall = (index: number, ...args: number[]) => number | undefined;

function importsOf(
  grow: (bytes: number) => number,
  invoke: ProtectedCall,
  heap: () => ArrayBuffer,
): WebAssembly.Imports {
  const notThere = (): number => ENOENT;
  const badFile = (): number => EBADF;
  const zeroes = (pointer: number, length: number): undefined => {
    new Uint8Array(heap(), pointer, length).fill(0);
  };
  const env: Record<string, (...args: number[]) => number | undefined> = {
    _emscripten_memcpy_js: (to = 0, from = 0, length = 0) => {
      new Uint8Array(heap()).copyWithin(to, from, from + length);
      return undefined;
    },
    emscripten_resize_heap: (bytes = 0) => grow(bytes),
    // A fixed instant: documents must not learn the time, and results must repeat.
    emscripten_date_now: () => 0,
    _tzset_js: (timezone = 0, daylight = 0, standard = 0, summer = 0) => {
      for (const pointer of [timezone, daylight]) zeroes(pointer, 4);
      for (const pointer of [standard, summer]) zeroes(pointer, 1);
      return undefined;
    },
    _localtime_js: (_low = 0, _high = 0, tm = 0) => zeroes(tm, TM_BYTES),
    _gmtime_js: (_low = 0, _high = 0, tm = 0) => zeroes(tm, TM_BYTES),
    _emscripten_throw_longjmp: () => {
      throw LONGJMP;
    },
    _abort_js: () => {
      throw new WebAssembly.RuntimeError('abort');
    },
    __assert_fail: () => {
      throw new WebAssembly.RuntimeError('assertion failed');
    },
  };
  for (const entry of WebAssembly.Module.imports(theModule())) {
    if (entry.module !== 'env') continue;
    if (entry.name.startsWith('invoke_')) env[entry.name] = (index = 0, ...args) => invoke(index, ...args);
    if (entry.name.startsWith('__syscall_')) env[entry.name] = notThere;
  }
  const wasi = {
    fd_close: badFile,
    fd_write: badFile,
    fd_read: badFile,
    fd_sync: badFile,
    fd_seek: badFile,
    environ_sizes_get: (count = 0, size = 0) => {
      zeroes(count, 4);
      zeroes(size, 4);
      return 0;
    },
    environ_get: () => 0,
  };
  return { env, wasi_snapshot_preview1: wasi };
}

const VALUE_TYPES: Readonly<Record<string, number>> = { i: 0x7f, f: 0x7d, d: 0x7c };

/** Puts `fn` into the module's function table by way of a tiny module that imports and exports it. */
function addToTable(
  table: WebAssembly.Table,
  signature: string,
  fn: (...args: number[]) => number | undefined,
): number {
  const types = [...signature.slice(1)].map((letter) => VALUE_TYPES[letter] ?? 0x7f);
  const result = signature[0] === 'v' ? [0] : [1, VALUE_TYPES[signature[0] ?? 'i'] ?? 0x7f];
  const type = [0x01, 0x60, types.length, ...types, ...result];
  const module = new WebAssembly.Module(
    new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // \0asm, version 1
      ...[0x01, type.length, ...type],
      ...[0x02, 0x07, 0x01, 0x01, 0x65, 0x01, 0x66, 0x00, 0x00], // import "e" "f"
      ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00], // export "f"
    ]),
  );
  const index = table.grow(1);
  table.set(index, new WebAssembly.Instance(module, { e: { f: fn } }).exports['f']);
  return index;
}
