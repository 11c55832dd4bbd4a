/**
 * One 5 kB mail on a new connection to an idle gateway, again and again: from connect() to the 250 after the dot, which
 * comes after all stores and the database have synced. A bare Postfix takes its turn in the same run, with the same sender.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startGateway } from '../../../test/kit/gateway.ts';
import { openHop } from '../../../test/kit/hop.ts';
import { missingForChain } from '../../../test/kit/neighbours/chain.ts';
import { startPostfix } from '../../../test/kit/neighbours/postfix.ts';
import { textMails } from '../../load/mails.ts';
import { acknowledgedMs } from '../../load/wire.ts';
import { markdownTable } from '../issue1/product.ts';
import type { Section, SectionContext, SectionResult } from '../section.ts';

const BAR_MS = 12;
/** The first ones compile code and open files. */
const WARM_UP = 20;
/** Between two mails, so that nothing of the last one is still at work. */
const PAUSE_MS = 100;

export const idle: Section = {
  name: 'idle',
  bar: 'Idle acknowledgement of a 5 kB mail on a new connection from a listed peer ≤ 12 ms p50.',
  run: measure,
};

interface Subject {
  readonly name: string;
  readonly port: number;
  /** Resolves when the last mail is wholly done with. */
  idle(): Promise<unknown>;
  readonly ms: number[];
}

async function measure({ short, say }: SectionContext): Promise<SectionResult> {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-idle-'));
  // Postfix has a user of its own.
  chmodSync(folder, 0o755);
  const hop = await openHop();
  const started: { stop(): Promise<void> }[] = [];
  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    started.push(one);
    return one;
  };
  try {
    const gateway = keep(await startGateway({ folder: join(folder, 'gateway'), nextHopPort: hop.port }));
    const hasPostfix = missingForChain().length === 0;
    const postfix = hasPostfix ? keep(await startRelay(join(folder, 'postfix'), hop.port)) : undefined;
    const floor = diskFloorMs(folder);
    const subjects: readonly Subject[] = [
      { name: 'Sekisho', port: gateway.smtpPort, idle: () => gateway.idle(), ms: [] },
      ...(postfix === undefined ? [] : [{ name: 'Postfix', port: postfix.port, idle: () => emptied(postfix), ms: [] }]),
    ];
    const rounds = WARM_UP + (short ? 30 : 300);
    const mails = textMails(rounds, 1, 0);
    for (const [round, mail] of mails.entries()) {
      for (const subject of subjects) {
        const ms = await acknowledgedMs(mail, { port: subject.port, pipelining: true });
        if (round >= WARM_UP) subject.ms.push(ms);
        await subject.idle();
        await sleep(PAUSE_MS);
      }
    }
    const arrived = hop.received.length;
    const due = rounds * subjects.length;
    say(`${arrived} of ${due} arrived`);
    return resultOf(subjects, { arrived, due, floor, bytes: mails[0]?.bytes.length ?? 0 });
  } finally {
    for (const one of started) await one.stop();
    await hop.close();
    rmSync(folder, { recursive: true });
  }
}

/** A Postfix that only relays; its own default promise: queue file synced before 250. */
const startRelay = async (folder: string, hopPort: number) =>
  startPostfix({
    folder,
    port: await freePort(),
    mainCf: `compatibility_level = 3.6
myhostname = peer.example
mynetworks = 127.0.0.0/8
mydestination =
relayhost = [127.0.0.1]:${hopPort}
`,
    masterCf: 'smtp inet n - n - - smtpd\n',
  });

async function emptied(postfix: { queued(): number }): Promise<void> {
  while (postfix.queued() > 0) await sleep(20);
}

/** What one small synced file costs here, p50 of 50: the least that any durable acknowledgement can take. */
function diskFloorMs(folder: string): number {
  const times = Array.from({ length: 50 }, (_, index) => {
    const startedAt = performance.now();
    writeFileSync(join(folder, `floor-${index}`), Buffer.alloc(5000), { flush: true });
    return performance.now() - startedAt;
  });
  return percentile(times, 0.5);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function resultOf(
  subjects: readonly Subject[],
  { arrived, due, floor, bytes }: { arrived: number; due: number; floor: number; bytes: number },
): SectionResult {
  const [own, relay] = subjects;
  const p50 = percentile(own?.ms ?? [], 0.5);
  const beside =
    relay === undefined
      ? 'Postfix not installed'
      : `Postfix ${percentile(relay.ms, 0.5).toFixed(1)} ms in the same run`;
  return {
    holds: p50 <= BAR_MS && arrived === due && relay !== undefined,
    summary: `p50 ${p50.toFixed(1)} ms (bar ${BAR_MS}); ${beside}; ${arrived} of ${due} mails arrived`,
    details: [
      `Mail of ${bytes} octets, a new connection each, ${PAUSE_MS} ms after the last one was wholly done with; ${own?.ms.length} counted after ${WARM_UP} for warming up. Three directory stores and SQLite (synchronous = FULL) as \`npm start\` has them, all on this machine's one disk, where one synced 5 kB file takes ${floor.toFixed(1)} ms (p50).`,
      markdownTable(
        ['', 'p50', 'p90', 'p99'],
        subjects.map(({ name, ms }) => [
          name,
          ...[0.5, 0.9, 0.99].map((share) => `${percentile(ms, share).toFixed(1)} ms`),
        ]),
      ),
    ].join('\n\n'),
  };
}
