/** S58: the PROXY header, octet by octet (proxy-protocol.txt §2.1, §2.2). */
import { expect, test } from 'vitest';
import { readProxyHeader } from '../../../src/intake/proxy-header.ts';

const line = (text: string): Buffer => Buffer.from(text, 'latin1');
const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const V4 = [192, 0, 2, 7, 198, 51, 100, 1, 0xc0, 0x01, 0, 25];
const V6 = [...Array(15).fill(0), 1, ...Array(15).fill(0), 2, 0xc0, 0x01, 0, 25];

const binary = (command: number, family: number, body: readonly number[], length = body.length): Buffer =>
  Buffer.from([...SIGNATURE, command, family, length >> 8, length & 255, ...body]);
const extension = (type: number, ...value: readonly number[]): readonly number[] => [type, 0, value.length, ...value];

const MAPPED = [...Array(10).fill(0), 0xff, 0xff, 192, 0, 2, 7, ...Array(16).fill(0), 0, 1, 0, 25];

test.each([
  ['TCP4', line('PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\r\n'), '192.0.2.7'],
  ['TCP6', line('PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n'), '2001:db8::7'],
  ['UNKNOWN', line('PROXY UNKNOWN\r\n'), undefined],
  ['UNKNOWN with words', line('PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n'), undefined],
  ['v2 IPv4', binary(0x21, 0x11, V4), '192.0.2.7'],
  ['v2 IPv6', binary(0x21, 0x21, V6), '0:0:0:0:0:0:0:1'],
  ['v2 IPv4 in IPv6', binary(0x21, 0x21, MAPPED), '192.0.2.7'],
  ['v2 with extensions', binary(0x21, 0x11, [...V4, ...extension(0x04, 0, 0), ...extension(0xea, 1)]), '192.0.2.7'],
  ['v2 LOCAL, whatever it says', binary(0x20, 0x11, V4), undefined],
  ['v2 without a family', binary(0x21, 0x00, [1, 2, 3]), undefined],
])('%s: read whole, and not a octet too early', (_, bytes, source) => {
  const more = Buffer.concat([bytes, line('EHLO x\r\n')]);
  expect(readProxyHeader(more)).toEqual({ kind: 'header', bytes: bytes.length, source });
  for (let length = 0; length < bytes.length; length++) {
    expect(readProxyHeader(bytes.subarray(0, length))).toEqual({ kind: 'incomplete' });
  }
});

test.each([
  ['SMTP', line('EHLO x\r\n')],
  ['lower case', line('proxy TCP4 192.0.2.7 198.51.100.1 1 25\r\n')],
  ['two spaces', line('PROXY TCP4  192.0.2.7 198.51.100.1 1 25\r\n')],
  ['a word too much', line('PROXY TCP4 192.0.2.7 198.51.100.1 1 25 26\r\n')],
  ['a word too few', line('PROXY TCP4 192.0.2.7 198.51.100.1 25\r\n')],
  ['IPv6 as TCP4', line('PROXY TCP4 2001:db8::7 2001:db8::1 1 25\r\n')],
  ['octal', line('PROXY TCP4 192.0.2.07 198.51.100.1 1 25\r\n')],
  ['a zone', line('PROXY TCP6 fe80::1%eth0 fe80::2 1 25\r\n')],
  ['a port with a leading zero', line('PROXY TCP4 192.0.2.7 198.51.100.1 01 25\r\n')],
  ['a port above 65535', line('PROXY TCP4 192.0.2.7 198.51.100.1 65536 25\r\n')],
  ['a bare LF', line('PROXY TCP4 192.0.2.7 198.51.100.1 1 25\n'.padEnd(110, 'x'))],
  ['no end', line(`PROXY UNKNOWN ${'x'.repeat(200)}`)],
  ['version 1 in binary', binary(0x11, 0x11, V4)],
  ['version 3', binary(0x31, 0x11, V4)],
  ['an unknown command', binary(0x22, 0x11, V4)],
  ['UDP', binary(0x21, 0x12, V4)],
  ['a UNIX socket', binary(0x21, 0x31, Array(216).fill(0))],
  ['a family that does not exist', binary(0x21, 0x41, V4)],
  ['addresses cut short', binary(0x21, 0x21, V4)],
  ['64 KiB of extensions', binary(0x21, 0x11, V4, 65_535)],
  ['an extension longer than the header', binary(0x21, 0x11, [...V4, 0xea, 0, 9, 1])],
  ['half an extension', binary(0x21, 0x11, [...V4, 0xea, 0])],
  ['a wrong checksum', binary(0x21, 0x11, [...V4, ...extension(0x03, 1, 2, 3, 4)])],
])('%s is refused', (_, bytes) => {
  expect(readProxyHeader(bytes).kind).toBe('invalid');
});

test('benign twin: the right checksum', () => {
  const header = binary(0x21, 0x11, [...V4, ...extension(0x03, 0, 0, 0, 0)]);
  header.writeUInt32BE(crc32cByTable(header), header.length - 4);
  expect(readProxyHeader(header)).toMatchObject({ kind: 'header', source: '192.0.2.7' });
});

/** RFC 3720 B.4's check value proves this second, table-driven computation. */
function crc32cByTable(bytes: Uint8Array): number {
  const table = Array.from({ length: 256 }, (_, n) =>
    Array(8)
      .fill(0)
      .reduce<number>((c) => (c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1), n),
  );
  return ~bytes.reduce((sum, byte) => (sum >>> 8) ^ (table[(sum ^ byte) & 255] ?? 0), ~0) >>> 0;
}

test('that computation is the published one: 32 zero octets (RFC 3720 B.4)', () => {
  expect(crc32cByTable(new Uint8Array(32))).toBe(0x8a9136aa);
});
