/** Attempts at the kernel's larger doors: each of these calls had faults that gave the whole machine away. */
import { AT_FDCWD, attempt, call, errnoName, native, O, open, tried } from './raw.ts';
import { type Attempt, anyOf, could, refused, type Targets, type Tried } from './targets.ts';

const CLONE_NEWNS = 0x00020000;
const CLONE_NEWUSER = 0x10000000;
const CLONE_NEWNET = 0x40000000;
const KEYRING = { session: -3, user: -4 } as const;
const KEYCTL_GET_KEYRING_ID = 0;
const BPF_MAP_CREATE = 0;
const O_CLOEXEC = 0x80000;
const ADDR_NO_RANDOMIZE = 0x0040000;
const GETPID_32 = 20;
/** The third numbering of x86_64. */
const X32_GETPID = 0x40000000 + 39;

const door = (id: string, what: string, run: (targets: Targets) => Tried, more: { spoils?: true } = {}): Attempt => ({
  id,
  aim: 'kernel',
  what,
  by: 'native',
  run,
  ...more,
});

/** struct bpf_attr of BPF_MAP_CREATE: type array, 4-byte keys and values, one entry. */
function map(): Buffer {
  const attributes = Buffer.alloc(72);
  for (const [index, value] of [2, 4, 4, 1].entries()) attributes.writeUInt32LE(value, 4 * index);
  return attributes;
}

/** struct perf_event_attr: the software CPU clock, of ourselves, without the kernel. */
function clockEvent(): Buffer {
  const attributes = Buffer.alloc(112);
  attributes.writeUInt32LE(1, 0);
  attributes.writeUInt32LE(112, 4);
  // disabled, exclude_kernel, exclude_hv
  attributes.writeUInt32LE(1 | (1 << 5) | (1 << 6), 40);
  return attributes;
}

export const KERNEL: readonly Attempt[] = [
  door(
    'unshare',
    'enter a new namespace (unshare)',
    // A user namespace is not for a process with threads; those of mounts and networks are for whoever has capabilities.
    (t) => anyOf([CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET].map((flag) => attempt(t, 'unshare', flag))),
    { spoils: true },
  ),
  door('clone-namespace', 'start a process in a user namespace (clone)', (t) => {
    const flags = CLONE_NEWUSER | CLONE_NEWNET | 17;
    return tried(Number(native(t).callAsParent(BigInt(t.numbers['clone'] ?? -1), BigInt(flags >>> 0), 0n, 0n, 0n, 0n)));
  }),
  door('setns', 'enter another process’s namespace (setns)', (t) => {
    const handle = open(t, `/proc/${t.parentPid}/ns/uts`, O.rdonly);
    return handle < 0 ? tried(call(t, 'setns', 0, 0)) : attempt(t, 'setns', handle, 0);
  }),
  door('chroot', 'change the root folder', (t) => attempt(t, 'chroot', '/'), { spoils: true }),
  door('mount', 'mount something (mount, fsopen)', (t) =>
    anyOf([attempt(t, 'fsopen', 'tmpfs', 0), attempt(t, 'mount', 'none', '/mnt', 'tmpfs', 0, 0)]),
  ),
  door('handle', 'open a file by its number (open_by_handle_at)', (t) => {
    const handle = Buffer.alloc(136);
    handle.writeUInt32LE(128, 0);
    return attempt(t, 'name_to_handle_at', AT_FDCWD, '/', handle, Buffer.alloc(8), 0);
  }),
  door('keyring', 'leave a key in the keyring of this user id', (t) =>
    anyOf([
      attempt(t, 'add_key', 'user', 'sekisho-escape', 'x', 1, KEYRING.user),
      attempt(t, 'keyctl', KEYCTL_GET_KEYRING_ID, KEYRING.session, 1),
    ]),
  ),
  door('bpf', 'load BPF', (t) => attempt(t, 'bpf', BPF_MAP_CREATE, map(), 72)),
  door('perf', 'watch performance events', (t) => attempt(t, 'perf_event_open', clockEvent(), 0, -1, -1, 0)),
  door('userfaultfd', 'handle page faults (userfaultfd)', (t) =>
    // UFFD_USER_MODE_ONLY: what an unprivileged process may ask for.
    attempt(t, 'userfaultfd', O_CLOEXEC | 1),
  ),
  door('aio', 'set up asynchronous input and output (io_setup)', (t) => attempt(t, 'io_setup', 1, Buffer.alloc(8)), {
    spoils: true,
  }),
  door('splice', 'move pages between pipes and files (vmsplice, splice)', (t) => {
    const pipe = Buffer.alloc(8);
    const made = call(t, 'pipe2', pipe, 0);
    if (made < 0) return refused(errnoName(made));
    const [from, into] = [pipe.readInt32LE(0), pipe.readInt32LE(4)];
    const code = open(t, process.execPath, O.rdonly);
    const moved = attempt(t, 'splice', code, 0, into, 0, 16, 0);
    for (const descriptor of [from, into, code]) call(t, 'close', descriptor);
    return moved;
  }),
  door('personality', 'switch off the randomness of addresses', (t) => attempt(t, 'personality', ADDR_NO_RANDOMIZE), {
    spoils: true,
  }),
  door('segments', 'change segment descriptors (modify_ldt)', (t) => attempt(t, 'modify_ldt', 0, Buffer.alloc(64), 64)),
  door(
    'numbers-32',
    'make a call by the numbers of 32-bit x86 (int 0x80)',
    (t) => tried(Number(native(t).call32(BigInt(GETPID_32)))),
    {
      spoils: true,
    },
  ),
  door('numbers-x32', 'make a call by the x32 numbers', (t) => tried(Number(native(t).call(BigInt(X32_GETPID)))), {
    spoils: true,
  }),
  door('module', 'load a kernel module', (t) => {
    const handle = open(t, process.execPath, O.rdonly);
    // An ELF file that is no module: with the right to load, the kernel says ENOEXEC.
    const result = call(t, 'finit_module', handle, '', 0);
    call(t, 'close', handle);
    return errnoName(result) === 'ENOEXEC' ? could('ENOEXEC: it was read') : tried(result);
  }),
];
