/** All judges, in the order in which a table shows them. */
import { canaryScanner } from './canaries.ts';
import { grammar } from './grammar/judge.ts';
import { exiftool, imageWalker } from './images.ts';
import type { Judge } from './judge.ts';
import { parsers } from './parsers.ts';
import { pdfOpinions, pdfWalker } from './pdf.ts';
import { clamav, olefile, yara } from './scanners.ts';
import { textRules } from './text.ts';
import { zip } from './zip.ts';

/** Those that look at a forwarded message as it is; idempotence and silence need the gateway beside them. */
export const JUDGES: readonly Judge[] = [
  grammar,
  parsers,
  canaryScanner,
  textRules,
  imageWalker,
  exiftool,
  pdfWalker,
  pdfOpinions,
  zip,
  yara,
  clamav,
  olefile,
];
