/**
 * How a child loses its rights: the command line that starts it. Pure string building beside `tools.ts`; what holds in
 * the end is not believed but probed from inside (layers.ts).
 *
 * The order inside each chain matters. Limits first; then the other user id, which clears the kernel's
 * parent-death signal (prctl(2), PR_SET_PDEATHSIG), so that signal is set again after it; then namespaces.
 */
import { join } from 'node:path';
import { holds } from './capabilities.ts';
import { seccompFilter } from './seccomp.ts';
import type { Tools } from './tools.ts';
import { isReachableByOthers, type Mount, mountsFor, readableCode } from './visible.ts';

export type LauncherName = 'setpriv' | 'bwrap' | 'unshare' | 'none';

/** A way to start children, as chosen once at start. */
export interface Plan {
  readonly launcher: LauncherName;
  /** Real user id children get, or 'same' where we may not change it. */
  readonly uid: number | 'same';
  /** Memory of one child in MiB: RLIMIT_DATA without what V8 only reserves. */
  readonly memoryMiB: number;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Bytes for file descriptor 3, read by the launcher: the seccomp filter. */
  readonly extraInput?: Buffer;
}

/** 'off' only for the probe that looks at what the kernel alone refuses. */
export type NodePermissions = 'on' | 'off';

/** Modules, pipes and epoll take about 25; a child opens nothing else. */
const MAX_OPEN_FILES = 64;
/**
 * Threads of everybody under one user id: each node has about a dozen, and where children keep the gateway's own user id its
 * roles count too. Bounds a bomb of threads, and of processes where fork is possible. The kernel exempts root.
 */
const MAX_TASKS = 4096;
/**
 * V8 of Node 24 maps 512 MiB writable for code it may generate, at once and whatever its flags; nearly all of it never
 * becomes memory, but RLIMIT_DATA counts it (VmData of an empty script: 560 MiB).
 */
const CODE_RANGE_MIB = 512;
/** The usual size, but as the hard limit too: RLIMIT_DATA does not count a stack, and a next program could have a larger one. */
const MAX_STACK_MIB = 8;
/** A child that outlives its parent in an endless loop ends by itself at last, in seconds of CPU. */
const MAX_CPU_SECONDS = 24 * 3600;

const MIB = 1024 * 1024;

const CHILD_ENV = {
  PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  // Conversions are single-threaded: more messages run at once instead.
  UV_THREADPOOL_SIZE: '1',
  // glibc (mallopt(3)): buffers from 4 MiB on go back to the system when freed, so one large mail leaves no large child.
  // Below that they are kept: a page's greys and palette indices are 1 to 2 MB, and mapping each anew cost 10 ms of a page's 90.
  MALLOC_MMAP_THRESHOLD_: `${4 * MIB}`,
  MALLOC_TRIM_THRESHOLD_: `${8 * MIB}`,
  MALLOC_ARENA_MAX: '2',
  VIPS_CONCURRENCY: '1',
  // No configuration of the machine's OpenSSL reaches a child.
  OPENSSL_CONF: '/dev/null',
} as const;

/** @param program absolute path of the child's program. */
export function commandFor(plan: Plan, tools: Tools, program: string, permissions: NodePermissions = 'on'): Command {
  const node = [process.execPath, ...nodeFlags(plan, program, permissions), program];
  switch (plan.launcher) {
    case 'setpriv':
      return chain(withLandlock(plan, tools, program, node));
    case 'bwrap':
      return { ...chain(withBwrap(plan, tools, program, node)), ...seccompInput() };
    case 'unshare':
      return chain(
        isRoot() ? withUnshareAsRoot(plan, tools, program, node) : withUnshareAsUser(plan, tools, program, node),
      );
    case 'none':
      return chain([...dropped(plan, tools), ...limited(plan, tools), ...node]);
  }
}

function nodeFlags(plan: Plan, program: string, permissions: NodePermissions): readonly string[] {
  // The rest of RLIMIT_DATA is for WASM memories and buffers, which V8 does not count as old space.
  const heapMiB = Math.floor(plan.memoryMiB / 2);
  const common = ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${heapMiB}`, '--disable-proto=delete'];
  if (permissions === 'off') return common;
  return [
    ...common,
    '--permission',
    // sharp is native code; it gets only pixels that we made (design.md §5).
    '--allow-addons',
    '--disable-warning=SecurityWarning',
    ...readableCode(program).map((path) => `--allow-fs-read=${path}`),
  ];
}

const isRoot = (): boolean => process.geteuid?.() === 0;

function chain(words: readonly string[]): Command {
  const [file = process.execPath, ...args] = words;
  return { file, args, env: CHILD_ENV };
}

const tool = (path: string | undefined, ...args: readonly string[]): readonly string[] =>
  path === undefined ? [] : [path, ...args];

function limited(plan: Plan, tools: Tools): readonly string[] {
  const bytes = (plan.memoryMiB + CODE_RANGE_MIB) * MIB;
  return tool(
    tools.prlimit,
    ...[`--data=${bytes}`, `--stack=${MAX_STACK_MIB * MIB}`, '--fsize=0', '--core=0'],
    ...[`--nofile=${MAX_OPEN_FILES}`, `--cpu=${MAX_CPU_SECONDS}`, `--nproc=${MAX_TASKS}`],
    '--',
  );
}

const dyingWithParent = ['--pdeathsig', 'KILL'] as const;
/** The bounding set can be emptied only by a holder of CAP_SETPCAP; under another user id it gives nothing anyway. */
const capless = (): readonly string[] => [
  '--inh-caps=-all',
  ...(holds('setpcap') ? ['--bounding-set=-all'] : []),
  '--no-new-privs',
];

/** Another user id, and no way back. Where we are not root, a process of our own stays above it that we may kill. */
function dropped(plan: Plan, tools: Tools): readonly string[] {
  if (plan.uid === 'same') {
    // A root that stays root: bwrap needs its capabilities and takes them away itself, nobody else does.
    const lost = isRoot() && plan.launcher !== 'bwrap' ? capless() : ['--no-new-privs'];
    return tool(tools.setpriv, ...lost, ...dyingWithParent);
  }
  const killable = isRoot() ? [] : tool(tools.unshare, '--fork', '--kill-child', '--');
  const outer = isRoot() ? [] : tool(tools.setpriv, ...dyingWithParent);
  return [
    ...outer,
    ...killable,
    ...tool(tools.setpriv, ...otherUser(plan.uid), '--ambient-caps=-all', ...capless(), ...dyingWithParent),
  ];
}

const otherUser = (uid: number): readonly string[] => ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups'];

/** util-linux 2.41: Landlock hides all files but ours, the filter refuses sockets and processes. Seen working, peers.md. */
function withLandlock(plan: Plan, tools: Tools, program: string, node: readonly string[]): readonly string[] {
  // The kernel refuses a rule that gives a plain file rights of a folder (landlock_add_rule(2), EINVAL).
  const rules = mountsFor(program, []).flatMap(({ kind, from }) => [
    '--landlock-rule',
    `path-beneath:${kind === 'folder' ? 'read-file,read-dir' : 'read-file,execute'}:${from}`,
  ]);
  // OpenSSL's configuration of a child (CHILD_ENV); a private root has it as a mount of its own.
  const empty = ['--landlock-rule', 'path-beneath:read-file:/dev/null'];
  return [
    ...dropped(plan, tools),
    ...limited(plan, tools),
    ...tool(
      tools.setpriv,
      '--no-new-privs',
      '--seccomp-filter',
      tools.filterFile(),
      '--landlock-access',
      'fs',
      ...rules,
      ...empty,
    ),
    ...node,
  ];
}

function seccompInput(): { readonly extraInput?: Buffer } {
  const filter = seccompFilter(process.arch);
  return filter === undefined ? {} : { extraInput: filter };
}

function withBwrap(plan: Plan, tools: Tools, program: string, node: readonly string[]): readonly string[] {
  const mounts = mountsFor(program, []);
  const hidden = isRoot() && plan.uid !== 'same' ? mounts.filter(({ from }) => !isReachableByOthers(from)) : [];
  const stage = hidden.length === 0 ? undefined : stageFor(mounts);
  const binds = mounts.flatMap((mount) => {
    const index = hidden.indexOf(mount);
    return ['--ro-bind', stage === undefined || index < 0 ? mount.from : join(stage, `${index}`), mount.at];
  });
  return [
    ...(stage === undefined ? [] : staged(tools, stage, hidden)),
    ...dropped(plan, tools),
    ...limited(plan, tools),
    ...tool(
      tools.bwrap,
      '--unshare-all',
      '--die-with-parent',
      '--new-session',
      '--cap-drop',
      'ALL',
      '--hostname',
      'jail',
    ),
    ...binds,
    ...['--dir', '/dev', '--dev-bind', '/dev/null', '/dev/null', '--remount-ro', '/', '--chdir', '/'],
    ...(seccompFilter(process.arch) === undefined ? [] : ['--seccomp', '3']),
    '--',
    ...node,
  ];
}

/** A folder that exists everywhere and under which nothing lies that the child needs; covered in a mount namespace of its own. */
function stageFor(mounts: readonly Mount[]): string {
  const candidates = ['/mnt', '/media', '/srv', '/tmp', '/opt'];
  const isFree = (folder: string): boolean => mounts.every(({ from }) => !from.startsWith(`${folder}/`));
  return candidates.find(isFree) ?? '/mnt';
}

/** As root: shows code under an unreadable folder (/root) at a place that the other user can reach. */
function staged(tools: Tools, stage: string, hidden: readonly Mount[]): readonly string[] {
  const script = [
    'set -e; stage=$1; shift; umask 022',
    'mount -n -t tmpfs -o mode=0755,nosuid,nodev,size=64k sekisho "$stage"',
    'n=0',
    'while [ "$1" != -- ]; do',
    '  if [ "$1" = folder ]; then mkdir "$stage/$n"; else : > "$stage/$n"; fi',
    '  mount -n -o bind,ro "$2" "$stage/$n"; n=$((n+1)); shift 2',
    'done',
    'shift; exec "$@"',
  ].join('\n');
  const pairs = hidden.flatMap(({ kind, from }) => [kind, from]);
  return [
    ...tool(tools.unshare, '--mount', '--propagation', 'private', '--'),
    ...[tools.sh, '-c', script, 'sekisho-stage', stage, ...pairs, '--'],
  ];
}

/** Builds the private root in a new mount namespace and goes into it. Arguments: folder, (kind, from, at)*, --, command. */
const PRIVATE_ROOT = [
  'set -e; root=$1; shift; umask 022',
  'mount -n -t tmpfs -o mode=0755,nosuid,nodev,size=64k sekisho "$root"',
  'while [ "$1" != -- ]; do',
  '  if [ "$1" = folder ]; then mkdir -p "$root$3"; else mkdir -p "$root$(dirname "$3")"; : > "$root$3"; fi',
  '  mount -n -o bind,ro "$2" "$root$3"; shift 3',
  'done',
  'shift; mount -n -o remount,bind,ro,nosuid,nodev "$root"; cd "$root"; exec chroot "$root" "$@"',
].join('\n');

const NAMESPACES = [
  '--mount',
  '--propagation',
  'private',
  '--net',
  '--pid',
  '--ipc',
  '--uts',
  '--fork',
  '--kill-child',
  '--',
];

function privateRoot(tools: Tools, program: string): readonly string[] {
  const mounts = [
    ...mountsFor(program, tools.setpriv === undefined ? [] : [tools.setpriv]),
    { kind: 'file', from: '/dev/null', at: '/dev/null' } as const,
  ];
  const triples = mounts.flatMap(({ kind, from, at }) => [kind, from, at]);
  return [tools.sh, '-c', PRIVATE_ROOT, 'sekisho-root', stageFor(mounts), ...triples, '--'];
}

function withUnshareAsRoot(plan: Plan, tools: Tools, program: string, node: readonly string[]): readonly string[] {
  const user = plan.uid === 'same' ? [] : otherUser(plan.uid);
  return [
    ...tool(tools.setpriv, ...dyingWithParent),
    ...limited(plan, tools),
    ...tool(tools.unshare, ...NAMESPACES),
    ...privateRoot(tools, program),
    ...tool(tools.setpriv, ...user, ...capless(), ...dyingWithParent),
    ...node,
  ];
}

/** In a user namespace of our own we hold every capability. */
const caplessInside = ['--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'] as const;

/** Without root: a user namespace, in which we may mount. Its creation clears the parent-death signal: set once more. */
function withUnshareAsUser(plan: Plan, tools: Tools, program: string, node: readonly string[]): readonly string[] {
  return [
    ...(plan.uid === 'same' ? [] : dropped(plan, tools)),
    ...limited(plan, tools),
    ...tool(tools.unshare, '--user', '--map-root-user', '--'),
    ...tool(tools.setpriv, ...dyingWithParent),
    ...tool(tools.unshare, ...NAMESPACES),
    ...privateRoot(tools, program),
    ...tool(tools.setpriv, ...caplessInside, ...dyingWithParent),
    ...node,
  ];
}
