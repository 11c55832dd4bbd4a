/** Everything a hijacked child tries, by name. */
import { EXHAUSTION } from './exhaustion.ts';
import { KERNEL } from './kernel.ts';
import { NETWORK } from './network.ts';
import { PARENT, PROCESSES } from './processes.ts';
import { READING } from './reading.ts';
import type { Attempt } from './targets.ts';
import { WRITING } from './writing.ts';

export const ATTEMPTS: readonly Attempt[] = [
  ...READING,
  ...WRITING,
  ...NETWORK,
  ...PROCESSES,
  ...PARENT,
  ...KERNEL,
  ...EXHAUSTION,
];
