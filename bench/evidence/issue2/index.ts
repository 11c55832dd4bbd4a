/** The bars of the second issue, in its order. Each section is a file of its own beside this one. */
import type { Section } from '../section.ts';
import { archives } from './archives.ts';
import { archivesHostile } from './archives-hostile.ts';
import { bench } from './bench.ts';
import { idle } from './idle.ts';
import { image } from './image.ts';
import { images } from './images.ts';
import { neighbours } from './neighbours.ts';
import { pdfLook } from './pdf-look.ts';
import { pdfSpeed } from './pdf-speed.ts';
import { zipDifferences } from './zip-differences.ts';

export const sections: readonly Section[] = [
  archives,
  archivesHostile,
  zipDifferences,
  images,
  pdfSpeed,
  pdfLook,
  neighbours,
  idle,
  bench,
  image,
];
