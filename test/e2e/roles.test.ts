/** Processes of a whole gateway: what dies comes back, what cannot start is told, what is orphaned ends. */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { ROLES, type Role } from '../../src/message/roles.ts';
import { type Gateway, startGateway } from '../kit/gateway.ts';
import { openHop } from '../kit/hop.ts';
import { sendAll } from '../kit/send.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

// A start takes two seconds here, and ten times as long where many test files run at once.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const mail = (subject: string) => ({
  reversePath: 'sender@example.com',
  recipients: ['soumu@t1.example'],
  bytes: Buffer.from(`From: sender@example.com\r\nSubject: ${subject}\r\n\r\nhello\r\n`),
});

const statOf = (pid: number | string): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return '';
  }
};

/** A zombie has been killed; its parent has not looked yet. */
const isAlive = (pid: number): boolean => statOf(pid) !== '' && !/^\d+ \(.*\) Z/s.test(statOf(pid));

async function until(is: () => boolean, what: string): Promise<void> {
  for (let i = 0; !is(); i++) {
    if (i > 500) throw new Error(`not within 25 s: ${what}`);
    await sleep(50);
  }
}

/** Real, effective, saved and file-system user id of a process. */
const uidsOf = (pid: number): readonly string[] =>
  /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.split(/\s+/) ?? [];

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
};

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('skipped in part: separation by user ids needs root');

describe('one gateway', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ settings: { logLevel: 'info' } });
    await until(() => gateway.log().includes('"event":"serving"'), 'all roles are ready');
  });
  afterAll(async () => {
    await gateway.stop();
    rmSync(gateway.folder, { recursive: true, force: true });
  });
  const pidOf = (role: Role): number => gateway.rolePids().get(role) ?? 0;

  describe.skipIf(!isRoot)('as root', () => {
    /** What a program of this user, in the roles' group, can read. */
    const canRead = (uid: string, path: string): boolean => {
      const group = statSync(gateway.folder).gid;
      return spawnSync('setpriv', [`--reuid=${uid}`, `--regid=${group}`, '--clear-groups', 'cat', path]).status === 0;
    };

    test('each role has a user id of its own, and none is root', () => {
      const uids = ROLES.map((role) => uidsOf(pidOf(role)));
      // Real, effective, saved and file-system id are one.
      for (const ids of uids) expect(new Set(ids).size).toBe(1);
      expect(new Set(uids.flat()).size).toBe(ROLES.length);
      expect(uids.flat()).not.toContain('0');
    });

    test.each(ROLES)('the keys of %s are for its user alone', (owner) => {
      const folder = join(gateway.folder, 'keys', owner);
      const files = readdirSync(folder).map((name) => join(folder, name));
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) {
        expect(statSync(file).mode & 0o777).toBe(0o600);
        const readers = ROLES.filter((reader) => canRead(uidsOf(pidOf(reader))[0] ?? '', file));
        expect(readers).toEqual([owner]);
      }
    });

    test('jailed children run as yet another user, without capabilities', async () => {
      const roles = ROLES.map((role) => uidsOf(pidOf(role))[0]);
      const jailed = () =>
        gateway.tree().filter((pid) => /^\S*node .*jail\/(child|inspector)\.ts/.test(commandOf(pid)));
      await until(() => jailed().length > 0, 'a child runs');
      for (const pid of jailed()) {
        const [uid] = uidsOf(pid);
        expect([...roles, '0']).not.toContain(uid);
        expect(/^CapEff:\s+(\S+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]).toMatch(/^0+$/);
      }
    });
  });

  test('others than the roles read neither database nor shares', async () => {
    await sendAll([mail('shares')], { port: gateway.smtpPort, connections: 1 });
    await gateway.idle();
    const files = readdirSync(gateway.folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(gateway.folder, name))
      .filter((path) => /\.(db|db-wal|share|key)$/.test(path) && existsSync(path));
    expect(files.length).toBeGreaterThan(6);
    for (const file of files) expect([file, statSync(file).mode & 0o007]).toEqual([file, 0]);
  });

  test('a role killed with -9 comes back as another process, and mail flows', async () => {
    const before = gateway.rolePids();
    for (const role of ROLES) process.kill(before.get(role) ?? 0, 'SIGKILL');
    const isBack = (role: Role): boolean => pidOf(role) !== 0 && pidOf(role) !== before.get(role);
    await until(() => ROLES.every(isBack), 'all roles are back');
    const [result] = await sendAll([mail('after')], { port: gateway.smtpPort, connections: 1, retries: 60 });
    expect(result?.accepted).toBe(true);
    await gateway.idle();
    expect(gateway.sink?.received.at(-1)?.bytes.toString()).toContain('after');
    for (const role of ROLES) expect(gateway.log()).toMatch(new RegExp(`"of":"${role}".*"event":"role-died"`));
  });

  test('SIGTERM: intake ends first, every role tells its end, and the exit code is 0', async () => {
    const database = await gateway.openDatabase();
    const tree = gateway.tree();
    const exited = new Promise((resolve) => gateway.process.once('exit', resolve));
    gateway.process.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(tree.filter(isAlive)).toEqual([]);
    const ends = database.read.selectFrom('audit_entry').select('chain').where('event', '=', 'stopped').orderBy('at');
    const chains = (await ends.execute()).map(({ chain }) => chain.split('@')[0]);
    await database.close();
    expect(chains).toEqual([...ROLES]);
  });

  describe('started again from its folder', () => {
    const serve = (...more: string[]): SpawnSyncReturns<string> =>
      spawnSync(process.execPath, [MAIN, 'serve', '-c', gateway.configFile, ...more], {
        encoding: 'utf8',
        timeout: 29_000,
      });

    test.each(['intake,nonsense', '', 'intake,intake'])('--roles %j is wrong usage', (roles) => {
      const { status, stdout, stderr } = serve('--roles', roles);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain('--roles');
    });

    test('--roles starts those alone', async () => {
      const args = [MAIN, 'serve', '-c', gateway.configFile, '--roles', 'admin,intake'];
      const child = spawn(process.execPath, args, { stdio: 'ignore' });
      onTestFinished(() => void child.kill('SIGKILL'));
      const titles = (): string =>
        readdirSync('/proc')
          .filter((pid) => statOf(pid).split(') ')[1]?.split(' ')[1] === String(child.pid))
          .map((pid) => commandOf(Number(pid)))
          .sort()
          .join();
      await until(() => titles() === 'sekisho admin,sekisho intake', 'two roles run');
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      expect(await exited).toBe(0);
    });

    test('a port that another program has: the start is given up, and the reason is there without a stack', async () => {
      const squatter = await openHop({ port: gateway.smtpPort });
      onTestFinished(() => squatter.close());
      // Not spawnSync: the squatter lives in this process.
      const child = spawn(process.execPath, [MAIN, 'serve', '-c', gateway.configFile, '--roles', 'intake']);
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
      expect(said).toContain('EADDRINUSE');
      expect(said).toMatch(/^E_ROLE_NOT_STARTED: role intake does not start/m);
      expect(said).not.toMatch(/^ {4}at /m);
    });

    test('a private key that is damaged: the role ends, and does not hang on its doorbell', () => {
      const folder = join(gateway.folder, 'keys', 'outlet');
      const [file = ''] = readdirSync(folder);
      writeFileSync(join(folder, file), 'not a key');
      const { status, stderr } = serve('--roles', 'outlet');
      expect(status).toBe(1);
      expect(stderr).toContain('E_KEY_UNREADABLE');
    });
  });
});

test('a supervisor killed with -9 leaves nothing running', async () => {
  const gateway = await startGateway();
  onTestFinished(() => rmSync(gateway.folder, { recursive: true, force: true }));
  const hasChild = (): boolean => gateway.tree().length > ROLES.length + 1;
  await until(hasChild, 'roles and a jailed child run');
  const tree = gateway.tree();
  gateway.process.kill('SIGKILL');
  await until(() => !tree.some(isAlive), 'the whole tree is gone');
  await gateway.sink?.close();
});

test.skipIf(!isRoot)('below a folder closed to others: separation is nominal, told so, and mail flows', async () => {
  const closed = mkdtempSync(join(tmpdir(), 'sekisho-closed-'));
  onTestFinished(() => rmSync(closed, { recursive: true, force: true }));
  expect(statSync(closed).mode & 0o777).toBe(0o700);
  const gateway = await startGateway({ folder: join(closed, 'data') });
  onTestFinished(() => gateway.stop());
  expect(gateway.log()).toMatch(/"why":"[^"]* is closed to other users[^"]*","event":"separation-nominal"/);
  await sendAll([mail('nominal')], { port: gateway.smtpPort, connections: 1 });
  await gateway.idle();
  expect(gateway.sink?.received).toHaveLength(1);
  for (const pid of gateway.rolePids().values()) expect(uidsOf(pid)[0]).toBe('0');
  expect(statSync(join(gateway.folder, 'gateway.db')).mode & 0o077).toBe(0);
});
