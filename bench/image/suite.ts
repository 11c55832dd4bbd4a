/** The e2e suite and the jail's own tests inside the test image: read-only root, no network but loopback. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SuiteCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
}

/** Who runs the tests: the image's user without any capability, or root with those that the separation of roles takes. */
const WHO = {
  user: ['--reuid', '64002', '--regid', '64000', '--clear-groups', '--bounding-set=-all'],
  root: ['--bounding-set=-all,+kill,+setuid,+setgid,+setpcap,+chown,+fowner,+fsetid,+dac_override'],
} as const;

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export function runSuite(root: string, who: keyof typeof WHO): SuiteCounts {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-suite-'));
  spawnSync('chmod', ['1777', folder]);
  const environment = {
    SEKISHO_IMAGE: 'test',
    HOME: '/tmp',
    LANG: 'C.UTF-8',
    UV_THREADPOOL_SIZE: '16',
    NODE_NO_WARNINGS: '1',
  };
  const words = [
    ...[
      '--ro-bind',
      root,
      '/',
      '--dev',
      '/dev',
      '--proc',
      '/proc',
      '--perms',
      '1777',
      '--tmpfs',
      '/tmp',
      '--bind',
      folder,
      '/data',
    ],
    ...[
      '--unshare-pid',
      '--unshare-ipc',
      '--unshare-uts',
      '--unshare-net',
      '--unshare-cgroup',
      '--as-pid-1',
      '--die-with-parent',
    ],
    ...['--cap-add', 'ALL', '--clearenv', '--setenv', 'PATH', '/usr/local/bin:/usr/bin:/bin'],
    ...Object.entries(environment).flatMap(([key, value]) => ['--setenv', key, value]),
    ...['--chdir', '/opt/sekisho', '--', '/usr/bin/setpriv', ...WHO[who], '--inh-caps=-all', '--no-new-privs'],
    ...['tini', '--', 'node', 'node_modules/vitest/vitest.mjs', 'run', '--configLoader', 'native'],
    ...['--reporter=json', '--outputFile=/data/report.json', 'test/e2e', 'test/unit/jail'],
  ];
  try {
    const { stderr, stdout } = spawnSync('bwrap', words, {
      encoding: 'utf8',
      timeout: 1_200_000,
      maxBuffer: 64 * 2 ** 20,
    });
    return countsOf(join(folder, 'report.json'), `${stdout}${stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function countsOf(file: string, said: string): SuiteCounts {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [`the tests did not run: ${said.slice(-800)}`] };
  }
  const failures = report.testResults.flatMap(({ name, message, assertionResults }) => [
    ...assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    ...(assertionResults.length === 0 && message !== '' ? [`${name}: ${message.slice(0, 200)}`] : []),
  ]);
  return {
    passed: report.numPassedTests,
    failed: Math.max(report.numFailedTests, failures.length),
    skipped: report.numPendingTests,
    failures,
  };
}
