/**
 * The PROXY protocol's header, versions 1 and 2 (haproxy.org, proxy-protocol.txt §2.1, §2.2): which address a load
 * balancer in front of us was connected from. Pure: octets in, a reading out.
 *
 * Danger: the header decides which peer we believe in, so whatever is not exactly as the text says is refused: another
 * spelling of an address, a family without addresses that we could check, extensions that do not add up, a wrong CRC.
 */
import { isIPv4, isIPv6 } from 'node:net';

export type ProxyReading =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly why: string }
  /** `source` undefined: the balancer speaks for itself (LOCAL, UNKNOWN), as for its health checks. */
  | { readonly kind: 'header'; readonly bytes: number; readonly source: string | undefined };

/** proxy-protocol.txt §2.1: the longest line, with its CRLF. */
const MAX_LINE = 107;
/** §2.2 allows 65,551 octets; HAProxy's own extensions stay below some hundred. */
const MAX_BINARY = 4096;
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const FIXED = 16;
const WORD = Buffer.from('PROXY ', 'latin1');

const INCOMPLETE: ProxyReading = { kind: 'incomplete' };
const invalid = (why: string): ProxyReading => ({ kind: 'invalid', why });

/** @param bytes what has come so far, from the first octet of the connection. */
export function readProxyHeader(bytes: Buffer): ProxyReading {
  if (startsLike(bytes, WORD)) return bytes.length < WORD.length ? INCOMPLETE : readLine(bytes);
  if (startsLike(bytes, SIGNATURE)) return bytes.length < FIXED ? INCOMPLETE : readBinary(bytes);
  return invalid('no PROXY header');
}

const startsLike = (bytes: Buffer, mark: Buffer): boolean => {
  const length = Math.min(bytes.length, mark.length);
  return bytes.subarray(0, length).equals(mark.subarray(0, length));
};

function readLine(bytes: Buffer): ProxyReading {
  const end = bytes.subarray(0, MAX_LINE).indexOf('\r\n');
  if (end < 0) return bytes.length < MAX_LINE ? INCOMPLETE : invalid('line too long');
  const [, family = '', ...words] = bytes.toString('latin1', 0, end).split(' ');
  const length = end + 2;
  // §2.1: with UNKNOWN whatever stands before the CRLF is to be ignored.
  if (family === 'UNKNOWN') return { kind: 'header', bytes: length, source: undefined };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  const [source = '', destination = '', ...ports] = words;
  if (isAddress === undefined) return invalid('unknown family');
  if (words.length !== 4 || !ports.every(isPort)) return invalid('malformed line');
  if (![source, destination].every((address) => isAddress(address) && !address.includes('%'))) {
    return invalid('malformed address');
  }
  return { kind: 'header', bytes: length, source };
}

const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

/** Octets of source, destination and both ports, by family and transport (§2.2). */
const ADDRESSES: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x11, 12],
  [0x21, 36],
]);

function readBinary(bytes: Buffer): ProxyReading {
  const [versionAndCommand = 0, family = 0] = bytes.subarray(12, 14);
  const length = FIXED + bytes.readUInt16BE(14);
  if (versionAndCommand >> 4 !== 2) return invalid('unknown version');
  const command = versionAndCommand & 0x0f;
  if (command > 1) return invalid('unknown command');
  if (length > MAX_BINARY) return invalid('header too long');
  if (bytes.length < length) return INCOMPLETE;
  const header = bytes.subarray(0, length);
  // §2.2: a receiver of LOCAL takes no notice of the address block.
  if (command === 0) return { kind: 'header', bytes: length, source: undefined };
  const addresses = ADDRESSES.get(family);
  if (addresses === undefined) return invalid('unsupported family');
  if (length < FIXED + addresses) return invalid('addresses cut short');
  const wrong = family === 0 ? undefined : wrongExtension(header, FIXED + addresses);
  if (wrong !== undefined) return invalid(wrong);
  return { kind: 'header', bytes: length, source: sourceOf(header, family) };
}

function sourceOf(header: Buffer, family: number): string | undefined {
  if (family === 0x11) return header.subarray(FIXED, FIXED + 4).join('.');
  if (family !== 0x21) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => header.readUInt16BE(FIXED + 2 * index).toString(16));
  const mapped = /^0:0:0:0:0:ffff:/.test(groups.join(':'));
  return mapped ? header.subarray(FIXED + 12, FIXED + 16).join('.') : groups.join(':');
}

const CRC32C = 0x03;

/** Type, length, value: they must fill the header to its end, and a checksum must be right (§2.2.3). */
function wrongExtension(header: Buffer, from: number): string | undefined {
  let at = from;
  while (at < header.length) {
    if (at + 3 > header.length) return 'extension cut short';
    const value = at + 3;
    const end = value + header.readUInt16BE(at + 1);
    if (end > header.length) return 'extension cut short';
    if (header[at] === CRC32C) {
      const zeroed = Buffer.from(header).fill(0, value, end);
      if (end - value !== 4 || crc32c(zeroed) !== header.readUInt32BE(value)) return 'wrong checksum';
    }
    at = end;
  }
  return undefined;
}

/** RFC 9260 appendix A: reflected polynomial 0x82f63b78. */
function crc32c(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0x82f63b78 : 0);
  }
  return ~sum >>> 0;
}
