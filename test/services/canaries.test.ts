/** INV-01…05, H18: what must die is nowhere in what a running gateway wrote, its log and database included; what must live is there. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { throughGateway } from '../../bench/evidence/issue1/canaries.ts';

const missing = spawnSync('pdftotext', ['-v']).error !== undefined;
const required = process.env['SEKISHO_SERVICES'] === '1';
if (missing && !required) console.log('skipped: pdftotext (Debian poppler-utils) is not installed');

test.skipIf(missing && !required)('canaries through a whole gateway', { timeout: 120_000 }, async () => {
  const problems: string[] = [];
  const result = await throughGateway({ say: (line) => problems.push(line) });
  expect(problems).toEqual([]);
  expect(result).toMatchObject({ holds: true });
});
