/** What a town gets that sets nothing: the defaults that docs/config.md promises, each with the unit the manual names. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../../../src/policy/policy.ts';

const manual = readFileSync(new URL('../../../docs/config.md', import.meta.url), 'utf8');

/** Default of a setting as the manual's table says it. */
function promised(setting: string): unknown {
  const row = manual.split('\n').find((line) => line.startsWith(`| \`policies.*.${setting}\` |`));
  const value = row?.split('|')[2]?.trim().replaceAll('`', '') ?? '';
  return JSON.parse(/^[0-9]+$/.test(value) ? value : JSON.stringify(value.replaceAll('"', '')));
}

test('every limit has the value that the manual says', () => {
  const names = [...manual.matchAll(/^\| `policies\.\*\.limits\.(\w+)` \|/gm)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(8);
  expect(Object.fromEntries(names.map((name) => [name, promised(`limits.${name}`)]))).toEqual(DEFAULT_LIMITS);
});

test('so has everything else of a policy', () => {
  const { limits, name, ...settings } = DEFAULT_POLICY;
  expect(limits).toEqual(DEFAULT_LIMITS);
  expect(name).toBe('default');
  expect(Object.keys(settings).sort()).toEqual(['links', 'maxLooseFiles', 'pdfDpi']);
  expect(Object.fromEntries(Object.keys(settings).map((key) => [key, promised(key)]))).toEqual(settings);
});

test('the limits are whole numbers above zero: none of them switches itself off', () => {
  for (const [name, value] of Object.entries(DEFAULT_LIMITS)) {
    expect([name, Number.isSafeInteger(value) && value > 0]).toEqual([name, true]);
  }
  const { maxFileBytes, maxInnerBytes, maxOutputBytes, maxPageBytes, documentMs, messageMs } = DEFAULT_LIMITS;
  expect(maxInnerBytes).toBeGreaterThanOrEqual(maxFileBytes);
  expect(maxOutputBytes).toBeGreaterThan(maxPageBytes);
  expect(messageMs).toBeGreaterThan(documentMs);
});
