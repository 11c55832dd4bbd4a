/**
 * Postfix → Sekisho → Postfix → Dovecot on loopback, each with the settings of docs/neighbours.md: TLS on both sides,
 * addresses asked of the relay behind, mail by LMTP. Only addresses, ports and folders differ from the page.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { freePort, type Gateway, startGateway } from '../gateway.ts';
import { type Authority, openAuthority } from './authority.ts';
import { documented } from './documented.ts';
import { DOVECOT_NEEDS, type Dovecot, MAIL_UID, startDovecot } from './dovecot.ts';
import { POSTFIX_NEEDS, type Postfix, startPostfix } from './postfix.ts';

export const DOMAIN = 'city.example.lg.jp';

export interface Chain {
  readonly front: Postfix;
  readonly gateway: Gateway;
  readonly behind: Postfix;
  readonly dovecot: Dovecot;
  stop(): Promise<void>;
}

export interface ChainOptions {
  /** Local parts with a mailbox, beside joho and soumu. */
  readonly people?: readonly string[];
  /** Merged over the documented top level of gateway.yaml. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** What is not on this machine; root is needed too. */
export function missingForChain(): readonly string[] {
  const files = [...POSTFIX_NEEDS, ...DOVECOT_NEEDS].filter((path) => !existsSync(path));
  return process.getuid?.() === 0 ? files : [...files, 'root'];
}

export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  // Not below a folder that only root may enter: Postfix and Dovecot have users of their own.
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-chain-'));
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const one of started.reverse()) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    started.push(one);
    return one;
  };
  try {
    openTo(folder);
    const authority = openAuthority(join(folder, 'ca'));
    const people = [...new Set(['joho', 'soumu', ...(options.people ?? [])])];
    const ports = {
      front: await freePort(),
      smtp: await freePort(),
      behind: await freePort(),
      imap: await freePort(),
      admin: await freePort(),
    };
    const relay = authority.issue('relay.lgwan.example.lg.jp');
    const behind = keep(await startBehind(join(folder, 'behind'), ports.behind, relay, people));
    const dovecot = keep(await startMailboxes(join(folder, 'dovecot'), ports.imap, relay, people, behind.spool));
    const gateway = keep(await startSekisho(join(folder, 'sekisho'), authority, ports, options.settings ?? {}));
    const front = keep(await startFront(join(folder, 'front'), ports, authority));
    return { front, gateway, behind, dovecot, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Ports {
  readonly front: number;
  readonly smtp: number;
  readonly behind: number;
  readonly imap: number;
  readonly admin: number;
}

/** mkdtemp gives its owner alone the right to enter. */
function openTo(folder: string): void {
  rmSync(folder, { recursive: true });
  mkdirSync(folder, { mode: 0o755 });
}

type Certificate = ReturnType<Authority['issue']>;

function startBehind(folder: string, port: number, relay: Certificate, people: readonly string[]): Promise<Postfix> {
  const conf = join(folder, 'conf');
  return startPostfix({
    folder,
    port,
    mainCf: documented('behind', '/etc/postfix/main.cf', {
      '198.51.100.10/32': '127.0.0.1/32',
      '/etc/postfix/mailboxes': join(conf, 'mailboxes'),
      '/etc/postfix/relay-cert.pem': relay.certFile,
      '/etc/postfix/relay-key.pem': relay.keyFile,
    }),
    masterCf: documented('behind', '/etc/postfix/master.cf', {}),
    files: { mailboxes: people.map((person) => `${person}@${DOMAIN} ${person}\n`).join('') },
  });
}

function startMailboxes(
  folder: string,
  port: number,
  relay: Certificate,
  people: readonly string[],
  spool: string,
): Promise<Dovecot> {
  const conf = documented('dovecot', '/etc/dovecot/dovecot.conf', {
    '/etc/dovecot/relay-cert.pem': relay.certFile,
    '/etc/dovecot/relay-key.pem': relay.keyFile,
    '/etc/dovecot/users': join(folder, 'users'),
    'uid=vmail gid=vmail': `uid=${MAIL_UID} gid=${MAIL_UID}`,
    '/srv/mail': join(folder, 'mail'),
    '/var/spool/postfix': spool,
  });
  return startDovecot({ folder, port, conf, people: people.map((person) => `${person}@${DOMAIN}`) });
}

function startSekisho(
  folder: string,
  authority: Authority,
  ports: Ports,
  more: Readonly<Record<string, unknown>>,
): Promise<Gateway> {
  const own = authority.issue('sekisho.example.lg.jp');
  const written = documented('sekisho', 'gateway.yaml', {
    '192.0.2.10:25': `127.0.0.1:${ports.smtp}`,
    '192.0.2.5/32': '127.0.0.1/32',
    '/etc/sekisho/tls/sekisho-key.pem': own.keyFile,
    '/etc/sekisho/tls/sekisho-cert.pem': own.certFile,
    '/etc/sekisho/tls/lgwan-ca.pem': authority.caFile,
    '198.51.100.20': '127.0.0.1',
    'port: 25': `port: ${ports.behind}`,
  });
  return startGateway({
    folder,
    ports: { smtp: ports.smtp, admin: ports.admin },
    nextHopPort: ports.behind,
    settings: { logLevel: 'info', ...(parse(written) as object), ...more },
  });
}

function startFront(folder: string, ports: Ports, authority: Authority): Promise<Postfix> {
  return startPostfix({
    folder,
    port: ports.front,
    mainCf: documented('front', '/etc/postfix/main.cf', {
      '[192.0.2.10]:25': `[127.0.0.1]:${ports.smtp}`,
      '/etc/postfix/sekisho-ca.pem': authority.caFile,
    }),
    masterCf: documented('front', '/etc/postfix/master.cf', {}),
  });
}
