/** The whole bench as one function, for `npm run bench` and for the evidence. */
import { fileURLToPath } from 'node:url';
import { type DocumentResult, runDocuments } from './documents/run.ts';
import { documentPage, documentProblems } from './documents/table.ts';
import { installPeers } from './install.ts';
import { type MailResult, runMail } from './load/matrix.ts';
import { mailPage, mailProblems } from './load/table.ts';
import { describeMachine, QUIET_LOAD } from './machine.ts';
import type { BenchOptions } from './options.ts';

/** Where the full run's page stands. */
export const BENCH_PAGE = fileURLToPath(new URL('../docs/bench.md', import.meta.url));

export interface BenchReport {
  /** Markdown. */
  readonly page: string;
  /** What makes the figures worthless: lost mails, unverified outcomes, missing cells. Empty when nothing does. */
  readonly problems: readonly string[];
  /** Wanted, but not on this machine. */
  readonly absent: readonly string[];
  readonly mail: MailResult | undefined;
  readonly documents: DocumentResult | undefined;
}

export async function runBench(options: BenchOptions, say: (line: string) => void): Promise<BenchReport> {
  const startedAt = Date.now();
  const machine = describeMachine();
  if (machine.load > QUIET_LOAD) say(`WARNING: load is ${machine.load.toFixed(2)}: this machine is not quiet`);
  if (!options.short) installPeers(options, say);
  const mail = options.mail ? await runMail(options, say) : undefined;
  const documents = options.documents ? await runDocuments(options, say) : undefined;
  const problems = [
    ...(mail === undefined ? [] : [...mailProblems(mail), ...gaps(mail, options)]),
    ...(documents === undefined ? [] : documentProblems(documents)),
  ];
  const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
  const noise =
    machine.load > QUIET_LOAD
      ? `\n\n**The machine was not quiet** (load above ${QUIET_LOAD}): good for orders of magnitude only.`
      : '';
  const page = `# Bench

Written by \`npm run bench\`${options.short ? ' in its **short form**: shows that it runs, its figures mean little' : ''}. ${machine.text}. Load when it began: ${machine.load.toFixed(2)}; ${options.rounds} rounds, ${minutes} minutes.${noise}

${mail === undefined ? '' : mailPage(mail)}
${documents === undefined ? '' : documentPage(documents)}`;
  const absent = [...(mail?.absent.values() ?? []), ...(documents?.absent ?? [])];
  return { page, problems, absent, mail, documents };
}

/** Cells that are missing or hold no figure. */
export function gaps(
  { measurements, started, latencies }: Pick<MailResult, 'measurements' | 'started' | 'latencies'>,
  options: Pick<BenchOptions, 'sizes' | 'connections' | 'rounds'>,
): readonly string[] {
  const cells = options.sizes.length * options.connections.length + 1;
  const expected = cells * started.size * options.rounds;
  const hollow = measurements.filter(({ perSecond, cpuMsPerMail, peakBytes }) =>
    [perSecond, cpuMsPerMail, peakBytes].some((value) => !(Number.isFinite(value) && value > 0)),
  );
  const silent = [...started.keys()].filter((peer) => (latencies.get(peer) ?? []).length === 0);
  return [
    ...(measurements.length === expected ? [] : [`${measurements.length} cells, expected ${expected}`]),
    ...hollow.map(({ peer, load, connections }) => `${peer}, ${load}, ${connections} connections: no figure`),
    ...silent.map((peer) => `${peer}: no latency`),
  ];
}
