/** The bench table: ours and the peers in one run, every outcome verified. The full form also writes docs/bench.md. */
import { writeFileSync } from 'node:fs';
import { readOptions } from '../../options.ts';
import { BENCH_PAGE, runBench } from '../../run.ts';
import type { Section } from '../section.ts';

export const bench: Section = {
  name: 'bench',
  bar:
    'The bench table: our gateway, postfix, postfix + amavisd + clamd, Haraka and a bare Node relay alternated in one run over 5 kB / 100 kB / ' +
    '5 MB at 1, 10, 50 connections; PDFs and pictures beside gs, pdftoppm + img2pdf, mutool. Holds when the run is complete and every outcome verified; ' +
    'how fast we must be, other sections say.',
  async run({ short, say }) {
    const report = await runBench(readOptions(short ? ['--short'] : []), say);
    if (!short) writeFileSync(BENCH_PAGE, report.page);
    const missing = short ? [] : report.absent;
    const cells = report.mail?.measurements ?? [];
    const mails = cells.reduce((sum, each) => sum + each.mails, 0);
    return {
      holds: report.problems.length === 0 && missing.length === 0,
      summary: `${cells.length} mail cells with ${mails} mails, ${report.documents?.rows.length ?? 0} document rows; ${report.problems.length} problems; not measured: ${report.absent.join('; ') || 'none'}`,
      details: [
        ...report.problems.map((problem) => `- ${problem}`),
        report.page.replace(/^# Bench\n+/, '').replace(/^##/gm, '###'),
      ].join('\n'),
    };
  },
};
