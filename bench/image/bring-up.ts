/** compose.yaml brought up once (stand.ts): a mail through four containers, doctor and health in each, and what must not work. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSink } from '../../src/cli/demo/sink.ts';
import { verifyForwarded } from '../../src/gate/forwarded.ts';
import { loadReceiptVerifiers } from '../../src/keys/load.ts';
import { ROLES, type Role } from '../../src/message/roles.ts';
import { freePort } from '../../test/kit/gateway.ts';
import { sendAll } from '../../test/kit/send.ts';
import type { Image } from './images.ts';
import { childrenOf, openStand, type Ran, type Stand } from './stand.ts';

export interface BroughtUp {
  /** Milliseconds from the start of the container to «serving». */
  readonly readyMs: Readonly<Record<string, number>>;
  /** Lines of `sekisho doctor` by role, as `good jail/seccomp: …`. */
  readonly doctor: Readonly<Record<string, readonly string[]>>;
  readonly deliveredMs: number;
  readonly problems: readonly string[];
}

const MAIL = {
  reversePath: 'sender@example.com',
  recipients: ['soumu@t1.example'],
  bytes: Buffer.from('From: sender@example.com\r\nTo: soumu@t1.example\r\nSubject: hello\r\n\r\nhello\r\n'),
};

export async function bringUp(image: Image, folder: string): Promise<BroughtUp> {
  const sink = await openSink({ folder: join(folder, 'lgwan'), port: 0 });
  const smtpPort = await freePort();
  const { root, environment } = image;
  const problems: string[] = [];
  const expect = (isTrue: boolean, what: string): void => {
    if (!isTrue) problems.push(what);
  };
  await using stand = openStand({ root, environment, folder: join(folder, 'stand'), smtpPort, hopPort: sink.port });
  const early = stand.run('intake');
  expect(early.status === 1 && early.stderr.includes('sekisho prepare'), 'a role started before anything was prepared');
  const prepared = stand.run('prepare');
  expect(prepared.status === 0, `prepare: ${prepared.stderr}`);

  const readyMs: Record<string, number> = {};
  for (const role of ['sanitizer', 'outlet', 'intake', 'admin'] as const) readyMs[role] = await stand.start(role);
  const sentAt = performance.now();
  const [sent] = await sendAll([MAIL], { port: smtpPort, connections: 1 });
  expect(sent?.accepted === true, `the mail was not taken: ${sent?.reply}`);
  for (let i = 0; i < 400 && sink.received.length === 0; i++) await sleep(50);
  const deliveredMs = performance.now() - sentAt;
  const verifiers = loadReceiptVerifiers(join(stand.dataFolder, 'keys', 'public.json'));
  const kinds = sink.received.map(({ bytes }) => verifyForwarded(bytes, verifiers).kind);
  expect(kinds.join() === 'verified', `what arrived: ${kinds.join() || 'nothing'}`);

  const doctor = Object.fromEntries(ROLES.map((role) => [role, doctorIn(stand, role)]));
  for (const role of ROLES) {
    expect(healthIn(stand, role).status === 0, `${role}: health`);
    problems.push(...closedDoors(stand, role));
  }
  problems.push(...(await reaped(stand)));
  problems.push(...(await silence(stand)));
  const codes = await stand.stop();
  for (const role of ROLES) expect(codes[role] === 0, `${role} ended with ${codes[role]}`);
  await sink.close();
  return { readyMs, doctor, deliveredMs, problems };
}

const healthIn = (stand: Stand, role: Role): Ran => stand.run(role, 'sekisho', 'health');

interface Finding {
  readonly about: string;
  readonly state: string;
  readonly said: { readonly en: string };
}

function doctorIn(stand: Stand, role: Role): readonly string[] {
  const { stdout, stderr } = stand.run(role, 'sekisho', 'doctor', '--json');
  try {
    return (JSON.parse(stdout) as readonly Finding[]).map(({ state, about, said }) => `${state} ${about}: ${said.en}`);
  } catch {
    return [`missing doctor: ${stderr || stdout}`];
  }
}

/** What a hijacked role would try first, from inside its container. */
function closedDoors(stand: Stand, role: Role): readonly string[] {
  const others = ROLES.filter((each) => each !== role).map((each) => `/data/keys/${each}`);
  const tries = [
    ...['/opt/sekisho/src/x', '/usr/bin/x', '/etc/sekisho/x', '/x', '/data/keys/public.json'].map(
      (path) => [`write ${path}`, `: 2>/dev/null >> ${path}`] as const,
    ),
    ...others.map((path) => [`a key in ${path}`, `ls ${path}/*.key`] as const),
    ['another user id', 'setpriv --reuid 64004 --clear-groups true'] as const,
  ];
  const given = role === 'sanitizer' ? ['another user id', 'write /data/keys/public.json'] : [];
  return tries
    .filter(([what]) => !given.includes(what))
    .filter(([, script]) => stand.run(role, 'sh', '-c', script).status === 0)
    .map(([what]) => `${role} could: ${what}`);
}

/** A jailed child killed from outside: what launched it is reaped, and another one stands ready. */
async function reaped(stand: Stand): Promise<readonly string[]> {
  const tree = (): readonly number[] => descendants(stand.process('sanitizer').pid ?? 0);
  const children = tree().filter((pid) => textOf(pid, 'cmdline').includes('jail/child'));
  if (children.length === 0) return ['no jailed child runs'];
  for (const pid of children) process.kill(pid, 'SIGKILL');
  await sleep(2_000);
  const zombies = tree().filter((pid) => /^State:\s+Z/m.test(textOf(pid, 'status')));
  return zombies.length === 0 ? [] : [`${zombies.length} zombies after a jailed child was killed`];
}

/** A role that stands still is told by its health check within half a minute, and is well again afterwards. */
async function silence(stand: Stand): Promise<readonly string[]> {
  const all = descendants(stand.process('outlet').pid ?? 0);
  const role = all.find((pid) => textOf(pid, 'cmdline').startsWith('sekisho outlet'));
  if (role === undefined) return ['no outlet process found'];
  process.kill(role, 'SIGSTOP');
  await sleep(26_000);
  const during = healthIn(stand, 'outlet').status;
  process.kill(role, 'SIGCONT');
  await sleep(6_000);
  const after = healthIn(stand, 'outlet').status;
  return during === 1 && after === 0 ? [] : [`health of a role that stands still: ${during}, afterwards ${after}`];
}

const descendants = (pid: number): readonly number[] => {
  const children = childrenOf(pid);
  return [...children, ...children.flatMap(descendants)];
};

function textOf(pid: number, file: string): string {
  try {
    return readdirSync(`/proc/${pid}`).length > 0 ? readFileSync(`/proc/${pid}/${file}`, 'latin1') : '';
  } catch {
    return '';
  }
}
