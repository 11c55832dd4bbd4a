/** The bare relay of bare-relay.ts as a peer: what smtp-server and nodemailer cost when nothing else is done. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../test/kit/gateway.ts';
import { greets, type Peer, SPOOL_PARENT, until } from './peer.ts';
import { openProcesses } from './processes.ts';

const PROGRAM = fileURLToPath(new URL('./bare-relay.ts', import.meta.url));

export async function startBare(kind: 'durable' | 'memory', sinkPort: number): Promise<Peer> {
  const spool = mkdtempSync(join(SPOOL_PARENT, 'sekisho-bare-'));
  const smtpPort = await freePort();
  const processes = openProcesses(`bare-${kind}`);
  const stop = async (): Promise<void> => {
    await processes.stop();
    rmSync(spool, { recursive: true, force: true });
  };
  try {
    processes.run([process.execPath, PROGRAM, kind, `${smtpPort}`, `${sinkPort}`, spool], {
      UV_THREADPOOL_SIZE: '16',
      NODE_NO_WARNINGS: '1',
    });
    await until(() => greets(smtpPort), 'the bare relay');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: kind === 'durable' ? 'bare Node relay, durable' : 'bare Node relay, no disk',
    smtpPort,
    pipelining: true,
    cpu: processes.cpu,
    description: `smtp-server + nodemailer (the versions of package-lock.json) on Node ${process.version}, one process, 20 deliveries at once; fsync before 250: ${kind === 'durable' ? 'file and folder' : 'no, nothing is stored'}`,
    queued: () => readdirSync(spool).length,
    problems: async () => [],
    stop,
  };
}
