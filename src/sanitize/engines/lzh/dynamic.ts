/**
 * -lh1-: LHarc 1.x, a Huffman tree that grows with the text (Yoshizaki's LZHUF after Okumura), distances by a fixed code.
 */
import { BitReader, LzhRefused } from './bits.ts';
import { Window } from './window.ts';

const WINDOW = 4096;
/** 256 literals and matches of 3 to 60 bytes. */
const SYMBOLS = 314;
const NODES = SYMBOLS * 2 - 1;
const ROOT = NODES - 1;
/** Counts are halved when the root's gets here. */
const MAX_COUNT = 0x8000;
const SYMBOLS_PER_LOOK = 1 << 16;

/** @throws LzhRefused */
export function unpackDynamic(input: Uint8Array, bytes: number, isLate: () => boolean): Uint8Array {
  const bits = new BitReader(input);
  const window = new Window(bytes, WINDOW);
  const tree = new Tree();
  for (let looks = 0; !window.isFull; looks++) {
    if (looks % SYMBOLS_PER_LOOK === 0 && isLate()) throw new LzhRefused('no time left', 'timeout');
    const symbol = tree.next(bits);
    if (symbol < 256) window.put(symbol);
    else window.copy(distanceOf(bits), symbol - 256 + 3);
  }
  return window.content();
}

/** Upper six bits of a distance: lengths of their codes, which are consecutive numbers. */
const UPPER = [
  { length: 3, values: 1 },
  { length: 4, values: 3 },
  { length: 5, values: 8 },
  { length: 6, values: 12 },
  { length: 7, values: 24 },
  { length: 8, values: 16 },
] as const;

function distanceOf(bits: BitReader): number {
  let first = 0;
  let value = 0;
  for (const { length, values } of UPPER) {
    const code = bits.peek(length);
    if (code - first < values) {
      bits.skip(length);
      return ((value + code - first) << 6) + bits.take(6) + 1;
    }
    first = (first + values) << 1;
    value += values;
  }
  throw new LzhRefused('a distance without meaning');
}

/** Nodes in the order of their counts; `child` of NODES and more is a leaf, its symbol added. */
class Tree {
  /** One more at the end, larger than any count. */
  readonly #count = new Uint16Array(NODES + 1);
  readonly #child = new Uint16Array(NODES);
  readonly #parent = new Uint16Array(NODES + SYMBOLS);

  constructor() {
    for (let symbol = 0; symbol < SYMBOLS; symbol++) {
      this.#count[symbol] = 1;
      this.#child[symbol] = symbol + NODES;
      this.#parent[symbol + NODES] = symbol;
    }
    for (let node = SYMBOLS, i = 0; node <= ROOT; node++, i += 2) {
      this.#count[node] = this.#countOf(i) + this.#countOf(i + 1);
      this.#child[node] = i;
      this.#parent[i] = node;
      this.#parent[i + 1] = node;
    }
    this.#count[NODES] = 0xffff;
  }

  next(bits: BitReader): number {
    let node = this.#childOf(ROOT);
    while (node < NODES) node = this.#childOf(node + bits.take(1));
    this.#add(node - NODES);
    return node - NODES;
  }

  #countOf(node: number): number {
    return this.#count[node] ?? 0;
  }

  #childOf(node: number): number {
    return this.#child[node] ?? 0;
  }

  #adopt(parent: number, child: number): void {
    this.#child[parent] = child;
    this.#parent[child] = parent;
    if (child < NODES) this.#parent[child + 1] = parent;
  }

  #add(symbol: number): void {
    if (this.#countOf(ROOT) === MAX_COUNT) this.#rebuild();
    let node = this.#parent[symbol + NODES] ?? 0;
    do {
      const count = this.#countOf(node) + 1;
      this.#count[node] = count;
      if (count > this.#countOf(node + 1)) {
        let last = node + 1;
        while (count > this.#countOf(last + 1)) last += 1;
        this.#count[node] = this.#countOf(last);
        this.#count[last] = count;
        const [own, other] = [this.#childOf(node), this.#childOf(last)];
        this.#adopt(last, own);
        this.#adopt(node, other);
        node = last;
      }
      node = this.#parent[node] ?? 0;
    } while (node !== 0);
  }

  /** Leaves with half their counts, and the tree above them anew. */
  #rebuild(): void {
    let leaves = 0;
    for (let node = 0; node < NODES; node++) {
      if (this.#childOf(node) < NODES) continue;
      this.#count[leaves] = (this.#countOf(node) + 1) >> 1;
      this.#child[leaves++] = this.#childOf(node);
    }
    for (let node = SYMBOLS, i = 0; node < NODES; node++, i += 2) {
      const count = this.#countOf(i) + this.#countOf(i + 1);
      let place = node;
      while (place > 0 && count < this.#countOf(place - 1)) place -= 1;
      this.#count.copyWithin(place + 1, place, node);
      this.#child.copyWithin(place + 1, place, node);
      this.#count[place] = count;
      this.#child[place] = i;
    }
    for (let node = 0; node < NODES; node++) this.#adopt(node, this.#childOf(node));
  }
}
