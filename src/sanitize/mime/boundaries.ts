/** Where delimiters stand in the bytes, and which boundary nobody declared (RFC 2046 §5.1.1; threats.tsv M11, M12). */

const DASH = 0x2d;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Blanks and line ends that may follow a delimiter (RFC 2046 §5.1.1). */
export const isPadding = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN || byte === LINE_FEED;

export function startsWithAt(data: Buffer, at: number, needle: Buffer): boolean {
  const end = at + needle.length;
  return end <= data.length && data.compare(needle, 0, needle.length, at, end) === 0;
}

/** The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1). */
export function beforeLineEnd(data: Buffer, lineStart: number, least: number): number {
  let end = lineStart;
  if (end > least && data[end - 1] === LINE_FEED) end--;
  if (end < lineStart && end > least && data[end - 1] === CARRIAGE_RETURN) end--;
  return end;
}

/**
 * How far behind a header its first delimiter is looked for. Only a preamble stands between; without a bound, 500
 * multiparts that lie about their boundary would each search the whole of a 50 MB mail.
 */
const FIRST_DELIMITER_WITHIN = 1024 * 1024;

/** Does `--boundary` stand at the beginning of a line, followed by nothing or `--`, soon behind `from`? */
export function occurs(all: Buffer, from: number, boundary: string): boolean {
  const data = all.subarray(0, from + FIRST_DELIMITER_WITHIN);
  const needle = Buffer.from(`--${boundary}`, 'latin1');
  for (let at = data.indexOf(needle, from); at >= 0; at = data.indexOf(needle, at + 1)) {
    if (at !== from && data[at - 1] !== LINE_FEED) continue;
    const next = data[at + needle.length];
    if (next === undefined || isPadding(next) || (next === DASH && data[at + needle.length + 1] === DASH)) return true;
  }
  return false;
}

/** Lines looked at for a delimiter nobody declared (M11): a part's delimiter stands near the beginning. */
const GUESS_LINES = 50;

/** The first line `--something` that a part's header follows, unless an outer multipart owns it. */
export function guessBoundary(
  data: Buffer,
  from: number,
  open: readonly { readonly delimiter: Buffer }[],
): string | undefined {
  let at = from;
  for (let lines = 0; lines < GUESS_LINES && at < data.length; lines++) {
    const feed = data.indexOf(LINE_FEED, at);
    const end = feed < 0 ? data.length : feed;
    if (data[at] === DASH && data[at + 1] === DASH) {
      if (open.some(({ delimiter }) => startsWithAt(data, at, delimiter))) return undefined;
      if (fieldFollows(data, end + 1)) return data.toString('latin1', at + 2, end).replace(/[ \t\r]+$/, '');
    }
    at = end + 1;
  }
  return undefined;
}

/** True when the line at `at` reads like a part's header field. */
export function fieldFollows(data: Buffer, at: number): boolean {
  return /^content-[a-z-]+[ \t]*:/i.test(data.toString('latin1', at, at + 60));
}
