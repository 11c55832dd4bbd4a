/**
 * Postfix of Debian as a relay to the sink, in a folder of its own on loopback: stores each mail with fsync before its 250
 * (Postfix' own promise, cleanup(8)), then hands it on. Its brakes against load (in_flow_delay, client limits, delivery
 * concurrency of one destination) are off or wide.
 */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../test/kit/gateway.ts';
import { greets, type Peer, SPOOL_PARENT, until } from './peer.ts';
import { openProcesses } from './processes.ts';
import { debianVersions } from './versions.ts';

/** What `startPostfix` needs on this machine. */
export const POSTFIX_FILES = ['/usr/sbin/postfix'];

/** Deliveries to the one next hop at once: more than the bench's connections bring nothing on two cores. */
const DELIVERIES = 20;

export async function startPostfix(sinkPort: number, domains: readonly string[]): Promise<Peer> {
  requireFiles(POSTFIX_FILES);
  const folder = mkdtempSync(join(SPOOL_PARENT, 'sekisho-postfix-'));
  execFileSync('chmod', ['755', folder]);
  const smtpPort = await freePort();
  const processes = openProcesses('postfix');
  const stop = async (): Promise<void> => {
    await processes.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const home = writePostfix(folder, { smtpPort, sinkPort, domains });
    processes.run(['/usr/sbin/postfix', '-c', home, 'start-fg']);
    await until(() => greets(smtpPort), 'postfix');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: 'postfix',
    smtpPort,
    pipelining: true,
    cpu: processes.cpu,
    description: `${debianVersions(['postfix'])}; relay to the sink, ${TUNED}; fsync before 250: yes`,
    queued: () => queuedBelow(folder),
    problems: async () => [],
    stop,
  };
}

export interface PostfixOptions {
  readonly smtpPort: number;
  readonly sinkPort: number;
  readonly domains: readonly string[];
  /** A content filter: where it listens, where it gives mail back, and how many deliveries to it there may be at once. */
  readonly filter?: { readonly port: number; readonly backPort: number; readonly deliveries: number };
}

const TUNED = `default_process_limit 100, deliveries at once ${DELIVERIES}, in_flow_delay 0, no client limits, no DNS`;

/** main.cf and master.cf below `folder`, and its queue. @returns the configuration's folder */
export function writePostfix(folder: string, options: PostfixOptions): string {
  const home = join(folder, 'postfix');
  mkdirSync(home);
  mkdirSync(join(folder, 'spool'));
  ownFolder(join(folder, 'data'), 'postfix');
  const { filter } = options;
  writeFileSync(
    join(home, 'main.cf'),
    `compatibility_level = 3.6
queue_directory = ${folder}/spool
data_directory = ${folder}/data
maillog_file = ${folder}/mail.log
maillog_file_prefixes = ${folder}
myhostname = peer.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
local_recipient_maps =
relay_domains = ${options.domains.join(' ')}
relayhost = [127.0.0.1]:${options.sinkPort}
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
default_process_limit = 100
default_destination_concurrency_limit = ${DELIVERIES}
initial_destination_concurrency = ${DELIVERIES}
qmgr_message_active_limit = 20000
message_size_limit = 60000000
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_client_event_limit_exceptions = 127.0.0.0/8
${filter === undefined ? '' : `content_filter = amavis:[127.0.0.1]:${filter.port}\n`}`,
  );
  const backOptions = [
    'content_filter=',
    'local_header_rewrite_clients=',
    'receive_override_options=no_header_body_checks,no_unknown_recipient_checks,no_milters,no_address_mappings',
  ];
  const around =
    filter === undefined
      ? []
      : [
          `127.0.0.1:${filter.backPort} inet n - n - - smtpd`,
          ...backOptions.map((option) => `  -o ${option}`),
          `amavis unix - - n - ${filter.deliveries} smtp`,
          '  -o smtp_send_xforward_command=no',
          '  -o disable_dns_lookups=yes',
          '  -o max_use=1000',
        ];
  writeFileSync(
    join(home, 'master.cf'),
    [`127.0.0.1:${options.smtpPort} inet n - n - - smtpd`, ...around, ...INTERNAL, ''].join('\n'),
  );
  return home;
}

const INTERNAL: readonly string[] = [
  'cleanup unix n - n - 0 cleanup',
  'qmgr unix n - n 300 1 qmgr',
  'rewrite unix - - n - - trivial-rewrite',
  ...['bounce', 'defer', 'trace'].map((name) => `${name} unix - - n - 0 bounce`),
  'verify unix - - n - 1 verify',
  'proxymap unix - - n - - proxymap',
  'proxywrite unix - - n - 1 proxymap',
  'smtp unix - - n - - smtp',
  'relay unix - - n - - smtp',
  'error unix - - n - - error',
  'retry unix - - n - - error',
  'anvil unix - - n - 1 anvil',
  'scache unix - - n - 1 scache',
  'postlog unix-dgram n - n - 1 postlogd',
  'tlsmgr unix - - n 1000? 1 tlsmgr',
];

const QUEUES = ['incoming', 'active', 'deferred'];

/** Mails in the queues of the postfix whose folder this is. */
export const queuedBelow = (folder: string): number =>
  execFileSync('find', [...QUEUES.map((name) => join(folder, 'spool', name)), '-type', 'f'], {
    encoding: 'utf8',
  }).split('\n').length - 1;

const idOf = (user: string, option: '-u' | '-g'): number =>
  Number(execFileSync('id', [option, user], { encoding: 'utf8' }).trim());

export function ownFolder(path: string, user: string): string {
  mkdirSync(path, { recursive: true });
  chownSync(path, idOf(user, '-u'), idOf(user, '-g'));
  return path;
}

/** @throws Error that says how to get what is missing. */
export function requireFiles(files: readonly string[]): void {
  const missing = files.filter((path) => !existsSync(path));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} missing: npm run setup:services -- peers`);
  if (process.getuid?.() !== 0) throw new Error('postfix starts as root only');
}
