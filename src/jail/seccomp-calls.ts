/**
 * The system calls that a jailed child may not make. docs/jail.md shows these tables (document.ts writes them there, a
 * test compares); seccomp.ts makes the filter of them.
 *
 * Method: a list of refusals, since V8 and libuv change their needs with each version. What the list does not know cannot
 * be on it, so numbers above the last call that was looked at are answered as by an older kernel.
 */

/** Numbers on [x86_64, aarch64]; -1 where the call does not exist. Linux: arch/x86/entry/syscalls, asm-generic/unistd.h. */
export type Numbers = readonly [x64: number, arm64: number];

export interface Group {
  readonly title: string;
  readonly why: string;
  readonly calls: Readonly<Record<string, Numbers>>;
}

/** Answered EPERM. */
export const REFUSED: readonly Group[] = [
  {
    title: 'Network',
    why: 'Connections, name look-ups and descriptors passed to others. The three pipes of a child are sockets that exist already: read and write need none of these.',
    calls: {
      socket: [41, 198],
      socketpair: [53, 199],
      connect: [42, 203],
      accept: [43, 202],
      accept4: [288, 242],
      bind: [49, 200],
      listen: [50, 201],
      sendto: [44, 206],
      sendmsg: [46, 211],
      sendmmsg: [307, 269],
      recvfrom: [45, 207],
      recvmsg: [47, 212],
      recvmmsg: [299, 243],
    },
  },
  {
    title: 'New processes',
    why: 'Threads go through clone with CLONE_THREAD, see below; execve stays open, as the launcher itself must start node.',
    calls: {
      fork: [57, -1],
      vfork: [58, -1],
      execveat: [322, 281],
      memfd_create: [319, 279],
      memfd_secret: [447, 447],
      uselib: [134, -1],
    },
  },
  {
    title: 'Other processes',
    why: 'Reading, stopping, signalling or slowing down the parent, which has the same user id where the gateway is not started as root.',
    calls: {
      ptrace: [101, 117],
      kill: [62, 129],
      tkill: [200, 130],
      tgkill: [234, 131],
      rt_sigqueueinfo: [129, 138],
      rt_tgsigqueueinfo: [297, 240],
      process_vm_readv: [310, 270],
      process_vm_writev: [311, 271],
      process_madvise: [440, 440],
      process_mrelease: [448, 448],
      pidfd_open: [434, 434],
      pidfd_getfd: [438, 438],
      pidfd_send_signal: [424, 424],
      kcmp: [312, 272],
      get_robust_list: [274, 100],
      migrate_pages: [256, 238],
      move_pages: [279, 239],
      setpriority: [141, 140],
      ioprio_set: [251, 30],
    },
  },
  {
    title: 'User id',
    why: 'No way back. (capset stays open: setpriv calls it once more after it has loaded the filter, and it can only give up.)',
    calls: {
      setuid: [105, 146],
      setgid: [106, 144],
      setreuid: [113, 145],
      setregid: [114, 143],
      setresuid: [117, 147],
      setresgid: [119, 149],
      setfsuid: [122, 151],
      setfsgid: [123, 152],
      setgroups: [116, 159],
    },
  },
  {
    title: 'Files made, changed or removed',
    why: 'Nothing is left behind. Landlock knows neither rights, owners, times nor extended attributes.',
    calls: {
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
      ftruncate: [77, 46],
      fallocate: [285, 47],
      chmod: [90, -1],
      fchmod: [91, 52],
      fchmodat: [268, 53],
      fchmodat2: [452, 452],
      chown: [92, -1],
      fchown: [93, 55],
      lchown: [94, -1],
      fchownat: [260, 54],
      utime: [132, -1],
      utimes: [235, -1],
      futimesat: [261, -1],
      utimensat: [280, 88],
      setxattr: [188, 5],
      lsetxattr: [189, 6],
      fsetxattr: [190, 7],
      setxattrat: [463, 463],
      removexattr: [197, 14],
      lremovexattr: [198, 15],
      fremovexattr: [199, 16],
      removexattrat: [466, 466],
      file_setattr: [469, 469],
      sync: [162, 81],
      syncfs: [306, 267],
    },
  },
  {
    title: 'Looking beyond what may be read',
    why: 'Names of files that come and go, attributes, mounts, files by number, the kernel’s log.',
    calls: {
      getxattr: [191, 8],
      lgetxattr: [192, 9],
      fgetxattr: [193, 10],
      getxattrat: [464, 464],
      listxattr: [194, 11],
      llistxattr: [195, 12],
      flistxattr: [196, 13],
      listxattrat: [465, 465],
      file_getattr: [468, 468],
      inotify_init: [253, -1],
      inotify_init1: [294, 26],
      inotify_add_watch: [254, 27],
      inotify_rm_watch: [255, 28],
      fanotify_init: [300, 262],
      fanotify_mark: [301, 263],
      statmount: [457, 457],
      listmount: [458, 458],
      name_to_handle_at: [303, 264],
      open_by_handle_at: [304, 265],
      lookup_dcookie: [212, 18],
      syslog: [103, 116],
    },
  },
  {
    title: 'Memory that outlives the process',
    why: 'Segments, queues and keys belong to the user id, which the next tenant’s process shares.',
    calls: {
      shmget: [29, 194],
      shmat: [30, 196],
      shmctl: [31, 195],
      shmdt: [67, 197],
      semget: [64, 190],
      semop: [65, 193],
      semtimedop: [220, 192],
      semctl: [66, 191],
      msgget: [68, 186],
      msgsnd: [69, 189],
      msgrcv: [70, 188],
      msgctl: [71, 187],
      mq_open: [240, 180],
      mq_unlink: [241, 181],
      mq_timedsend: [242, 182],
      mq_timedreceive: [243, 183],
      mq_notify: [244, 184],
      mq_getsetattr: [245, 185],
      add_key: [248, 217],
      request_key: [249, 218],
      keyctl: [250, 219],
    },
  },
  {
    title: 'The kernel’s larger doors',
    why: 'Rich calls that a converter has no use for.',
    calls: {
      bpf: [321, 280],
      perf_event_open: [298, 241],
      userfaultfd: [323, 282],
      io_uring_setup: [425, 425],
      io_uring_enter: [426, 426],
      io_uring_register: [427, 427],
      io_setup: [206, 0],
      io_destroy: [207, 1],
      io_submit: [209, 2],
      io_cancel: [210, 3],
      io_getevents: [208, 4],
      io_pgetevents: [333, 292],
      splice: [275, 76],
      tee: [276, 77],
      vmsplice: [278, 75],
      modify_ldt: [154, -1],
      iopl: [172, -1],
      ioperm: [173, -1],
      personality: [135, 92],
    },
  },
  {
    title: 'Modules, clock and machine',
    why: 'For administrators only.',
    calls: {
      init_module: [175, 105],
      finit_module: [313, 273],
      delete_module: [176, 106],
      kexec_load: [246, 104],
      kexec_file_load: [320, 294],
      reboot: [169, 142],
      swapon: [167, 224],
      swapoff: [168, 225],
      acct: [163, 89],
      quotactl: [179, 60],
      quotactl_fd: [443, 443],
      settimeofday: [164, 170],
      clock_settime: [227, 112],
      adjtimex: [159, 171],
      clock_adjtime: [305, 266],
      sethostname: [170, 161],
      setdomainname: [171, 162],
      vhangup: [153, 58],
      nfsservctl: [180, 42],
    },
  },
  {
    title: 'Namespaces and mounts',
    why: 'A user namespace would give every capability inside it.',
    calls: {
      unshare: [272, 97],
      setns: [308, 268],
      chroot: [161, 51],
      mount: [165, 40],
      umount2: [166, 39],
      pivot_root: [155, 41],
      open_tree: [428, 428],
      open_tree_attr: [467, 467],
      move_mount: [429, 429],
      fsopen: [430, 430],
      fsconfig: [431, 431],
      fsmount: [432, 432],
      fspick: [433, 433],
      mount_setattr: [442, 442],
    },
  },
];

/** Answered ENOSYS, so that libraries fall back to the older call, whose arguments a filter can see. */
export const ABSENT: Readonly<Record<string, Numbers>> = { clone3: [435, 435], openat2: [437, 437] };

/** file_setattr of Linux 6.17: whatever has a higher number was made later, and nobody has looked at it. */
export const LAST_KNOWN = 469;

/**
 * Calls that are refused by what stands in one argument (its low 32 bits).
 * `needs`: one of these bits. `without`: none of these bits; `together`: not all of these bits. `zero`: the argument is 0.
 * `not`: none of these values.
 */
export interface Condition {
  readonly call: string;
  readonly numbers: Numbers;
  readonly argument: number;
  readonly rules: readonly Rule[];
  readonly why: string;
}

export type Rule =
  | { readonly kind: 'needs' | 'without' | 'together'; readonly bits: readonly string[] }
  | { readonly kind: 'not'; readonly values: readonly string[] }
  | { readonly kind: 'zero' };

/** Values of the kernel's headers, the same on both architectures. */
export const VALUES: Readonly<Record<string, number>> = {
  // linux/sched.h
  CLONE_THREAD: 0x10000,
  // asm-generic/fcntl.h
  O_WRONLY: 0x1,
  O_RDWR: 0x2,
  O_CREAT: 0x40,
  O_TRUNC: 0x200,
  O_APPEND: 0x400,
  F_SETOWN: 8,
  F_SETSIG: 10,
  F_SETOWN_EX: 15,
  F_SETLEASE: 1024,
  F_NOTIFY: 1026,
  // linux/mman.h
  MAP_SHARED: 0x1,
  MAP_ANONYMOUS: 0x20,
  MAP_GROWSDOWN: 0x100,
  // asm-generic/ioctls.h, sockios.h
  TIOCSTI: 0x5412,
  TIOCLINUX: 0x541c,
  FIOSETOWN: 0x8901,
  SIOCSPGRP: 0x8902,
  // linux/prctl.h
  PR_SET_PDEATHSIG: 1,
};

const WRITING = ['O_WRONLY', 'O_RDWR', 'O_CREAT', 'O_TRUNC', 'O_APPEND'] as const;
const OURS_ONLY = 'Another process’s may not be changed; 0 is the caller itself.';

export const CONDITIONS: readonly Condition[] = [
  {
    call: 'clone',
    numbers: [56, 220],
    argument: 0,
    rules: [{ kind: 'needs', bits: ['CLONE_THREAD'] }],
    why: 'Threads, not processes.',
  },
  {
    call: 'open',
    numbers: [2, -1],
    argument: 1,
    rules: [{ kind: 'without', bits: WRITING }],
    why: 'Reading only.',
  },
  {
    call: 'openat',
    numbers: [257, 56],
    argument: 2,
    rules: [{ kind: 'without', bits: WRITING }],
    why: 'Reading only.',
  },
  {
    call: 'mmap',
    numbers: [9, 222],
    argument: 3,
    rules: [
      { kind: 'without', bits: ['MAP_GROWSDOWN'] },
      { kind: 'together', bits: ['MAP_SHARED', 'MAP_ANONYMOUS'] },
    ],
    why: 'Memory that RLIMIT_DATA does not count.',
  },
  {
    call: 'fcntl',
    numbers: [72, 25],
    argument: 1,
    rules: [{ kind: 'not', values: ['F_SETOWN', 'F_SETOWN_EX', 'F_SETSIG', 'F_SETLEASE', 'F_NOTIFY'] }],
    why: 'Signals to the parent by way of a descriptor; watching folders.',
  },
  {
    call: 'ioctl',
    numbers: [16, 29],
    argument: 1,
    rules: [{ kind: 'not', values: ['TIOCSTI', 'TIOCLINUX', 'FIOSETOWN', 'SIOCSPGRP'] }],
    why: 'Typing into the administrator’s terminal; signals as above.',
  },
  {
    call: 'prctl',
    numbers: [157, 167],
    argument: 0,
    rules: [{ kind: 'not', values: ['PR_SET_PDEATHSIG'] }],
    why: 'A child dies with its parent.',
  },
  { call: 'prlimit64', numbers: [302, 261], argument: 0, rules: [{ kind: 'zero' }], why: OURS_ONLY },
  { call: 'sched_setaffinity', numbers: [203, 122], argument: 0, rules: [{ kind: 'zero' }], why: OURS_ONLY },
  { call: 'sched_setscheduler', numbers: [144, 119], argument: 0, rules: [{ kind: 'zero' }], why: OURS_ONLY },
  { call: 'sched_setparam', numbers: [142, 118], argument: 0, rules: [{ kind: 'zero' }], why: OURS_ONLY },
  { call: 'sched_setattr', numbers: [314, 274], argument: 0, rules: [{ kind: 'zero' }], why: OURS_ONLY },
];
