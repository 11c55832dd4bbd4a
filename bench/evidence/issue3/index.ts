/** The bars of the third issue, in its order. Each section is a file of its own beside this one. */
import type { Section } from '../section.ts';
import { composers } from './composers.ts';
import { coverage } from './coverage.ts';
import { fuzz } from './fuzz.ts';
import { jail } from './jail.ts';
import { judges } from './judges.ts';
import { mutation } from './mutation.ts';

export const sections: readonly Section[] = [jail, judges, composers, coverage, fuzz, mutation];
