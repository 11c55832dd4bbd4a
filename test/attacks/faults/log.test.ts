/** F41: nobody reads the log. Work goes on, memory does not grow, and what is missing is counted. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { LineWriter, type WriteSome } from '../../../src/telemetry/lines.ts';

/** A descriptor that takes octets when it is told to. */
function slowDisk() {
  const taken: string[] = [];
  let waiting: (() => void) | undefined;
  const write: WriteSome = (_fd, bytes, done) => {
    waiting = () => {
      taken.push(bytes.toString());
      done(null, bytes.length);
    };
  };
  return {
    write,
    text: () => taken.join(''),
    isStuck: () => waiting !== undefined,
    go() {
      const run = waiting;
      waiting = undefined;
      run?.();
    },
  };
}

const line = (number: number): string => `${JSON.stringify({ number })}\n`;

test('F41 while the disk hangs lines are kept to a limit, then dropped and counted; those kept are whole and in order', async () => {
  const disk = slowDisk();
  const told: number[] = [];
  const lines = new LineWriter({ fd: -1, maxBytes: 1000, onRoom: (dropped) => told.push(dropped), write: disk.write });
  for (let number = 0; number < 10_000; number++) lines.write(line(number));
  expect(disk.text()).toBe('');
  expect(told).toEqual([]);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (await turn(); disk.isStuck(); await turn()) disk.go();
  const kept = disk.text().split('\n').slice(0, -1);
  expect(kept.map((text) => JSON.parse(text).number)).toEqual(kept.map((_, index) => index));
  expect(disk.text().length).toBeLessThanOrEqual(2000);
  expect(told).toEqual([10_000 - kept.length]);
  lines.write(line(1));
  await turn();
  disk.go();
  expect(disk.text().endsWith(line(1))).toBe(true);
});

test('F41 a write that takes a part, or says «again», is finished and not repeated', async () => {
  let calls = 0;
  const taken: Buffer[] = [];
  const write: WriteSome = (_fd, bytes, done) => {
    calls++;
    if (calls === 1) return done(Object.assign(new Error('again'), { code: 'EAGAIN' }), 0);
    taken.push(bytes.subarray(0, 3));
    done(null, Math.min(3, bytes.length));
  };
  const lines = new LineWriter({ fd: -1, onRoom: () => undefined, write });
  lines.write('one two three\n');
  await expect.poll(() => Buffer.concat(taken).toString()).toBe('one two three\n');
});

test('F41 benign twin: a log that is read gets every line', async () => {
  const taken: string[] = [];
  const write: WriteSome = (_fd, bytes, done) => {
    taken.push(bytes.toString());
    done(null, bytes.length);
  };
  const lines = new LineWriter({ fd: -1, onRoom: () => expect.unreachable(), write });
  for (let number = 0; number < 1000; number++) lines.write(line(number));
  await new Promise((resolve) => setImmediate(resolve));
  expect(taken.join('')).toBe(Array.from({ length: 1000 }, (_, number) => line(number)).join(''));
});

test('F41 the last words of a process that ends at once are there', () => {
  const program = `
    import { openLog } from '${new URL('../../../src/telemetry/log.ts', import.meta.url).pathname}';
    const log = openLog('test', 'info');
    log.info('first');
    setImmediate(() => setImmediate(() => { log.info('second'); process.exit(3); }));`;
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
    encoding: 'utf8',
  });
  expect(status).toBe(3);
  const events = stderr.split('\n').flatMap((text) => (text.startsWith('{') ? [JSON.parse(text).event] : []));
  expect(events.sort()).toEqual(['first', 'second']);
});
