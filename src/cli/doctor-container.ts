/** What `sekisho doctor` says about the container around it: what compose.yaml asks for, as the kernel shows it from inside. */
import { readFileSync } from 'node:fs';
import type { Finding } from './doctor.ts';
import type { Said } from './output.ts';

/** Capabilities that config/compose.yaml gives back to one role (bits of linux/capability.h): kill, setgid, setuid. */
const GIVEN_BACK = (1n << 5n) | (1n << 6n) | (1n << 7n);

/** Nothing outside our container image, which says so by environment. */
export function containerFindings(): readonly Finding[] {
  if (process.env['SEKISHO_IMAGE'] === undefined) return [];
  const status = textOf('/proc/self/status');
  const capabilities = BigInt(`0x${/^CapBnd:\s*(\w+)$/m.exec(status)?.[1] ?? 'ffff'}`);
  return [
    tell('read-only-root', isReadOnly('/'), READ_ONLY),
    tell('capabilities', (capabilities & ~GIVEN_BACK) === 0n, CAPABILITIES),
    tell('no-new-privileges', /^NoNewPrivs:\s*1$/m.test(status), NO_NEW_PRIVILEGES),
    bounded('memory', 'memory.max', MEMORY),
    bounded('processes', 'pids.max', PROCESSES),
    tell('swap', isSwapClosed(), SWAP, 'note'),
  ];
}

/** Whether the memory of this control group may not be swapped out (cgroup v2; `memswap_limit` equal to `mem_limit`). */
export const isSwapClosed = (): boolean => limitOf('memory.swap.max') === '0';

type Pair = readonly [good: Said, bad: Said];

const tell = (name: string, isGood: boolean, [good, bad]: Pair, otherwise: Finding['state'] = 'missing'): Finding => ({
  about: `container/${name}`,
  state: isGood ? 'good' : otherwise,
  said: isGood ? good : bad,
});

/** 'note' where the control group is not shown to us: then nobody knows. */
function bounded(name: string, file: string, sentences: Pair): Finding {
  const limit = limitOf(file);
  if (limit === undefined) return { about: `container/${name}`, state: 'note', said: UNSEEN };
  return tell(name, limit !== 'max', sentences);
}

/** Inside a container its own control group is mounted as the root of cgroup v2. */
function limitOf(file: string): string | undefined {
  const text = textOf(`/sys/fs/cgroup/${file}`).trim();
  return text === '' ? undefined : text;
}

/** By the options of the last mount there (proc(5), mountinfo). */
function isReadOnly(folder: string): boolean {
  const mounts = textOf('/proc/self/mountinfo').split('\n');
  const options = mounts.map((line) => line.split(' ')).findLast((fields) => fields[4] === folder)?.[5];
  return options?.split(',').includes('ro') === true;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const READ_ONLY: Pair = [
  { ja: 'イメージは読み取り専用で使われています', en: 'the image is read-only' },
  {
    ja: 'イメージに書き込めます。read_only: true を指定してください',
    en: 'the image is writable: set read_only: true',
  },
];
const CAPABILITIES: Pair = [
  { ja: '特権(ケーパビリティ)は必要なものだけです', en: 'no capabilities but those needed' },
  {
    ja: '不要な特権があります。cap_drop: [ALL] を指定してください',
    en: 'there are capabilities nobody needs: set cap_drop: [ALL]',
  },
];
const NO_NEW_PRIVILEGES: Pair = [
  { ja: 'プロセスは権限を増やせません', en: 'no process can gain privileges' },
  {
    ja: '権限を増やせます。security_opt: [no-new-privileges:true] を指定してください',
    en: 'processes can gain privileges: set security_opt: [no-new-privileges:true]',
  },
];
const MEMORY: Pair = [
  { ja: 'メモリの上限があります', en: 'memory is limited' },
  { ja: 'メモリの上限がありません。mem_limit を指定してください', en: 'memory is not limited: set mem_limit' },
];
const PROCESSES: Pair = [
  { ja: 'プロセス数の上限があります', en: 'the number of processes is limited' },
  {
    ja: 'プロセス数の上限がありません。pids_limit を指定してください',
    en: 'processes are not limited: set pids_limit',
  },
];
const SWAP: Pair = [
  { ja: 'このコンテナのメモリはスワップに出ません', en: 'memory of this container is never swapped out' },
  {
    ja: 'スワップの上限を確かめられません。memswap_limit を mem_limit と同じにしてください',
    en: 'no limit of swap is visible: set memswap_limit equal to mem_limit',
  },
];
const UNSEEN: Said = { ja: '上限をコンテナの中から確かめられません', en: 'the limit cannot be seen from inside' };
