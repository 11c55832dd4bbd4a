/** One folder for everything that tests put into `os.tmpdir()`: made before the first test, removed after the last. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-tests-'));
  // Roles and jailed processes run as other users when the tests run as root.
  chmodSync(folder, 0o1777);
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
