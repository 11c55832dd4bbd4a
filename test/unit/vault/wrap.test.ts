/** HPKE against RFC 9180's own vectors and against another implementation, both ways. */
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { expect, test } from 'vitest';
import { generate, privateKeyObject, publicKeyOf } from '../../../src/keys/raw.ts';
import { AES_128_GCM, unwrap, wrap } from '../../../src/vault/wrap.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'ascii'));

test('RFC 9180 A.1.1: base mode, X25519, HKDF-SHA256, AES-128-GCM, first encryption', () => {
  const skR = privateKeyObject('X25519', hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'));
  const skE = privateKeyObject('X25519', hex('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736'));
  const pkR = publicKeyOf(skR).raw;
  expect(pkR).toEqual(hex('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d'));
  const context = { info: hex('4f6465206f6e2061204772656369616e2055726e'), aad: ascii('Count-0') };
  const secret = ascii('Beauty is truth, truth beauty');
  const expected =
    '37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431' +
    'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a';
  const wrapped = wrap(pkR, context, secret, skE, AES_128_GCM);
  expect(Buffer.from(wrapped).toString('hex')).toBe(expected);
  expect(new Uint8Array(unwrap(skR, pkR, context, wrapped, AES_128_GCM)!)).toEqual(secret);
});

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const context = { info: ascii('sanitizer'), aad: ascii('chuo|01J|original') };
const dataKey = Uint8Array.from({ length: 32 }, (_, i) => i);

test('@hpke/core opens what we wrap (AES-256-GCM)', async () => {
  const pair = await suite.kem.generateKeyPair();
  const raw = new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey));
  const wrapped = new Uint8Array(wrap(raw, context, dataKey));
  expect(wrapped).toHaveLength(80);
  const recipient = {
    recipientKey: pair.privateKey,
    enc: wrapped.slice(0, 32).buffer,
    info: context.info.slice().buffer,
  };
  const opened = await suite.open(recipient, wrapped.slice(32).buffer, context.aad.slice().buffer);
  expect(new Uint8Array(opened)).toEqual(dataKey);
});

test('we open what @hpke/core wraps (AES-256-GCM)', async () => {
  const privateKey = generate('X25519');
  const { raw } = publicKeyOf(privateKey);
  const recipientPublicKey = await suite.kem.deserializePublicKey(new Uint8Array(raw).buffer);
  const sent = await suite.seal(
    { recipientPublicKey, info: context.info.slice().buffer },
    dataKey.slice().buffer,
    context.aad.slice().buffer,
  );
  const wrapped = Buffer.concat([new Uint8Array(sent.enc), new Uint8Array(sent.ct)]);
  expect(new Uint8Array(unwrap(privateKey, raw, context, wrapped)!)).toEqual(dataKey);
});

test('another key, role, object or one changed bit does not open', () => {
  const privateKey = generate('X25519');
  const stranger = generate('X25519');
  const { raw } = publicKeyOf(privateKey);
  const wrapped = wrap(raw, context, dataKey);
  expect(unwrap(privateKey, raw, context, wrapped)).toBeDefined();
  expect(unwrap(stranger, publicKeyOf(stranger).raw, context, wrapped)).toBeUndefined();
  expect(unwrap(privateKey, raw, { ...context, info: ascii('admin') }, wrapped)).toBeUndefined();
  expect(unwrap(privateKey, raw, { ...context, aad: ascii('minato|01J|original') }, wrapped)).toBeUndefined();
  for (let at = 0; at < wrapped.length; at++) {
    const changed = Uint8Array.from(wrapped);
    changed[at] = changed[at]! ^ 1;
    expect(unwrap(privateKey, raw, context, changed), `byte ${at}`).toBeUndefined();
  }
});

test('RFC 9180 §7.1.4: an encapsulation of small order is refused', () => {
  const privateKey = generate('X25519');
  const { raw } = publicKeyOf(privateKey);
  expect(unwrap(privateKey, raw, context, new Uint8Array(80))).toBeUndefined();
});
