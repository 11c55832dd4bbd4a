/** Our own gateway as a peer: real processes, the settings of `npm start`, the jail on, every outcome verified. */
import { rmSync } from 'node:fs';
import { publicFile } from '../../src/keys/directory.ts';
import { loadReceiptVerifiers } from '../../src/keys/load.ts';
import { startGateway } from '../../test/kit/gateway.ts';
import { openRuler } from '../load/process-tree.ts';
import { contentProblems, outcomeProblems } from '../load/verify.ts';
import type { Peer } from './peer.ts';

export const OURS = 'Sekisho';

export async function startSekisho(sinkPort: number, tenants: number): Promise<Peer> {
  const cpu = openRuler('sekisho');
  const gateway = await startGateway({ tenants, nextHopPort: sinkPort, wrapper: cpu.wrapper }).catch(async (error) => {
    await cpu.close();
    throw error;
  });
  const verifiers = loadReceiptVerifiers(publicFile(gateway.folder));
  const database = await gateway.openDatabase();
  return {
    name: OURS,
    smtpPort: gateway.smtpPort,
    pipelining: true,
    cpu,
    description: `the settings of npm start, ${tenants} tenants, jail on, three directory stores; fsync before 250: of every share, and of the database's journal`,
    async queued() {
      const { open } = await database.read
        .selectFrom('job')
        .select((eb) => eb.fn.countAll<number>().as('open'))
        .where('state', 'in', ['waiting', 'leased'])
        .executeTakeFirstOrThrow();
      return open;
    },
    problems: async (mails, received) => [
      ...contentProblems(mails, received, verifiers),
      ...(await outcomeProblems(database, mails)),
    ],
    async stop() {
      await database.close();
      await gateway.stop();
      await cpu.close();
      rmSync(gateway.folder, { recursive: true, force: true });
    },
  };
}
