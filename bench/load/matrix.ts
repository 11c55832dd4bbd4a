/**
 * The mail half of the bench: all peers run side by side from start to end and are asked in turn, cell by cell, round by
 * round, so that what the machine does meanwhile hits all of them alike.
 */
import { type BenchOptions, PEER_NAMES, type PeerName, SIZES, type SizeName } from '../options.ts';
import { startAmavis } from '../peers/amavis.ts';
import { startBare } from '../peers/bare.ts';
import { startHaraka } from '../peers/haraka.ts';
import type { Peer } from '../peers/peer.ts';
import { startPostfix } from '../peers/postfix.ts';
import { startSekisho } from '../peers/sekisho.ts';
import { type Cell, ceiling, type Latency, measureCell, measureLatency } from './cell.ts';
import { Letters } from './letters.ts';
import { type LoadMail, mixedMails } from './mails.ts';
import { type MemorySink, openMemorySink } from './sink.ts';

/** A letter of a size, or letters, PDFs and photos of local governments' everyday (mails.ts). */
export type LoadName = SizeName | 'mix';

export interface Measurement extends Cell {
  readonly peer: PeerName;
  readonly load: LoadName;
  readonly connections: number;
  readonly round: number;
}

export interface MailResult {
  readonly started: ReadonlyMap<PeerName, { readonly name: string; readonly description: string }>;
  /** Why a wanted peer is not in the table. */
  readonly absent: ReadonlyMap<PeerName, string>;
  readonly measurements: readonly Measurement[];
  readonly ceilings: readonly { readonly load: LoadName; readonly connections: number; readonly perSecond: number }[];
  readonly latencies: ReadonlyMap<PeerName, readonly Latency[]>;
  readonly ruler: string;
}

const TENANTS = 10;
const DOMAINS = Array.from({ length: TENANTS }, (_, i) => `t${i + 1}.example`);

/** The best of 2, 4, 6, 8, 10 on two cores, as `npm run evidence -- 1 throughput` searched and found. */
const AMAVIS_SERVERS = 10;

const STARTERS: Readonly<Record<PeerName, (sinkPort: number) => Promise<Peer>>> = {
  sekisho: (port) => startSekisho(port, TENANTS),
  postfix: (port) => startPostfix(port, DOMAINS),
  amavis: (port) => startAmavis(AMAVIS_SERVERS, port, DOMAINS),
  haraka: (port) => startHaraka(port),
  bare: (port) => startBare('durable', port),
  memory: (port) => startBare('memory', port),
};

/** Mails a second, roughly, on two cores: from these a cell is made long enough to mean something, and no longer. */
const EXPECTED: Readonly<Record<PeerName | 'sink', Readonly<Record<LoadName, number>>>> = {
  sekisho: { '5kB': 120, '100kB': 60, '5MB': 2.5, mix: 30 },
  postfix: { '5kB': 500, '100kB': 350, '5MB': 18, mix: 300 },
  amavis: { '5kB': 60, '100kB': 25, '5MB': 3, mix: 50 },
  haraka: { '5kB': 350, '100kB': 200, '5MB': 10, mix: 200 },
  bare: { '5kB': 500, '100kB': 250, '5MB': 12, mix: 300 },
  memory: { '5kB': 800, '100kB': 350, '5MB': 14, mix: 400 },
  sink: { '5kB': 8000, '100kB': 3000, '5MB': 60, mix: 4000 },
};

const SECONDS = 2;
const SHORT_SECONDS = 0.3;

/** Connections for the mix, as in issue 1. */
const MIX_CONNECTIONS = 10;

/** Mails before the first round, as parts of a cell: compilers, pools and caches are warm then. */
const WARM_CELLS = 2;

/** One by one, each round. */
const LATENCY_MAILS = 25;
const SHORT_LATENCY_MAILS = 5;

type Say = (line: string) => void;

export async function runMail(options: BenchOptions, say: Say): Promise<MailResult> {
  const sink = await openMemorySink();
  const peers = new Map<PeerName, Peer>();
  const absent = new Map<PeerName, string>();
  try {
    for (const name of PEER_NAMES.filter((each) => options.peers.includes(each))) {
      try {
        peers.set(name, await STARTERS[name](sink.port));
        say(`started: ${name}`);
      } catch (error) {
        if (name === 'sekisho') throw error;
        absent.set(name, (error as Error).message);
        say(`NOT MEASURED: ${name}: ${(error as Error).message}`);
      }
    }
    return { ...(await new Run(options, peers, sink, say).all()), absent };
  } finally {
    for (const peer of peers.values()) await peer.stop();
    await sink.close();
  }
}

class Run {
  readonly #options: BenchOptions;
  readonly #peers: ReadonlyMap<PeerName, Peer>;
  readonly #sink: MemorySink;
  readonly #say: Say;
  readonly #letters = new Letters(TENANTS);
  #mixed = 0;

  constructor(options: BenchOptions, peers: ReadonlyMap<PeerName, Peer>, sink: MemorySink, say: Say) {
    this.#options = options;
    this.#peers = peers;
    this.#sink = sink;
    this.#say = say;
  }

  async all(): Promise<Omit<MailResult, 'absent'>> {
    const { rounds, short } = this.#options;
    await this.#warm();
    const ceilings = await this.#ceilings();
    const measurements: Measurement[] = [];
    const latencies = new Map<PeerName, Latency[]>();
    for (let round = 1; round <= rounds; round++) {
      for (const { load, connections } of this.#cells()) {
        for (const [name, peer] of this.#peers) {
          measurements.push(await this.#measure(name, peer, load, connections, round));
        }
      }
      for (const [name, peer] of this.#peers) {
        const mails = this.#letters.take(short ? SHORT_LATENCY_MAILS : LATENCY_MAILS, SIZES['5kB']);
        const seen = await measureLatency(peer, this.#sink, mails);
        latencies.set(name, [...(latencies.get(name) ?? []), ...seen]);
      }
      this.#say(`round ${round} of ${rounds} done`);
    }
    const started = [...this.#peers].map(([key, { name, description }]) => [key, { name, description }] as const);
    const ruler = [...new Set([...this.#peers.values()].map(({ cpu }) => cpu.ruler))].join(', ');
    return { started: new Map(started), measurements, ceilings, latencies, ruler };
  }

  #cells(): readonly { readonly load: LoadName; readonly connections: number }[] {
    const { sizes, connections } = this.#options;
    const letters = sizes.flatMap((load) => connections.map((each) => ({ load, connections: each })));
    return [...letters, { load: 'mix', connections: MIX_CONNECTIONS }];
  }

  /** At least one mail for each connection; for a single connection no less than two. */
  #mails(who: PeerName | 'sink', load: LoadName, connections: number): readonly LoadMail[] {
    const seconds = this.#options.short ? SHORT_SECONDS : SECONDS;
    const count = Math.max(connections, Math.ceil(EXPECTED[who][load] * seconds), 2);
    if (load !== 'mix') return this.#letters.take(count, SIZES[load]);
    this.#mixed += count;
    return mixedMails(count, TENANTS, this.#mixed - count);
  }

  async #warm(): Promise<void> {
    for (const load of new Set(this.#cells().map((cell) => cell.load))) {
      for (const [name, peer] of this.#peers) {
        for (let i = 0; i < (this.#options.short ? 1 : WARM_CELLS); i++) {
          const mails = this.#mails(name, load, 1);
          const { problems } = await measureCell(peer, this.#sink, mails, MIX_CONNECTIONS);
          if (problems.length > 0) this.#say(`warming ${name} with ${load}: ${problems.join('; ')}`);
        }
      }
    }
    this.#say('warm');
  }

  async #ceilings(): Promise<MailResult['ceilings']> {
    const seen = [];
    for (const { load, connections } of this.#cells()) {
      const perSecond = await ceiling(this.#sink, this.#mails('sink', load, connections), connections);
      this.#say(`sender straight to sink, ${load}, ${connections} connections: ${perSecond.toFixed(0)}/s`);
      seen.push({ load, connections, perSecond });
    }
    return seen;
  }

  async #measure(name: PeerName, peer: Peer, load: LoadName, connections: number, round: number): Promise<Measurement> {
    const cell = await measureCell(peer, this.#sink, this.#mails(name, load, connections), connections);
    const figures = `${cell.perSecond.toFixed(1)}/s, ${cell.cpuMsPerMail.toFixed(1)} ms CPU, ${(cell.peakBytes / 1e6).toFixed(0)} MB`;
    const trouble = cell.problems.length === 0 ? '' : ` PROBLEMS: ${cell.problems.join('; ')}`;
    this.#say(`${round} ${load} c${connections} ${name}: ${figures} (${cell.mails} mails)${trouble}`);
    return { ...cell, peer: name, load, connections, round };
  }
}
