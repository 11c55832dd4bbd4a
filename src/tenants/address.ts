/** Addresses as tenants compare them: exact, ASCII lower case, domains as A-labels (RFC 5890). */
import { domainToASCII, domainToUnicode } from 'node:url';

export interface SplitAddress {
  readonly local: string;
  /** Domain in lower-case A-labels. */
  readonly domain: string;
}

/** toLowerCase would fold more than ASCII: the Kelvin sign becomes k. */
export const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (upper) => upper.toLowerCase());

/**
 * Local part and domain, split at the last @. A domain in Unicode becomes A-labels only when it is spelled exactly as
 * those read: full-width letters, ideographic dots and ligatures are other domains here, never foldings of ours
 * (threats.tsv S21, S22).
 *
 * @returns undefined when there is no local part or no such domain.
 */
export function splitAddress(address: string): SplitAddress | undefined {
  const at = address.lastIndexOf('@');
  const domain = asciiDomain(lowerAscii(address.slice(at + 1)));
  return at < 1 || domain === undefined ? undefined : { local: address.slice(0, at), domain };
}

function asciiDomain(domain: string): string | undefined {
  if (/^[\x21-\x7e]+$/.test(domain)) return domain;
  const ascii = domainToASCII(domain);
  return ascii !== '' && domainToUnicode(ascii) === domain ? ascii : undefined;
}

/** Key of an address in lists and caches: both parts in ASCII lower case. */
export const addressKey = ({ local, domain }: SplitAddress): string => `${lowerAscii(local)}@${domain}`;
