/**
 * The system calls a jailed child may not make, as the plain BPF bytes that `bwrap --seccomp` and
 * `setpriv --seccomp-filter` load (seccomp(2), struct sock_filter, in the machine's byte order).
 *
 * Method: a list of refusals, since V8 and libuv change their needs with each version. A call under another
 * architecture's or x32's numbering kills the process. Known open: `execve` (the launcher itself must still start
 * node), so node could replace itself by another program that it can see; in the private root there is only node.
 */

const ARCHITECTURES = {
  x64: { audit: 0xc000003e, column: 0 },
  arm64: { audit: 0xc00000b7, column: 1 },
} as const;

/** Name → number on [x86_64, aarch64]; -1 where the call does not exist. Linux: arch/x86/entry/syscalls, asm-generic/unistd.h. */
const REFUSED = {
  // Network. The three pipes of a child are sockets that exist already: read and write need none of these.
  socket: [41, 198],
  socketpair: [53, 199],
  connect: [42, 203],
  accept: [43, 202],
  accept4: [288, 242],
  bind: [49, 200],
  listen: [50, 201],
  // New processes. Threads go through clone with CLONE_THREAD, see below.
  fork: [57, -1],
  vfork: [58, -1],
  execveat: [322, 281],
  memfd_create: [319, 279],
  // Other processes.
  ptrace: [101, 117],
  kill: [62, 129],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  pidfd_send_signal: [424, 424],
  // Files: nothing is made, changed or removed.
  creat: [85, -1],
  mkdir: [83, -1],
  mkdirat: [258, 34],
  mknod: [133, -1],
  mknodat: [259, 33],
  unlink: [87, -1],
  unlinkat: [263, 35],
  rmdir: [84, -1],
  rename: [82, -1],
  renameat: [264, 38],
  renameat2: [316, 276],
  link: [86, -1],
  linkat: [265, 37],
  symlink: [88, -1],
  symlinkat: [266, 36],
  truncate: [76, 45],
  chmod: [90, -1],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  chown: [92, -1],
  fchown: [93, 55],
  fchownat: [260, 54],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // The kernel's larger doors.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  personality: [135, 92],
  // Namespaces and mounts.
  unshare: [272, 97],
  setns: [308, 268],
  chroot: [161, 51],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
} as const satisfies Record<string, readonly [number, number]>;

/** Answered ENOSYS, so that libraries fall back to the older call, whose arguments a filter can see. */
const ABSENT = { clone3: [435, 435], openat2: [437, 437] } as const;
const CLONE = [56, 220] as const;
const OPEN = [2, -1] as const;
const OPENAT = [257, 56] as const;

const CLONE_THREAD = 0x00010000;
/** O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND of asm-generic/fcntl.h, the same on both architectures. */
const WRITING = 0x1 | 0x2 | 0x40 | 0x200 | 0x400;
const X32_BIT = 0x40000000;

const EPERM = 1;
const ENOSYS = 38;
const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const errno = (code: number): number => 0x00050000 | code;

// Offsets in struct seccomp_data; both architectures are little-endian, so the low word of an argument comes first.
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number): number => 16 + 8 * index;

// Opcodes of linux/bpf_common.h.
const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, k: number];

/** The filter for a processor architecture as node names it (`process.arch`), or `undefined` when we have none. */
export function seccompFilter(arch: string): Buffer | undefined {
  if (arch !== 'x64' && arch !== 'arm64') return undefined;
  const { audit, column } = ARCHITECTURES[arch];
  const program: Instruction[] = [
    [LOAD, 0, 0, ARCHITECTURE],
    [JUMP_EQUAL, 1, 0, audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, NUMBER],
    [JUMP_GREATER_EQUAL, 0, 1, X32_BIT],
    [RETURN, 0, 0, KILL_PROCESS],
    ...Object.values(ABSENT).flatMap((numbers) => refuse(numbers[column], errno(ENOSYS))),
    ...Object.values(REFUSED).flatMap((numbers) => refuse(numbers[column], errno(EPERM))),
    ...unlessFlags(CLONE[column], 0, CLONE_THREAD, 'needed'),
    ...unlessFlags(OPEN[column], 1, WRITING, 'forbidden'),
    ...unlessFlags(OPENAT[column], 2, WRITING, 'forbidden'),
    [RETURN, 0, 0, ALLOW],
  ];
  return assemble(program);
}

const refuse = (number: number, answer: number): readonly Instruction[] =>
  number < 0
    ? []
    : [
        [JUMP_EQUAL, 0, 1, number],
        [RETURN, 0, 0, answer],
      ];

/** Allows or refuses one call by the bits of one argument. Ends the program for that call: the accumulator is spent. */
function unlessFlags(
  number: number,
  index: number,
  bits: number,
  kind: 'needed' | 'forbidden',
): readonly Instruction[] {
  if (number < 0) return [];
  const [ifSet, ifClear] = kind === 'needed' ? [ALLOW, errno(EPERM)] : [errno(EPERM), ALLOW];
  return [
    [JUMP_EQUAL, 0, 4, number],
    [LOAD, 0, 0, argument(index)],
    [JUMP_ANY_BIT, 0, 1, bits],
    [RETURN, 0, 0, ifSet],
    [RETURN, 0, 0, ifClear],
  ];
}

function assemble(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, ifTrue, ifFalse, k], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  });
  return bytes;
}
