/** The scanner itself: what it does not find is taken for dead, so it must find every spelling in every container. */
import { deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openAviary, SPELLINGS, sightings } from '../../kit/canary.ts';
import { zipFile } from '../../kit/canary-files.ts';
import { canaryMails } from '../../kit/canary-mails.ts';

const aviary = openAviary();
const token = aviary.die('x');
const { canaries } = aviary;
const around = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from('abc '), bytes, Buffer.from(' def')]);
const found = (bytes: Uint8Array): readonly string[] => sightings(bytes, canaries).map(({ spelling }) => spelling);

test.each(SPELLINGS)('a canary spelled in $name is found', ({ name, write }) => {
  expect(found(around(write(token)))).toContain(name);
});

test.each([0, 1, 2])('base64 at every place of a group, folded: %i', (shift) => {
  const encoded = Buffer.from(`${'x'.repeat(30 + shift)}${token} and more`).toString('base64');
  expect(found(Buffer.from(encoded.replace(/.{40}/g, '$&\r\n')))).not.toEqual([]);
});

test.each<readonly [string, Buffer]>([
  ['a zlib stream', deflateSync(Buffer.from(`a ${token}`))],
  ['a zlib stream cut short', deflateSync(Buffer.from(`a ${token} `.repeat(50))).subarray(0, -6)],
  ['gzip', gzipSync(Buffer.from(token))],
  ['a ZIP entry', zipFile(openAviary(), [['a.txt', token]])],
  ['a zlib stream in base64', Buffer.from(deflateSync(Buffer.from(`long enough ${token}`)).toString('base64'))],
  ['capital letters', Buffer.from(token.toUpperCase())],
  ['soft line ends', Buffer.from(`${token.slice(0, 12)}=\r\n${token.slice(12)}`)],
  [
    'encoded words cut in two',
    Buffer.from(
      `=?UTF-8?B?${Buffer.from(token.slice(0, 11)).toString('base64')}?=\r\n =?UTF-8?B?${Buffer.from(token.slice(11)).toString('base64')}?=`,
    ),
  ],
])('a canary in %s is found', (_, bytes) => {
  expect(found(around(bytes))).not.toEqual([]);
});

test('nothing is found where nothing is', () => {
  expect(found(around(Buffer.from(openAviary().die('another'))))).toEqual([]);
});

test('every canary of the kit is in its mail, and the scanner finds it there', async () => {
  const kit = openAviary();
  const mails = await canaryMails(kit, 'a@t1.example');
  const seen = new Set(mails.flatMap(({ bytes }) => sightings(bytes, kit.canaries).map(({ canary }) => canary.token)));
  expect(kit.canaries.filter(({ token: each }) => !seen.has(each)).map(({ region }) => region)).toEqual([]);
});
