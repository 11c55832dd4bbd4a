/** Damage to bytes without knowing what they are, and numbers that programs get wrong. */
import type { Random } from '../random.ts';

const NUMBERS = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 255, 256, 257, 1000, 4095, 4096, 32_767];
const LARGE = [32_768, 65_535, 65_536, 100_000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** A number that programs get wrong: an edge of a type, or near one. */
export const oddNumber = (random: Random): number =>
  random.pick(random.oneIn(3) ? LARGE : NUMBERS) + (random.oneIn(4) ? random.below(3) - 1 : 0);

type Change = (random: Random, bytes: Buffer, other: Buffer) => Buffer;

const spliced = (bytes: Buffer, from: number, to: number, put: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(to)]);

const range = (random: Random, bytes: Buffer, longest: number): readonly [from: number, to: number] => {
  const from = random.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + random.below(longest))];
};

function numberPut(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const size = random.pick([1, 2, 4] as const);
  if (copy.length < size) return copy;
  const at = random.below(copy.length - size + 1);
  const value = Math.max(0, oddNumber(random)) % 2 ** (8 * size);
  if (random.oneIn(2)) copy.writeUIntBE(value, at, size);
  else copy.writeUIntLE(value, at, size);
  return copy;
}

const CHANGES: readonly Change[] = [
  (random, bytes) => {
    const copy = Buffer.from(bytes);
    const at = random.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
    return copy;
  },
  (random, bytes) => {
    const copy = Buffer.from(bytes);
    copy[random.below(copy.length)] = random.below(256);
    return copy;
  },
  numberPut,
  (random, bytes) => spliced(bytes, ...range(random, bytes, 40), Buffer.alloc(0)),
  (random, bytes) => {
    const [from, to] = range(random, bytes, 60);
    return spliced(bytes, to, to, bytes.subarray(from, to));
  },
  (random, bytes) => {
    const at = random.below(bytes.length + 1);
    return spliced(bytes, at, at, Buffer.from(Array.from({ length: random.few(8) }, () => random.below(256))));
  },
  (random, bytes, other) => {
    const [from, to] = range(random, other, 200);
    const at = random.below(bytes.length + 1);
    return spliced(bytes, at, random.oneIn(2) ? at : Math.min(bytes.length, at + to - from), other.subarray(from, to));
  },
  (random, bytes) => bytes.subarray(0, random.below(bytes.length)),
];

/** One to `most` changes. Nothing stays nothing. */
export function damaged(random: Random, input: Buffer, other: Buffer, most = 4): Buffer {
  let bytes = input;
  for (let left = random.few(most); left > 0 && bytes.length > 0; left--)
    bytes = random.pick(CHANGES)(random, bytes, other);
  return bytes;
}

const SWOLLEN_BYTES = 150_000;

/** A piece of the input many times over, in its place. */
export function swollen(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  const [from, to] = range(random, bytes, random.pick([1, 2, 4, 12, 40, 200]));
  const piece = bytes.subarray(from, to);
  return spliced(bytes, from, to, Buffer.alloc(SWOLLEN_BYTES, piece));
}

const CHARACTERS = '\t "\'()<>@,;:\\/[]?=*%&#!~^`|{}-_.+$\0\r\n\x1b\x7f\x80\x85\xa0\xad\xff0aZ';

/** Without those that make a text a file of unknown type: what that is, three libraries are asked at 50 ms each. */
const TEXT_CHARACTERS = CHARACTERS.replace(/[\0\x7f-\xff]/g, '');

/**
 * The kinds of change of MIMEminer: a character gone, changed, added, of other case; a pair added.
 * @param kind 'text': it stays a text nearly always
 */
export function changedText(random: Random, text: string, kind: 'field' | 'text' = 'field'): string {
  const at = random.below(text.length + 1);
  const signs = kind === 'text' && !random.oneIn(50) ? TEXT_CHARACTERS : CHARACTERS;
  const sign = (): string => signs.charAt(random.below(signs.length));
  switch (random.below(6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + sign() + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + sign() + text.slice(at);
    case 3:
      return text.slice(0, at) + sign() + sign() + text.slice(at);
    case 4:
      return random.oneIn(2) ? text.toUpperCase() : text.toLowerCase();
    default: {
      const [from, to] = [at, random.below(text.length + 1)].sort((a, b) => a - b) as [number, number];
      return text.slice(0, to) + text.slice(from, from + 300) + text.slice(to);
    }
  }
}
