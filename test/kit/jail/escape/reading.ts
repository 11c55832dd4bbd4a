/** Attempts to read what is none of a converter's business. */
import { readFileSync } from 'node:fs';
import { call, errnoName, listSome, readSome, tried } from './raw.ts';
import { type Attempt, anyOf, could, refused, type Targets } from './targets.ts';

const read = (id: string, what: string, path: (targets: Targets) => string): Attempt => ({
  id,
  aim: 'read',
  what,
  by: 'native',
  run: (targets) => readSome(targets, path(targets)),
});

/** _IOC numbers of inotify and syslog: linux/inotify.h, syslog(2). */
const IN_ALL = 0xfff;
const SYSLOG_READ_ALL = 3;

export const READING: readonly Attempt[] = [
  {
    id: 'passwd-script',
    aim: 'read',
    what: 'read /etc/passwd by node’s fs',
    by: 'script',
    run: () => could(`${readFileSync('/etc/passwd').length} bytes`),
  },
  read('passwd', 'read /etc/passwd', () => '/etc/passwd'),
  read('configuration', 'read our configuration', ({ configuration }) => configuration),
  {
    id: 'keys',
    aim: 'read',
    what: 'read any role’s private keys',
    by: 'native',
    run: (targets) => anyOf(targets.keys.map((path) => readSome(targets, path))),
  },
  read('database', 'read the database', ({ database }) => database),
  {
    id: 'store',
    aim: 'read',
    what: 'list a store of the vault',
    by: 'native',
    run: (targets) => listSome(targets, targets.storeFolder),
  },
  {
    id: 'folders',
    aim: 'read',
    what: 'list /proc, /tmp, /root or /var/log',
    by: 'native',
    run: (targets) => anyOf(['/proc', '/tmp', '/root', '/var/log'].map((path) => listSome(targets, path))),
  },
  {
    id: 'open-folder',
    aim: 'read',
    what: 'list a folder that everybody may list',
    by: 'native',
    run: (targets) => listSome(targets, targets.openFolder),
  },
  read('init-environ', 'read the environment of process 1', () => '/proc/1/environ'),
  {
    id: 'inherited',
    aim: 'read',
    what: 'read a file that the parent has open and forgot to close',
    by: 'native',
    run: inherited,
  },
  {
    id: 'watch',
    aim: 'read',
    what: 'watch a foreign folder for file names (inotify)',
    by: 'native',
    run(targets) {
      const watcher = call(targets, 'inotify_init1', 0);
      if (watcher < 0) return refused(errnoName(watcher));
      return tried(call(targets, 'inotify_add_watch', watcher, targets.openFolder, IN_ALL));
    },
  },
  {
    id: 'xattr-read',
    aim: 'read',
    what: 'read names of extended attributes of a foreign file',
    by: 'native',
    run: (targets) => tried(call(targets, 'listxattr', targets.openFile, Buffer.alloc(256), 256)),
  },
  {
    id: 'kernel-log',
    aim: 'read',
    what: 'read the kernel’s log',
    by: 'native',
    run: (targets) => tried(call(targets, 'syslog', SYSLOG_READ_ALL, Buffer.alloc(256), 256)),
  },
];

/** Descriptors of plain files and of folders that node itself has not opened: it opens none of either. */
function inherited(targets: Targets): ReturnType<typeof refused> {
  const bytes = Buffer.alloc(64);
  for (let descriptor = 3; descriptor < 1024; descriptor += 1) {
    const got = call(targets, 'pread64', descriptor, bytes, bytes.length, 0);
    if (got > 0) return could(`${got} bytes through descriptor ${descriptor}`);
    const names = call(targets, 'getdents64', descriptor, Buffer.alloc(1024), 1024);
    if (names > 0) return could(`a folder through descriptor ${descriptor}`);
  }
  return refused('none');
}
