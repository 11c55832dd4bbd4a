import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ENGINE_VERSIONS, GATEWAY_VERSION } from '../../../src/sanitize/versions.ts';

test('reports name the versions that package.json pins', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  expect(GATEWAY_VERSION).toBe(manifest.version);
  for (const [name, version] of Object.entries(ENGINE_VERSIONS)) expect(manifest.dependencies[name]).toBe(version);
});
