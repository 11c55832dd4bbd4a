/** Every byte of the input is a header's, a leaf's, a delimiter's or a flagged gap's: threats.md §6. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMessage } from '../../../../src/sanitize/mime/message.ts';
import { OPTIONS, untiled } from './mails.ts';

/** Lines that mean something to a MIME reader, so that random mixtures of them get deep. */
const LINE = fc.constantFrom(
  '',
  ' ',
  '\t',
  '--a',
  '--a--',
  '--b',
  '--b--',
  '--ab',
  '--',
  '-- ',
  '--a ',
  'text',
  ':',
  'x:',
  'From ',
  '>From x',
  'Content-Type: multipart/mixed; boundary=a',
  'Content-Type: multipart/alternative; boundary=b',
  'Content-Type: text/plain',
  'Content-Type: multipart/mixed; boundary=""',
  'Content-Type: multipart/mixed',
  'Content-Type: multipart/mixed; boundary=a; boundary=b',
  'Content-Transfer-Encoding: base64',
  'Content-Transfer-Encoding: quoted-printable',
  'Content-Transfer-Encoding: odd',
  ' Content-Type: multipart/mixed; boundary=b',
  'Content-Type : text/html',
  '\0',
  'QUJD',
  '=41=',
  '\r',
  'no colon',
  '\xe5\xb1',
);
const END = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', '');

test('spans tile any mixture of lines exactly', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(LINE, END), { maxLength: 40 }), (lines) => {
      const bytes = Buffer.from(lines.flat().join(''), 'latin1');
      const message = parseMessage(bytes, OPTIONS);
      expect(untiled(message, bytes.length)).toBeUndefined();
    }),
    { numRuns: 3000 },
  );
});

test('spans tile any bytes exactly', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(untiled(parseMessage(bytes, OPTIONS), bytes.length)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test('leaves of the main reading lie in body spans', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(LINE, END), { maxLength: 40 }), (lines) => {
      const bytes = Buffer.from(lines.flat().join(''), 'latin1');
      const { leaves, spans } = parseMessage(bytes, OPTIONS);
      for (const leaf of leaves) {
        if (leaf.seenBy !== 'first' || leaf.start === leaf.end) continue;
        expect(spans).toContainEqual({ kind: 'body', start: leaf.start, end: leaf.end });
      }
    }),
    { numRuns: 1000 },
  );
});
