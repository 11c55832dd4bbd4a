/**
 * PNG by the Rust crate `png` in WebAssembly (@jsquash/png). The package's own glue keeps one instance for ever, so the
 * three functions that the module imports are given here, and each document gets an instance of its own.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { checkedPixels, type Pixels } from './pixels.ts';

interface Exports {
  readonly memory: WebAssembly.Memory;
  decode(pointer: number, length: number): number;
  __wbindgen_malloc(length: number, align: number): number;
}

let compiled: WebAssembly.Module | undefined;

const wasm = (): WebAssembly.Module =>
  (compiled ??= new WebAssembly.Module(
    readFileSync(createRequire(import.meta.url).resolve('@jsquash/png/codec/pkg/squoosh_png_bg.wasm')),
  ));

export async function decodePng(bytes: Uint8Array): Promise<Pixels> {
  let pixels: Pixels | undefined;
  // wasm-bindgen suffixes its imports with a hash that belongs to the build; they are told apart by their stem.
  const given: Readonly<Record<string, (...args: readonly number[]) => number>> = {
    __wbg_newwithownedu8clampedarrayandsh(pointer = 0, length = 0, width = 0, height = 0) {
      pixels = checkedPixels(width, height, new Uint8Array(exports.memory.buffer, pointer, length).slice());
      return 1;
    },
    __wbindgen_throw() {
      throw new Error('the png crate could not decode');
    },
  };
  const none = (): never => {
    throw new Error('unexpected call out of the png module');
  };
  const imports: Record<string, unknown> = {};
  for (const { name } of WebAssembly.Module.imports(wasm()))
    imports[name] = given[name.replace(/_[0-9a-f]{16}$/, '')] ?? none;
  const instance = new WebAssembly.Instance(wasm(), { wbg: imports as Record<string, () => number> });
  const exports = instance.exports as unknown as Exports;
  const pointer = exports.__wbindgen_malloc(bytes.length, 1);
  new Uint8Array(exports.memory.buffer, pointer, bytes.length).set(bytes);
  exports.decode(pointer, bytes.length);
  if (pixels === undefined) throw new Error('the png crate gave no picture');
  return pixels;
}
