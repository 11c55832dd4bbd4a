import { randomBytes } from 'node:crypto';
import { combine, split } from 'shamir-secret-sharing';
import { expect, test } from 'vitest';
import { newId } from '../../../src/message/ids.ts';
import { coordinateOf, encodeKeyShare, parseKeyShare, rebuildKeyShare, splitKey } from '../../../src/vault/keyshare.ts';

test.each([
  [2, 2],
  [2, 3],
  [3, 5],
  [16, 16],
])('%i of %i: each share of the package is rebuilt byte for byte from others', async (k, n) => {
  const secret = new Uint8Array(randomBytes(80));
  const shares = await split(secret, n, k);
  for (const lost of shares) {
    const others = shares.filter((share) => n === k || share !== lost).slice(-k);
    expect(rebuildKeyShare(others, coordinateOf(lost))).toEqual(lost);
  }
  const rebuilt = rebuildKeyShare(shares.slice(0, k), coordinateOf(shares[0]!));
  expect(await combine([rebuilt, ...shares.slice(1, k)])).toEqual(secret);
});

test.each([
  [2, 2],
  [2, 3],
  [3, 5],
  [16, 16],
])('%i of %i: the package puts together what we split, from any k shares', async (k, n) => {
  const secret = new Uint8Array(randomBytes(80));
  const shares = splitKey(secret, n, k, randomBytes);
  for (let first = 0; first < n; first++) {
    const some = Array.from({ length: k }, (_, i) => shares[(first + i) % n]!);
    expect(await combine(some)).toEqual(secret);
  }
});

test('F34 k−1 shares of two different secrets look alike: every byte value occurs as often', () => {
  const counts = [0, 255].map((byte) => {
    const seen = new Uint32Array(256);
    for (let i = 0; i < 400; i++) {
      const [share] = splitKey(new Uint8Array(80).fill(byte), 3, 2, randomBytes);
      for (const value of share!.subarray(0, 80)) seen[value] = seen[value]! + 1;
    }
    return seen;
  });
  // 32,000 draws over 256 values: 125 each, standard deviation 11; eight of them do not happen by chance.
  for (const seen of counts) for (const count of seen) expect(Math.abs(count - 125)).toBeLessThan(90);
});

test('a record comes back; any changed byte of it is noticed', () => {
  const share = Uint8Array.from({ length: 81 }, (_, i) => i + 1);
  const header = {
    objectId: newId(),
    tenant: 'chuo',
    kind: 'original',
    sealedTo: 'sanitizer',
    keyId: '0123456789abcdef',
    k: 2,
    n: 2,
    stores: ['a', 'b'],
    x: [7, 81],
    index: 1,
  } as const;
  const record = encodeKeyShare({ header, share });
  expect(parseKeyShare(record)).toMatchObject({ header });
  for (let at = 0; at < record.length; at++) {
    const changed = Buffer.from(record);
    changed[at] = changed[at]! ^ 1;
    expect(parseKeyShare(changed), `byte ${at}`).toBeUndefined();
    expect(parseKeyShare(record.subarray(0, at)), `cut at ${at}`).toBeUndefined();
  }
});
