/** Both MIME readers over every real mail of the corpus: no crash, spans tile, hardly anything held. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { headerFacts } from '../../src/sanitize/mime/facts.ts';
import { readMessage } from '../../src/sanitize/mime/union.ts';
import { planOf } from '../../src/sanitize/plan.ts';
import { untiled } from '../unit/sanitize/mime/mails.ts';

const corpora = join(process.env['SEKISHO_SHARED'] ?? '../shared', 'corpora');
const present = existsSync(join(corpora, 'MANIFEST.tsv'));
if (!present) console.log(`skipped: no corpus at ${corpora} (set SEKISHO_SHARED)`);

const mails = present
  ? readFileSync(join(corpora, 'MANIFEST.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
      .filter((row) => row[8]?.startsWith('mail-'))
      .map((row) => row[0] ?? '')
  : [];

/** Names no remote content but has it: an RFC 2046 example of message/external-body. */
const HELD = ['python-email/msg_36.txt'];

test.runIf(present)('all corpus mails are read by both readers; held are only those we know', async () => {
  const held: string[] = [];
  const unlike: string[] = [];
  for (const path of mails) {
    const bytes = readFileSync(join(corpora, path));
    const message = await readMessage(bytes, { limits: { maxParts: 500, maxDepth: 20 }, lineEnds: 'any' });
    expect(untiled(message, bytes.length), path).toBeUndefined();
    headerFacts(message.header);
    planOf(message);
    if (message.hold !== undefined) held.push(path);
    if (message.defects.some(({ what }) => what === 'only-second-reader')) unlike.push(path);
  }
  console.log(`${mails.length} mails, ${held.length} held, ${unlike.length} where only the second reader saw a leaf`);
  expect(held).toEqual(HELD);
});
