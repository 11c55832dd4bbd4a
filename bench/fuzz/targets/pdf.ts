/** PDF documents; one instance of PDFium a document, as in the product. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_LIMITS } from '../../../src/policy/policy.ts';
import { throughAttachment } from '../attached.ts';
import { changedPdf, withPdfComment } from '../mutate/pdf.ts';
import { corpusFiles, fixtureFiles } from '../seeds.ts';
import type { Target } from '../target.ts';

const MAX_BYTES = 12_000;

/** The least resolution that an operator may set, few pages, small pictures: what a document does shows there too. */
const LIMITS = { ...DEFAULT_LIMITS, maxMegapixels: 1, maxPages: 8, documentMs: 5_000, messageMs: 10_000 };

/** samples/pdf: documents of every hostile kind by name; bombs are what the time limit of a test is for, not seeds. */
function samples(shared: string): readonly Buffer[] {
  const folder = join(shared, 'samples', 'pdf');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.pdf') && !name.startsWith('bomb'))
    .map((name) => readFileSync(join(folder, name)))
    .filter(({ length }) => length <= MAX_BYTES);
}

export const pdf: Target = {
  name: 'pdf',
  rooms: /^(?:sanitize\/(?:formats\/pdf\/|engines\/pdfium\/)|inspect\/pdf\/)/,
  isText: false,
  dearMs: 600,
  slowMs: 20_000,
  hungMs: 60_000,
  wanted: 20_000,
  seeds: async (shared) => [
    ...fixtureFiles('pdf', /\.pdf$/, MAX_BYTES),
    ...fixtureFiles('pdf-output', /\.pdf$/, MAX_BYTES),
    ...samples(shared),
    ...corpusFiles(shared, /^pdf/, MAX_BYTES),
  ],
  mutate: changedPdf,
  execute: (input, scrutiny) =>
    throughAttachment(input, scrutiny, {
      name: 'a.pdf',
      types: /^pdf$/,
      plant: withPdfComment,
      policy: { pdfDpi: 72, limits: LIMITS },
    }),
};
