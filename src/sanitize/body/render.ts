/**
 * The body of a message → the text that goes on.
 *
 * A message may carry its text twice, plain and HTML, and the two need not say the same: the fuller one is used, and a
 * disagreement is reported (a filter reads one, a person the other).
 */
import type { Removal } from '../../message/outcome.ts';
import type { LinkReport } from '../../message/report.ts';
import type { Language } from '../../message/texts.ts';
import type { Policy } from '../../policy/policy.ts';
import { htmlToText } from './html.ts';
import { MAX_REPORTED_LINKS } from './links.ts';
import { addRemovals, safeText } from './safe-text.ts';

export interface Body {
  /** Satisfies the text rules of docs/output-grammar.md §6, with LF line ends. */
  readonly text: string;
  readonly source: 'plain' | 'html' | 'none';
  readonly links: readonly LinkReport[];
  /** At most 2,000 UTF-16 units. */
  readonly hiddenText: string;
  readonly removed: readonly Removal[];
}

/** Never throws. Both inputs are decoded text with any line ends. */
export function renderBody(
  untrusted: { readonly plain?: string | undefined; readonly html?: string | undefined },
  policy: Pick<Policy, 'links'>,
  language: Language = 'ja',
): Body {
  const plain =
    untrusted.plain === undefined || untrusted.plain.trim() === ''
      ? undefined
      : plainBody(untrusted.plain, policy, language);
  if (untrusted.html === undefined || untrusted.html.trim() === '') {
    return plain ?? { text: '', source: 'none', links: [], hiddenText: '', removed: [] };
  }
  const html = htmlBody(untrusted.html, policy, language);
  if (plain === undefined) return html;
  return choose(plain, html);
}

function plainBody(untrusted: string, policy: Pick<Policy, 'links'>, language: Language): Body {
  const safe = safeText(untrusted, policy.links, language);
  return { ...safe, source: 'plain', hiddenText: '' };
}

function htmlBody(untrusted: string, policy: Pick<Policy, 'links'>, language: Language): Body {
  const html = htmlToText(untrusted, policy.links, language);
  const safe = safeText(html.text, policy.links, language);
  return {
    text: safe.text,
    source: 'html',
    links: [...html.links, ...safe.links].slice(0, MAX_REPORTED_LINKS),
    hiddenText: html.hiddenText,
    removed: addRemovals(html.removed, safe.removed),
  };
}

/** How much of the shorter one the longer one must hold to say the same. Signatures and menus differ a little. */
const AGREEMENT = 0.75;
/** HTML has to be clearly fuller: the plain text is the sender's own wording with its own line ends. */
const CLEARLY_FULLER = 1.25;

function choose(plain: Body, html: Body): Body {
  const [a, b] = [wordsOf(plain.text), wordsOf(html.text)];
  // HTML that shows nothing at all, not even a picture, contradicts nothing.
  const agree = html.text.trim() === '' || (a.length <= b.length ? held(a, b) : held(b, a)) >= AGREEMENT;
  const winner = b.length > a.length * CLEARLY_FULLER || (!agree && b.length > a.length) ? html : plain;
  const disagreement: readonly Removal[] = agree ? [] : [{ what: 'alternative-body', count: 1 }];
  // What only the HTML side held (pixels, scripts, hidden text) is gone whichever side is used.
  const removed =
    winner === html
      ? html.removed
      : addRemovals(
          plain.removed,
          html.removed.filter(({ what }) => what !== 'link'),
        );
  return { ...winner, hiddenText: html.hiddenText, removed: addRemovals(removed, disagreement) };
}

/** Letters and digits only: addresses, marks and blanks are spelled differently on both sides. */
const wordsOf = (text: string): string =>
  text
    .replace(/(?:hxxps?|fxp):\/\/[^\s<>]*/g, ' ')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');

/** Share of the shorter text's character pairs that the longer one has too, 0–1. Two empty texts agree. */
function held(shorter: string, longer: string): number {
  if (shorter.length < 2)
    return shorter.length === 0 ? (longer.length === 0 ? 1 : 0) : Number(longer.includes(shorter));
  const pairs = new Set<string>();
  for (let i = 0; i + 1 < longer.length; i++) pairs.add(longer.slice(i, i + 2));
  let common = 0;
  for (let i = 0; i + 1 < shorter.length; i++) if (pairs.has(shorter.slice(i, i + 2))) common += 1;
  return common / (shorter.length - 1);
}
