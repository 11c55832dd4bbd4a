/**
 * What a thief gets: one store, the database with its WAL, the logs, and all keys but the sanitizer's. And whose keys
 * each role's process opens (strace) and holds (memory).
 */
import { spawnSync } from 'node:child_process';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../src/database/open.ts';
import { storedObject } from '../../../src/flow/facts.ts';
import type { RoleKeys } from '../../../src/keys/keys.ts';
import { loadRoleKeys } from '../../../src/keys/load.ts';
import { ROLES, type Role } from '../../../src/message/roles.ts';
import { openDirectory } from '../../../src/vault/directory.ts';
import { openVault } from '../../../src/vault/open.ts';
import type { StoredObject } from '../../../src/vault/vault.ts';
import { type Canary, openAviary, sightings } from '../../../test/kit/canary.ts';
import { canaryMails } from '../../../test/kit/canary-mails.ts';
import { type Gateway, startGateway } from '../../../test/kit/gateway.ts';
import { type Needle, searchMemory } from '../../../test/kit/memory.ts';
import { sendAll } from '../../../test/kit/send.ts';
import type { Section, SectionContext, SectionResult } from '../section.ts';

const RECIPIENT = 'soumu@t1.example';
const STORES = ['a', 'b', 'c'] as const;
const STOLEN_ROLES: readonly Role[] = ['intake', 'outlet', 'admin'];

export const theft: Section = {
  name: 'theft',
  bar: "A theft test: one store plus the database with WAL plus the logs plus all keys but the sanitizer's: no canary of body, hidden text or attachment readable. strace or heap pictures of intake, outlet and admin show no key that is not theirs.",
  async run({ say }: SectionContext): Promise<SectionResult> {
    if (process.geteuid?.() !== 0) throw new Error('needs root: it reads the memory of processes of other users');
    if (spawnSync('strace', ['-V']).error !== undefined) throw new Error('needs strace');
    const loot = mkdtempSync(join(tmpdir(), 'sekisho-loot-'));
    const traces = join(loot, 'traces');
    mkdirSync(traces);
    const wrapper = [
      'strace',
      '-ff',
      '-qq',
      '--seccomp-bpf',
      '-e',
      'trace=open,openat,openat2',
      '-s',
      '300',
      '-o',
      join(traces, 't'),
    ];
    const aviary = openAviary();
    const gateway = await startGateway({ wrapper, settings: { logLevel: 'debug' } });
    try {
      const mails = await canaryMails(aviary, RECIPIENT);
      const outgoing = mails.map(({ bytes }) => ({ reversePath: 'a@example.com', recipients: [RECIPIENT], bytes }));
      const sent = await sendAll(outgoing, { port: gateway.smtpPort, connections: 2 });
      await gateway.idle(180_000);
      await lookAtPreviews(gateway);
      const memory = keysInMemory(gateway);
      const opened = keysOpened(gateway, traces);
      steal(gateway, loot);
      const readable = await canariesInLoot(aviary.canaries, loot);
      const attempts = await tryToOpen(gateway, loot);
      const accepted = sent.filter((result) => result.accepted).length;
      const secret = aviary.canaries.filter(({ inDatabase }) => !inDatabase);
      const problems = [...readable.problems, ...attempts.problems, ...memory.problems, ...opened.problems];
      for (const problem of problems) say(problem);
      return {
        holds: problems.length === 0 && accepted === mails.length && readable.mapped,
        summary: `${readable.files} stolen files: ${readable.problems.length} of ${secret.length} secret canaries readable; ${attempts.objects} objects, ${attempts.openedWithOne} open with one store; no role opens or holds a foreign key: ${memory.problems.length + opened.problems.length === 0 ? 'true' : 'FALSE'}`,
        details: [
          `Stolen while the gateway ran: store-a, gateway.db with its WAL, the log at level debug, all keys of ${STOLEN_ROLES.join(', ')}, public.json. ${accepted} mails with ${aviary.canaries.length} canaries, of which ${secret.length} stand in body, hidden text, attachments and other places that the database must not hold.`,
          '',
          '| what was tried | seen |',
          '|---|---|',
          `| files stolen; WAL among them; secret canaries found in them | ${readable.files}; ${readable.wal}; ${readable.problems.length} |`,
          `| control: other canaries (subjects, addresses, file and host names) found in the database | ${readable.known} |`,
          ...attempts.rows,
          '',
          '| process | keys in its memory | of others | MB searched |',
          '|---|---|---|---|',
          ...memory.rows,
          '',
          '| role | private key files that it opened or tried to open |',
          '|---|---|',
          ...opened.rows,
          '',
          ...problems.map((problem) => `- **${problem}**`),
        ].join('\n'),
      };
    } finally {
      stopSupervisor(gateway);
      await gateway.stop();
      rmSync(loot, { recursive: true, force: true });
    }
  },
};

/** strace does not pass a SIGTERM on to what it traces. */
function stopSupervisor(gateway: Gateway): void {
  const role = [...gateway.rolePids().values()][0];
  const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${role}/status`, 'latin1'))?.[1]);
  if (parent > 1) process.kill(parent, 'SIGTERM');
}

/** The admin role must have used its key before its memory is looked at. */
async function lookAtPreviews(gateway: Gateway): Promise<void> {
  const base = `http://127.0.0.1:${gateway.adminPort}`;
  const list = await (await fetch(base)).text();
  const paths = [...list.matchAll(/href="(\/messages\/[^"]+)"/g)].map(([, path = '']) => path);
  if (paths.length === 0) throw new Error('the page lists no message');
  for (const path of paths) await (await fetch(base + path)).text();
}

function steal(gateway: Gateway, loot: string): void {
  cpSync(join(gateway.folder, 'vault', 'a'), join(loot, 'vault', 'a'), { recursive: true });
  for (const name of readdirSync(gateway.folder).filter((each) => each.startsWith('gateway.db'))) {
    cpSync(join(gateway.folder, name), join(loot, 'database', name));
  }
  for (const role of STOLEN_ROLES) {
    cpSync(join(gateway.folder, 'keys', role), join(loot, 'keys', role), { recursive: true });
  }
  cpSync(join(gateway.folder, 'keys', 'public.json'), join(loot, 'keys', 'public.json'));
  writeFileSync(join(loot, 'gateway.log'), gateway.log());
}

async function canariesInLoot(canaries: readonly Canary[], loot: string) {
  const files = readdirSync(loot, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('traces'))
    .map((entry) => join(entry.parentPath, entry.name));
  const problems = new Set<string>();
  let known = 0;
  for (const file of files) {
    const isDatabase = file.includes('/database/');
    const seen = new Map(
      sightings(readFileSync(file), canaries, file.slice(loot.length + 1)).map((each) => [each.canary.token, each]),
    );
    for (const { canary, spelling, where } of seen.values()) {
      if (isDatabase && canary.inDatabase) known++;
      else problems.add(`readable: ${canary.region} as ${spelling} in ${where}`);
    }
  }
  const wal = files.some((file) => file.endsWith('-wal'));
  return { files: files.length, problems: [...problems], known, wal, mapped: known > 0 };
}

/** The vault's own code with stolen keys; asked for any key it hands out the one it has. */
async function tryToOpen(gateway: Gateway, loot: string) {
  const objects = await objectsOf(loot);
  const one = await storesOf([join(loot, 'vault', 'a')]);
  const two = await storesOf([join(loot, 'vault', 'a'), join(gateway.folder, 'vault', 'b')]);
  const rows: string[] = [];
  const problems: string[] = [];
  let openedWithOne = 0;
  for (const [title, stores, folder, roles] of [
    ['one store', one, loot, STOLEN_ROLES],
    ['control: two stores (k)', two, loot, STOLEN_ROLES],
    ['control: two stores, and the sanitizer’s key', two, gateway.folder, ['sanitizer'] as const],
  ] as const) {
    for (const role of roles) {
      const keys = greedy(folder, role);
      const opened = new Map<string, number>();
      for (const object of objects) {
        if (!(await opens(stores, keys, object))) continue;
        opened.set(object.kind, (opened.get(object.kind) ?? 0) + 1);
        if (stores === one) openedWithOne++;
      }
      const what = [...opened].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'nothing';
      rows.push(`| ${title}, keys of ${role}: of ${objects.length} objects opens | ${what} |`);
      if (stores === one && opened.size > 0) problems.push(`one store and the keys of ${role} open ${what}`);
      if (role !== 'sanitizer' && opened.has('original')) problems.push(`the keys of ${role} open originals`);
      if (role === 'sanitizer' && !opened.has('original'))
        problems.push('control: the sanitizer’s key opens no original');
      if (stores === two && role === 'outlet' && !opened.has('sanitized'))
        problems.push('control: the outlet opens nothing');
    }
  }
  return { objects: objects.length, openedWithOne, rows, problems };
}

async function objectsOf(loot: string): Promise<readonly StoredObject[]> {
  const database = await openDatabase({ file: join(loot, 'database', 'gateway.db'), readOnly: true });
  try {
    return (await database.read.selectFrom('object').selectAll().execute()).map(storedObject);
  } finally {
    await database.close();
  }
}

/** The vault wants as many stores as it was made for; what a thief does not have is empty. */
async function storesOf(paths: readonly string[]) {
  const empty = STORES.slice(paths.length).map(() => mkdtempSync(join(tmpdir(), 'sekisho-empty-')));
  return Promise.all([...paths, ...empty].map((path, i) => openDirectory({ name: `store-${STORES[i]}`, path })));
}

/** A thief's keys: whatever key is asked for, the stolen ones are tried; the product's own answer would be E_KEY_MISSING. */
function greedy(folder: string, role: Role): RoleKeys {
  const keys = loadRoleKeys(folder, role);
  const files = readdirSync(join(folder, 'keys', role)).map((name) => join(folder, 'keys', role, name));
  const stolen = files
    .map((file) => createPrivateKey(readFileSync(file)))
    .find((key) => key.asymmetricKeyType === 'x25519');
  return {
    ...keys,
    openingKey: (sealedTo, keyId) => stolen ?? keys.openingKey(sealedTo, keyId),
  };
}

async function opens(
  stores: Awaited<ReturnType<typeof storesOf>>,
  keys: RoleKeys,
  object: StoredObject,
): Promise<boolean> {
  const vault = openVault({ stores, threshold: 2, keys, failuresUntilDown: 3 });
  try {
    return (await vault.read(object)).length === object.bytes;
  } catch {
    return false;
  } finally {
    vault.close();
  }
}

interface KeyFile {
  readonly role: Role;
  readonly name: string;
  readonly needle: Needle;
}

/** Raw, hex, base64 and PEM: an X25519 or Ed25519 key in PKCS#8 ends in its 32 bytes. */
function keyFiles(folder: string): readonly KeyFile[] {
  return ROLES.flatMap((role) =>
    readdirSync(join(folder, 'keys', role)).map((name) => {
      const pem = readFileSync(join(folder, 'keys', role, name), 'latin1');
      const raw = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' }).subarray(-32);
      const line = pem.split('\n').find((each) => each.length > 40) ?? '';
      return { role, name, needle: { name: `${role}/${name}`, spellings: spellingsOf(raw, line) } };
    }),
  );
}

const spellingsOf = (raw: Buffer, pemLine: string): readonly Buffer[] => {
  // The first two base64 groups of every key are the same DER prefix.
  const tail = pemLine.slice(24);
  return [
    raw,
    Buffer.from(raw).reverse(),
    Buffer.from(raw.toString('hex')),
    Buffer.from(raw.toString('hex').toUpperCase()),
    Buffer.from(raw.toString('base64').slice(0, 40)),
    Buffer.from(tail),
    Buffer.from(tail, 'utf16le'),
  ];
};

/** All mappings of the processes: more than a heap snapshot, which does not see what OpenSSL holds. */
function keysInMemory(gateway: Gateway) {
  const files = keyFiles(gateway.folder);
  const needles = files.map(({ needle }) => needle);
  const rows: string[] = [];
  const problems: string[] = [];
  const roles = gateway.rolePids();
  for (const role of ROLES) {
    const pid = roles.get(role);
    if (pid === undefined) throw new Error(`no process of ${role}`);
    const { found, bytes } = searchMemory(pid, needles);
    const own = [...found].filter((name) => name.startsWith(`${role}/`));
    const foreign = [...found].filter((name) => !name.startsWith(`${role}/`));
    rows.push(
      `| ${role} | ${own.map(shortName).join(', ')} | ${foreign.join(', ') || 'none'} | ${Math.round(bytes / 1e6)} |`,
    );
    if (foreign.length > 0) problems.push(`${role} holds ${foreign.join(', ')}`);
    if (own.length === 0) problems.push(`control: no key of its own found in ${role}`);
  }
  const others = gateway.tree().filter((pid) => ![...roles.values()].includes(pid));
  const jailed = others.filter((pid) => isJailed(pid));
  const held = jailed.map((pid) => searchMemory(pid, needles));
  rows.push(
    `| ${jailed.length} jailed processes and their launchers | none | ${held.flatMap(({ found }) => [...found]).join(', ') || 'none'} | ${megabytes(held.reduce((sum, { bytes }) => sum + bytes, 0))} |`,
  );
  if (held.some(({ found }) => found.size > 0)) problems.push('a jailed process holds a key');
  for (const pid of others.filter((each) => !jailed.includes(each) && nameOf(each) === 'main.ts')) {
    const { found, bytes } = searchMemory(pid, needles);
    rows.push(
      `| supervisor (root, made the keys in this very start) | ${[...found].map(shortName).join(', ') || 'none'} | | ${megabytes(bytes)} |`,
    );
  }
  const planted = randomBytes(32);
  const control = searchMemory(process.pid, [{ name: 'planted', spellings: [planted] }]).found.has('planted');
  if (!control) problems.push('control: a planted key was not found in this process');
  return { rows, problems };
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
const isJailed = (pid: number): boolean => /child\.|inspector\./.test(nameOf(pid));
const shortName = (name: string): string => name.replace(/-[0-9a-f]{16}\.key$/, '');

function nameOf(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    const program = line.findLast((word) => /\.(?:ts|js)$/.test(word)) ?? line[0] ?? '';
    return line[0]?.includes('strace') ? 'strace' : (program.split('/').at(-1) ?? '');
  } catch {
    return '';
  }
}

/** Files of strace, one a thread; a thread belongs to the role whose process it is in. */
function keysOpened(gateway: Gateway, traces: string) {
  const roleOfThread = new Map<string, Role>();
  for (const [role, pid] of gateway.rolePids()) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) roleOfThread.set(thread, role);
  }
  const opened = new Map<Role, Set<string>>(ROLES.map((role) => [role, new Set()]));
  let lines = 0;
  for (const name of readdirSync(traces)) {
    const role = roleOfThread.get(name.slice(2));
    if (role === undefined) continue;
    for (const match of readFileSync(join(traces, name), 'latin1').matchAll(
      /"[^"]*\/keys\/([a-z]+)\/([^"]+)"[^\n]*/g,
    )) {
      lines++;
      opened.get(role)?.add(`${match[1]}/${match[2]}`);
    }
  }
  const problems: string[] = [];
  for (const [role, paths] of opened) {
    const foreign = [...paths].filter((path) => !path.startsWith(`${role}/`));
    if (foreign.length > 0) problems.push(`${role} opened ${foreign.join(', ')}`);
    if (paths.size === 0) problems.push(`control: ${role} was not seen opening a key of its own`);
  }
  if (lines === 0 || !existsSync(traces)) problems.push('control: strace saw nothing');
  const rows = [...opened].map(([role, paths]) => `| ${role} | ${[...paths].map(shortName).join(', ')} |`);
  return { rows, problems };
}
