/** Every ZIP and every nested mail of the corpora: no crash, what we write passes the inspector, outcomes as a table. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { opened } from '../attacks/archives/opened.ts';

const corpora = join(process.env['SEKISHO_SHARED'] ?? '../shared', 'corpora');
const present = existsSync(join(corpora, 'MANIFEST.tsv'));
if (!present) console.log(`skipped: no corpus at ${corpora} (set SEKISHO_SHARED)`);

const rows = present
  ? readFileSync(join(corpora, 'MANIFEST.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
  : [];
const zips = rows.filter((row) => row[8]?.startsWith('archive') && row[0]?.endsWith('.zip')).map((row) => row[0] ?? '');

/** ZIPs that are held as a whole although nothing in them is hostile, with the reason. */
const HELD_WHOLE: Readonly<Record<string, string>> = {
  'jszip/test/ref/all_missing_bytes.zip': 'its first bytes are missing',
  'rubyzip/test/data/invalid-split.zip': 'first volume of several',
};

test.runIf(present)(
  'every ZIP of the corpora ends within its limits; benign ones are opened',
  { timeout: 120_000 },
  async () => {
    const table: string[] = [];
    const held: string[] = [];
    for (const path of zips) {
      const { rows, told } = await opened(readFileSync(join(corpora, path)), {}, basename(path));
      const hostile = /\/failure\/|hostile|traversal|evil/.test(path);
      const ends = rows.slice(1).map((row) => row.reason ?? row.outcome);
      table.push(`${path}: ${told[0]?.split(' ').at(-1)} (${[...new Set(ends)].sort().join(', ')})`);
      const opens = rows.length > 1 || rows[0]?.outcome === 'waiting-for-password';
      if (!opens && !hostile && rows[0]?.detectedType !== 'xps') held.push(path);
    }
    console.log(table.join('\n'));
    expect(held.sort()).toEqual(Object.keys(HELD_WHOLE).sort());
  },
);

test.runIf(present)('CP932 names of the corpora are right', async () => {
  const { rows } = await opened(readFileSync(join(corpora, 'tika/misc/testZipEntryNameCharsetShiftSJIS.zip')));
  expect(rows.slice(1).map(({ untrustedName }) => untrustedName)).toEqual(['文章1.txt', '文章2.txt']);
});

const mails = rows.filter((row) => row[8]?.startsWith('mail-')).map((row) => row[0] ?? '');

test.runIf(present)(
  'every mail of the corpora as an attachment: read like a mail of its own',
  { timeout: 120_000 },
  async () => {
    const blocked: string[] = [];
    for (const path of mails) {
      const { rows } = await opened(readFileSync(join(corpora, path)), {}, 'mail.eml');
      const [first] = rows;
      if (first?.outcome !== 'text' || first.detectedType !== 'eml')
        blocked.push(`${path} ${first?.detectedType} ${first?.reason}`);
    }
    console.log(
      `${mails.length - blocked.length} of ${mails.length} mails opened as attachments\n${blocked.join('\n')}`,
    );
    expect(blocked.length).toBeLessThan(mails.length * 0.03);
  },
);
