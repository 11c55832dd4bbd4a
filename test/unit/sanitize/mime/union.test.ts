/** Two readers, one union: an attachment that only one of them sees, both ways. */
import { expect, test } from 'vitest';
import { readSecond } from '../../../../src/sanitize/mime/second.ts';
import { united } from '../../../../src/sanitize/mime/union.ts';
import { ATTACHMENT, bytesOf, defectNames, found, MARKER, parse, read, twoParts } from './mails.ts';

const PLAIN = 'Content-Type: multipart/mixed; boundary="foo"';
const second = async (...lines: readonly string[]) => readSecond(Buffer.from(bytesOf(...lines)), 500);

test('an attachment behind a delimiter with blanks is seen by the first reader only', async () => {
  // RFC 2046 §5.1.1 allows blanks behind a delimiter; the second reader does not.
  const lines = twoParts([PLAIN], 'foo').map((line) => (line === '--foo' ? '--foo \t' : line));
  const other = await second(...lines);
  expect(other.kind === 'read' && other.leaves.some((leaf) => Buffer.from(leaf.bytes).includes(MARKER))).toBe(false);
  const message = await read(...lines);
  expect(found(message)).toBe(true);
  expect(defectNames(message)).toContain('only-first-reader');
});

test('an attachment behind a premature last delimiter is seen by the second reader only', async () => {
  // A multipart that closes before it began: to us what follows is its epilogue, to mailsplit the first part.
  const lines = [PLAIN, '', '--foo--', '--foo', ...ATTACHMENT, '--foo--', ''];
  expect(found(parse(...lines))).toBe(false);
  const message = await read(...lines);
  expect(found(message)).toBe(true);
  expect(message.leaves.at(-1)).toMatchObject({ path: 'u1', seenBy: 'second', untrustedNames: ['a.bin'] });
  expect(defectNames(message)).toContain('only-second-reader');
});

test('a leaf of the second reader that we have in other white space is no stranger', () => {
  const own = parse(...twoParts([PLAIN], 'foo'));
  const leaves = [
    { type: 'text/plain', untrustedName: '', disposition: '', bytes: Buffer.from('hello\r\n') },
    { type: 'application/octet-stream', untrustedName: 'a.bin', disposition: 'attachment', bytes: Buffer.from(MARKER) },
  ];
  expect(united(own, leaves).leaves).toHaveLength(2);
});

test('both agree on an ordinary mail', async () => {
  const message = await read(...twoParts([PLAIN], 'foo'));
  expect(message.leaves.map(({ seenBy, path }) => [path, seenBy])).toEqual([
    ['1', 'both'],
    ['2', 'both'],
  ]);
  expect(message.defects).toEqual([]);
});

test('what would hang the second reader is not given to it', async () => {
  // libqp's trimming is quadratic in runs of blanks (ours is not).
  const lines = twoParts([PLAIN], 'foo', [
    'Content-Transfer-Encoding: quoted-printable',
    '',
    `a${' '.repeat(200_000)}b`,
  ]);
  const message = await read(...lines);
  expect(defectNames(message)).toContain('second-reader-skipped');
  expect(message.leaves).toHaveLength(2);
  const usual = await read(
    ...twoParts([PLAIN], 'foo', ['Content-Transfer-Encoding: quoted-printable', '', `a${' '.repeat(500)}b`]),
  );
  expect(usual.defects).toEqual([]);
});

test('a second reader that fails is a defect, never the end', async () => {
  // mailsplit refuses header blocks of more than 1 MiB in a part; ours allows as much, so this stays just below.
  const parts = Array.from({ length: 1200 }, () => ['--foo', '', 'x']).flat();
  const message = await read(...[PLAIN, '', ...parts, '--foo', ...ATTACHMENT, '--foo--']);
  expect(message.hold).toBe('limit-exceeded');
  const other = await readSecond(Buffer.from(bytesOf(...[PLAIN, '', ...parts, '--foo--'])), 500);
  expect(other.kind).toBe('failed');
});
