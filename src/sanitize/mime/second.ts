/**
 * The second reader: mailparser, a MIME parser by other people on another splitter.
 *
 * It reads the same bytes; what it finds and we do not goes the way of every attachment. It is asked for leaves with
 * their transfer encoding undone, nothing else: no charset, no HTML, no links (its HTML reader took 7.5 s on 200,000
 * nested elements, threats.md §1.4). Whatever it does wrong (throws, hangs, finds nothing) is a defect, never fatal.
 */
import { type AttachmentStream, MailParser } from 'mailparser';

export interface SecondLeaf {
  /** Lower case; '' when it does not say. */
  readonly type: string;
  readonly untrustedName: string;
  readonly disposition: string;
  readonly bytes: Uint8Array;
}

export type SecondReading =
  | { readonly kind: 'read'; readonly leaves: readonly SecondLeaf[] }
  | {
      readonly kind: 'failed';
      readonly why: 'second-reader-failed' | 'second-reader-timeout' | 'second-reader-skipped';
    };

/** 50 MB took 0.9 s; five times that on a loaded machine. */
const DEADLINE_MS = 5_000;
/** Between two looks at the clock. */
const CHUNK_BYTES = 256 * 1024;

/**
 * libqp 2.1.1 trims line ends, and mailsplit 5.4 header lines, with expressions that are quadratic in runs of blanks and of
 * carriage returns: 30,000 of them take 2.4 s, and no timer can stop it. This many steps take about 0.3 s; real mail needs
 * some thousand.
 */
const MAX_TRIM_STEPS = 50_000_000;
const STRIDE = 64;

/** Sum of the squares of all runs of such bytes that are long enough to matter. Looks at every 64th byte. */
function trimSteps(data: Buffer, isTrimmed: (byte: number | undefined) => boolean): number {
  let steps = 0;
  for (let at = 0; at < data.length; at += STRIDE) {
    if (!isTrimmed(data[at])) continue;
    let start = at;
    while (start > 0 && isTrimmed(data[start - 1])) start--;
    let end = at;
    while (end < data.length && isTrimmed(data[end])) end++;
    steps += ((end - start) * (end - start)) / 2;
    at = end;
  }
  return steps;
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;
const isReturn = (byte: number | undefined): boolean => byte === 0x0d;

/** @param maxLeaves the policy's limit of parts: beyond it our own reader holds the message anyway */
export function readSecond(data: Buffer, maxLeaves: number): Promise<SecondReading> {
  if (trimSteps(data, isBlank) + trimSteps(data, isReturn) > MAX_TRIM_STEPS)
    return Promise.resolve({ kind: 'failed', why: 'second-reader-skipped' });
  return new Promise((resolve) => {
    const leaves: SecondLeaf[] = [];
    const parser = new MailParser({
      ignoreEmbedded: true,
      skipHtmlToText: true,
      skipTextToHtml: true,
      skipTextLinks: true,
      skipImageLinks: true,
      maxHtmlLengthToParse: 1,
    } as ConstructorParameters<typeof MailParser>[0]);
    // Without text types every leaf comes as an attachment, transfer encoding undone and charset untouched.
    Object.assign(parser, { textTypes: [] });
    const deadline = performance.now() + DEADLINE_MS;
    let settled = false;
    const settle = (answer: SecondReading): void => {
      if (settled) return;
      settled = true;
      resolve(answer);
      parser.destroy();
    };
    parser.on('error', () => settle({ kind: 'failed', why: 'second-reader-failed' }));
    parser.on('data', (event: AttachmentStream | { type: 'text' }) => {
      if (event.type !== 'attachment') return;
      const chunks: Buffer[] = [];
      event.content.on('data', (chunk: Buffer) => chunks.push(chunk));
      event.content.on('error', () => settle({ kind: 'failed', why: 'second-reader-failed' }));
      event.content.on('end', () => {
        leaves.push({
          type: (event.contentType || '').toLowerCase(),
          untrustedName: event.filename || '',
          disposition: (event.contentDisposition || '').toLowerCase(),
          bytes: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks),
        });
        if (leaves.length > maxLeaves) settle({ kind: 'failed', why: 'second-reader-failed' });
        else event.release();
      });
    });
    parser.on('end', () => settle({ kind: 'read', leaves }));

    let at = 0;
    const feed = (): void => {
      while (!settled && at < data.length) {
        if (performance.now() > deadline) {
          settle({ kind: 'failed', why: 'second-reader-timeout' });
          return;
        }
        const chunk = data.subarray(at, at + CHUNK_BYTES);
        at += chunk.length;
        if (!parser.write(chunk)) {
          parser.once('drain', feed);
          return;
        }
      }
      parser.end();
    };
    const timer = setTimeout(() => settle({ kind: 'failed', why: 'second-reader-timeout' }), DEADLINE_MS);
    parser.once('close', () => clearTimeout(timer));
    try {
      feed();
    } catch {
      settle({ kind: 'failed', why: 'second-reader-failed' });
    }
  });
}
