/** A reader that fails is a problem of the file, for every type. */
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { SAFE_TYPES, type SafeType } from '../../../src/message/file-type.ts';

const broken = (reason: unknown): Uint8Array =>
  new Proxy(new Uint8Array(4), {
    get: () => {
      throw reason;
    },
  });

test.each(Object.keys(SAFE_TYPES) as SafeType[])('%s', async (type) => {
  expect(await inspectFile(type, broken(new Error('x'.repeat(500))))).toEqual([
    `${type}: reader failed: ${'x'.repeat(200)}`,
  ]);
  expect(await inspectFile(type, broken('no error'))).toEqual([`${type}: reader failed: unknown`]);
});
