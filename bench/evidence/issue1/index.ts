/** The bars of the first issue, in its order. Each section is a file of its own beside this one. */
import type { Section } from '../section.ts';
import { canaries } from './canaries.ts';
import { contention } from './contention.ts';
import { corpusMail } from './corpus-mail.ts';
import { durability } from './durability.ts';
import { kill } from './kill.ts';
import { lyingChild } from './lying-child.ts';
import { memory } from './memory.ts';
import { pdfRebuild } from './pdf-rebuild.ts';
import { pdfText } from './pdf-text.ts';
import { theft } from './theft.ts';
import { throughput } from './throughput.ts';
import { wire } from './wire.ts';

export const sections: readonly Section[] = [
  corpusMail,
  pdfRebuild,
  pdfText,
  lyingChild,
  wire,
  canaries,
  theft,
  durability,
  kill,
  contention,
  memory,
  throughput,
];
