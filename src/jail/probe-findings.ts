/** What layers.ts tells the probe, and what the probe says it could do. */
import { isRecord } from './protocol.ts';

export interface ProbeBody {
  /** Ports on 127.0.0.1 where layers.ts listens. */
  readonly tcpPort: number;
  readonly udpPort: number;
  /** Folders that must not be readable: keys and data. */
  readonly secretPaths: readonly string[];
  readonly parentPid: number;
  /** File name for attempts to write. */
  readonly name: string;
}

const KINDS = ['network', 'write', 'read', 'spawn', 'signal'] as const;

export interface ProbeFinding {
  readonly what: (typeof KINDS)[number];
  readonly detail: string;
}

/** `undefined`: not an answer of probe.ts. */
export function parseFindings(body: unknown): readonly ProbeFinding[] | undefined {
  const could = isRecord(body) ? body['could'] : undefined;
  return Array.isArray(could) && could.every(isFinding) ? could : undefined;
}

const isFinding = (value: unknown): value is ProbeFinding =>
  isRecord(value) && KINDS.some((kind) => kind === value['what']) && typeof value['detail'] === 'string';
