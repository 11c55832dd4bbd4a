/** Cells that a spreadsheet program would run are led by an apostrophe; numbers and dashes are not. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../../../src/policy/policy.ts';
import type { Conversion } from '../../../../src/sanitize/converter.ts';
import { csv } from '../../../../src/sanitize/formats/csv/csv.ts';

const convert = (source: string, deadline = performance.now() + 60_000): Promise<Conversion> =>
  csv.convert(
    { type: 'csv', untrustedName: 'list.csv', untrustedCharset: '', bytes: Buffer.from(source) },
    {
      policy: { ...DEFAULT_POLICY, version: '0123456789abcdef' },
      passwords: [],
      left: { files: 0, bytes: 0, depth: 0 },
      deadline,
    },
  );
async function written(cell: string): Promise<{ readonly text: string; readonly removed: unknown }> {
  const conversion = await convert(`"${cell.replaceAll('"', '""')}","end"\n`);
  if (conversion.kind !== 'converted') throw new Error(conversion.kind);
  return { text: Buffer.from(conversion.files[0]?.bytes ?? []).toString(), removed: conversion.removed };
}

describe('formulas', () => {
  test.each([
    '=1+1',
    '+cmd',
    '-cmd',
    '@SUM(1)',
    '＝1',
    '＋x',
    '－x',
    '＠x',
    '﹢x',
    '﹣x',
    '﹦x',
    '﹫x',
    '−x',
    ' =1',
    '\n=1',
    '=',
    '+',
    '@',
    '-1+2',
    '+1-cmd',
    '-1x',
    '+1.',
    '-1.x',
    '-1e',
    '-1e1234',
    '-1%%',
    '-x1',
    '＋１x',
    '－x１',
    '＋１．',
    '--x',
    '-=-',
  ])('%j is led by an apostrophe', async (cell) => {
    const { text, removed } = await written(cell);
    expect(text.startsWith('\uFEFF"\'')).toBe(true);
    expect(removed).toEqual([{ what: 'formula', count: 1 }]);
  });
  test.each([
    '-1',
    '+1',
    '1',
    '-1,234',
    '-1.5',
    '-10.25',
    '-1e5',
    '-1E+10',
    '-1e-123',
    '-5%',
    '-5％',
    '-¥1,000',
    '-￥1',
    '-\\1',
    '－１，２３４',
    '＋１．５',
    '＋１．２５',
    '−１',
    '-',
    '--',
    '－－',
    '−',
    'a=1',
    'a+b',
    'x@y.jp',
    '',
  ])('%j stays as it is', async (cell) => {
    const { text, removed } = await written(cell);
    expect(text).toBe(`\uFEFF"${cell}","end"\r\n`);
    expect(removed).toEqual([]);
  });
});

test('what it takes, and what it says of itself', () => {
  expect(csv).toMatchObject({ name: 'csv', accepts: ['csv'] });
  expect(Object.entries(csv.documentation).filter(([, text]) => text.length < 10)).toEqual([]);
  expect(Object.keys(csv.documentation)).toEqual(['danger', 'method', 'kept', 'lost']);
});

describe('rows', () => {
  test('a deadline that passed ends it', async () => {
    expect((await convert('a,b\n'.repeat(100_000), 0)).kind).toBe('blocked');
  });
  test('more cells than a row holds', async () => {
    expect(await convert(','.repeat(16_384))).toEqual({
      kind: 'blocked',
      reason: 'limit-exceeded',
      detail: 'more rows, cells or characters than a spreadsheet holds',
    });
    expect((await convert(','.repeat(16_383))).kind).toBe('converted');
  });
  test('quotes, TABs and marks', async () => {
    expect((await written('a"b\tc')).text).toBe('\uFEFF"a""b c","end"\r\n');
    const marked = await convert('\uFEFFa,b\nc\n');
    expect(marked).toMatchObject({ kind: 'converted', outcome: 'rebuilt' });
    const file = marked.kind === 'converted' ? marked.files[0] : undefined;
    expect(file).toMatchObject({ type: 'csv', untrustedStem: 'list' });
    expect(Buffer.from(file?.bytes ?? []).toString()).toBe('\uFEFF"a","b"\r\n"c"\r\n');
  });
  test('nothing in it, a cell that is too long', async () => {
    expect(await convert('')).toEqual({ kind: 'blocked', reason: 'malformed', detail: 'no rows' });
    expect((await convert('x'.repeat(32_766))).kind).toBe('converted');
    expect(await convert('x'.repeat(32_767))).toMatchObject({ kind: 'blocked', reason: 'limit-exceeded' });
  });
  test('invisible characters are counted', async () => {
    const { removed } = await written('a\u0001b\u202Ec');
    expect(removed).toEqual(
      expect.arrayContaining([
        { what: 'control-characters', count: 1 },
        { what: 'bidi-controls', count: 1 },
      ]),
    );
  });
});
