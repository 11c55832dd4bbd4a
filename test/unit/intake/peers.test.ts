import { expect, test } from 'vitest';
import { affordableConnections } from '../../../src/intake/descriptors.ts';
import { Patience } from '../../../src/intake/patience.ts';
import { Door, peerList } from '../../../src/intake/peers.ts';

test.each([
  ['192.0.2.0/24', '192.0.2.255', true],
  ['192.0.2.0/24', '192.0.3.0', false],
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.7', '192.0.2.8', false],
  ['192.0.2.0/24', '::ffff:192.0.2.9', true],
  ['::ffff:192.0.2.0/120', '192.0.2.9', true],
  ['::ffff:192.0.2.0/120', '192.0.3.9', false],
  ['2001:db8::/32', '2001:DB8:1::2', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['fe80::1', 'fe80::1%eth0', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['0.0.0.0/0', '203.0.113.1', true],
])('peers %s let %s in: %s', (peer, address, expected) => {
  expect(peerList([peer])(address)).toBe(expected);
});

test.each(['192.0.2.0/33', '2001:db8::/129', '192.0.2', '192.0.2.0/', '192.0.2.0/24/8', '192.0.2.0/-1', 'x'])(
  '%s is a configuration mistake that names its place',
  (peer) => {
    expect(() => peerList(['192.0.2.1', peer])).toThrow(/intake\.peers\[1\]/);
  },
);

test('no address at all is nobody', () => {
  expect(peerList(['0.0.0.0/0', '::/0'])('')).toBe(false);
});

test('the door counts for each peer and for all', () => {
  const door = new Door({ peers: ['0.0.0.0/0'], maxConnections: 3, maxConnectionsPerPeer: 2 });
  const codes = ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3'].map((peer) => door.enter(peer)?.[0]);
  expect(codes).toEqual([undefined, undefined, 421, undefined, 421]);
  door.leave('192.0.2.1');
  expect(door.enter('192.0.2.3')).toBeUndefined();
});

const LIMITS = { sessionMs: 100_000, dataWindowMs: 1000, minWindowBytes: 500, commandMs: 5000 };

test('a peer that sends fast enough in DATA is left alone, as is one that waits for us', () => {
  const patience = new Patience(LIMITS);
  const data = (bytes: number, heldByUs = false) => ({ kind: 'data', bytes, heldByUs }) as const;
  const connection = { openedAtMs: 0, repliedAtMs: 0, activity: data(0) as ReturnType<typeof data> };
  for (let step = 0; step < 50; step++) {
    connection.activity = step < 20 ? data(step * 600) : data(12_000, true);
    expect(patience.verdict(connection, step * 1000)).toBeUndefined();
  }
  const busy = { openedAtMs: 0, repliedAtMs: 0, activity: { kind: 'busy' } as const };
  expect(patience.verdict(busy, 1_000_000)).toBeUndefined();
});

test('one slow window is forgiven, two in a row are not', () => {
  const patience = new Patience(LIMITS);
  const connection = { openedAtMs: 0, repliedAtMs: 0, activity: { kind: 'data', bytes: 0, heldByUs: false } as const };
  expect([0, 1000, 2000].map((nowMs) => patience.verdict(connection, nowMs)?.[0])).toEqual([undefined, undefined, 421]);
});

test.each([
  [96, 4],
  [64, 1],
  [10, 1],
  [1024, 120],
  [1_048_576, 131_064],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
])('F44 %d descriptors carry %d connections', (openFiles, connections) => {
  expect(affordableConnections(openFiles)).toBe(connections);
});
