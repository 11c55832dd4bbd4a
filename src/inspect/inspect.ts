/**
 * The stranger at the door: judges one file of our own output against the grammar of the writer that made it.
 *
 * Promises: an empty list means that every byte of the file is explained by docs/output-grammar.md (text, CSV, images, ZIP)
 * or docs/output-grammar-pdf.md. It shares no code with the writers, reads no other format, and never repairs.
 */
import type { SafeType } from '../message/file-type.ts';
import { csvProblems } from './csv.ts';
import { readJpeg } from './jpeg.ts';
import { pdfProblems } from './pdf/pdf.ts';
import { pngProblems } from './png.ts';
import { textProblems } from './text.ts';
import { zipProblems } from './zip.ts';

const READERS: Readonly<Record<SafeType, (bytes: Uint8Array) => readonly string[]>> = {
  pdf: pdfProblems,
  png: pngProblems,
  jpeg: jpegProblems,
  csv: csvProblems,
  text: textProblems,
  zip: (bytes) => zipProblems(bytes, (type, content) => READERS[type](content)),
};

/** Every problem of the file, in English for the log; an empty list for a file of ours. A reader that throws is a problem too. */
export async function inspectFile(type: SafeType, bytes: Uint8Array): Promise<readonly string[]> {
  try {
    return READERS[type](bytes);
  } catch (error) {
    return [`${type}: reader failed: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown'}`];
  }
}

function jpegProblems(bytes: Uint8Array): readonly string[] {
  const verdict = readJpeg(bytes);
  return verdict.kind === 'fits' ? [] : [verdict.problem];
}
