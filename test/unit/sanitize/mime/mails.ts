/** Builders of small messages for the tests of this room. Latin1 strings stand for bytes. */
import { parseMessage } from '../../../../src/sanitize/mime/message.ts';
import type { MimeMessage } from '../../../../src/sanitize/mime/tree.ts';
import { readMessage } from '../../../../src/sanitize/mime/union.ts';

export const OPTIONS = { limits: { maxParts: 500, maxDepth: 20 }, lineEnds: 'crlf' } as const;

/** What an attack wants to bring past a reader; inert. */
export const MARKER = 'SEKISHO-MARKER-7f3a';
export const MARKER_64 = Buffer.from(MARKER).toString('base64');

export const bytesOf = (...lines: readonly string[]): Uint8Array => Buffer.from(lines.join('\r\n'), 'latin1');

export const parse = (...lines: readonly string[]): MimeMessage => parseMessage(bytesOf(...lines), OPTIONS);

export const read = (...lines: readonly string[]): Promise<MimeMessage> => readMessage(bytesOf(...lines), OPTIONS);

/** A text and an attachment with the marker, under the given multipart header; `at` writes the delimiter lines. */
export function twoParts(
  contentType: readonly string[],
  boundary: string,
  part: readonly string[] = ATTACHMENT,
): readonly string[] {
  return [
    'From: a@example.invalid',
    'MIME-Version: 1.0',
    ...contentType,
    '',
    `--${boundary}`,
    'Content-Type: text/plain',
    '',
    'hello',
    `--${boundary}`,
    ...part,
    `--${boundary}--`,
    '',
  ];
}

export const ATTACHMENT = [
  'Content-Type: application/octet-stream',
  'Content-Disposition: attachment; filename="a.bin"',
  'Content-Transfer-Encoding: base64',
  '',
  MARKER_64,
];

export const found = (message: MimeMessage, needle = MARKER): boolean =>
  message.leaves.some((leaf) => Buffer.from(leaf.bytes).includes(needle));

export const defectNames = (message: MimeMessage): string[] => message.defects.map(({ what }) => what);

/** First place where the spans do not tile the input, or undefined. */
export function untiled(message: MimeMessage, length: number): string | undefined {
  let at = 0;
  for (const { kind, start, end } of message.spans) {
    if (start !== at || end <= start) return `${kind} ${start}-${end} follows ${at}`;
    at = end;
  }
  return at === length ? undefined : `ends at ${at} of ${length}`;
}
