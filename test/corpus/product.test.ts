/**
 * The offline command over real files: all Japanese mails, and a seeded sample of the other mails and of the PDFs. The whole
 * corpora run in the evidence (bench/evidence/issue1/corpus-mail.ts, pdf-rebuild.ts, pdf-text.ts).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { reportOf, sample, sanitizeFiles, verifyFiles } from '../../bench/evidence/issue1/product.ts';
import { openablePdfs } from '../../bench/pdf-corpus.ts';
import { readForwarded } from '../kit/forwarded.ts';

const shared = process.env['SEKISHO_SHARED'] ?? '../shared';
const manifest = join(shared, 'corpora', 'MANIFEST.tsv');
const present = existsSync(manifest);
if (!present) console.log(`skipped: no corpus at ${shared} (set SEKISHO_SHARED)`);

const rows = present
  ? readFileSync(manifest, 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
  : [];
const inCorpora = (path = ''): string => join(shared, 'corpora', path);
const ofKind = (kind: RegExp): string[] =>
  rows.filter((row) => kind.test(row[8] ?? '')).map(([path]) => inCorpora(path));

const folder = mkdtempSync(join(tmpdir(), 'corpus-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SEED = 4711;

test.runIf(present)(
  'every Japanese mail and a sample of the others end in a message that verify accepts',
  async () => {
    const files = [...ofKind(/^mail-ja$/), ...sample(ofKind(/^mail-(?:mime|malformed)$/), 30, SEED)];
    const out = join(folder, 'mail');
    const made = await sanitizeFiles(files, { as: 'message', out });
    expect(made.stderr).toBe('');
    expect(made.rows.map(({ file }) => file)).toEqual(files);
    const messages = made.rows.map((row) => join(row.folder, 'message.eml'));
    const judged = await verifyFiles(messages, ['--keys', join(out, 'keys.json')]);
    expect(judged.rows.filter(({ kind }) => kind !== 'verified')).toEqual([]);
    expect(judged.rows).toHaveLength(files.length);
    const ours = made.rows.flatMap((row) =>
      reportOf(row).attachments.filter(({ reason }) => reason === 'sanitizer-failed' || reason === 'timeout'),
    );
    expect(ours).toEqual([]);
  },
  60_000,
);

test.runIf(present)(
  'what a clerk reads: names whole, no faults told that do not matter',
  async () => {
    const paths = [
      'fess-crawler/extractor/eml/sample3.eml',
      'php-mime-mail-parser/tests/mails/issue116',
      'mu/testdata/cjk/cur/test1',
    ];
    const made = await sanitizeFiles(paths.map(inCorpora), { as: 'message', out: join(folder, 'notices') });
    const texts = made.rows.map((row) => readForwarded(readFileSync(join(row.folder, 'message.eml'))).text);
    expect(texts[0]).toContain('・PDFサンプル.pdf: 同じ形式で作り直しました');
    expect(texts[1]).not.toContain('食い違う');
    expect(texts[2]).toContain('サーバがダウンしました');
    expect(texts.join()).not.toContain('乱れ');
  },
  60_000,
);

test.runIf(present)(
  'a sample of openable PDFs is rebuilt, and our own PDFs are rebuilt again',
  async () => {
    const files = sample(openablePdfs(), 12, SEED).map(({ path }) => inCorpora(path));
    const once = await sanitizeFiles(files, { as: 'document', out: join(folder, 'pdf') });
    const pdfs = once.rows.flatMap((row) =>
      row.written.filter((name) => name.endsWith('.pdf')).map((name) => join(row.folder, name)),
    );
    expect(pdfs).toHaveLength(files.length);
    const twice = await sanitizeFiles(pdfs, { as: 'document', out: join(folder, 'again') });
    expect(twice.rows.map(({ verdict }) => verdict)).toEqual(pdfs.map(() => 'sanitized'));
    const removed = twice.rows.flatMap((row) => reportOf(row).attachments.flatMap((part) => part.removed));
    expect(removed.filter(({ what }) => what !== 'unmapped-characters')).toEqual([]);
  },
  60_000,
);
