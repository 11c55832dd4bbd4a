/** What stands behind a link's text: where it really leads, inert; and the report of all links of a page. */
import { getDomain, parse } from 'tldts';
import type { LinkReport } from '../../message/report.ts';
import { BODY_SENTENCES, fill, type Language } from '../../message/texts.ts';
import { cleanLine } from './characters.ts';
import { type LinkStyle, MAX_REPORTED_LINKS, type Target, targetOf } from './links.ts';

/** A name with a dot in a link's text: what a reader takes for the place it leads to. */
const HOST_IN_TEXT = /(?:^|[^A-Za-z0-9.@-])(?:https?:\/\/)?((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})(?![A-Za-z0-9.@-])/i;

export class LinkSink {
  readonly links: LinkReport[] = [];
  removed = 0;
  scripts = 0;
  /** `<base href>`: only makes relative links readable. */
  base = '';
  private readonly style: LinkStyle;
  private readonly language: Language;

  constructor(style: LinkStyle, language: Language) {
    this.style = style;
    this.language = language;
  }

  script(): void {
    this.scripts += 1;
  }

  private report(untrustedText: string, target: string, suspicion: LinkReport['suspicion']): void {
    if (this.links.length < MAX_REPORTED_LINKS) {
      this.links.push({ untrustedText: cleanLine(untrustedText, 200), target, suspicion });
    }
  }

  /** Text to write behind the link's own text; '' when that says all. */
  suffix(untrustedHref: string, untrustedText: string): string {
    const target = targetOf(untrustedHref, this.base, this.style, this.language);
    switch (target.kind) {
      case 'none':
        return '';
      case 'mail':
        return untrustedText.includes(target.address) || target.address === '' ? '' : ` <${target.address}>`;
      case 'removed':
        this.removed += 1;
        this.report(untrustedText, target.scheme, [target.local ? 'local-path' : 'scheme']);
        return ` ${fill(BODY_SENTENCES.linkRemoved, this.language, { scheme: target.scheme })}`;
      case 'web':
        return this.web(target, untrustedHref, untrustedText);
    }
  }

  private web(target: Extract<Target, { kind: 'web' }>, untrustedHref: string, untrustedText: string): string {
    const text = untrustedText.trim();
    const suspicious = target.link.suspicion.length > 0;
    // The text is the address: it is made inert, and reported, where all text is.
    if (!suspicious && saysTheSame(text, untrustedHref)) return '';
    const differs = leadsElsewhere(text, target.host);
    this.report(
      text,
      target.link.target,
      differs ? [...new Set(['text-differs' as const, ...target.link.suspicion])] : target.link.suspicion,
    );
    const note = differs ? fill(BODY_SENTENCES.linkDiffers, this.language) : '';
    return `${text === '' ? '' : ' '}<${target.shown}>${note}`;
  }
}

const saysTheSame = (text: string, href: string): boolean => {
  const bare = (url: string): string => url.trim().replace(/\/$/, '');
  return /^https?:\/\//i.test(text) && bare(text) === bare(href);
};

/** The text names a host, and its registered domain is not the target's. */
function leadsElsewhere(text: string, host: string): boolean {
  if (text.length > 500) return false;
  const named = HOST_IN_TEXT.exec(text.normalize('NFKC'))?.[1]?.toLowerCase();
  if (named === undefined) return false;
  const { domain: shown, isIcann, isPrivate } = parse(named, { allowPrivateDomains: true });
  const address = text.trim().normalize('NFKC');
  // Without `http://` or `www.` only a name in a real top-level domain is a place: «report.pdf» and «Node.js» are none.
  const isPlace =
    /^(?:https?:|www\.)/i.test(address) ||
    ((isIcann === true || isPrivate === true) && /^[a-z0-9-]+(?:\.[a-z0-9-]+)+\/?$/i.test(address));
  if (shown === null || !isPlace) return false;
  return shown !== (getDomain(host, { allowPrivateDomains: true }) ?? host);
}
