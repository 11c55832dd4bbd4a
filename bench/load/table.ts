/** The mail half of docs/bench.md. */
import type { PeerName } from '../options.ts';
import type { Latency } from './cell.ts';
import type { LoadName, MailResult, Measurement } from './matrix.ts';
import { figure, quantile, type Spread, spread } from './statistics.ts';

/** Every mail counted and looked at: what is wrong, or nothing. */
export const mailProblems = ({ measurements, started }: MailResult): readonly string[] =>
  measurements.flatMap(({ peer, load, connections, round, problems }) =>
    problems.map(
      (problem) => `${started.get(peer)?.name}, ${load}, ${connections} connections, round ${round}: ${problem}`,
    ),
  );

interface Column {
  readonly load: LoadName;
  readonly connections: number;
}

type Pick = (measurement: Measurement) => number;

export function mailPage(result: MailResult): string {
  const columns = columnsOf(result.measurements);
  const letters = columns.filter(({ load }) => load !== 'mix');
  const mix = columns.filter(({ load }) => load === 'mix');
  const problems = mailProblems(result);
  const sent = result.measurements.reduce((sum, { mails }) => sum + mails, 0);
  return `## Mail

Store and forward on loopback, all on the same disk; one sender, one sink, the same mails for all (letters in six spellings,
ten tenants in turn; \`bench/load/letters.ts\`). All peers run side by side and are asked in turn, cell by cell. Figures are
medians over the rounds, (least–most) behind them. Messages/s: from the first byte sent to the last mail at the sink. CPU: user and
system time of all processes of a peer (${result.ruler}), cleaning up included. c = connections, kept open.

**Ratios are written so that above 1 we are ahead**: rate ours ÷ theirs; CPU, memory and latency theirs ÷ ours.

${[
  ...[...result.started.values()].map(({ name, description }) => `- **${name}**: ${description}.`),
  ...[...result.absent].map(([peer, why]) => `- **Not measured**: ${peer}: ${why}.`),
].join('\n')}

What the others do not do, and so do not pay for: none of them rebuilds anything; a mail leaves as it came. None seals, splits or signs,
keeps an original that can be asked for, or writes an audit log. Postfix + amavisd + clamd looks into the mail with an **empty signature database** (one
line) and no spam check; a mail whose scan fails goes on as «UNCHECKED». The bare relay does not look at the mail at all; the
one without disk loses what it acknowledged when the power fails.

### Messages per second

${table(result, letters, ({ perSecond }) => perSecond, 'higher')}

### CPU, ms per message

${table(result, letters, ({ cpuMsPerMail }) => cpuMsPerMail, 'lower')}

### Peak memory, MB (PSS of all processes)

${table(result, letters, ({ peakBytes }) => peakBytes / 1e6, 'lower')}

Peers keep what they once took: a cell's figure also shows the cells before it.

### One mail on an idle machine, 5 kB, a new connection each, ms

${latencyTable(result)}

Bare relay: smtp-server waits 100 ms before it greets. «At the sink» for the scanners includes their scan; for us the jail, the gate and the receipt.

### Letters, PDFs and photos (60 % / 30 % / 10 %), 10 connections

${mixTable(result, mix)}

We render each PDF page and photo anew; the others pass them on.

### Outcomes

${sent} mails in the table's cells; ${problems.length === 0 ? 'every one was accepted and arrived exactly once. Ours were verified one by one: receipt, hash and grammar, tenant, every line of the letter, the attachment made anew, all recipients «delivered».' : `PROBLEMS:\n\n${problems.map((problem) => `- ${problem}`).join('\n')}`}
`;
}

function columnsOf(measurements: readonly Measurement[]): readonly Column[] {
  const keys = new Map(measurements.map(({ load, connections }) => [`${load}/${connections}`, { load, connections }]));
  return [...keys.values()];
}

function spreadOf({ measurements }: MailResult, peer: PeerName, column: Column, pick: Pick): Spread | undefined {
  const values = measurements
    .filter((each) => each.peer === peer && each.load === column.load && each.connections === column.connections)
    .map(pick);
  return values.length === 0 ? undefined : spread(values);
}

const cellText = (value: Spread | undefined): string =>
  value === undefined ? '–' : `${figure(value.median)} (${figure(value.least)}–${figure(value.most)})`;

const heading = (columns: readonly string[]): readonly string[] => [
  `| | ${columns.join(' | ')} |`,
  `|---|${columns.map(() => '---').join('|')}|`,
];

/** Figures of each peer, then our ratio to it. */
function table(result: MailResult, columns: readonly Column[], pick: Pick, better: 'higher' | 'lower'): string {
  const names = columns.map(({ load, connections }) => `${load} c${connections}`);
  const rows = [...result.started].map(
    ([peer, { name }]) =>
      `| ${name} | ${columns.map((column) => cellText(spreadOf(result, peer, column, pick))).join(' | ')} |`,
  );
  const ceilings = columns.map(
    (column) =>
      result.ceilings.find(({ load, connections }) => load === column.load && connections === column.connections)
        ?.perSecond ?? Number.NaN,
  );
  const top = better === 'higher' ? [`| sender straight to sink | ${ceilings.map(figure).join(' | ')} |`] : [];
  const ratios = [...result.started]
    .filter(([peer]) => peer !== 'sekisho')
    .map(([peer, { name }]) => {
      const cells = columns.map((column) => ratioText(result, peer, column, pick, better));
      return `| ours to ${name} | ${cells.join(' | ')} |`;
    });
  return [...heading(names), ...rows, ...top, ...ratios].join('\n');
}

function ratioText(result: MailResult, peer: PeerName, column: Column, pick: Pick, better: 'higher' | 'lower'): string {
  const ours = spreadOf(result, 'sekisho', column, pick)?.median ?? Number.NaN;
  const theirs = spreadOf(result, peer, column, pick)?.median ?? Number.NaN;
  return times(better === 'higher' ? ours / theirs : theirs / ours);
}

const times = (ratio: number): string => (Number.isFinite(ratio) ? `× ${figure(ratio)}` : '–');

function latencyTable({ started, latencies }: MailResult): string {
  const quantileOf = (peer: PeerName, pick: (latency: Latency) => number, at: number): number =>
    quantile(
      (latencies.get(peer) ?? []).map(pick).toSorted((a, b) => a - b),
      at,
    );
  const picks = [({ acknowledgedMs }: Latency) => acknowledgedMs, ({ throughMs }: Latency) => throughMs];
  const rows = [...started].map(([peer, { name }]) => {
    const cells = picks.flatMap((pick) => [0.5, 0.95].map((at) => figure(quantileOf(peer, pick, at))));
    const ratios = picks.map((pick) => times(quantileOf(peer, pick, 0.5) / quantileOf('sekisho', pick, 0.5)));
    return `| ${[name, `${latencies.get(peer)?.length ?? 0}`, ...cells, ...(peer === 'sekisho' ? ['', ''] : ratios)].join(' | ')} |`;
  });
  const columns = [
    'mails',
    '250 p50',
    '250 p95',
    'at the sink p50',
    'at the sink p95',
    'ours to it: 250',
    'ours to it: at the sink',
  ];
  return [...heading(columns), ...rows].join('\n');
}

function mixTable(result: MailResult, columns: readonly Column[]): string {
  const rows = [...result.started].map(([peer, { name }]) => {
    const figures = columns.flatMap((column) =>
      [({ perSecond }: Measurement) => perSecond, ({ cpuMsPerMail }: Measurement) => cpuMsPerMail].map((pick) =>
        cellText(spreadOf(result, peer, column, pick)),
      ),
    );
    return `| ${[name, ...figures].join(' | ')} |`;
  });
  return [...heading(['messages/s', 'CPU ms/message']), ...rows].join('\n');
}
