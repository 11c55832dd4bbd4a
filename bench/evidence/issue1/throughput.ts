/** A small mail beside what is run today: CPU time and messages a second, every outcome looked at. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { writeDemoConfig } from '../../../src/cli/demo/settings.ts';
import { loadSettings } from '../../../src/config/load.ts';
import type { Settings } from '../../../src/config/schema.ts';
import { publicFile } from '../../../src/keys/directory.ts';
import type { PublicKey } from '../../../src/keys/keys.ts';
import { loadReceiptVerifiers } from '../../../src/keys/load.ts';
import { type Gateway, startGateway } from '../../../test/kit/gateway.ts';
import { openCpuGroup } from '../../load/cpu-group.ts';
import { type LoadMail, mixedMails, textMails } from '../../load/mails.ts';
import { type Measured, median, runLoad, type Subject } from '../../load/run.ts';
import { type MemorySink, openMemorySink } from '../../load/sink.ts';
import { arrivalProblems, contentProblems, outcomeProblems } from '../../load/verify.ts';
import { startAmavis, wasScanned } from '../../peers/amavis.ts';
import type { Peer } from '../../peers/peer.ts';
import type { Section, SectionContext, SectionResult } from '../section.ts';

const TENANTS = 10;
const DOMAINS = Array.from({ length: TENANTS }, (_, i) => `t${i + 1}.example`);

const CPU_BAR = 1 / 2;
const RATE_BAR = 4;

interface Size {
  readonly servers: readonly number[];
  readonly search: number;
  readonly warm: number;
  readonly rounds: number;
  readonly peerText: number;
  readonly ourText: number;
  readonly mix: number;
}

const FULL: Size = {
  servers: [2, 4, 6, 8, 10],
  search: 100,
  warm: 500,
  rounds: 3,
  peerText: 200,
  ourText: 400,
  mix: 100,
};
const SHORT: Size = { servers: [8], search: 40, warm: 100, rounds: 1, peerText: 60, ourText: 150, mix: 30 };

export const throughput: Section = {
  name: 'throughput',
  bar:
    '5 kB text mail at 10 connections beside postfix + amavisd + clamd tuned to its best `$max_servers`, same run: CPU per ' +
    'message ≤ 1/2, messages/s ≥ 4 ×; also with ten tenants interleaved and a mix (60 % text, 30 % PDF, 10 % image), every ' +
    'outcome verified, full jail and syncs on, the configuration printed and equal to that of `npm start`.',
  async run(context) {
    const sink = await openMemorySink();
    try {
      return await measure(context, sink, context.short ? SHORT : FULL);
    } finally {
      await sink.close();
    }
  },
};

async function measure({ say }: SectionContext, sink: MemorySink, size: Size): Promise<SectionResult> {
  const numbers = new Numbers();
  const search: { servers: number; perSecond: number }[] = [];
  for (const servers of size.servers) {
    const peer = await startAmavis(servers, sink.port, DOMAINS);
    try {
      await runLoad(peerSubject(peer, sink), textMails(20, 1, numbers.take(20)));
      const { perSecond } = await runLoad(
        peerSubject(peer, sink),
        textMails(size.search, 1, numbers.take(size.search)),
      );
      search.push({ servers, perSecond });
      say(`amavis with ${servers} servers: ${perSecond.toFixed(1)}/s`);
    } finally {
      await peer.stop();
    }
  }
  const best = [...search].sort((a, b) => b.perSecond - a.perSecond)[0]?.servers ?? 2;
  const peer = await startAmavis(best, sink.port, DOMAINS);
  const cpu = openCpuGroup('gateway');
  let gateway: Gateway | undefined;
  try {
    gateway = await startGateway({ tenants: TENANTS, nextHopPort: sink.port, wrapper: cpu.wrapper });
    const { idle, smtpPort } = gateway;
    const ours: Subject = { smtpPort, cpu, sink, idle: () => idle(300_000) };
    const problems: string[] = [];
    const series = await rounds(ours, peerSubject(peer, sink), gateway, numbers, size, say, problems);
    const setup = await setupOf(gateway);
    problems.push(...setup.problems);
    problems.push(...(await syncProblems(ours, gateway, numbers)));
    return result(series, search, peer, setup.text, problems, size);
  } finally {
    await gateway?.stop();
    await cpu.close();
    await peer.stop();
  }
}

/** Numbers of mails: none is used twice. */
class Numbers {
  #next = 0;
  take(count: number): number {
    const first = this.#next;
    this.#next += count;
    return first;
  }
}

function peerSubject(peer: Peer, sink: MemorySink): Subject {
  return {
    smtpPort: peer.smtpPort,
    cpu: peer.cpu,
    sink,
    async idle() {
      for (let tries = 0; (await peer.queued()) > 0 && tries < 100; tries++) await sleep(100);
    },
  };
}

type SeriesName = 'peer: text' | 'ours: text' | 'ours: text, ten tenants' | 'peer: mix' | 'ours: mix, ten tenants';
type Series = ReadonlyMap<SeriesName, readonly Measured[]>;

async function rounds(
  ours: Subject,
  peer: Subject,
  gateway: Gateway,
  numbers: Numbers,
  size: Size,
  say: (line: string) => void,
  problems: string[],
): Promise<Series> {
  const verifiers = loadReceiptVerifiers(publicFile(gateway.folder));
  await runLoad(peer, textMails(Math.min(size.warm, 100), 1, numbers.take(size.warm)));
  await runLoad(ours, textMails(size.warm, TENANTS, numbers.take(size.warm)));
  await runLoad(ours, mixedMails(size.mix, TENANTS, numbers.take(size.mix)));
  const series = new Map<SeriesName, Measured[]>();
  const one = async (name: SeriesName, subject: Subject, mails: readonly LoadMail[]): Promise<void> => {
    const measured = await runLoad(subject, mails);
    const found = subject === peer ? peerProblems(measured) : await ourProblems(measured, gateway, verifiers);
    problems.push(...found.map((problem) => `${name}: ${problem}`));
    series.set(name, [...(series.get(name) ?? []), measured]);
    say(`${name}: ${measured.cpuMsPerMail.toFixed(1)} ms CPU, ${measured.perSecond.toFixed(1)}/s ${found.join('; ')}`);
  };
  for (let round = 0; round < size.rounds; round++) {
    await one('peer: text', peer, textMails(size.peerText, 1, numbers.take(size.peerText)));
    await one('ours: text', ours, textMails(size.ourText, 1, numbers.take(size.ourText)));
    await one('ours: text, ten tenants', ours, textMails(size.ourText, TENANTS, numbers.take(size.ourText)));
    await one('peer: mix', peer, mixedMails(size.mix, TENANTS, numbers.take(size.mix)));
    await one('ours: mix, ten tenants', ours, mixedMails(size.mix, TENANTS, numbers.take(size.mix)));
  }
  return series;
}

/** A peer that let mail through unscanned, or lost some, would not count. */
const peerProblems = ({ mails, received }: Measured): readonly string[] => [
  ...arrivalProblems(mails, received),
  ...(received.every(wasScanned) ? [] : ['not scanned']),
];

async function ourProblems(
  { mails, received, accepted }: Measured,
  gateway: Gateway,
  verifiers: readonly PublicKey[],
): Promise<readonly string[]> {
  const database = await gateway.openDatabase();
  try {
    return [
      ...(accepted === mails.length ? [] : [`${mails.length - accepted} not accepted`]),
      ...arrivalProblems(mails, received),
      ...contentProblems(mails, received, verifiers),
      ...(await outcomeProblems(database, mails)),
    ];
  } finally {
    await database.close();
  }
}

/** What may differ from `npm start`: names, folders, ports, tenants. Everything that costs time may not. */
const costly = ({ intake, vault, sanitizer, jail, outlet, policies, logLevel, profile }: Settings): object => {
  const { listen, ...rest } = intake;
  return {
    profile,
    logLevel,
    intake: rest,
    vault: { ...vault, stores: vault.stores.map(({ kind }) => kind) },
    sanitizer,
    jail,
    outlet,
    policies,
  };
};

async function setupOf(gateway: Gateway): Promise<{ readonly text: string; readonly problems: readonly string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-demo-'));
  try {
    const here = loadSettings(gateway.configFile);
    const start = loadSettings(writeDemoConfig(folder, { smtp: 1, sink: 2, admin: 3 }));
    const same = isDeepStrictEqual(costly(here), costly(start));
    const hops = [...here.tenants, ...start.tenants].map(({ nextHop }) => nextHop.maxConnections);
    const layers = doctor(gateway.configFile);
    const missing = layers.filter(({ about, state }) => about.startsWith('jail') && state === 'missing');
    return {
      text: [
        '```json',
        JSON.stringify(costly(here), undefined, 1),
        '```',
        `Jail: ${layers.map(({ about, state }) => `${about} ${state}`).join(', ')}.`,
      ].join('\n'),
      problems: [
        ...(same && new Set(hops).size === 1 ? [] : ['the configuration differs from that of npm start']),
        ...missing.map(({ about }) => `${about} does not hold`),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Finding {
  readonly about: string;
  readonly state: string;
}

function doctor(configFile: string): readonly Finding[] {
  const main = join(import.meta.dirname, '../../../src/main.ts');
  const args = [main, 'doctor', '--json', '-c', configFile];
  let text = '';
  try {
    text = execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    // Exit code 3 tells that something is missing; which, the findings say.
    text = (error as { stdout?: string }).stdout ?? '[]';
  }
  return (JSON.parse(text) as Finding[]).filter(({ about }) => about.startsWith('jail'));
}

/** Mails for which syncs are counted, after the measured runs: strace slows what it watches. */
const WATCHED = 20;
/** Share and key share in three stores: of the original in intake, of result and texts in the sanitizer. */
const SYNCS = { intake: 6, sanitizer: 12 } as const;

async function syncProblems(ours: Subject, gateway: Gateway, numbers: Numbers): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const role of ['intake', 'sanitizer'] as const) {
    const file = join(gateway.folder, `strace-${role}.txt`);
    const pid = gateway.rolePids().get(role) ?? 0;
    const { spawn } = await import('node:child_process');
    const trace = spawn('strace', ['-f', '-q', '-e', 'trace=fdatasync,fsync', '-o', file, '-p', `${pid}`], {
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => trace.once('exit', resolve));
    trace.once('error', () => problems.push('strace is missing'));
    await sleep(1000);
    await runLoad(ours, textMails(WATCHED, TENANTS, numbers.take(WATCHED)));
    trace.kill('SIGINT');
    await ended;
    const lines = execFileSync('cat', [file], { encoding: 'utf8' }).split('\n');
    const count = lines.filter((line) => /fdatasync\(\d+/.test(line)).length;
    if (count < WATCHED * SYNCS[role]) problems.push(`${role}: ${count} syncs for ${WATCHED} mails`);
  }
  return problems;
}

interface Row {
  readonly name: SeriesName;
  readonly cpu: number;
  readonly perSecond: number;
}

function result(
  series: Series,
  search: readonly { readonly servers: number; readonly perSecond: number }[],
  peer: Peer,
  setup: string,
  problems: readonly string[],
  size: Size,
): SectionResult {
  const rows = [...series].map(
    ([name, runs]): Row => ({
      name,
      cpu: median(runs.map(({ cpuMsPerMail }) => cpuMsPerMail)),
      perSecond: median(runs.map(({ perSecond }) => perSecond)),
    }),
  );
  const row = (name: SeriesName): Row => rows.find((each) => each.name === name) ?? { name, cpu: 0, perSecond: 0 };
  const against = (ours: SeriesName, theirs: SeriesName) => ({
    name: ours,
    cpu: row(ours).cpu / row(theirs).cpu,
    rate: row(ours).perSecond / row(theirs).perSecond,
  });
  const judged = [against('ours: text', 'peer: text'), against('ours: text, ten tenants', 'peer: text')];
  const mix = against('ours: mix, ten tenants', 'peer: mix');
  const holds = problems.length === 0 && judged.every(({ cpu, rate }) => cpu <= CPU_BAR && rate >= RATE_BAR);
  const ratio = ({ name, cpu, rate }: (typeof judged)[number]): string =>
    `${name}: CPU × ${cpu.toFixed(2)}, rate × ${rate.toFixed(2)}`;
  return {
    holds,
    summary: `${judged.map(ratio).join('; ')} (bar × ${CPU_BAR} and × ${RATE_BAR}); ${problems.length} problems`,
    details: [
      `Peer: ${peer.description}. Search for the best: ${search.map(({ servers, perSecond }) => `${servers} → ${perSecond.toFixed(1)}/s`).join(', ')}.`,
      'It scans and passes on; ours rebuilds. CPU is user and system time of all processes by control group, ended children included.',
      `Medians of ${size.rounds} alternated rounds at 10 connections; rate from the first byte to the last mail at the sink.`,
      '',
      '| | CPU ms/mail | mails/s | CPU, each round | mails/s, each round |',
      '|---|---|---|---|---|',
      ...rows.map(({ name, cpu, perSecond }) => {
        const runs = series.get(name) ?? [];
        const each = (values: readonly number[]): string => values.map((value) => value.toFixed(1)).join(' · ');
        const cpus = each(runs.map(({ cpuMsPerMail }) => cpuMsPerMail));
        return `| ${name} | ${cpu.toFixed(1)} | ${perSecond.toFixed(1)} | ${cpus} | ${each(runs.map((run) => run.perSecond))} |`;
      }),
      '',
      `The mix against the peer, which does not open what it passes on: CPU × ${mix.cpu.toFixed(2)}, rate × ${mix.rate.toFixed(2)} (no bar: other work).`,
      '',
      problems.length === 0
        ? 'Every mail arrived once, with a valid receipt of its tenant, every line of its letter and its attachment made anew; all recipients «delivered»; syncs counted by strace.'
        : `Problems: ${[...new Set(problems)].join('; ')}`,
      '',
      setup,
    ].join('\n'),
  };
}
