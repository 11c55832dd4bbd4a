/** What the launcher of util-linux 2.41 needs, told from outside: machines with an older setpriv cannot run it. */
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { commandFor } from '../../../src/jail/launcher.ts';
import { findTools } from '../../../src/jail/tools.ts';

const CHILD = fileURLToPath(new URL('../../../src/jail/child.ts', import.meta.url));

test('Landlock lets a child read /dev/null: its OpenSSL reads its configuration from there', () => {
  const plan = { launcher: 'setpriv', uid: 'same', memoryMiB: 256 } as const;
  const { args } = commandFor(plan, { ...findTools(), setpriv: '/usr/bin/setpriv' }, CHILD);
  expect(args).toContain('path-beneath:read-file:/dev/null');
  expect(args.filter((word) => word.startsWith('path-beneath:') && word.includes('write'))).toEqual([]);
});

test('the filter can be read by the children’s user, under the umask of the roles too', () => {
  const former = process.umask(0o077);
  onTestFinished(() => void process.umask(former));
  const file = findTools().filterFile();
  expect(statSync(file).mode & 0o777).toBe(0o444);
});
