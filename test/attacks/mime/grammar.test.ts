/** threats.tsv M68: any tree of parts, damaged by five kinds of operations; the program in it crosses in no reading. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64, HEADER, through } from '../through.ts';

const PROGRAM = `MZ\x90\0\x03${'\0'.repeat(200)}This program cannot be run in DOS mode.`;
const START = Buffer.from(PROGRAM, 'latin1').toString('base64').slice(0, 40);
/** With letters glued in front of it every decoder reads other bytes. */
const STARTS = new RegExp(`(?<![A-Za-z0-9+/])${START.replaceAll('+', '\\+')}`);

const leaf = fc.constantFrom(
  'Content-Type: text/plain\r\n\r\nHello.',
  'Content-Type: text/html\r\n\r\n<p>Hello.</p>',
  `Content-Type: application/octet-stream; name="a.txt"\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(Buffer.from(PROGRAM, 'latin1'))}`,
);
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc
      .tuple(
        fc.constantFrom('mixed', 'alternative', 'related', 'digest'),
        fc.constantFrom('foo', 'bar', 'fo', 'foo-1'),
        fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
      )
      .map(
        ([kind, boundary, parts]) =>
          `Content-Type: multipart/${kind}; boundary="${boundary}"\r\n\r\n${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--`,
      ),
  ),
}));
const PIECES = [
  '"',
  ';',
  '=',
  ' ',
  '\t',
  '\0',
  '(',
  ')',
  '-',
  '\r\n',
  '\r\n ',
  ':',
  '\\',
  ',',
  '\xe9',
  '=?',
  '--foo',
  '--foo--',
];

/** Remove, replace, insert a character; change case; take a stretch away or double it. */
const mutation = fc.tuple(
  fc.constantFrom('remove', 'replace', 'insert', 'case', 'cut', 'double'),
  fc.nat(),
  fc.nat(200),
  fc.constantFrom(...PIECES),
);
type Mutation = readonly [kind: string, place: number, length: number, piece: string];

function mutated(text: string, [kind, place, length, piece]: Mutation): string {
  const at = place % (text.length + 1);
  const [before, behind] = [text.slice(0, at), text.slice(at)];
  if (kind === 'remove') return before + behind.slice(1);
  if (kind === 'replace') return before + piece + behind.slice(1);
  if (kind === 'insert') return before + piece + behind;
  if (kind === 'case') return before + behind.slice(0, 20).toUpperCase() + behind.slice(20);
  if (kind === 'cut') return before + behind.slice(length);
  return before + behind.slice(0, length) + behind;
}

test('M68: a damaged tree crosses as a message of ours, without its program', async () => {
  await fc.assert(
    fc.asyncProperty(tree, fc.array(mutation, { maxLength: 4 }), async (whole, mutations) => {
      const mail = await through(...HEADER, mutations.reduce(mutated, whole));
      // What a mutation left of it without its beginning is no program but words; the beginning is in nothing.
      expect(mail.everything).not.toContain('MZ\x90');
      expect(mail.everything).not.toMatch(STARTS);
    }),
    { numRuns: Number(process.env['SEKISHO_RUNS'] ?? 400) },
  );
}, 300_000);
