/** The other side of helped.ts: some pages of a document, drawn for another child. */
import type { PagesJob } from '../../../message/jobs.ts';
import type { Help } from '../../converter.ts';
import { openDocument } from '../../engines/pdfium/document.ts';
import type { DrawnPage } from './drawn.ts';
import { parcelOf } from './helped.ts';
import { PageRange } from './range.ts';

const NOTHING: Help = { body: null, blobs: [] };

/** Answers nothing when a page fails: the asker tries it once more and says so if need be. */
export async function drawPages(job: PagesJob, bytes: Uint8Array): Promise<Help> {
  const { policy, passwords, from, to, timeMs, pageBytes } = job;
  const deadline = performance.now() + timeMs;
  const opened = openDocument(bytes, passwords);
  if (opened.kind !== 'open' || opened.document.pageCount < to) return NOTHING;
  const range = new PageRange({ bytes, passwords, policy, deadline, pageBytes }, opened.document);
  const pages: DrawnPage[] = [];
  for await (const page of range.pages(from, to)) {
    if (page.failed !== undefined) return NOTHING;
    pages.push(page);
  }
  return parcelOf(pages);
}
