/** Each launcher that this machine has: what a hijacked child would try fails, and an honest one works. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LayerReport, missingLayers, requireMinimum } from '../../../src/jail/layers.ts';
import { bytesOf, jailOver, layersOf, messageJob, program, settingsWith } from './setup.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const isRoot = process.geteuid?.() === 0;
let keys: string;

beforeAll(() => {
  keys = mkdtempSync(join(tmpdir(), 'sekisho-keys-'));
  writeFileSync(join(keys, 'signing.key'), 'secret', { mode: 0o600 });
  // Readable for everybody, so that only the jail can be what refuses.
  chmodSync(keys, 0o755);
});
afterAll(() => rmSync(keys, { recursive: true }));

const state = (report: LayerReport, name: string) => report.layers.find((layer) => layer.name === name);

describe.each(['bwrap', 'unshare'] as const)('%s', (launcher) => {
  test('no network, no file written, no program started, no foreign file read, key folder included', async (context) => {
    const report = await layersOf(launcher, [keys]);
    if (report === undefined) return context.skip();
    expect(state(report, 'no-network')).toMatchObject({ by: 'kernel', seen: [] });
    expect(state(report, 'no-file-writes')).toMatchObject({ by: 'kernel', seen: [] });
    expect(state(report, 'private-root')).toMatchObject({ by: 'kernel', seen: [] });
    expect(state(report, 'rlimits')).toMatchObject({ held: true });
    expect(state(report, 'no-new-privs')).toMatchObject({ held: true });
    expect(state(report, 'no-spawn')).toMatchObject({ held: true });
    if (isRoot) expect(state(report, 'own-uid')).toMatchObject({ held: true });
    if (launcher === 'bwrap') {
      expect(state(report, 'seccomp')).toMatchObject({ held: true });
      expect(state(report, 'no-spawn')).toMatchObject({ by: 'kernel' });
    }
    expect(missingLayers(report, settingsWith())).toEqual([]);
  });

  test('a clone under /home or /root: the way to our own code is no foreign file', async (context) => {
    const report = await layersOf(launcher, [dirname(root), root]);
    if (report === undefined) return context.skip();
    expect(state(report, 'private-root')).toMatchObject({ by: 'kernel', seen: [] });
  });

  test('an honest child works inside', async (context) => {
    const report = await layersOf(launcher);
    if (report === undefined) return context.skip();
    const jail = jailOver('honest', report);
    const answer = await jail.run(messageJob(), bytesOf('mail'), { tenant: 'a', deadlineMs: 20_000 });
    expect(answer).toMatchObject({ kind: 'done' });
    await jail.close();
  });
});

describe.each(['bwrap', 'unshare', 'none'] as const)('a parent killed by SIGKILL (%s)', (launcher) => {
  test('leaves no child behind, not even one that is busy', async (context) => {
    const parent = spawn(process.execPath, [program('doomed-parent'), launcher], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await Promise.race([once(parent.stdout, 'data'), once(parent, 'exit').then(() => [''])]);
    const pids = String(line).trim().split(' ').filter(Boolean).map(Number);
    if (pids.length === 0) return context.skip();
    expect(pids.length).toBeGreaterThanOrEqual(3);
    parent.kill('SIGKILL');
    await expect.poll(() => pids.filter(isRunning), { timeout: 5000 }).toEqual([]);
  });
});

/** Zombies that nobody has reaped yet are dead. */
const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}/exe`);

test.runIf(isRoot)('without a launcher the probe says what is open, and production refuses', async () => {
  const report = await layersOf('none', [keys]);
  if (report === undefined) throw new Error('plain children do not start');
  expect(state(report, 'no-network')).toMatchObject({ held: false, by: 'nobody' });
  expect(state(report, 'no-file-writes')).toMatchObject({ held: true, by: 'node' });
  expect(state(report, 'private-root')?.seen.join()).toContain('/etc/passwd');
  const settings = { ...settingsWith(), profile: 'production' } as const;
  expect(() => requireMinimum(report, settings)).toThrow(expect.objectContaining({ code: 'E_JAIL_BELOW_MINIMUM' }));
  expect(() => requireMinimum(report, { ...settings, profile: 'demo' })).not.toThrow();
});

/** Runs TRY in a clone of its own; its one line. */
async function tryIn(clone: string, launcher: string, prefix: readonly string[] = []): Promise<string> {
  const script = join(clone, 'try.ts');
  writeFileSync(script, TRY);
  const [file = '', ...args] = [...prefix, process.execPath, script, launcher];
  const tried = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await Promise.race([once(tried.stdout, 'data'), once(tried, 'exit').then(() => ['nothing'])]);
  rmSync(dirname(clone), { recursive: true });
  return String(line).trim();
}

describe.runIf(isRoot).each(['bwrap', 'unshare'] as const)('a clone that only root can read (%s)', (launcher) => {
  test('under a closed folder: works, with another user id', async (context) => {
    if ((await layersOf(launcher)) === undefined) return context.skip();
    expect(await tryIn(privateClone(), launcher)).toBe('done own-uid:true private-root:true');
  });

  test('made under umask 077: works, and says that the user id is ours', async (context) => {
    if ((await layersOf(launcher)) === undefined) return context.skip();
    const clone = privateClone();
    execFileSync('chmod', ['-R', 'go-rwx', join(clone, 'src')]);
    expect(await tryIn(clone, launcher)).toBe('done own-uid:false private-root:true');
  });
});

describe.runIf(isRoot).each(['bwrap', 'unshare'] as const)('the role is not root (%s)', (launcher) => {
  const user = ['setpriv', '--reuid', '64002', '--regid', '64002', '--clear-groups'];
  const caps = '-all,+setuid,+setgid,+sys_admin';

  test('with the capabilities to change user: another user id', async (context) => {
    if ((await layersOf(launcher)) === undefined) return context.skip();
    const prefix = [...user, `--inh-caps=${caps}`, `--ambient-caps=${caps}`];
    expect(await tryIn(openClone(), launcher, prefix)).toBe('done own-uid:true private-root:true');
  });

  test('a plain user: a private root, under its own user id', async (context) => {
    if ((await layersOf(launcher)) === undefined) return context.skip();
    expect(await tryIn(openClone(), launcher, user)).toBe('done own-uid:false private-root:true');
  });
});

function openClone(): string {
  const clone = privateClone();
  chmodSync(dirname(clone), 0o755);
  return clone;
}

test.each(['bwrap', 'unshare', 'none'] as const)(
  'the engines start and work inside, with the least memory (%s)',
  async (launcher) => {
    const report = await layersOf(launcher);
    if (report === undefined) return;
    const least = { ...report, plan: { ...report.plan, memoryMiB: 256 } };
    const jail = jailOver('engines', least);
    const answer = await jail.run(messageJob(), new Uint8Array(), { tenant: 'a', deadlineMs: 30_000 });
    await jail.close();
    expect(answer).toMatchObject({ kind: 'done', value: { preview: { textAfter: 'sharp pdfium magick' } } });
  },
);

/** A clone under a folder of mode 0700. */
function privateClone(): string {
  const clone = join(mkdtempSync(join(tmpdir(), 'sekisho-private-')), 'clone');
  mkdirSync(clone);
  for (const part of ['src', 'test/unit/jail', 'package.json'])
    cpSync(join(root, part), join(clone, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  return clone;
}

const TRY = `
import { bytesOf, jailOver, layersOf, messageJob } from './test/unit/jail/setup.ts';
const report = await layersOf(process.argv[2]);
if (report === undefined) process.exit(9);
const jail = jailOver('honest', report);
const answer = await jail.run(messageJob(), bytesOf('mail'), { tenant: 'a', deadlineMs: 20000 });
const held = ['own-uid', 'private-root'].map((name) => name + ':' + report.layers.find((layer) => layer.name === name).held);
process.stdout.write([answer.kind, ...held].join(' ') + '\\n');
await jail.close();
`;
