import { randomBytes } from 'node:crypto';
import { combine, split } from 'shamir-secret-sharing';
import { expect, test } from 'vitest';
import { newId } from '../../../src/message/ids.ts';
import { coordinateOf, encodeKeyShare, parseKeyShare, rebuildKeyShare } from '../../../src/vault/keyshare.ts';

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
