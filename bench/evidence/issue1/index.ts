/** The bars of the first issue, in its order. Each section is a file of its own beside this one. */
import type { Section } from '../section.ts';
import { canaries } from './canaries.ts';
import { corpusMail } from './corpus-mail.ts';
import { wire } from './wire.ts';

export const sections: readonly Section[] = [corpusMail, wire, canaries];
