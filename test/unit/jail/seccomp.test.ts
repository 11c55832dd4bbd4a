/** The filter's bytes, run over every system call of both architectures and compared with what docs/jail.md says. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PAGE, pageWith } from '../../../src/jail/document.ts';
import { seccompFilter } from '../../../src/jail/seccomp.ts';
import { LAST_KNOWN } from '../../../src/jail/seccomp-calls.ts';
import { AUDIT, runFilter, type Verdict } from '../../kit/jail/bpf.ts';
import { syscallNumbers } from '../../kit/jail/syscalls.ts';

const page = readFileSync(PAGE, 'utf8');

/** Read back out of the page, not out of the source: what a reader is told. */
const section = page.slice(page.indexOf('<!-- filter'), page.indexOf('<!-- /filter'));
const rows = section.split('\n').filter((line) => /^\| (?!EPERM|call|---)/.test(line));
const namesIn = (text: string): readonly string[] => [...text.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
const conditional = new Set(
  rows.filter((row) => row.startsWith('| `')).flatMap((row) => namesIn(row.split('|')[1] ?? '')),
);
const refused = new Set(
  rows
    .filter((row) => !row.startsWith('| `') && !row.startsWith('| *'))
    .flatMap((row) => namesIn(row.split('|')[2] ?? '')),
);
const absent = new Set(rows.filter((row) => row.startsWith('| *')).flatMap((row) => namesIn(row.split('|')[2] ?? '')));

test('docs/jail.md shows the filter as it is (node src/jail/document.ts --write)', () => {
  expect(pageWith(page)).toBe(page);
  expect(refused.size).toBeGreaterThan(130);
});

describe.each(['x64', 'arm64'] as const)('%s', (arch) => {
  const filter = seccompFilter(arch) ?? Buffer.alloc(0);
  const numbers = syscallNumbers(arch);
  const ask = (name: string, ...args: readonly number[]): Verdict =>
    runFilter(filter, { audit: AUDIT[arch], number: numbers[name] ?? -1, arguments: args.map(BigInt) });

  test('every call there is: refused, absent or allowed as the page says', () => {
    const wrong = Object.keys(numbers)
      .filter((name) => !conditional.has(name))
      .map((name) => [name, ask(name), refused.has(name) ? 'EPERM' : absent.has(name) ? 'ENOSYS' : 'allow'] as const)
      .filter(([, is, told]) => is !== told);
    expect(wrong).toEqual([]);
  });

  test('every name on the page is a call of this kernel, or marked as the other architecture’s', () => {
    const unknown = [...refused, ...absent, ...conditional].filter((name) => numbers[name] === undefined);
    expect(unknown.filter((name) => arch === 'x64' || (!section.includes(`\`${name}\`¹`) && name !== 'open'))).toEqual(
      [],
    );
  });

  test('every number: each that is no call of today is harmless, each above the last known one is absent', () => {
    const known = new Set(Object.values(numbers));
    for (let number = 0; number < 4096; number += 1) {
      const verdict = runFilter(filter, { audit: AUDIT[arch], number });
      if (number > LAST_KNOWN) expect(`${number} ${verdict}`).toBe(`${number} ENOSYS`);
      else if (!known.has(number)) expect(`${number} ${verdict}`).toBe(`${number} allow`);
    }
  });

  test('another architecture’s numbers and x32’s kill the process', () => {
    for (const audit of Object.values(AUDIT).filter((each) => each !== AUDIT[arch])) {
      expect(runFilter(filter, { audit, number: numbers['read'] ?? 0 })).toBe('kill');
    }
    expect(runFilter(filter, { audit: AUDIT[arch], number: 0x40000000 })).toBe('kill');
    expect(runFilter(filter, { audit: AUDIT[arch], number: 0xffffffff })).toBe('kill');
  });

  test('threads, not processes; reading, not writing', () => {
    expect([ask('clone', 0x3d0f00), ask('clone', 17), ask('clone', 0x10000000 | 17)]).toEqual([
      'allow',
      'EPERM',
      'EPERM',
    ]);
    expect([ask('openat', -100, 0, 0), ask('openat', -100, 0, 0x80000)]).toEqual(['allow', 'allow']);
    for (const flags of [1, 2, 0x40, 0x200, 0x400, 0x410002]) expect(ask('openat', -100, 0, flags)).toBe('EPERM');
  });

  test('memory that RLIMIT_DATA counts, and none beside', () => {
    const map = (flags: number): Verdict => ask('mmap', 0, 4096, 3, flags, -1, 0);
    expect([map(0x22), map(0x2), map(0x1), map(0x4022), map(0x20022)]).toEqual(Array(5).fill('allow'));
    expect([map(0x21), map(0x23), map(0x122), map(0x102)]).toEqual(Array(4).fill('EPERM'));
  });

  test('our own limits and signals, not the parent’s', () => {
    expect([ask('prlimit64', 0, 7), ask('prlimit64', 1, 7), ask('prlimit64', -1, 7)]).toEqual([
      'allow',
      'EPERM',
      'EPERM',
    ]);
    expect([ask('sched_setaffinity', 0), ask('sched_setattr', 7)]).toEqual(['allow', 'EPERM']);
    expect([ask('fcntl', 0, 3), ask('fcntl', 0, 4), ask('fcntl', 0, 1030)]).toEqual(Array(3).fill('allow'));
    for (const command of [8, 10, 15, 1024, 1026]) expect(ask('fcntl', 0, command)).toBe('EPERM');
    expect([ask('ioctl', 0, 0x5401), ask('ioctl', 0, 0x5412), ask('ioctl', 0, 0x8901)]).toEqual([
      'allow',
      'EPERM',
      'EPERM',
    ]);
    expect([ask('prctl', 15), ask('prctl', 1)]).toEqual(['allow', 'EPERM']);
  });

  test('an argument’s high half hides nothing', () => {
    const high = 1n << 32n;
    const verdict = (name: string, ...args: readonly bigint[]): Verdict =>
      runFilter(filter, { audit: AUDIT[arch], number: numbers[name] ?? -1, arguments: args });
    // The kernel reads an int here: only the low half counts for it too.
    expect(verdict('prctl', high | 1n)).toBe('EPERM');
    expect(verdict('fcntl', 0n, high | 8n)).toBe('EPERM');
    expect(verdict('openat', 0n, 0n, high | 1n)).toBe('EPERM');
  });
});

test('no filter for an architecture that nobody looked at', () => {
  expect(seccompFilter('riscv64')).toBeUndefined();
});
