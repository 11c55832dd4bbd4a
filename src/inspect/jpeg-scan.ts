/**
 * Baseline entropy data of a JPEG (T.81 Annex F), decoded only to find its true end: symbols are counted, no pixel is
 * computed. What stands behind the last block would be invisible to every viewer, so nothing may stand there.
 */

/** Lookup by the next 16 bits: low 8 bits the symbol, above them the code's length; 0 where no code begins so. */
export interface HuffmanTable {
  readonly lookup: Uint16Array;
}

export interface ScanComponent {
  /** Sampling factors (A.1.1): h × v blocks of this component stand in one MCU. */
  readonly h: number;
  readonly v: number;
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
}

/** Builds the lookup of one table (T.81 C.2), or says what is wrong. @param spec 16 counts, then the symbols. */
export function huffmanTable(spec: Uint8Array, isAc: boolean): HuffmanTable | string {
  const lookup = new Uint16Array(65_536);
  const seen = new Set<number>();
  let [code, symbolAt] = [0, 16];
  for (let length = 1; length <= 16; length++) {
    for (let n = spec[length - 1] ?? 0; n > 0; n--) {
      const symbol = spec[symbolAt++];
      if (symbol === undefined || seen.has(symbol)) return 'Huffman table of another form';
      // F.1.2: DC categories 0–11; AC run/size with size 1–10, or EOB and ZRL.
      const known = isAc ? (symbol & 15) <= 10 && ((symbol & 15) > 0 || symbol === 0 || symbol === 0xf0) : symbol <= 11;
      if (!known) return 'Huffman symbol outside the baseline';
      seen.add(symbol);
      const from = code << (16 - length);
      const to = (code + 1) << (16 - length);
      // The code of all ones is reserved (C.2).
      if (to > 0xffff) return 'Huffman code overflows';
      lookup.fill((length << 8) | symbol, from, to);
      code++;
    }
    code <<= 1;
  }
  if (symbolAt !== spec.length || seen.size === 0) return 'Huffman table of another length';
  return { lookup };
}

/**
 * Decodes the whole scan.
 * @returns the offset of the first byte after the entropy data, or a sentence.
 */
export function decodeScan(
  bytes: Uint8Array,
  start: number,
  width: number,
  height: number,
  components: readonly ScanComponent[],
): number | string {
  const hMax = Math.max(...components.map(({ h }) => h));
  const vMax = Math.max(...components.map(({ v }) => v));
  const mcus = Math.ceil(width / (8 * hMax)) * Math.ceil(height / (8 * vMax));
  const dcTables: Uint16Array[] = [];
  const acTables: Uint16Array[] = [];
  for (const { h, v, dc, ac } of components) {
    for (let i = 0; i < h * v; i++) {
      dcTables.push(dc.lookup);
      acTables.push(ac.lookup);
    }
  }
  return walkBlocks(bytes, start, mcus, dcTables, acTables);
}

/**
 * The hot loop. `window` is the last 32 bits of the stream with stuffed zeros taken out, `held` how many of them are
 * unread; below zero it is a debt that the next refill pays. Behind the data ones are fed and counted (F.2.2.5 pads so):
 * no code is all ones, so there the walk ends after one symbol at most.
 */
function walkBlocks(
  bytes: Uint8Array,
  start: number,
  mcus: number,
  dcTables: readonly Uint16Array[],
  acTables: readonly Uint16Array[],
): number | string {
  let [at, window, held, fed] = [start, 0, 0, 0];
  const perMcu = dcTables.length;
  for (let block = mcus * perMcu, inMcu = 0; block > 0; block--) {
    let lookup = dcTables[inMcu] ?? NO_CODES;
    let position = 0;
    do {
      // One code and its value bits take at most 16 + 11 bits; a code alone needs 16 unread ones.
      while (held <= 24) {
        const byte = bytes[at] ?? 0xff;
        if (byte !== 0xff) at++;
        else if (bytes[at + 1] === 0) at += 2;
        else fed++;
        window = (window << 8) | byte;
        held += 8;
      }
      const entry = lookup[(window >>> (held - 16)) & 0xffff] ?? 0;
      if (entry === 0) return 'no such Huffman code';
      const symbol = entry & 0xff;
      held -= (entry >> 8) + (symbol & 15);
      if (position === 0) {
        lookup = acTables[inMcu] ?? NO_CODES;
        position = 1;
      } else if (symbol === 0) {
        break;
      } else {
        position += (symbol >> 4) + 1;
      }
    } while (position < 64);
    if (position > 64) return 'a block of more than 64 coefficients';
    inMcu = inMcu + 1 === perMcu ? 0 : inMcu + 1;
  }
  return endOfScan(bytes, at, window, held - 8 * fed, held);
}

const NO_CODES = new Uint16Array(65_536);

/** After the last block: the rest of its last byte, ones (F.1.2.3), and nothing else. @param left unread bits of the stream itself. */
function endOfScan(bytes: Uint8Array, at: number, window: number, left: number, held: number): number | string {
  if (left < 0) {
    // The last value may reach into a byte that was not fetched yet; where ones were fed, a marker or the end stands here.
    const byte = bytes[at] ?? 0xff;
    if (byte === 0xff && bytes[at + 1] !== 0) return 'entropy data ends too early';
    return endOfScan(bytes, at + (byte === 0xff ? 2 : 1), (window << 8) | byte, left + 8, held + 8);
  }
  if (left > 7) return 'bytes behind the last block';
  const ones = (1 << left) - 1;
  return ((window >>> (held - left)) & ones) === ones ? at : 'padding bits are not ones';
}
