/** Files that settings name are looked at before a role fails on them: a TLS key of root's is the usual mistake. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isReadableBy } from '../../../src/roles/separation.ts';

const folder = mkdtempSync(join(tmpdir(), 'sekisho-readable-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));
const { uid, gid } = statSync(folder);
const [STRANGER, OTHER_GROUP] = [uid + 12_345, gid + 12_345];

function file(mode: number, folderMode = 0o755): string {
  const below = join(folder, `${folderMode}-${mode}`);
  mkdirSync(below, { recursive: true });
  const path = join(below, 'key.pem');
  writeFileSync(path, '');
  chmodSync(path, mode);
  chmodSync(below, folderMode);
  return path;
}

test.each([
  ['its owner, mode 600', file(0o600), uid, OTHER_GROUP, true],
  ['its group, mode 640', file(0o640), STRANGER, gid, true],
  ['a stranger, mode 644', file(0o644), STRANGER, OTHER_GROUP, true],
  ['a stranger, mode 640', file(0o640), STRANGER, OTHER_GROUP, false],
  ['its group, mode 600', file(0o600), STRANGER, gid, false],
  ['its group, mode 604: only the first class that fits counts', file(0o604), STRANGER, gid, false],
  ['a stranger, in a closed folder', file(0o644, 0o700), STRANGER, OTHER_GROUP, false],
])('readable by %s: %#', (_who, path, asUid, asGid, expected) => {
  expect(isReadableBy(path, asUid, asGid)).toBe(expected);
});
