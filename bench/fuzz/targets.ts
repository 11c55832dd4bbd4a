/** All targets, by name. */
import type { Target } from './target.ts';
import { mime } from './targets/mime.ts';

export const targets: readonly Target[] = [mime];
