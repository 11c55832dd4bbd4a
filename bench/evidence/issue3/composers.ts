/** Benign mails by real composers: how many are held because their structure is taken for an ambiguity. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ComposedMail, composeMails, sanitizeComposed } from '../../composers/run.ts';
import { expectedOutcomes } from '../issue1/outcomes.ts';
import { markdownTable } from '../issue1/product.ts';
import type { Section } from '../section.ts';

const MAILS = 3_200;
const SHORT = 200;
const LEAST = 3_000;
/** Mails that differ in words only would be one mail many times. */
const LEAST_STRUCTURES = 0.1;
const SEED = 1;
/** message/partial and message/external-body: what they are is plain, their content is not in the mail. */
const BY_RULE = /: (?:fragment|remote-content) /;

/** Mails of the corpora that are benign (the frozen list), as their senders' programs wrote them. */
const corpusMails = (shared: string): readonly ComposedMail[] =>
  expectedOutcomes()
    .filter(({ as }) => as === 'message')
    .map(({ path }) => ({
      composer: 'corpora',
      written: undefined,
      id: path,
      bytes: Buffer.from(readFileSync(join(shared, path), 'latin1').replace(/\r?\n/g, '\r\n'), 'latin1'),
    }));

export const composers: Section = {
  name: 'composers',
  bar: 'Benign mails held for ambiguity: 0 of ≥ 3,000 distinct mails written by ≥ 6 real composers (mutt, nodemailer, Python, Perl, PHP-like and Outlook-like templates, the corpora).',
  async run({ short, shared, say }) {
    const composed = await composeMails(short ? SHORT : MAILS, SEED);
    const mails = [...composed, ...corpusMails(shared).filter((_, i) => !short || i % 5 === 0)];
    say(`${mails.length} mails written`);
    const run = await sanitizeComposed(mails);
    const otherwise = run.held.filter((line) => BY_RULE.test(line));
    const held = run.held.filter((line) => !BY_RULE.test(line));
    const problems = [...held.map((line) => `held: ${line}`), ...run.lost];
    for (const problem of problems.slice(0, 20)) say(problem);
    const enough = short || (run.distinct >= LEAST && run.structures >= LEAST_STRUCTURES * run.distinct);
    return {
      holds: enough && problems.length === 0 && run.rows.length >= 6,
      summary: `${run.distinct} distinct mails of ${run.structures} structures by ${run.rows.length} composers: ${held.length} held for ambiguity (${otherwise.length} held by a rule about what they are), ${run.lost.length} arrived without a text or file that their composer wrote`,
      details: [
        markdownTable(
          ['composer', 'mails', 'structures', 'held', 'blocked parts', 'slowest ms'],
          run.rows.map((row) => [row.composer, row.mails, row.structures, row.held, row.blockedParts, row.slowestMs]),
        ),
        'A structure is what a parser has to understand: fields, parameters, encodings, boundaries, without the words. Each mail of ours carries a word of its own and sentences, which must stand in the forwarded text, and files, which must be told in the report.',
        `Held by a rule about what they are, not for ambiguity: ${otherwise.length === 0 ? 'none' : otherwise.join('; ')}.`,
        problems.length === 0
          ? 'Problems: none'
          : `Problems:\n${problems
              .slice(0, 100)
              .map((line) => `- ${line}`)
              .join('\n')}`,
      ].join('\n\n'),
    };
  },
};
