/** Independent programs that open archives: what each of them takes out of one file, by path and hash. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file that a program took out; folders in its path, `/` between them. */
export interface Taken {
  readonly path: string;
  readonly sha256: string;
}

export interface Opened {
  readonly tool: string;
  readonly files: readonly Taken[];
}

interface Tool {
  readonly name: string;
  /** Files it is asked about, by name. */
  readonly asked: RegExp;
  /** Runs in an empty folder, which its files go into. */
  readonly command: (file: string) => readonly string[];
}

/** The password is empty: what needs one is not opened. */
const TOOLS: readonly Tool[] = [
  { name: '7z', asked: /./, command: (file) => ['7z', 'x', '-p', '-y', '-aou', '-snl-', file] },
  { name: 'unar', asked: /./, command: (file) => ['unar', '-q', '-D', '-p', '', '-r', '-k', 'skip', file] },
  { name: 'lhasa', asked: /\.lzh$/, command: (file) => ['lhasa', 'xfq', file] },
  { name: 'tar', asked: /\.(?:tar|tgz|tbz|tar\.[a-zA-Z0-9]+)$/, command: (file) => ['tar', 'xf', file] },
  { name: 'bsdtar', asked: /./, command: (file) => ['bsdtar', '-xf', file] },
  { name: 'unzip', asked: /\.zip$/, command: (file) => ['unzip', '-q', '-o', '-P', '', file] },
  {
    name: 'python',
    asked: /\.zip$/,
    command: (file) => ['python3', '-c', 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(".")', file],
  },
];

const TIMEOUT_MS = 60_000;

/** Every program that takes something out of the file and says that all was well. */
export const openedBy = (file: string): readonly Opened[] =>
  TOOLS.filter(({ asked }) => asked.test(file)).flatMap(({ name, command }) => {
    const files = inFolder((folder) => (run(command(file), folder) ? filesBelow(folder) : []));
    return files.length === 0 ? [] : [{ tool: name, files }];
  });

/** What GNU tar takes out of a file that another program took out; undefined when it is no tar. */
function tarred(file: string): readonly Taken[] | undefined {
  return inFolder((folder) => (run(['tar', 'xf', file], folder) ? filesBelow(folder) : undefined));
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-unpack-'));
  try {
    const empty = join(folder, 'out');
    mkdirSync(empty);
    return work(empty);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run([program = '', ...args]: readonly string[], cwd: string): boolean {
  const env = { PATH: process.env['PATH'], LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
  return spawnSync(program, args, { cwd, timeout: TIMEOUT_MS, stdio: ['ignore', 'pipe', 'pipe'], env }).status === 0;
}

/** Plain files only: links are told apart by us (threats.tsv A31). A lone tar inside is what `tar` shows of it. */
function filesBelow(folder: string): readonly Taken[] {
  const found: Taken[] = [];
  let last = '';
  const pending = [Buffer.from(folder)];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const name of readdirSync(at, { encoding: 'buffer' })) {
      const place = Buffer.concat([at, Buffer.from('/'), name]);
      const stat = lstatSync(place);
      if (stat.isDirectory()) pending.push(place);
      else if (stat.isFile()) {
        last = place.toString();
        const path = textOf(place.subarray(Buffer.byteLength(folder) + 1));
        found.push({ path, sha256: createHash('sha256').update(readFileSync(place)).digest('hex') });
      }
    }
  }
  const [only, ...others] = found;
  const inner = only === undefined || others.length > 0 ? undefined : tarred(last);
  return inner !== undefined && inner.length > 0 ? inner : found;
}

/** Programs that do not convert names leave bytes: what a Japanese system shows of them. */
function textOf(name: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(name);
  } catch {
    return new TextDecoder('shift_jis').decode(name);
  }
}
