/**
 * A WebAssembly module whose memory cannot grow beyond what we say, whatever its makers allowed.
 *
 * Danger: a decompression bomb takes all that RLIMIT_DATA leaves, and the process with it. Method: the limit in the module's
 * memory section (WebAssembly 2.0 §5.5.8) is written anew before it is compiled; `memory.grow` then fails inside, which
 * the code there takes for «out of memory». Why not in the host's functions: modules made from Rust grow without asking any.
 */

const MEMORY_SECTION = 5;
const PAGE_BYTES = 65_536;
const HEADER_BYTES = 8;

/** Compiles our own copy of a library's module. @throws RangeError when the module declares no memory of its own. */
export function cappedModule(wasm: Uint8Array, maxMemoryBytes: number): WebAssembly.Module {
  return new WebAssembly.Module(withMemoryLimit(wasm, Math.floor(maxMemoryBytes / PAGE_BYTES)));
}

function withMemoryLimit(wasm: Uint8Array, maxPages: number): Uint8Array<ArrayBuffer> {
  for (let at = HEADER_BYTES; at < wasm.length; ) {
    const size = leb128(wasm, at + 1);
    const end = size.next + size.value;
    if (wasm[at] === MEMORY_SECTION) {
      // One memory: count, flags (bit 0: a maximum follows), first pages.
      if (wasm[size.next] !== 1) throw new RangeError('module with several memories');
      const first = leb128(wasm, size.next + 2);
      const section = [1, 1, ...encoded(first.value), ...encoded(Math.max(first.value, maxPages))];
      return Buffer.concat([
        wasm.subarray(0, at),
        Uint8Array.of(MEMORY_SECTION, ...encoded(section.length), ...section),
        wasm.subarray(end),
      ]);
    }
    at = end;
  }
  throw new RangeError('module without a memory');
}

function leb128(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let next = at, shift = 0; next < bytes.length && shift < 35; next++, shift += 7) {
    const byte = bytes[next] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: next + 1 };
  }
  throw new RangeError('module cut short');
}

function encoded(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    bytes.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) return bytes;
  }
}
