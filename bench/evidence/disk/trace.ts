/**
 * What processes did to one folder, read from strace's output: an ordered list of steps. A call that takes a while has
 * two moments, and what happens between them counts for neither side: a write is there when the call has returned, a
 * sync covers what was there when it was called.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** Calls that change files or make them durable, and those that write to sockets. */
const CALLS = [
  'open,openat,openat2,creat,mkdir,mkdirat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate',
  'fsync,fdatasync,sync_file_range,sync,syncfs,msync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir',
  'sendto,sendmsg,sendmmsg,sendfile,copy_file_range,splice',
].join(',');

/** The command that traces whatever stands behind it, with every byte written. */
export const straceCommand = (output: string): readonly string[] => [
  ...['strace', '-f', '--seccomp-bpf', '-qq', '-yy', '-xx', '-s', '8000000', '-e', 'signal=none'],
  ...['-e', `trace=${CALLS}`, '-o', output],
];

export type Operation =
  | { readonly kind: 'create'; readonly path: string; readonly mode: number }
  | { readonly kind: 'empty'; readonly path: string }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  /** `offset` undefined: where the last write of this file ended. */
  | { readonly kind: 'write'; readonly path: string; readonly offset: number | undefined; readonly bytes: Buffer }
  | { readonly kind: 'resize'; readonly path: string; readonly size: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly path: string };

export type Step =
  | { readonly kind: 'change'; readonly thread: number; readonly operation: Operation }
  | { readonly kind: 'sync-called'; readonly thread: number; readonly sync: number; readonly path: string }
  | { readonly kind: 'sync-returned'; readonly thread: number; readonly sync: number; readonly path: string }
  /** The first octet of a reply leaves. */
  | { readonly kind: 'reply'; readonly thread: number; readonly text: string };

/** @param folder absolute; steps name paths below it. @throws Error on a call whose meaning is not known here. */
export async function readTrace(file: string, folder: string): Promise<readonly Step[]> {
  const reader = new TraceReader(folder);
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) reader.line(line);
  return reader.steps;
}

const LINE = /^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()/;
const UNFINISHED = ' <unfinished ...>';

interface Begun {
  readonly text: string;
  readonly sync: number | undefined;
}

class TraceReader {
  readonly steps: Step[] = [];
  readonly #folder: string;
  readonly #needles: readonly string[];
  readonly #begun = new Map<number, Begun>();
  #syncs = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#needles = [hexOf(folder), hexOf('250 2.0.0 Accepted')];
  }

  line(line: string): void {
    const [head, threadText = '', resumed, called] = LINE.exec(line) ?? [];
    if (head === undefined) return;
    const thread = Number(threadText);
    if (called !== undefined) this.#called(thread, called, line.slice(head.length), line);
    if (resumed !== undefined) this.#resumed(thread, resumed, line.slice(head.length));
  }

  #called(thread: number, name: string, rest: string, line: string): void {
    if (!this.#needles.some((needle) => line.includes(needle))) return;
    const unfinished = rest.endsWith(UNFINISHED);
    const text = unfinished ? rest.slice(0, -UNFINISHED.length) : rest;
    this.#reply(thread, name, text);
    const sync = isSync(name) ? this.#syncCalled(thread, text) : undefined;
    if (unfinished) this.#begun.set(thread, { text, sync });
    else this.#returned(thread, name, text, sync);
  }

  #resumed(thread: number, name: string, rest: string): void {
    const begun = this.#begun.get(thread);
    if (begun === undefined) return;
    this.#begun.delete(thread);
    this.#returned(thread, name, begun.text + rest, begun.sync);
  }

  #reply(thread: number, name: string, text: string): void {
    if (!['write', 'writev', 'sendto', 'sendmsg'].includes(name) || text.includes(hexOf(this.#folder))) return;
    const bytes = stringsOf(text).map(bytesOf);
    this.steps.push({ kind: 'reply', thread, text: Buffer.concat(bytes).toString('latin1').trim() });
  }

  #syncCalled(thread: number, text: string): number {
    const sync = this.#syncs++;
    this.steps.push({ kind: 'sync-called', thread, sync, path: this.#pathOfDescriptor(text) ?? '' });
    return sync;
  }

  #returned(thread: number, name: string, text: string, sync: number | undefined): void {
    const result = /\) += (-?\d+)(?!.*\) += )/s.exec(text.slice(text.lastIndexOf(') ')))?.[1];
    if (result === undefined || Number(result) < 0) return;
    if (sync !== undefined) {
      this.steps.push({ kind: 'sync-returned', thread, sync, path: this.#pathOfDescriptor(text) ?? '' });
      return;
    }
    for (const operation of this.#operations(name, text, Number(result))) {
      this.steps.push({ kind: 'change', thread, operation });
    }
  }

  #operations(name: string, text: string, result: number): readonly Operation[] {
    switch (name) {
      case 'open':
      case 'openat': {
        const path = this.#pathOfString(text, 0);
        if (path === undefined) return [];
        const created = text.includes('O_CREAT') ? [{ kind: 'create', path, mode: modeOf(text) } as const] : [];
        return text.includes('O_TRUNC') ? [...created, { kind: 'empty', path }] : created;
      }
      case 'mkdir':
        return this.#onPath(text, (path) => ({ kind: 'folder', path, mode: modeOf(text) }));
      case 'unlink':
      case 'unlinkat':
      case 'rmdir':
        return this.#onPath(text, (path) => ({ kind: 'unlink', path }));
      case 'rename':
      case 'renameat':
      case 'renameat2':
        return this.#onPath(text, (path) => ({ kind: 'rename', path, to: this.#pathOfString(text, 1) ?? '' }));
      case 'write':
      case 'writev':
      case 'pwrite64':
      case 'pwritev':
        return this.#onDescriptor(text, (path) => {
          const bytes = Buffer.concat(stringsOf(text).map(bytesOf)).subarray(0, result);
          return { kind: 'write', path, offset: name.startsWith('p') ? lastNumber(text) : undefined, bytes };
        });
      case 'ftruncate':
        return this.#onDescriptor(text, (path) => ({ kind: 'resize', path, size: lastNumber(text) }));
      case 'sendto':
      case 'sendmsg':
        return [];
      default:
        // Better no evidence than a wrong one.
        throw new Error(`strace: what ${name} does to a file is not modelled`);
    }
  }

  #onPath(text: string, make: (path: string) => Operation): readonly Operation[] {
    const path = this.#pathOfString(text, 0);
    return path === undefined ? [] : [make(path)];
  }

  #onDescriptor(text: string, make: (path: string) => Operation): readonly Operation[] {
    const path = this.#pathOfDescriptor(text);
    return path === undefined ? [] : [make(path)];
  }

  /** The path that strace shows behind the first argument. */
  #pathOfDescriptor(text: string): string | undefined {
    const shown = /^\d+<([^>]*)>/.exec(text)?.[1];
    // Sockets and pipes are shown by kind.
    return shown?.startsWith('\\x2f') ? this.#below(bytesOf(shown).toString()) : undefined;
  }

  #pathOfString(text: string, index: number): string | undefined {
    const shown = stringsOf(text)[index];
    return shown === undefined ? undefined : this.#below(bytesOf(shown).toString());
  }

  /** Relative to the folder, '' for itself; undefined for what lies elsewhere and for shared memory, which no crash survives. */
  #below(path: string): string | undefined {
    if (path.endsWith('-shm')) return undefined;
    if (path === this.#folder) return '';
    return path.startsWith(`${this.#folder}/`) ? path.slice(this.#folder.length + 1) : undefined;
  }
}

const isSync = (name: string): boolean => name === 'fsync' || name === 'fdatasync';

/** As `-xx` writes it. */
const hexOf = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

const stringsOf = (text: string): readonly string[] => [...text.matchAll(/"([^"]*)"/g)].map(([, inner = '']) => inner);

/** Undoes `-xx`. */
function bytesOf(shown: string): Buffer {
  if (!/^(\\x[0-9a-f]{2})*$/.test(shown)) throw new Error(`strace: not in hex: ${shown.slice(0, 80)}`);
  return Buffer.from(shown.replaceAll('\\x', ''), 'hex');
}

/** Octal, before the umask. */
const modeOf = (text: string): number => Number.parseInt(/, (0\d+)\) += /.exec(text)?.[1] ?? '0600', 8);

/** Last argument of a call. */
const lastNumber = (text: string): number => Number(/(\d+)\) += /.exec(text.slice(text.lastIndexOf('"') + 1))?.[1]);
