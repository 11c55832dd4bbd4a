/** A hijacked converter: its lies through the whole mail path, and mutations of our own output at the gate. */
import { tellLies } from '../../../test/kit/lies.ts';
import type { Section, SectionContext, SectionResult } from '../section.ts';
import { blindMutations, mutationsByRule, sectionsOfGrammar, type Tally } from './mutations.ts';

export const lyingChild: Section = {
  name: 'lying-child',
  bar: "A lying child (returns the original, the original with one byte changed, a PDF of its own with a JavaScript action, a ZIP appended to a PNG, a stream with trailing data, text with formula starts or bidi, wrong hash, wrong nonce, 10 GB, silence): 0 pass of all that lies outside our writers' grammar, each held with a notice, the next mail unaffected. ≥ 2,000 mutations of our own output, at least one for each grammar rule: all refused.",
  async run({ short, say }: SectionContext): Promise<SectionResult> {
    const told = await tellLies(say, short ? 6 : 1);
    const lies = told.filter(({ lie }) => !lie.startsWith('(honest twin)'));
    const wrong = told.filter(({ problems }) => problems.length > 0);
    say(`${lies.length} lies told, ${wrong.length} not as promised`);
    const byRule = await mutationsByRule();
    const blind = await blindMutations(short ? 60 : 400);
    const all = [...byRule, ...blind.tallies];
    const mutations = sum(all, 'mutations');
    const passed = all.filter((tally) => tally.passed > 0);
    const uncovered = sectionsOfGrammar().filter((name) => !byRule.some(({ rule }) => covers(rule, name)));
    say(
      `${mutations} mutations, ${sum(all, 'passed')} passed; without mutation: ${uncovered.join(', ') || 'no section'}`,
    );
    return {
      holds: wrong.length === 0 && passed.length === 0 && uncovered.length === 0 && mutations >= 2000 && blind.control,
      summary: `${lies.length} lies through the whole mail path: ${lies.length - wrong.length} held with a notice, next mail unaffected; ${mutations} mutations of our own output over ${byRule.length} rules: ${sum(all, 'passed')} pass`,
      details: [
        'Real jail, gate, database, vault, outlet and sink in one process; only the program of the converter is another (test/kit/jail/lying-child.ts). After each lie: exactly one message at the sink, a notice with a valid receipt, no file, nothing of the mail; state and audit say so and do not quote it; then an honest mail is delivered. Honest twins of the lies are told by the same child and pass.',
        '',
        '| lie | held for | as promised, next mail too |',
        '|---|---|---|',
        ...told.map(
          ({ lie, heldFor, problems }) =>
            `| ${lie} | ${heldFor || '– (delivered)'} | ${problems.length === 0 ? 'yes' : `**no**: ${problems.join('; ')}`} |`,
        ),
        '',
        'Mutations by rule of docs/output-grammar.md and docs/output-grammar-pdf.md (test/attacks/gate), then blind ones of a message that the real converters wrote:',
        '',
        '| rule | mutations | passed |',
        '|---|---|---|',
        ...all.map(
          ({ rule, mutations: count, passed: through }) => `| ${rule.replaceAll('|', '\\|')} | ${count} | ${through} |`,
        ),
        `| **all** | **${mutations}** | **${sum(all, 'passed')}** |`,
      ].join('\n'),
    };
  },
};

const sum = (tallies: readonly Tally[], what: 'mutations' | 'passed'): number =>
  tallies.reduce((total, tally) => total + tally[what], 0);

/** 'pdf PDF §2 frame' is of 'PDF §2'; '§2 order' of '§2'. */
function covers(rule: string, name: string): boolean {
  const own = /(PDF )?§\d+/.exec(rule.replace(/^(?:pdf|png|jpeg|csv|text) /, ''))?.[0];
  return own === name;
}
