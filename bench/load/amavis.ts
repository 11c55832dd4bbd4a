/**
 * What such a gateway's user runs today, as a peer of the bench: postfix, amavisd-new as content filter, clamd; all from
 * Debian, on loopback, in a folder of their own. Set up to be fast: no spam checks, no DNS, no DKIM, no quarantine, a
 * one-line signature database, amavis's work folder in memory. Nothing is rebuilt: it only scans.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../test/kit/gateway.ts';
import { type CpuGroup, openCpuGroup } from './cpu-group.ts';

export interface Peer {
  readonly smtpPort: number;
  readonly cpu: CpuGroup;
  /** What was installed and how it was set, for the page. */
  readonly description: string;
  /** Mails still in postfix's queue. */
  queued(): number;
  stop(): Promise<void>;
}

interface Ports {
  readonly smtp: number;
  readonly amavis: number;
  readonly back: number;
}

const NEEDED = ['/usr/sbin/postfix', '/usr/sbin/amavisd', '/usr/sbin/clamd', '/usr/bin/setpriv'];

/** @param servers amavis's `$max_servers`, and as many deliveries to it at once. */
export async function startAmavis(servers: number, sinkPort: number, domains: readonly string[]): Promise<Peer> {
  const missing = NEEDED.filter((path) => !existsSync(path));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} missing: npm run setup:services -- peers`);
  if (process.getuid?.() !== 0) throw new Error('postfix starts as root only');
  const folder = mkdtempSync('/tmp/sekisho-peer-');
  const memory = mkdtempSync('/dev/shm/sekisho-peer-');
  execFileSync('chmod', ['755', folder, memory]);
  const ports: Ports = { smtp: await freePort(), amavis: await freePort(), back: await freePort() };
  const cpu = openCpuGroup('peer');
  const children: ChildProcess[] = [];
  const run = (command: readonly string[]): void => {
    const [file = '', ...args] = [...cpu.wrapper, ...command];
    children.push(spawn(file, args, { stdio: 'ignore', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' } }));
  };
  const stop = async (): Promise<void> => {
    await cpu.close();
    for (const child of children) child.unref();
    for (const path of [folder, memory]) rmSync(path, { recursive: true, force: true });
  };
  try {
    const amavisFile = writeAmavis(folder, memory, servers, ports);
    run([
      '/usr/bin/setpriv',
      '--reuid=amavis',
      '--regid=amavis',
      '--init-groups',
      '/usr/sbin/clamd',
      '-F',
      '-c',
      writeClamd(folder),
    ]);
    await until(() => existsSync(join(folder, 'clamd', 'clamd.sock')), 'clamd');
    run(['/usr/sbin/amavisd', '-c', amavisFile, '-u', 'amavis', '-g', 'amavis', 'foreground']);
    const postfix = writePostfix(folder, servers, ports, sinkPort, domains);
    run(['/usr/sbin/postfix', '-c', postfix, 'start-fg']);
    await until(() => greets(ports.amavis), 'amavisd');
    await until(() => greets(ports.smtp), 'postfix');
    return {
      smtpPort: ports.smtp,
      cpu,
      description: `${versions()}; $max_servers = ${servers}, deliveries to amavis at once ${servers}`,
      queued: () =>
        Number(
          execFileSync('find', [...QUEUES.map((name) => join(folder, 'spool', name)), '-type', 'f'], {
            encoding: 'utf8',
          }).split('\n').length - 1,
        ),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const QUEUES = ['incoming', 'active', 'deferred'];

const idOf = (user: string, option: '-u' | '-g'): number =>
  Number(execFileSync('id', [option, user], { encoding: 'utf8' }).trim());

function ownFolder(path: string, user: string): string {
  mkdirSync(path, { recursive: true });
  chownSync(path, idOf(user, '-u'), idOf(user, '-g'));
  return path;
}

/** MD5, size and name of the EICAR test file: a database must hold something. */
const SIGNATURE = '44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n';

function writeClamd(folder: string): string {
  const home = ownFolder(join(folder, 'clamd'), 'amavis');
  const database = ownFolder(join(home, 'db'), 'amavis');
  writeFileSync(join(database, 'own.hdb'), SIGNATURE);
  const file = join(home, 'clamd.conf');
  writeFileSync(
    file,
    [
      `LocalSocket ${home}/clamd.sock`,
      `DatabaseDirectory ${database}`,
      `LogFile ${home}/clamd.log`,
      'LocalSocketMode 666',
      'SelfCheck 86400',
      'MaxThreads 12',
      '',
    ].join('\n'),
  );
  return file;
}

function writeAmavis(folder: string, memory: string, servers: number, ports: Ports): string {
  const home = ownFolder(join(folder, 'amavis'), 'amavis');
  const work = ownFolder(join(memory, 'work'), 'amavis');
  const file = join(folder, 'amavisd.conf');
  writeFileSync(
    file,
    `use strict;
$max_servers = ${servers};
$max_requests = 1000;
$daemon_user = 'amavis'; $daemon_group = 'amavis';
$MYHOME = '${home}'; $TEMPBASE = '${work}'; $QUARANTINEDIR = undef;
$db_home = '${home}'; $lock_file = '${home}/amavisd.lock'; $pid_file = '${home}/amavisd.pid';
$myhostname = 'peer.example'; $mydomain = 'example';
@local_domains_maps = (1); @mynetworks = qw(127.0.0.0/8);
$inet_socket_bind = '127.0.0.1'; $inet_socket_port = ${ports.amavis};
$forward_method = 'smtp:[127.0.0.1]:${ports.back}'; $notify_method = $forward_method;
$log_level = 0; $do_syslog = 0; $logfile = '${home}/amavis.log'; $log_templ = '';
$enable_db = 0; $enable_zmq = 0; $nanny_details_level = 0;
$enable_dkim_verification = 0; $enable_dkim_signing = 0;
@bypass_spam_checks_maps = (1);
@decoders = (
  ['mail', \\&do_mime_decode], ['F', \\&do_uncompress, 'cat'], ['gz', \\&do_gunzip], ['zip', \\&do_unzip], ['tar', \\&do_tar],
);
$virus_quarantine_to = undef; $banned_quarantine_to = undef; $bad_header_quarantine_to = undef;
$final_virus_destiny = D_DISCARD; $final_banned_destiny = D_PASS; $final_bad_header_destiny = D_PASS;
@av_scanners = (['ClamAV-clamd', \\&ask_daemon, ["CONTSCAN {}\\n", '${folder}/clamd/clamd.sock'],
  qr/\\bOK$/m, qr/\\bFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m]);
@av_scanners_backup = ();
1;
`,
  );
  return file;
}

function writePostfix(
  folder: string,
  servers: number,
  ports: Ports,
  sinkPort: number,
  domains: readonly string[],
): string {
  const home = join(folder, 'postfix');
  mkdirSync(home);
  mkdirSync(join(folder, 'spool'));
  ownFolder(join(folder, 'data'), 'postfix');
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
relay_domains = ${domains.join(' ')}
relayhost = [127.0.0.1]:${sinkPort}
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
default_process_limit = 100
default_destination_concurrency_limit = 20
initial_destination_concurrency = 20
qmgr_message_active_limit = 20000
message_size_limit = 60000000
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
content_filter = amavis:[127.0.0.1]:${ports.amavis}
`,
  );
  const backOptions = [
    'content_filter=',
    'local_header_rewrite_clients=',
    'receive_override_options=no_header_body_checks,no_unknown_recipient_checks,no_milters,no_address_mappings',
  ];
  const internal = [
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
  writeFileSync(
    join(home, 'master.cf'),
    [
      `127.0.0.1:${ports.smtp} inet n - n - - smtpd`,
      `127.0.0.1:${ports.back} inet n - n - - smtpd`,
      ...backOptions.map((option) => `  -o ${option}`),
      `amavis unix - - n - ${servers} smtp`,
      '  -o smtp_send_xforward_command=no',
      '  -o disable_dns_lookups=yes',
      '  -o max_use=1000',
      ...internal,
      '',
    ].join('\n'),
  );
  return home;
}

const versions = (): string =>
  ['postfix', 'amavisd-new', 'clamav-daemon']
    .map((name) => {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholder
      const format = '-f=${Version}';
      return `${name} ${execFileSync('dpkg-query', ['-W', format, name], { encoding: 'utf8' })}`;
    })
    .join(', ');

const greets = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once('data', (data) => end(data.toString().startsWith('220')));
    socket.once('error', () => end(false));
    socket.setTimeout(2000, () => end(false));
  });

async function until(holds: () => boolean | Promise<boolean>, name: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${name} does not answer after 30 s`);
    await sleep(100);
  }
}

/** For the page: amavis says «UNCHECKED» when clamd could not look; such a run would not count. */
export const wasScanned = (bytes: Buffer): boolean => !/^X-Amavis-Alert:|UNCHECKED/im.test(bytes.toString('latin1'));
