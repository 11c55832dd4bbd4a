/** What `npm run bench` was asked for. */
import { parseArgs } from 'node:util';

export type PeerName = 'sekisho' | 'postfix' | 'amavis' | 'haraka' | 'bare' | 'memory';

export const PEER_NAMES: readonly PeerName[] = ['sekisho', 'postfix', 'amavis', 'haraka', 'bare', 'memory'];

/** Wanted lengths of a whole mail. */
export const SIZES = { '5kB': 5_000, '100kB': 100_000, '5MB': 5_000_000 } as const;

export type SizeName = keyof typeof SIZES;

export const SIZE_NAMES = Object.keys(SIZES) as readonly SizeName[];

export interface BenchOptions {
  /** One size, one round, small counts, only peers that are installed: shows that the bench runs. */
  readonly short: boolean;
  readonly mail: boolean;
  readonly documents: boolean;
  readonly sizes: readonly SizeName[];
  readonly connections: readonly number[];
  readonly rounds: number;
  readonly peers: readonly PeerName[];
  /** Where the Markdown goes. Undefined: docs/bench.md, in the short form a temporary file. */
  readonly output: string | undefined;
}

export const USAGE = `usage: npm run bench -- [--short] [--only mail|documents] [--sizes 5kB,100kB,5MB] [--connections 1,10,50]
                        [--rounds 3] [--peers ${PEER_NAMES.join(',')}] [--output FILE]
Our own gateway is measured whatever --peers says. Installs missing peers (Debian, npm), except with --short.
`;

/** @throws Error with a sentence for the user. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: 'boolean', default: false },
      only: { type: 'string' },
      sizes: { type: 'string' },
      connections: { type: 'string' },
      rounds: { type: 'string' },
      peers: { type: 'string' },
      output: { type: 'string' },
    },
  });
  const { short, only } = values;
  if (only !== undefined && only !== 'mail' && only !== 'documents') throw new Error('--only: mail or documents');
  const peers = listed(values.peers, PEER_NAMES, '--peers') ?? PEER_NAMES;
  return {
    short,
    mail: only !== 'documents',
    documents: only !== 'mail',
    sizes: listed(values.sizes, SIZE_NAMES, '--sizes') ?? (short ? ['5kB'] : SIZE_NAMES),
    connections:
      values.connections?.split(',').map((text) => count(text, '--connections')) ?? (short ? [10] : [1, 10, 50]),
    rounds: values.rounds === undefined ? (short ? 1 : 3) : count(values.rounds, '--rounds'),
    peers: ['sekisho', ...peers.filter((name) => name !== 'sekisho')],
    output: values.output,
  };
}

function listed<T extends string>(
  text: string | undefined,
  known: readonly T[],
  option: string,
): readonly T[] | undefined {
  return text?.split(',').map((word) => {
    const found = known.find((name) => name === word);
    if (found === undefined) throw new Error(`${option}: «${word}» is not one of ${known.join(', ')}`);
    return found;
  });
}

/** Our intake takes 50 connections from one peer by default. */
const MOST = 50;

function count(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MOST) throw new Error(`${option}: 1 to ${MOST}`);
  return value;
}
