/** bin/offline/install.sh on a small archive: what is not exactly what was packed is refused before anything is written. */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const INSTALLER = fileURLToPath(new URL('../../../bin/offline/install.sh', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sekisho-archive-'));
  mkdirSync(join(folder, 'src'));
  copyFileSync(INSTALLER, join(folder, 'install.sh'));
  writeFileSync(join(folder, 'src', 'main.ts'), 'start();\n');
  writeFileSync(join(folder, 'src', '日本 語.ts'), 'text\n');
  symlinkSync('main.ts', join(folder, 'src', 'link'));
  const sh = (script: string) => execFileSync('sh', ['-c', script], { cwd: folder });
  // As bin/build-offline.sh does.
  sh("find . -type l -printf '%p -> %l\\n' | LC_ALL=C sort > LINKS");
  sh('find . -type f ! -name SHA256SUMS -print0 | xargs -0 sha256sum > ../$$.sums && mv ../$$.sums SHA256SUMS');
});
afterEach(() => rmSync(folder, { recursive: true }));

const verify = () => spawnSync('sh', [join(folder, 'install.sh'), '--verify'], { encoding: 'utf8' });

test('what was packed is verified', () => {
  expect(verify()).toMatchObject({ status: 0, stdout: expect.stringContaining('4 files'), stderr: '' });
});

test.each([
  ['a changed byte', () => writeFileSync(join(folder, 'src', 'main.ts'), 'Start();\n'), 'src/main.ts'],
  ['a missing file', () => rmSync(join(folder, 'src', 'main.ts')), 'src/main.ts'],
  ['an added file', () => writeFileSync(join(folder, 'src', 'more.ts'), ''), '5 files'],
  ['a changed installer', () => appendFileSync(join(folder, 'install.sh'), '# more\n'), 'install.sh'],
  ['an added link', () => symlinkSync('/etc/passwd', join(folder, 'src', 'other')), 'link'],
  [
    'a link that leads elsewhere',
    () => {
      rmSync(join(folder, 'src', 'link'));
      symlinkSync('/etc/passwd', join(folder, 'src', 'link'));
    },
    'link',
  ],
  ['a damaged list', () => appendFileSync(join(folder, 'SHA256SUMS'), 'nonsense\n'), 'improperly formatted'],
])('%s is refused and named', (_, change, named) => {
  change();
  const { status, stderr } = verify();
  expect(status).toBe(1);
  expect(stderr).toContain(named);
});
