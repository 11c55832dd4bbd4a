/**
 * Writes the data folder of a gateway that was cut off in its work, as fixtures/data/<name>/data.tar.gz: one mail accepted
 * and not looked at, one rebuilt and not delivered. Run once for each issue: `node test/kit/make-old-data.ts issue1`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, type Gateway, startGateway } from './gateway.ts';
import { tokenMail } from './ledger.ts';
import { type OutgoingMail, sendAll } from './send.ts';

const [name = ''] = process.argv.slice(2);
if (!/^[a-z0-9-]+$/.test(name)) throw new Error('usage: make-old-data.ts NAME');

const gateway = await startGateway({ nextHopPort: await freePort() });
await send(tokenMail('token-ready-end', ['soumu@t1.example']));
while (!(await isDelivering(gateway))) await sleep(50);
process.kill(gateway.rolePids().get('sanitizer') ?? 0, 'SIGSTOP');
await send(tokenMail('token-accepted-end', ['joho@t1.example']));
// As a power cut leaves it: with a WAL.
for (const pid of gateway.tree()) process.kill(pid, 'SIGKILL');
await sleep(500);
const { folder } = gateway;
for (const left of ['gateway.db-shm', 'lgwan']) rmSync(join(folder, left), { recursive: true, force: true });
const target = fileURLToPath(new URL(`../../fixtures/data/${name}`, import.meta.url));
mkdirSync(target, { recursive: true });
const options = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name'];
execFileSync('tar', ['-C', folder, ...options, '-czf', join(target, 'data.tar.gz'), '.']);
rmSync(folder, { recursive: true });
process.exit(0);

async function send(mail: OutgoingMail): Promise<void> {
  const [result] = await sendAll([mail], { port: gateway.smtpPort, connections: 1 });
  if (result?.accepted !== true) throw new Error(`not accepted: ${result?.error}`);
}

/** The first mail has been rebuilt, and one delivery has failed. */
async function isDelivering(running: Gateway): Promise<boolean> {
  const database = await running.openDatabase();
  try {
    const job = await database.read
      .selectFrom('job')
      .select('attempts')
      .where('kind', '=', 'deliver')
      .executeTakeFirst();
    const { state } = await database.read.selectFrom('recipient').select('state').executeTakeFirstOrThrow();
    return (job?.attempts ?? 0) > 0 && state === 'ready';
  } finally {
    await database.close();
  }
}
