/**
 * What a reader should know about the sender, from what we saw ourselves. In the pension service's case of 2015 a free-mail
 * address with a plausible subject was enough; a hint where a name lies is worth a line.
 */
import { getDomain } from 'tldts';
import type { TrustedFacts } from '../message/jobs.ts';
import { fill, type Language, NOTICE_SENTENCES as N } from '../message/texts.ts';
import { cleanLine } from './body/characters.ts';
import type { HeaderFacts } from './header-facts.ts';
import { addrSpec } from './header-fields.ts';

/** Services where anybody gets an address at once; those seen most in Japan. A hint, not a judgement. */
const FREE_MAIL: ReadonlySet<string> = new Set(
  (
    'gmail.com googlemail.com yahoo.co.jp ymail.ne.jp yahoo.com yahoo.com.tw yahoo.com.hk outlook.jp outlook.com hotmail.com ' +
    'hotmail.co.jp live.jp live.com msn.com icloud.com me.com mac.com aol.com aol.jp excite.co.jp infoseek.jp goo.jp mail.goo.ne.jp ' +
    'nifty.jp inbox.ru mail.ru yandex.com yandex.ru gmx.com gmx.net proton.me protonmail.com tutanota.com zoho.com qq.com 163.com ' +
    '126.com sina.com foxmail.com naver.com daum.net hanmail.net mail.com eclipso.eu onet.pl'
  ).split(' '),
);

/** Lines for the notice, the weightiest first; none for an ordinary sender. */
export function senderWarnings(facts: TrustedFacts, header: HeaderFacts, language: Language): string[] {
  const sender = header.from.find((mailbox) => addrSpec(mailbox.address) !== undefined) ?? header.from[0];
  const from = addrSpec(sender?.address ?? '') ?? '';
  const envelope = addrSpec(facts.reversePath) ?? '';
  const lines: string[] = [];
  const shown = addressInName(sender?.name ?? '');
  if (shown !== '' && domainOf(shown) !== domainOf(from))
    lines.push(fill(from === '' ? N.spoofedNoAddress : N.spoofedName, language, { shown, from }));
  if (from !== '' && envelope !== '' && !related(from, envelope))
    lines.push(fill(N.differs, language, { from, envelope }));
  const free = [from, envelope].map(hostOf).find((host) => FREE_MAIL.has(host));
  if (free !== undefined) lines.push(fill(N.freeMail, language, { domain: free }));
  if (header.from.length > 1) lines.push(fill(N.severalFrom, language, { count: header.from.length }));
  const reply = header.replyTo.flatMap((mailbox) => addrSpec(mailbox.address) ?? [])[0] ?? '';
  if (reply !== '' && from !== '' && !related(reply, from)) lines.push(fill(N.replyTo, language, { address: reply }));
  return lines;
}

/** B08: `"info@city.lg.jp" <x@evil.example>`. The address a display name pretends to be, or ''. */
const addressInName = (name: string): string =>
  /[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24}/
    .exec(cleanLine(name.normalize('NFKC'), 200))?.[0]
    .toLowerCase() ?? '';

const hostOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

/** The registered domain (public suffix + 1), so that `bounce.example.co.jp` and `example.co.jp` are one sender. */
function domainOf(address: string): string {
  const host = hostOf(address);
  return getDomain(host) ?? host;
}

const related = (a: string, b: string): boolean => domainOf(a) === domainOf(b);
