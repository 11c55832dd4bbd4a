/**
 * Links in text, made so that no program makes them clickable: docs/output-grammar.md §6, link rules.
 *
 * Danger: mail programs turn `http://…`, `\\host\share`, `file:`, `ms-word:` in plain text into links; a click leaks a Windows
 * password hash or starts a program (CVE-2023-35636, CVE-2024-21413); names look like other names (IDN, user@host).
 * Method: hxxp(s), dots of the host in brackets, the real host in A-labels; dangerous schemes are broken up.
 * Kept: what a person needs to copy the address by hand. Lost: the click.
 */
import type { LinkReport } from '../../message/report.ts';
import { BODY_SENTENCES, fill, type Language } from '../../message/texts.ts';
import type { Policy } from '../../policy/policy.ts';
import { cleanLine } from './characters.ts';

export type LinkStyle = Policy['links'];

export interface Defanged {
  readonly text: string;
  readonly links: readonly LinkReport[];
}

/** Reports name at most this many links: a newsletter has about a hundred. */
export const MAX_REPORTED_LINKS = 200;
/** Longer addresses carry tracking data only; no one copies them by hand. */
const MAX_SHOWN_PATH = 1500;

/** Scheme, authority (up to anything that ends one in running Japanese text), rest of the address. */
const WEB =
  /(?<![A-Za-z0-9+.-])(https?|ftp):\/\/([^\s/?#<>"'`(){}|\\^,;、。「」『』()<>【】［］]{1,400})([/?#][^\s<>"「」『』()<>【】、。]*)?/gi;
const SCHEME_SLASHES = /[A-Za-z0-9+.-]:\/\//;
const BACKSLASHES = /[\\￥¥]{2,}/g;
/** What a share's name may begin with. */
const SHARE_START = /^[\p{L}\p{N}_.?\-[]/u;
const WWW = /(?<![a-z0-9])(www)\.(?=[a-z0-9])/gi;
/** Schemes that open programs or files. Not among them: tel, sms and mailto, after which a person still has to confirm. */
const ACTIVE =
  /(?<![a-z0-9+.-])(file|smb|javascript|vbscript|livescript|view-source|mhtml|ms-its|search-ms|shell|onenote|onenotedesktop|outlook|skype|callto|msteams|zoommtg|tn3270|telnet|ms-[a-z0-9-]+|data(?=:[a-z]+\/)):(?=\S)/gi;

/** Makes every link in running text inert and says where each led. Linear in the text's length; twice is once. */
export function defangText(text: string, style: LinkStyle, language: Language = 'ja'): Defanged {
  const links: LinkReport[] = [];
  const report = (link: LinkReport): void => {
    if (links.length < MAX_REPORTED_LINKS) links.push(link);
  };
  let out = text;
  if (out.includes('://')) {
    out = out.replace(WEB, (whole: string, scheme: string, authority: string, rest: string | undefined) => {
      const { shown, link, behind } = shownWeb(scheme, authority, rest ?? '', style, language);
      report({ ...link, untrustedText: cleanLine(whole, 200) });
      return shown + behind;
    });
  }
  if (/[\\￥¥]{2}/.test(out)) {
    out = out.replace(BACKSLASHES, (slashes, offset: number, whole: string) => {
      const end = offset + slashes.length;
      if (!SHARE_START.test(whole.slice(end, end + 2))) return slashes;
      report({ untrustedText: cleanLine(slashes, 20), target: '\\\\', suspicion: ['local-path'] });
      return `[${slashes}]`;
    });
  }
  out = out.replace(WWW, '$1[.]');
  out = out.replace(ACTIVE, (whole: string, scheme: string) => {
    const local = /^(?:file|smb)$/i.test(scheme);
    report({ untrustedText: whole, target: scheme.toLowerCase(), suspicion: [local ? 'local-path' : 'scheme'] });
    return `${scheme}[:]`;
  });
  if (SCHEME_SLASHES.test(out)) out = breakOtherSchemes(out);
  return { text: out, links };
}

/** Every `://` after a scheme other than ours loses its meaning. Looks backwards from each: linear but for absurd schemes. */
function breakOtherSchemes(text: string): string {
  const parts = text.split('://');
  for (let i = 0; i < parts.length - 1; i++) {
    const part = parts[i] ?? '';
    let start = part.length;
    while (start > 0 && /[A-Za-z0-9+.-]/.test(part.charAt(start - 1))) start -= 1;
    const scheme = part.slice(start);
    parts[i] = scheme === '' || /^(?:hxxps?|fxp)$/.test(scheme) ? `${part}://` : `${part}[:]//`;
  }
  return parts.join('');
}

interface ShownWeb {
  readonly shown: string;
  readonly link: Omit<LinkReport, 'untrustedText'>;
  /** Text that stood right behind the host without a blank and is no part of it. */
  readonly behind: string;
}

/** How a web address is shown. `authority` and `rest` are as found in text; nothing of them is believed. */
export function shownWeb(
  scheme: string,
  authority: string,
  rest: string,
  style: LinkStyle,
  language: Language,
): ShownWeb {
  const suspicion = new Set<LinkReport['suspicion'][number]>();
  const at = authority.lastIndexOf('@');
  // `http://www.city.lg.jp@evil.example/`: the name before @ is decoration meant to deceive.
  if (at >= 0) suspicion.add('text-differs');
  const { host: untrustedHost, port, behind } = splitAuthority(authority.slice(at + 1));
  const host = canonicalHost(untrustedHost);
  if (/(?:^|\.)xn--/.test(host)) suspicion.add('punycode');
  if (isAddress(host)) suspicion.add('ip-address');
  const name = `${inertScheme(scheme)}://${host.replaceAll('.', '[.]')}${port}`;
  const international = suspicion.has('punycode') && !/^[\x00-\x7f]*$/.test(untrustedHost);
  const note = international
    ? fill(BODY_SENTENCES.internationalName, language, { name: untrustedHost.replaceAll('.', '[.]') })
    : '';
  const tail = behind === '' ? rest : '';
  const path = style === 'host-only' ? '' : tail.slice(0, MAX_SHOWN_PATH) + (tail.length > MAX_SHOWN_PATH ? '…' : '');
  return {
    shown: international ? `${name}${note}${path}` : `${name}${path}`,
    link: { target: cleanLine(name, 300), suspicion: [...suspicion] },
    behind: behind === '' ? '' : behind + rest,
  };
}

const inertScheme = (scheme: string): string => scheme.toLowerCase().replace(/^http/, 'hxxp').replace('ftp', 'fxp');

/** Host and port, and Japanese text that follows without a blank (`https://example.comをご覧ください`). */
function splitAuthority(text: string): { readonly host: string; readonly port: string; readonly behind: string } {
  const ascii = (/^[A-Za-z0-9._\-%~:[\]]*/.exec(text)?.[0] ?? '').replace(/[.:]+$/, '');
  const complete = /^(?:\[[0-9a-f:.]+\]|[^:[\]]+\.[a-z][a-z0-9-]+)(?::\d{1,5})?$/i.test(ascii);
  // A name that is whole in ASCII ends there; otherwise what follows belongs to an international name.
  const used = complete ? ascii : text;
  const behind = text.slice(used.length);
  const port = /:(\d{1,5})$/.exec(used)?.[0] ?? '';
  return { host: used.slice(0, used.length - port.length), port, behind };
}

/** The host as a browser would reach it: lower case, A-labels, addresses in dotted form. What no browser takes stays as it is, cleaned. */
function canonicalHost(untrusted: string): string {
  if (/^[a-z0-9.-]+$/.test(untrusted) && /[a-z]$/.test(untrusted) && !untrusted.includes('xn--')) return untrusted;
  const url = URL.parse(`http://${untrusted}/`);
  const host = url?.hostname ?? '';
  return host === '' ? cleanLine(untrusted.toLowerCase(), 253) : host;
}

const isAddress = (host: string): boolean => host.startsWith('[') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);

export type Target =
  /** Nothing worth showing: an anchor in the page, a telephone number, a picture of this mail. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'web';
      readonly shown: string;
      readonly host: string;
      readonly link: Omit<LinkReport, 'untrustedText'>;
    }
  | { readonly kind: 'mail'; readonly address: string }
  | { readonly kind: 'removed'; readonly scheme: string; readonly local: boolean };

/** Schemes of links that lead nowhere outside this mail, or to the telephone: their text stays, their target goes silently. */
const SILENT: ReadonlySet<string> = new Set(['tel:', 'sms:', 'cid:', 'mid:', 'about:']);

/** What a link of an HTML page leads to. @param base the page's own `<base href>`, '' when it has none. */
export function targetOf(untrustedHref: string, base: string, style: LinkStyle, language: Language): Target {
  // As browsers do (WHATWG URL §4.4): blanks around, TAB and line ends inside do not count.
  const href = untrustedHref
    .slice(0, 100_000)
    .replace(/[\t\n\r]/g, '')
    .replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, '');
  if (href === '' || href.startsWith('#')) return { kind: 'none' };
  if (/^[\\￥¥]{2}/.test(href) || /^[\\/]{2}[^/]*\\/.test(href))
    return { kind: 'removed', scheme: 'file', local: true };
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(href.normalize('NFKC'))?.[1]?.toLowerCase() ?? '';
  if (scheme !== '' && !['http', 'https', 'ftp', 'mailto'].includes(scheme)) {
    if (SILENT.has(`${scheme}:`)) return { kind: 'none' };
    if (/^[a-z]$/.test(scheme)) return { kind: 'removed', scheme: 'file', local: true };
    return { kind: 'removed', scheme: cleanLine(scheme, 30), local: scheme === 'file' || scheme === 'smb' };
  }
  if (scheme === 'mailto') return { kind: 'mail', address: cleanLine(decoded(href.slice(7).split('?')[0] ?? ''), 254) };
  const absolute = URL.parse(href.startsWith('//') ? `https:${href}` : href, base === '' ? undefined : base);
  if (absolute === null) return { kind: 'none' };
  return webTarget(absolute, href, style, language);
}

function webTarget(url: URL, href: string, style: LinkStyle, language: Language): Target {
  if (!/^(?:https?|ftp):$/.test(url.protocol)) return { kind: 'none' };
  // The host as it was written, so that an international name can be shown beside its A-labels.
  const written = /^(?:[a-z]+:)?\/\/(?:[^/?#]*@)?([^/?#:]+)/i.exec(href)?.[1] ?? url.hostname;
  const untrustedHost = /[^\x00-\x7f]/.test(written) ? cleanLine(written, 253) : url.hostname;
  const credentials = url.username !== '' || url.password !== '' ? 'x@' : '';
  const port = url.port === '' ? '' : `:${url.port}`;
  const rest = readable(url.pathname + url.search + url.hash);
  const { shown, link } = shownWeb(
    url.protocol.slice(0, -1),
    credentials + untrustedHost + port,
    rest === '/' ? '' : rest,
    style,
    language,
  );
  return { kind: 'web', shown: cleanLine(shown, 2000), host: url.hostname, link };
}

/** `%xx` undone where it makes whole characters: a clerk reads 申請, not %E7%94%B3. Blanks and controls stay encoded. */
function readable(path: string): string {
  if (!path.includes('%')) return path;
  return path.replace(/(?:%[89A-F][0-9A-F]){2,}/gi, (encoded) => {
    const text = decoded(encoded);
    return /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+$/u.test(text) ? text : encoded;
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign: shown as written.
    return text;
  }
}
