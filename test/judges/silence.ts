/**
 * INV-09: while mails are sanitized, no process of ours opens a socket. strace looks at the whole tree, launchers and
 * jailed children included; what the jail's own probe tries at the start (it must be refused) is before the mark.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding, Judge, Subject } from './judge.ts';
import { letterSubject } from './letter.ts';
import { output, program } from './tools.ts';

const QUIET = fileURLToPath(new URL('programs/quiet.ts', import.meta.url));

/** Of libuv in any process: pairs of local sockets as pipes, and questions about them. */
const PIPES =
  /^(?:socketpair\(AF_UNIX|get(?:sock|peer)name\(|getsockopt\(|setsockopt\(\d+, SOL_SOCKET|shutdown\(|execve\()/;

/**
 * Besides, of launchers on their way to the jailed program: netlink (bwrap sets up the new namespace) and the name service's
 * local cache (setpriv looks for the uid's name). A process that has become node may none of it.
 */
const LAUNCHER =
  /^(?:socket\(AF_UNIX|connect\(\d+, \{sa_family=AF_UNIX, sun_path="\/var\/run\/nscd\/socket"|(?:socket|bind)\((?:\d+, \{sa_family=)?AF_NETLINK|(?:sendto|recvfrom)\(\d+, \[?\{nlmsg_len=|recvfrom\(\d+,\s+<unfinished)/;

/** A control's «mail» is a program, run in the place of the gateway. */
const isProgram = ({ original }: Subject): boolean => original.endsWith('.mjs');

export const silence: Judge = {
  name: 'network silence',
  looksFor: 'sockets other than local pairs while all mails are sanitized once more, under strace',
  needs: [program('strace', 'strace')],
  async judge(subjects) {
    const findings: Finding[] = [];
    const mails = subjects.filter((subject) => subject.original !== '' && !isProgram(subject));
    const runs = [
      ...(mails.length === 0
        ? []
        : [{ program: QUIET, arguments: mails.map(({ original }) => original), of: 'all mails' }]),
      ...subjects.filter(isProgram).map(({ original, id }) => ({ program: original, arguments: [], of: id })),
    ];
    for (const run of runs) {
      for (const what of await trace(run.program, run.arguments)) findings.push({ subject: run.of, what });
    }
    return findings;
  },
  async positiveControls(folder) {
    return Object.entries(LOUD).map(([says, source], i) => {
      const subject = letterSubject(folder, `silence ${i}`, {});
      const original = join(folder, `loud-${i}.mjs`);
      writeFileSync(
        original,
        `console.log('mark ' + Date.now());\nawait new Promise((done) => setTimeout(done, 20));\n${source}\nconsole.log('end ' + Date.now());\n`,
      );
      return { subject: { ...subject, original }, says: new RegExp(says) };
    });
  },
};

const LOUD: Readonly<Record<string, string>> = {
  'socket\\(AF_INET|connect': `(await import('node:net')).connect(9, '127.0.0.1').on('error', () => {});\nawait new Promise((done) => setTimeout(done, 100));`,
  'connect\\(.*AF_INET': `await fetch('http://127.0.0.1:65009/').catch(() => {});`,
  'AF_INET.*|connect\\(.*AF_UNIX': `await (await import('node:dns/promises')).resolve4('t.example.invalid').catch(() => {});`,
  'connect\\(.*AF_UNIX': `(await import('node:net')).connect('/run/no-such-socket').on('error', () => {});\nawait new Promise((done) => setTimeout(done, 100));`,
  'connect\\(.*AF_INET6?, ': `(await import('node:child_process')).spawnSync(process.execPath, ['-e', "require('node:net').connect(9, '127.0.0.2').on('error', () => {})"]);`,
  'no end': `process.exit(0);`,
};

/** Network calls between the program's `mark` and its `end`. */
async function trace(path: string, args: readonly string[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'silence-'));
  try {
    const file = join(folder, 'trace');
    const { out, error } = await output('strace', [
      '-f',
      '-qq',
      // Processes stop for these calls only: all mails of the corpora in minutes.
      '--seccomp-bpf',
      '-ttt',
      '-s',
      '64',
      '-e',
      'trace=%network,execve',
      '-o',
      file,
      process.execPath,
      path,
      ...args,
    ]);
    const [, mark] = /^mark (\d+)$/m.exec(out) ?? [];
    const [, end] = /^end (\d+)$/m.exec(out) ?? [];
    if (mark === undefined || end === undefined) return [`no end: ${error.slice(0, 300)}`];
    return strangeCalls(readFileSync(file, 'latin1'), Number(mark), Number(end));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param from, to Unix time in milliseconds */
function strangeCalls(trace: string, from: number, to: number): readonly string[] {
  const became = new Set<string>();
  const strange = new Set<string>();
  for (const line of trace.split('\n')) {
    const [, pid = '', seconds = '', call = ''] = /^(\d+) +(\d+\.\d+) (\w+\(.*)$/.exec(line) ?? [];
    if (/^execve\("[^"]*\/node"/.test(call)) became.add(pid);
    const at = Number(seconds) * 1000;
    if (call === '' || at < from || at > to) continue;
    if (!PIPES.test(call) && (became.has(pid) || !LAUNCHER.test(call))) strange.add(call.slice(0, 120));
  }
  return [...strange];
}
