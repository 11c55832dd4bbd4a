/** Every attempt under one launcher, or outside of any: what got through. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { JailAnswer } from '../../../../src/jail/jail.ts';
import { JailedProcess } from '../../../../src/jail/jailed-process.ts';
import { type Command, commandFor, type Plan } from '../../../../src/jail/launcher.ts';
import { INSPECTION_BOUNDS, isRecord, type Parcel } from '../../../../src/jail/protocol.ts';
import { findTools } from '../../../../src/jail/tools.ts';
import { ATTEMPTS } from './attempts.ts';
import type { EscapeHouse } from './house.ts';
import { OTHER_PROGRAM } from './processes.ts';
import { ARMED, type Attempt, type Tried } from './targets.ts';

const ATTACKER = fileURLToPath(new URL('./attacker.ts', import.meta.url));

/** Enough for 4,500 threads on a busy machine; the endless attempt needs an end of its own. */
const DEADLINE_MS = 30_000;
const ENDLESS_MS = 1_000;

/** What libraries and V8 map writable at once counts too: launcher.ts allows for it. */
const CODE_RANGE_MIB = 512;

export type Results = ReadonlyMap<string, Tried>;

/** @param plan 'outside': no launcher, no limits, no permission model: the control, without which a refusal proves nothing. */
export async function tryAll(plan: Plan | 'outside', house: EscapeHouse): Promise<Results> {
  const results = new Map<string, Tried>();
  const tools = findTools();
  const command = plan === 'outside' ? outside(house) : commandFor(plan, tools, ATTACKER);
  const allowedMiB = (plan === 'outside' ? 256 : plan.memoryMiB) + CODE_RANGE_MIB;
  let child: JailedProcess | undefined;
  for (const attempt of ATTEMPTS) {
    house.tidy();
    house.witnessed();
    if (attempt.id === 'endless' && plan === 'outside') {
      results.set(attempt.id, await endless());
      continue;
    }
    child ??= await armed(command, house);
    const deadlineMs = attempt.id === 'endless' ? ENDLESS_MS : DEADLINE_MS;
    const answer = await child.ask(
      { body: house.targetsFor(attempt.id, allowedMiB), blobs: [] },
      INSPECTION_BOUNDS,
      deadlineMs,
    );
    const tried = judged(attempt, answer);
    // Signals and datagrams take a moment.
    await sleep(20);
    const seen = house.witnessed();
    results.set(
      attempt.id,
      seen.length === 0 || tried.could ? tried : { could: true, said: `seen outside: ${seen.join(', ')}` },
    );
    if (attempt.spoils === true || child.isDead) {
      child.kill();
      await child.gone;
      child = undefined;
    }
  }
  child?.kill();
  await child?.gone;
  house.tidy();
  return results;
}

/** @throws Error when the launcher starts nothing or native code does not load: then nothing would have been tried. */
async function armed(command: Command, house: EscapeHouse): Promise<JailedProcess> {
  const child = new JailedProcess(command);
  const start = await child.started;
  if (start.kind === 'failed') throw new Error(`the attacker does not start: ${start.detail}`);
  const ask = { body: house.targetsFor(ARMED, 0), blobs: [] };
  const answer = await child.ask(ask, INSPECTION_BOUNDS, DEADLINE_MS);
  if (answer.kind === 'done' && isRecord(answer.value.body) && answer.value.body['could'] === true) return child;
  child.kill();
  throw new Error(`the attacker has no native code: ${JSON.stringify(answer)}`);
}

/** As the gateway starts anything: with one file left open. */
function outside({ secretFile }: EscapeHouse): Command {
  const script = 'exec 9<"$1"; shift; exec "$@"';
  const env = { PATH: '/usr/bin:/bin', NODE_NO_WARNINGS: '1' };
  return { file: '/bin/sh', args: ['-c', script, 'sh', secretFile, process.execPath, ATTACKER], env };
}

/** Attempts that end in another program have no answer of their own. */
const BECOMES: Readonly<Record<string, string>> = {
  'exec-shell': `exit ${OTHER_PROGRAM}`,
  'exec-node': `exit ${OTHER_PROGRAM}`,
  execveat: `exit ${OTHER_PROGRAM}`,
  'exec-tool': 'exit 1',
};

function judged(attempt: Attempt, answer: JailAnswer<Parcel>): Tried {
  if (answer.kind === 'failed') {
    const isOther = BECOMES[attempt.id] === answer.detail;
    const said = answer.why === 'timeout' ? `killed after ${ENDLESS_MS} ms` : answer.detail;
    return isOther ? { could: true, said: 'another program ran' } : { could: false, said };
  }
  const { body } = answer.value;
  if (!isRecord(body) || typeof body['could'] !== 'boolean') throw new Error(`${attempt.id}: no answer`);
  return { could: body['could'], said: String(body['said']) };
}

/** Nobody ends it but we: still at work after the time at which a jailed one is dead. */
async function endless(): Promise<Tried> {
  const child = spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' });
  await sleep(ENDLESS_MS * 2);
  const isAtWork = child.exitCode === null && child.signalCode === null;
  child.kill('SIGKILL');
  return { could: isAtWork, said: isAtWork ? 'still at work' : 'ended' };
}
