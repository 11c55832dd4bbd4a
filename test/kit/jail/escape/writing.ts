/** Attempts to leave something behind: in files, in their marks, or in memory that outlives the process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AT_FDCWD, attempt, call, errnoName, O, open, tried } from './raw.ts';
import { type Attempt, anyOf, could, refused, type Targets, type Tried } from './targets.ts';

const each = (targets: Targets, action: (path: string) => Tried): Tried =>
  anyOf(targets.folders.map((folder) => action(join(folder, targets.name))));

const write = (id: string, what: string, run: (targets: Targets) => Tried): Attempt => ({
  id,
  aim: 'write',
  what,
  by: 'native',
  run,
});

const S_IFIFO = 0o010000;
const IPC_PRIVATE_KEY = 0x53454b49;
const IPC_CREAT = 0o1000;

function created(targets: Targets, path: string): Tried {
  const descriptor = open(targets, path, O.wronly | O.creat);
  if (descriptor < 0) return refused(errnoName(descriptor));
  const wrote = call(targets, 'write', descriptor, 'left behind', 11);
  call(targets, 'close', descriptor);
  // An empty file with a telling name is something left behind too.
  return could(wrote < 0 ? `made ${path}` : `wrote ${path}`);
}

export const WRITING: readonly Attempt[] = [
  {
    id: 'write-script',
    aim: 'write',
    what: 'write a file anywhere by node’s fs (/, /tmp, /var/tmp, /dev/shm, home, own folder, data folder, an open folder)',
    by: 'script',
    run: (targets) =>
      each(targets, (path) => {
        try {
          writeFileSync(path, 'left behind');
          return could(`wrote ${path}`);
        } catch (error) {
          return refused((error as NodeJS.ErrnoException).code ?? 'threw');
        }
      }),
  },
  write('write', 'make a file in any of those folders', (targets) => each(targets, (path) => created(targets, path))),
  write('tmpfile', 'make a file without a name (O_TMPFILE)', (targets) =>
    anyOf(targets.folders.map((folder) => tried(open(targets, folder, O.rdwr | O.tmpfile)))),
  ),
  write('mkdir', 'make a folder', (targets) =>
    each(targets, (path) => attempt(targets, 'mkdirat', AT_FDCWD, `${path}-folder`, 0o700)),
  ),
  write('symlink', 'make a symbolic link', (targets) =>
    each(targets, (path) => attempt(targets, 'symlinkat', '/etc/passwd', AT_FDCWD, `${path}-link`)),
  ),
  write('link', 'make a hard link to a foreign file', (targets) =>
    attempt(targets, 'linkat', AT_FDCWD, targets.openFile, AT_FDCWD, `${targets.openFile}-${targets.name}`, 0),
  ),
  write('fifo', 'make a named pipe', (targets) =>
    each(targets, (path) => attempt(targets, 'mknodat', AT_FDCWD, `${path}-fifo`, S_IFIFO | 0o600, 0)),
  ),
  write('overwrite', 'write into a file that everybody may write', (targets) => {
    const descriptor = open(targets, targets.openFile, O.wronly);
    if (descriptor < 0) return refused(errnoName(descriptor));
    return tried(call(targets, 'pwrite64', descriptor, 'X', 1, 0));
  }),
  write('truncate', 'shorten that file', (targets) => attempt(targets, 'truncate', targets.openFile, 1)),
  write('rename', 'rename that file', (targets) =>
    attempt(targets, 'renameat2', AT_FDCWD, targets.openFile, AT_FDCWD, `${targets.openFile}-renamed`, 0),
  ),
  write('unlink', 'remove that file', (targets) => attempt(targets, 'unlinkat', AT_FDCWD, targets.openFile, 0)),
  write('chmod', 'change that file’s rights (fchmodat, fchmodat2)', (targets) =>
    anyOf([
      attempt(targets, 'fchmodat', AT_FDCWD, targets.openFile, 0o666),
      attempt(targets, 'fchmodat2', AT_FDCWD, targets.openFile, 0o666, 0),
    ]),
  ),
  write('times', 'change that file’s times', (targets) =>
    attempt(targets, 'utimensat', AT_FDCWD, targets.openFile, 0, 0),
  ),
  write('xattr', 'put an extended attribute on that file', (targets) =>
    attempt(targets, 'setxattr', targets.openFile, 'user.sekisho', 'x', 1, 0),
  ),
  write('memfd', 'make a file in memory (to run or load it)', (targets) => attempt(targets, 'memfd_create', 'x', 0)),
  write('shared-memory', 'leave a shared memory segment for the next process of this user id', (targets) =>
    attempt(targets, 'shmget', IPC_PRIVATE_KEY, 4096, IPC_CREAT | 0o666),
  ),
  write('message-queue', 'leave a message queue for it', (targets) =>
    anyOf([
      attempt(targets, 'msgget', IPC_PRIVATE_KEY, IPC_CREAT | 0o666),
      attempt(targets, 'mq_open', targets.name, O.rdwr | O.creat, 0o600, 0),
    ]),
  ),
];
