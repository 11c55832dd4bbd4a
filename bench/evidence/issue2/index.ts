/** The bars of the second issue, in its order. Each section is a file of its own beside this one. */
import type { Section } from '../section.ts';
import { idle } from './idle.ts';
import { neighbours } from './neighbours.ts';
import { image } from './image.ts';

export const sections: readonly Section[] = [neighbours, idle, image];
