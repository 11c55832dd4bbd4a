/**
 * ISO-2022-JP and its relatives (RFC 1468, RFC 2237; CP50220, CP50221, CP50222, ISO-2022-JP-MS) → text.
 *
 * Danger: escapes hide markup from one reader and show it to another (threats.tsv B31); TextDecoder knows no SO/SI
 * kana and no JIS X 0212, and an escape lost in transit turns the rest of a mail into noise.
 * Method: a small state machine turns every run into EUC-JP, whose table (WHATWG) has the NEC and IBM rows too; each
 * line starts in ASCII again (RFC 1468 asks writers for that), so one broken line spoils one line.
 * Kept: all characters of JIS X 0201, 0208, 0212. Lost: escapes that nobody defined; each leaves one U+FFFD.
 */

const ESC = 0x1b;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** No EUC-JP lead: becomes exactly one U+FFFD. */
const BROKEN = 0xff;
/** Stands for the yen sign and the overline while the rest is EUC-JP; both are controls that mail text has not. */
const YEN_MARK = 0x1c;
const OVERLINE_MARK = 0x1d;

type Mode = 'ascii' | 'roman' | 'kana' | 'jis0208' | 'jis0212';

/** Escape sequences without the leading ESC, as latin1. JIS X 0213 plane 1 is read as its JIS X 0208 part. */
const ESCAPES: readonly (readonly [sequence: string, mode: Mode])[] = [
  ['(B', 'ascii'],
  ['(J', 'roman'],
  ['(H', 'roman'], // an old mistake for (J
  ['(I', 'kana'],
  ['$@', 'jis0208'],
  ['$B', 'jis0208'],
  ['$(@', 'jis0208'],
  ['$(B', 'jis0208'],
  ['$(O', 'jis0208'],
  ['$(Q', 'jis0208'],
  ['$(D', 'jis0212'],
  ['&@', 'jis0208'],
];

const eucJp = new TextDecoder('euc-jp');

/** True when the bytes hold an escape into a Japanese set. */
export function hasJapaneseEscape(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(ESC); at >= 0; at = bytes.indexOf(ESC, at + 1)) {
    const mode = escapeAt(bytes, at)?.mode;
    if (mode !== undefined && mode !== 'ascii') return true;
  }
  return false;
}

/** Text of ISO-2022-JP bytes; whatever makes no sense is U+FFFD. Never contains ESC. */
export function decodeIso2022Jp(bytes: Uint8Array): string {
  const out = new Uint8Array(bytes.length * 3 + 2);
  let written = 0;
  let marked = false;
  let mode: Mode = 'ascii';
  let shifted = false;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === ESC) {
      const found = escapeAt(bytes, at);
      if (found === undefined) out[written++] = BROKEN;
      else mode = found.mode;
      shifted = false;
      at += found?.length ?? 1;
    } else if (byte === SHIFT_OUT || byte === SHIFT_IN) {
      shifted = byte === SHIFT_OUT;
      at++;
    } else if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
      mode = 'ascii';
      shifted = false;
      out[written++] = byte;
      at++;
    } else if (byte < 0x21 || byte === 0x7f) {
      out[written++] = byte === YEN_MARK || byte === OVERLINE_MARK ? BROKEN : byte;
      at++;
    } else if (shifted || mode === 'kana') {
      written = writeKana(out, written, byte);
      at++;
    } else if (mode === 'jis0208' || mode === 'jis0212') {
      const trail = bytes[at + 1] ?? 0;
      if (byte > 0x7e || trail < 0x21 || trail > 0x7e) {
        out[written++] = BROKEN;
        at++;
        continue;
      }
      if (mode === 'jis0212') out[written++] = 0x8f;
      out[written++] = byte | 0x80;
      out[written++] = trail | 0x80;
      at += 2;
    } else {
      if (byte >= 0xa1 && byte <= 0xdf) written = writeKana(out, written, byte);
      else if (byte >= 0x80) out[written++] = BROKEN;
      else if (mode === 'roman' && (byte === 0x5c || byte === 0x7e)) {
        out[written++] = byte === 0x5c ? YEN_MARK : OVERLINE_MARK;
        marked = true;
      } else out[written++] = byte;
      at++;
    }
  }
  const text = eucJp.decode(out.subarray(0, written));
  return marked ? text.replace(/\x1c/g, '¥').replace(/\x1d/g, '‾') : text;
}

/** Half-width katakana: 0x21–0x5F in a 7-bit set, 0xA1–0xDF in an 8-bit one. */
function writeKana(out: Uint8Array, written: number, byte: number): number {
  const kana = byte | 0x80;
  if (kana < 0xa1 || kana > 0xdf) {
    out[written] = BROKEN;
    return written + 1;
  }
  out[written] = 0x8e;
  out[written + 1] = kana;
  return written + 2;
}

function escapeAt(bytes: Uint8Array, at: number): { readonly mode: Mode; readonly length: number } | undefined {
  for (const [sequence, mode] of ESCAPES) {
    let matches = true;
    for (let i = 0; i < sequence.length && matches; i++) matches = bytes[at + 1 + i] === sequence.charCodeAt(i);
    if (matches) return { mode, length: sequence.length + 1 };
  }
  return undefined;
}
