/** A sample of the corpora and of composed mails through the product and all judges; all of them run in the evidence of issue 3. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { composeMails, sanitizeComposed } from '../../bench/composers/run.ts';
import { evenly, inputsOf } from '../../bench/corpus/inputs.ts';
import { runCorpus } from '../../bench/corpus/run.ts';
import { problemsOf } from '../../bench/corpus/table.ts';
import { missingOf, perlModule, program } from '../judges/tools.ts';

const shared = process.env['SEKISHO_SHARED'] ?? '../shared';
const present = existsSync(join(shared, 'corpora', 'MANIFEST.tsv'));
if (!present) console.log(`skipped: no corpus at ${shared} (set SEKISHO_SHARED)`);

const folder = mkdtempSync(join(tmpdir(), 'corpus-judges-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.runIf(present)(
  'INV-01…09: no judge finds anything in what becomes of 60 files of all kinds',
  { timeout: 300_000 },
  async () => {
    const inputs = evenly(inputsOf(join(shared, 'corpora')), 60);
    // Silence has a test of its own, and strace makes everything slow.
    const run = await runCorpus(inputs, {
      folder,
      say: () => undefined,
      judges: ({ name }) => name !== 'network silence',
    });
    for (const { name, missing } of run.judges) {
      if (missing.length > 0) console.log(`skipped: judge ${name} needs ${missing.join(', ')}`);
    }
    expect(problemsOf(run)).toEqual([]);
    expect(run.rows).toHaveLength(60);
  },
);

const needs = [
  program('mutt', 'mutt'),
  perlModule('MIME::Lite', 'libmime-lite-perl'),
  perlModule('Email::MIME', 'libemail-mime-perl'),
  perlModule('MIME::Entity', 'libmime-tools-perl'),
];
const missing = missingOf(needs);
const required = process.env['SEKISHO_SERVICES'] === '1';
if (missing.length > 0 && !required) console.log(`skipped: composers need ${missing.join(', ')}`);

test.skipIf(missing.length > 0 && !required)(
  'INV-16: benign mails by eight composers arrive with text and files, none is held',
  { timeout: 120_000 },
  async () => {
    const mails = await composeMails(120, 77);
    const run = await sanitizeComposed(mails);
    expect(run.held).toEqual([]);
    expect(run.lost).toEqual([]);
    expect(run.rows).toHaveLength(8);
    expect(run.distinct).toBe(mails.length);
    expect(run.structures).toBeGreaterThan(mails.length / 4);
  },
);
