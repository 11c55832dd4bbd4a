import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { documents } from '../../../src/config/document.ts';
import { ERROR_CODES, GatewayError } from '../../../src/message/errors.ts';

const inRepository = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test.each(Object.keys(documents()))('%s is what the schema gives (node src/config/document.ts --write)', (path) => {
  expect(inRepository(path)).toBe(documents()[path]);
});

test('every setting has a sentence or a parent that has one', () => {
  const rows = inRepository('docs/config.md').matchAll(/^\| `([^`]+)` \|.*\| ([^|]*) \|$/gm);
  const told = new Map([...rows].map(([, key = '', sentence = '']) => [key, sentence.trim()]));
  const parentOf = (key: string): string => key.replace(/\.[^.]+$/, '').replace(/(\[\]|\.\*)$/, '');
  expect(
    [...told].filter(
      ([key, sentence]) => sentence === '' && (told.get(parentOf(key)) ?? '') === '' && !key.endsWith('.kind'),
    ),
  ).toEqual([]);
});

test('docs/errors.md has exactly the codes the program knows, with the right word on repeating', () => {
  const rows = [...inRepository('docs/errors.md').matchAll(/^\| (E_[A-Z_]+) \| (.+) \| (.+) \| (yes|no) \|$/gm)];
  expect(rows.map(([, code]) => code).sort()).toEqual([...ERROR_CODES].sort());
  const retryable = new Map(
    ERROR_CODES.map((code) => [code as string, new GatewayError(code, '').retryable ? 'yes' : 'no']),
  );
  for (const [, code = '', , , repeat] of rows) expect([code, repeat]).toEqual([code, retryable.get(code)]);
});
