/** All judges, in the order in which a table shows them. */

import type { Offline } from '../kit/offline.ts';
import { canaryScanner } from './canaries.ts';
import { grammar } from './grammar/judge.ts';
import { idempotence } from './idempotence.ts';
import { exiftool, imageWalker } from './images.ts';
import type { Judge } from './judge.ts';
import { parsers } from './parsers.ts';
import { pdfOpinions, pdfWalker } from './pdf.ts';
import { clamav, olefile, yara } from './scanners.ts';
import { silence } from './silence.ts';
import { textRules } from './text.ts';
import { types } from './types.ts';
import { zip } from './zip.ts';

/** Those that look at a forwarded message as it is; idempotence and silence need the gateway beside them. */
export const JUDGES: readonly Judge[] = [
  grammar,
  parsers,
  canaryScanner,
  textRules,
  types,
  imageWalker,
  exiftool,
  pdfWalker,
  pdfOpinions,
  zip,
  yara,
  clamav,
  olefile,
];

/** All judges. @param folder for what comes out when output is fed in again */
export const judgesWith = (product: Pick<Offline, 'sanitize'>, folder: string): readonly Judge[] => [
  ...JUDGES,
  idempotence(product, folder),
  silence,
];
