/** Dates of mail: RFC 5322 §3.3 read leniently, written in Japan time only. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const JAPAN_MS = 9 * 3600_000;
const DAY_MS = 24 * 3600_000;

/** Zones still seen by name (RFC 5322 §4.3), in minutes east of Greenwich. */
const ZONES: Readonly<Record<string, number>> = {
  GMT: 0,
  UT: 0,
  UTC: 0,
  Z: 0,
  JST: 540,
  EST: -300,
  EDT: -240,
  CST: -360,
  CDT: -300,
  MST: -420,
  MDT: -360,
  PST: -480,
  PDT: -420,
};
const DATE =
  /^\s*(?:[A-Za-z]{3,9}\s*,?\s*)?(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*[\s-]+(\d{2,4})\s+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(?:([+-]\d{4})|\(?([A-Za-z]{1,4})\)?)?/;

/** Unix ms of a Date field; undefined when it cannot be read, lies before 1990 or more than a day after `receivedAtMs`. */
export function parseDate(untrusted: string, receivedAtMs: number): number | undefined {
  const match = DATE.exec(untrusted.slice(0, 200));
  if (match === null) return undefined;
  const [, day, month, year, hour, minute, second, offset, zone] = match;
  const monthIndex = MONTHS.findIndex((name) => name.toLowerCase() === month?.toLowerCase());
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second ?? 0)];
  if (monthIndex < 0 || d < 1 || d > 31 || h > 23 || m > 59 || s > 60) return undefined;
  const local = Date.UTC(fullYear(year ?? ''), monthIndex, d, h, m, Math.min(s, 59));
  const at = local - offsetMinutes(offset, zone) * 60_000;
  return at >= Date.UTC(1990, 0, 2) && at <= receivedAtMs + DAY_MS ? at : undefined;
}

/** RFC 5322 §4.3: two digits are 2000–2049 or 1950–1999, three are years since 1900. */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length === 2) return year < 50 ? 2000 + year : 1900 + year;
  return text.length === 3 ? 1900 + year : year;
}

function offsetMinutes(offset: string | undefined, zone: string | undefined): number {
  if (offset === undefined) return ZONES[zone?.toUpperCase() ?? ''] ?? 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3, 5));
  return offset.startsWith('-') ? -minutes : minutes;
}

const two = (n: number): string => String(n).padStart(2, '0');

/** `Sun, 22 Nov 2026 23:22:01 +0900`. Out of 1990–2099 the nearest time in it. @param atMs Unix ms. */
export function mailDate(atMs: number): string {
  const bounded = Math.min(Math.max(Number.isFinite(atMs) ? atMs : 0, Date.UTC(1990, 0, 2)), Date.UTC(2099, 11, 30));
  const t = new Date(bounded + JAPAN_MS);
  const date = `${two(t.getUTCDate())} ${MONTHS[t.getUTCMonth()]} ${t.getUTCFullYear()}`;
  return `${DAYS[t.getUTCDay()]}, ${date} ${two(t.getUTCHours())}:${two(t.getUTCMinutes())}:${two(t.getUTCSeconds())} +0900`;
}

/** `2026年11月22日 23:22` or `2026-11-22 23:22 JST`, for people. @param atMs Unix ms. */
export function readableDate(atMs: number, language: 'ja' | 'en'): string {
  const t = new Date(atMs + JAPAN_MS);
  const [year, month, day] = [t.getUTCFullYear(), t.getUTCMonth() + 1, t.getUTCDate()];
  const time = `${two(t.getUTCHours())}:${two(t.getUTCMinutes())}`;
  return language === 'ja' ? `${year}年${month}月${day}日 ${time}` : `${year}-${two(month)}-${two(day)} ${time} JST`;
}
