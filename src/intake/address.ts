/**
 * Paths of MAIL and RCPT (RFC 5321 §4.1.2), as strict as a gateway's edge must be and as lenient as Japanese mobile
 * senders need: dots anywhere in a local part (`a..b.@docomo.ne.jp`), and quoted ones in a reverse-path.
 *
 * Danger: a recipient that the next hop reads otherwise than we do: percent hack, bang path, source route, address
 * literal, quoted or encoded local parts, look-alike characters. None of these gets in.
 */
import type { Reply } from './reply.ts';

export type ParsedPath =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'refused'; readonly reply: Reply };

/** RFC 5321 §4.5.3.1.1 and RFC 5321 §4.5.3.1.3 (256 with the angle brackets). */
const MAX_LOCAL = 64;
const MAX_PATH = 254;

const NEEDS_UTF8: Reply = [553, '5.6.7', 'Address needs SMTPUTF8, which is not supported here'];
const RELAY: Reply = [550, '5.7.1', 'Relaying denied'];
const BAD_RECIPIENT: Reply = [501, '5.1.3', 'Bad recipient address syntax'];
const ENCODED_RECIPIENT: Reply = [550, '5.1.3', 'Recipient address not accepted'];
const BAD_SENDER: Reply = [501, '5.1.7', 'Bad sender address syntax'];
const ENCODED_SENDER: Reply = [550, '5.1.7', 'Sender address not accepted'];

/** atext of RFC 5322 §3.2.3, and dots wherever they stand. */
const LOCAL = /^[a-z0-9!#$%&'*+\-/=?^_`{|}~.]+$/i;
/** Quoted local part without space, backslash or @: what mobile carriers made of `a..b.`. */
const QUOTED_LOCAL = /^"[a-z0-9!#$%&'*+\-/=?^_`{|}~.]+"$/i;
const DOMAIN = /^[a-z0-9_.-]+$/;
const LITERAL = /^\[(ipv6:)?[0-9a-f.:]+\]$/;

/** @param path what stood between `<` and `>` of RCPT, as Latin-1 of the bytes. */
export function parseForwardPath(path: string): ParsedPath {
  if (hasNonAscii(path)) return refused(NEEDS_UTF8);
  if (hasControl(path)) return refused(BAD_RECIPIENT);
  if (path.includes('=?')) return refused(ENCODED_RECIPIENT);
  if (path.startsWith('@')) return refused(RELAY);
  // RFC 5321 §4.5.1: the one address without a domain; who that is the caller knows.
  if (isPostmaster(path)) return { kind: 'address', address: path };
  const parts = split(path);
  if (parts === undefined || !LOCAL.test(parts.local)) return refused(BAD_RECIPIENT);
  if (/[%!]/.test(parts.local) || parts.domain.startsWith('[')) return refused(RELAY);
  if (!DOMAIN.test(parts.domain)) return refused(BAD_RECIPIENT);
  return { kind: 'address', address: `${parts.local}@${parts.domain}` };
}

/** @param path what stood between `<` and `>` of MAIL, as Latin-1 of the bytes; '' is the null reverse-path. */
export function parseReversePath(path: string): ParsedPath {
  if (path === '') return { kind: 'address', address: '' };
  if (hasNonAscii(path)) return refused(NEEDS_UTF8);
  if (hasControl(path)) return refused(BAD_SENDER);
  if (path.includes('=?')) return refused(ENCODED_SENDER);
  const parts = split(path);
  if (parts === undefined) return refused(BAD_SENDER);
  if (!LOCAL.test(parts.local) && !QUOTED_LOCAL.test(parts.local)) return refused(BAD_SENDER);
  if (!DOMAIN.test(parts.domain) && !LITERAL.test(parts.domain)) return refused(BAD_SENDER);
  return { kind: 'address', address: `${parts.local}@${parts.domain}` };
}

/** Any spelling, with or without a domain behind it (RFC 5321 §4.5.1). */
export const isPostmaster = (localPart: string): boolean => localPart.toLowerCase() === 'postmaster';

/** Exactly one @; the domain in ASCII lower case. */
function split(path: string): { readonly local: string; readonly domain: string } | undefined {
  const [local = '', domain = '', ...rest] = path.split('@');
  if (rest.length > 0 || local.length > MAX_LOCAL || path.length > MAX_PATH) return undefined;
  return { local, domain: domain.toLowerCase() };
}

const refused = (reply: Reply): ParsedPath => ({ kind: 'refused', reply });
const hasNonAscii = (text: string): boolean => /[\x80-\uffff]/.test(text);
const hasControl = (text: string): boolean => /[\x00-\x1f\x7f]/.test(text);
