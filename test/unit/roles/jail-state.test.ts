/** Which layers hold, told by the sanitizer to the other roles of its machine: whole or not at all. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { layersTable } from '../../../src/cli/demo/layers.ts';
import type { LayerReport } from '../../../src/jail/layers.ts';
import { JAIL_TEXTS, type JailLayer } from '../../../src/message/texts-jail.ts';
import { readJailState, writeJailState } from '../../../src/roles/jail-state.ts';

const NAMES = Object.keys(JAIL_TEXTS) as readonly JailLayer[];

const report = (by: 'kernel' | 'node' | 'nobody'): LayerReport => ({
  plan: { launcher: 'unshare', uid: 'same', memoryMiB: 256 },
  layers: NAMES.map((name) => ({ name, held: by !== 'nobody', by, seen: ['/x'], text: JAIL_TEXTS[name][by] })),
  tried: [],
});

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-jail-state-'));
  mkdirSync(join(folder, 'health'));
  return folder;
}

test.each(['kernel', 'node', 'nobody'] as const)('each layer, held by %s, is told by its own name', async (by) => {
  const folder = dataFolder();
  await writeJailState(folder, report(by));
  const state = readJailState(folder);
  expect(state?.layers).toEqual(NAMES.map((name) => ({ name, held: by !== 'nobody', by })));
  expect(JSON.stringify(state)).not.toContain('/x');
  const table = state === undefined ? '' : layersTable(state);
  for (const name of NAMES) expect(table).toContain(JAIL_TEXTS[name][by].ja);
  expect(table.match(by === 'nobody' ? /✗/g : /✓/g)).toHaveLength(NAMES.length);
});

test('no file, half a file, another program’s file: nothing is told', () => {
  const folder = dataFolder();
  expect(readJailState(folder)).toBeUndefined();
  for (const text of ['{"launcher":"bw', '{}', '{"launcher":"magic","layers":[]}', '[]']) {
    writeFileSync(join(folder, 'health', 'jail'), text);
    expect(readJailState(folder)).toBeUndefined();
  }
});
