/** All targets, by name, in the order of the issue. */
import type { Target } from './target.ts';
import { charsets } from './targets/charsets.ts';
import { html } from './targets/html.ts';
import { images } from './targets/images.ts';
import { mime } from './targets/mime.ts';
import { pdf } from './targets/pdf.ts';
import { smtp } from './targets/smtp.ts';
import { zip } from './targets/zip.ts';

export const targets: readonly Target[] = [mime, html, charsets, zip, smtp, images, pdf];
