/** One load: the same mails, sender and sink whoever is measured. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sendAll } from '../../test/kit/send.ts';
import type { CpuGroup } from './cpu-group.ts';
import type { LoadMail } from './mails.ts';
import type { MemorySink } from './sink.ts';

export const CONNECTIONS = 10;

/** Nobody is waited for longer; what is missing then counts as lost. */
const PATIENCE_MS = 300_000;

/** What is cleaned up behind the last delivery still counts as its cost. */
const SETTLE_MS = 500;

export interface Measured {
  readonly mails: readonly LoadMail[];
  readonly received: readonly Buffer[];
  /** From the first byte sent to the last mail at the sink. */
  readonly perSecond: number;
  readonly cpuMsPerMail: number;
  /** Sent and answered 250. */
  readonly accepted: number;
}

export interface Subject {
  readonly smtpPort: number;
  readonly cpu: CpuGroup;
  readonly sink: MemorySink;
  /** Resolves when nothing is queued any more. */
  idle(): Promise<void>;
}

export async function runLoad(subject: Subject, mails: readonly LoadMail[]): Promise<Measured> {
  const { sink, cpu, smtpPort } = subject;
  sink.clear();
  const cpuBefore = cpu.cpuMs();
  const startedAt = performance.now();
  const results = await sendAll(mails, { port: smtpPort, connections: CONNECTIONS });
  const accepted = results.filter((result) => result.accepted).length;
  while (sink.received.length < accepted && performance.now() - startedAt < PATIENCE_MS) await sleep(20);
  await subject.idle();
  await sleep(SETTLE_MS);
  return {
    mails,
    received: sink.received,
    perSecond: (mails.length / (sink.lastAtMs() - startedAt)) * 1000,
    cpuMsPerMail: (cpu.cpuMs() - cpuBefore) / mails.length,
    accepted,
  };
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};
