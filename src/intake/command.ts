/**
 * The guard in front of every command line: smtp-server 3.21.6 is lenient where a gateway must not be (threats.md §1.2).
 * Pure: one line without its CRLF in, a verdict out. What passes is still checked for order by the library.
 */
import { type ParsedPath, parseForwardPath, parseReversePath } from './address.ts';
import type { Reply } from './reply.ts';

export type CommandVerdict =
  /** `address`: the path of MAIL or RCPT; undefined for other commands. */
  { readonly kind: 'pass'; readonly address: string | undefined } | { readonly kind: 'refuse'; readonly reply: Reply };

const OFFERED: ReadonlySet<string> = new Set(['EHLO', 'HELO', 'DATA', 'RSET', 'NOOP', 'QUIT', 'VRFY']);
/** Known elsewhere, not offered here: 502. No XCLIENT: a peer's address is what the socket or its listed proxy says. */
const NOT_OFFERED: ReadonlySet<string> = new Set(
  'AUTH BDAT BURL ETRN EXPN HELP LHLO SAML SEND SOML STARTTLS TURN ATRN XCLIENT XFORWARD'.split(' '),
);

const BAD_SYNTAX: Reply = [501, '5.5.2', 'Syntax error in command line'];
const BAD_PARAMETER: Reply = [501, '5.5.4', 'Syntax error in parameters'];
const UNKNOWN_PARAMETER: Reply = [555, '5.5.4', 'Parameter not supported'];
const NO_SMTPUTF8: Reply = [555, '5.6.7', 'SMTPUTF8 not supported'];
const UNKNOWN_COMMAND: Reply = [500, '5.5.2', 'Command not recognized'];
const NOT_IMPLEMENTED: Reply = [502, '5.5.1', 'Command not implemented'];
/** RFC 3207 §4: what a client without the TLS that it must use hears to all but EHLO, NOOP, STARTTLS and QUIT. */
const NEEDS_TLS: Reply = [530, '5.7.0', 'Must issue a STARTTLS command first'];
/** A load balancer that is not in `intake.proxies`: going on under its own address would lie about the peer. */
const NO_PROXY: Reply = [421, '4.7.0', 'PROXY protocol not accepted from this address'];
const HTTP_CLIENT: Reply = [421, '4.7.0', 'This is a mail server'];

const HTTP = /^[A-Z]+ \S.* HTTP\/\d/i;
const MAIL = /^MAIL FROM:[ ]?<([^<>]*)>((?: [^ ]+)*)[ ]*$/i;
const RCPT = /^RCPT TO:[ ]?<([^<>]*)>((?: [^ ]+)*)[ ]*$/i;
/** RFC 5321 §4.1.2 esmtp-param. */
const PARAMETER = /^([a-z0-9][a-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e]+))?$/i;
/** RFC 3461 §4: `+XX` stands for an octet, a control character among them is an injection. */
const XTEXT = /^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[2-7][0-9A-F]|\+[89A-F][0-9A-F])*$/;

const MAIL_PARAMETERS: ReadonlySet<string> = new Set(['SIZE', 'BODY', 'RET', 'ENVID']);
const RCPT_PARAMETERS: ReadonlySet<string> = new Set(['NOTIFY', 'ORCPT']);

/** STARTTLS for one connection. `missing`: this peer must use it and has not yet. */
export type TlsState = 'not-offered' | 'offered' | 'missing';

const WITHOUT_TLS: ReadonlySet<string> = new Set(['EHLO', 'HELO', 'NOOP', 'RSET', 'STARTTLS', 'QUIT']);

/** @param line the octets between two line ends. */
export function guardCommand(line: Buffer, tls: TlsState): CommandVerdict {
  const text = line.toString('latin1');
  const verb = (text.split(' ', 1)[0] ?? '').toUpperCase();
  if (/[\x00-\x1f\x7f]/.test(text)) return refuse(BAD_SYNTAX);
  if (tls === 'missing' && !WITHOUT_TLS.has(verb)) return refuse(NEEDS_TLS);
  if (verb === 'MAIL') return guardPath(text, MAIL, parseReversePath, MAIL_PARAMETERS);
  if (verb === 'RCPT') return guardPath(text, RCPT, parseForwardPath, RCPT_PARAMETERS);
  if (/[\x80-\xff]/.test(text)) return refuse(BAD_SYNTAX);
  if (HTTP.test(text)) return refuse(HTTP_CLIENT);
  if (verb === 'PROXY') return refuse(NO_PROXY);
  if (OFFERED.has(verb) || (tls !== 'not-offered' && verb === 'STARTTLS')) return { kind: 'pass', address: undefined };
  return refuse(NOT_OFFERED.has(verb) ? NOT_IMPLEMENTED : UNKNOWN_COMMAND);
}

function guardPath(
  text: string,
  pattern: RegExp,
  parse: (path: string) => ParsedPath,
  parameters: ReadonlySet<string>,
): CommandVerdict {
  const match = pattern.exec(text);
  if (match === null) return refuse(BAD_PARAMETER);
  const path = parse(match[1] ?? '');
  if (path.kind === 'refused') return refuse(path.reply);
  const wrong = (match[2] ?? '')
    .split(' ')
    .filter((parameter) => parameter !== '')
    .map((parameter) => wrongParameter(parameter, parameters))
    .find((reply) => reply !== undefined);
  return wrong === undefined ? { kind: 'pass', address: path.address } : refuse(wrong);
}

function wrongParameter(parameter: string, allowed: ReadonlySet<string>): Reply | undefined {
  const match = PARAMETER.exec(parameter);
  if (match === null) return BAD_PARAMETER;
  const keyword = (match[1] ?? '').toUpperCase();
  if (keyword === 'SMTPUTF8') return NO_SMTPUTF8;
  if (!allowed.has(keyword)) return UNKNOWN_PARAMETER;
  const isXtext = keyword === 'ENVID' || keyword === 'ORCPT';
  return isXtext && !XTEXT.test(match[2] ?? '') ? BAD_PARAMETER : undefined;
}

const refuse = (reply: Reply): CommandVerdict => ({ kind: 'refuse', reply });
