/** Who is measured: takes mail on a loopback port and hands it on to the bench's sink. One file each beside this one. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CpuGroup } from '../load/cpu-group.ts';
import type { LoadMail } from '../load/mails.ts';

export interface Peer {
  /** As the table calls it. */
  readonly name: string;
  readonly smtpPort: number;
  /** False where one command at a time is the faster way in. */
  readonly pipelining: boolean;
  readonly cpu: CpuGroup;
  /** What was installed and how it was set, for the page. */
  readonly description: string;
  /** Mails that it has taken and still has something to do for. */
  queued(): number | Promise<number>;
  /** What is wrong with mails that arrived, beyond their number; empty when nothing is. */
  problems(mails: readonly LoadMail[], received: readonly Buffer[]): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Where each peer keeps its spool: the same disk as our gateway's data folder in test/kit. */
export const SPOOL_PARENT = '/tmp';

const START_MS = 30_000;

/** @throws Error when it does not hold after 30 s. */
export async function until(holds: () => boolean | Promise<boolean>, name: string): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${name} does not answer after ${START_MS / 1000} s`);
    await sleep(100);
  }
}

export async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    const [data] = (await once(socket, 'data', { signal: AbortSignal.timeout(2000) })) as [Buffer];
    return data.toString('latin1').startsWith('220');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
