import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../src/database/open.ts';
import { newFile } from './rows.ts';

const script = fileURLToPath(new URL('writer-process.ts', import.meta.url));

interface Writer {
  readonly child: ChildProcess;
  /** Ids whose write resolved, and codes of those that failed, as far as the pipe brought them. */
  readonly lines: string[];
  readonly ended: Promise<number | null>;
}

function start(file: string, name: string, forMs: number): Writer {
  const child = spawn(process.execPath, [script, file, name, String(forMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return { child, lines, ended: new Promise((resolve) => child.on('close', resolve)) };
}

async function idsIn(file: string): Promise<Set<string>> {
  const database = await openDatabase({ file });
  const rows = await database.read.selectFrom('job').select('id').execute();
  await database.close();
  return new Set(rows.map((row) => row.id));
}

test('three processes write to one new file at once: none fails, all is there', async () => {
  const file = newFile();
  const writers = ['a', 'b', 'c'].map((name) => start(file, name, 2500));
  expect(await Promise.all(writers.map((writer) => writer.ended))).toEqual([0, 0, 0]);
  const lines = writers.flatMap((writer) => writer.lines);
  expect(lines.filter((line) => line.startsWith('!'))).toEqual([]);
  for (const writer of writers) expect(writer.lines.length).toBeGreaterThan(20);
  expect(await idsIn(file)).toEqual(new Set(lines.map((line) => line.slice(1))));
});

test('kill -9 in the middle: every write that had resolved is there', async () => {
  const file = newFile();
  const survivor = start(file, 'survivor', 3000);
  for (let round = 0; round < 4; round++) {
    const victim = start(file, `victim${round}`, 10_000);
    while (victim.lines.length < 50 + round * 30) await new Promise((resolve) => setTimeout(resolve, 5));
    victim.child.kill('SIGKILL');
    await victim.ended;
    const there = await idsIn(file);
    expect(victim.lines.filter((line) => !there.has(line.slice(1)))).toEqual([]);
  }
  expect(await survivor.ended).toBe(0);
  expect(survivor.lines.filter((line) => line.startsWith('!'))).toEqual([]);
});

test('a crash inside a batch loses all of the batch, and none of it had resolved', async () => {
  const file = newFile();
  const crasher = fileURLToPath(new URL('crash-process.ts', import.meta.url));
  const { signal, stdout } = spawnSync(process.execPath, [crasher, file], { encoding: 'utf8' });
  expect({ signal, stdout }).toEqual({ signal: 'SIGKILL', stdout: '' });
  expect(await idsIn(file)).toEqual(new Set());
});

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: roles with different user ids (needs root to become them)');

test.runIf(isRoot)('roles with different user ids and one group share the files, whoever made them', async () => {
  const file = newFile();
  const group = 64_000;
  // As the supervisor does: the folder belongs to the group, and new files in it too.
  chownSync(dirname(file), 0, group);
  chmodSync(dirname(file), 0o2770);
  const asUser = (uid: number) => {
    const command = `umask 007; exec "$0" "$@"`;
    const child = spawn('sh', ['-c', command, process.execPath, script, file, `u${uid}`, '300'], {
      uid,
      gid: group,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    return new Promise<string>((resolve) => child.on('close', () => resolve(output)));
  };
  for (const uids of [[64_001], [64_002, 64_003], [0, 64_004]]) {
    for (const output of await Promise.all(uids.map(asUser))) {
      expect(output).not.toContain('!');
      expect(output).toContain('+');
    }
  }
  expect(statSync(file)).toMatchObject({ uid: 64_001, gid: group });
  expect(statSync(file).mode & 0o777).toBe(0o660);
});
