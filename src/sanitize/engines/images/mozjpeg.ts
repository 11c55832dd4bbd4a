/** JPEG by mozjpeg in WebAssembly (@jsquash/jpeg): starts in half a millisecond. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import decoder from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import { checkedPixels, type Pixels } from './pixels.ts';

interface DecoderModule {
  decode(
    bytes: Uint8Array,
    applyOrientation: boolean,
  ): { width: number; height: number; data: Uint8ClampedArray } | null;
}

let compiled: WebAssembly.Module | undefined;

/** Compiled once in a process; each document gets an instance of its own. */
const wasm = (): WebAssembly.Module =>
  (compiled ??= new WebAssembly.Module(
    readFileSync(createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm')),
  ));

/** The module hands out an `ImageData`, which Node lacks. */
class PlainImageData {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}

/** Turned as its metadata say. */
export async function decodeJpeg(bytes: Uint8Array): Promise<Pixels> {
  Object.defineProperty(globalThis, 'ImageData', { value: PlainImageData, configurable: true });
  const module: DecoderModule = await decoder({
    noInitialRun: true,
    print: () => {},
    printErr: () => {},
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
      const instance = new WebAssembly.Instance(wasm(), imports);
      done(instance);
      return instance.exports;
    },
  });
  const image = module.decode(bytes, true);
  if (image === null) throw new Error('mozjpeg could not decode');
  return checkedPixels(
    image.width,
    image.height,
    new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.length),
  );
}
