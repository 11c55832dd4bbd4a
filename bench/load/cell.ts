/** One cell of the bench's table: one peer, one size, one number of connections, one round. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from '../peers/peer.ts';
import type { LoadMail } from './mails.ts';
import { watchMemory } from './memory.ts';
import type { MemorySink } from './sink.ts';
import { arrivalProblems } from './verify.ts';
import { acknowledgedMs, sendOverWire } from './wire.ts';

/** Nobody is waited for longer; what is missing then counts as lost. */
const PATIENCE_MS = 120_000;

/** What is cleaned up behind the last delivery still counts as its cost. */
const SETTLE_MS = 300;

export interface Cell {
  readonly mails: number;
  /** From the first byte sent to the last mail at the sink. */
  readonly perSecond: number;
  readonly cpuMsPerMail: number;
  /** PSS of all its processes at the worst, in bytes. */
  readonly peakBytes: number;
  /** Empty when every mail was accepted, arrived once, and is what it must be. */
  readonly problems: readonly string[];
}

export async function measureCell(
  peer: Peer,
  sink: MemorySink,
  mails: readonly LoadMail[],
  connections: number,
): Promise<Cell> {
  sink.clear();
  const memory = watchMemory(() => peer.cpu.pids());
  const cpuBefore = peer.cpu.cpuMs();
  const startedAt = performance.now();
  const results = await sendOverWire(mails, { port: peer.smtpPort, pipelining: peer.pipelining }, connections);
  const refused = results.filter((result) => !result.accepted);
  while (sink.count < mails.length - refused.length && performance.now() - startedAt < PATIENCE_MS) await sleep(5);
  await drained(peer);
  await sleep(SETTLE_MS);
  const cpuMs = peer.cpu.cpuMs() - cpuBefore;
  const peakBytes = memory.stop();
  const { received } = sink;
  return {
    mails: mails.length,
    perSecond: (mails.length / (sink.lastAtMs() - startedAt)) * 1000,
    cpuMsPerMail: cpuMs / mails.length,
    peakBytes,
    problems: [
      ...(refused.length === 0 ? [] : [`${refused.length} not accepted: ${refused[0]?.reply}`]),
      ...arrivalProblems(mails, received),
      ...(await peer.problems(mails, received)),
    ],
  };
}

/** How fast sender and sink are by themselves: no peer can be seen faster than this. @returns mails a second */
export async function ceiling(sink: MemorySink, mails: readonly LoadMail[], connections: number): Promise<number> {
  sink.clear();
  const startedAt = performance.now();
  await sendOverWire(mails, { port: sink.port, pipelining: true }, connections);
  return (mails.length / (performance.now() - startedAt)) * 1000;
}

export interface Latency {
  /** connect() to the 250 after the dot, on a connection of its own. */
  readonly acknowledgedMs: number;
  /** connect() to the mail being complete at the sink. */
  readonly throughMs: number;
}

/** Between two mails: the one before is done with, whoever was asked. */
const PAUSE_MS = 30;

/** Mails one by one, each on a new connection, each after the one before has left. */
export async function measureLatency(
  peer: Peer,
  sink: MemorySink,
  mails: readonly LoadMail[],
): Promise<readonly Latency[]> {
  const seen: Latency[] = [];
  for (const mail of mails) {
    sink.clear();
    const startedAt = performance.now();
    const ms = await acknowledgedMs(mail, { port: peer.smtpPort, pipelining: peer.pipelining });
    while (sink.count === 0 && performance.now() - startedAt < PATIENCE_MS) await sleep(1);
    seen.push({ acknowledgedMs: ms, throughMs: sink.lastAtMs() - startedAt });
    await drained(peer);
    await sleep(PAUSE_MS);
  }
  return seen;
}

async function drained(peer: Peer): Promise<void> {
  for (let tries = 0; (await peer.queued()) > 0 && tries < 500; tries++) await sleep(20);
}
