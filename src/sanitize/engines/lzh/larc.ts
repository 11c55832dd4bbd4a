/** -lzs- and -lz5-: LArc, matches by their place in the window and no Huffman codes. */
import { BitReader, LzhRefused } from './bits.ts';
import { Window } from './window.ts';

/** Places count from where LArc's own window began. */
const LZS = { window: 2048, shift: 17, least: 2 } as const;
const LZ5 = { window: 4096, shift: 18, least: 3 } as const;

/** @throws LzhRefused */
export function unpackLzs(input: Uint8Array, bytes: number): Uint8Array {
  const bits = new BitReader(input);
  const window = new Window(bytes, LZS.window);
  while (!window.isFull) {
    if (bits.take(1) === 1) window.put(bits.take(8));
    else {
      const place = bits.take(11);
      window.copyFrom(place + LZS.shift, bits.take(4) + LZS.least);
    }
  }
  return window.content();
}

/** @throws LzhRefused */
export function unpackLz5(input: Uint8Array, bytes: number): Uint8Array {
  const window = new Window(bytes, LZ5.window, lz5Front);
  let at = 0;
  const next = (): number => {
    const byte = input[at++];
    if (byte === undefined) throw new LzhRefused('the data ends too early');
    return byte;
  };
  while (!window.isFull) {
    for (let flags = next() | 0x100; flags > 1 && !window.isFull; flags >>= 1) {
      if ((flags & 1) === 1) window.put(next());
      else {
        const low = next();
        const high = next();
        window.copyFrom(low + ((high & 0xf0) << 4) + LZ5.shift, (high & 0x0f) + LZ5.least);
      }
    }
  }
  return window.content();
}

/** What LArc puts into its window: runs of each byte, all bytes up and down, zeros, blanks. */
function lz5Front(front: Uint8Array): void {
  for (let byte = 0; byte < 256; byte++) {
    front.fill(byte, byte * 13 + 18, byte * 13 + 31);
    front[256 * 13 + 18 + byte] = byte;
    front[256 * 13 + 256 + 18 + byte] = 255 - byte;
  }
  front.fill(0, 256 * 13 + 512 + 18, 256 * 13 + 512 + 128 + 18);
  front.fill(0x20, 256 * 13 + 512 + 128 + 18);
}
