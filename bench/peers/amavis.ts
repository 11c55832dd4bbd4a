/**
 * What such a gateway's user runs today, as a peer of the bench: postfix, amavisd-new as content filter, clamd; all from
 * Debian, on loopback, in a folder of their own. Set up to be fast: no spam checks, no DNS, no DKIM, no quarantine, a
 * one-line signature database, amavis's work folder in memory. Nothing is rebuilt: it only scans.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../test/kit/gateway.ts';
import { greets, type Peer, SPOOL_PARENT, until } from './peer.ts';
import { ownFolder, POSTFIX_FILES, queuedBelow, requireFiles, writePostfix } from './postfix.ts';
import { openProcesses } from './processes.ts';
import { debianVersions } from './versions.ts';

interface Ports {
  readonly smtp: number;
  readonly amavis: number;
  readonly back: number;
}

/** What `startAmavis` needs on this machine. */
export const AMAVIS_FILES = [...POSTFIX_FILES, '/usr/sbin/amavisd', '/usr/sbin/clamd', '/usr/bin/setpriv'];

const AS_AMAVIS = ['/usr/bin/setpriv', '--reuid=amavis', '--regid=amavis', '--init-groups'];

/** @param servers amavis's `$max_servers`, and as many deliveries to it at once. */
export async function startAmavis(servers: number, sinkPort: number, domains: readonly string[]): Promise<Peer> {
  requireFiles(AMAVIS_FILES);
  const folder = mkdtempSync(join(SPOOL_PARENT, 'sekisho-amavis-'));
  const memory = mkdtempSync('/dev/shm/sekisho-amavis-');
  execFileSync('chmod', ['755', folder, memory]);
  const ports: Ports = { smtp: await freePort(), amavis: await freePort(), back: await freePort() };
  const processes = openProcesses('amavis');
  const stop = async (): Promise<void> => {
    await processes.stop();
    for (const path of [folder, memory]) rmSync(path, { recursive: true, force: true });
  };
  try {
    const amavisFile = writeAmavis(folder, memory, servers, ports);
    processes.run([...AS_AMAVIS, '/usr/sbin/clamd', '-F', '-c', writeClamd(folder)]);
    await until(() => existsSync(join(folder, 'clamd', 'clamd.sock')), 'clamd');
    processes.run(['/usr/sbin/amavisd', '-c', amavisFile, '-u', 'amavis', '-g', 'amavis', 'foreground']);
    const filter = { port: ports.amavis, backPort: ports.back, deliveries: servers };
    const home = writePostfix(folder, { smtpPort: ports.smtp, sinkPort, domains, filter });
    processes.run(['/usr/sbin/postfix', '-c', home, 'start-fg']);
    await until(() => greets(ports.amavis), 'amavisd');
    await until(() => greets(ports.smtp), 'postfix');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: 'postfix + amavisd + clamd',
    smtpPort: ports.smtp,
    pipelining: true,
    cpu: processes.cpu,
    description: `${debianVersions(['postfix', 'amavisd-new', 'clamav-daemon'])}; $max_servers = ${servers}, deliveries to amavis at once ${servers}`,
    queued: () => queuedBelow(folder),
    problems: async (_mails, received) => (received.every(wasScanned) ? [] : ['not scanned']),
    stop,
  };
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

/** For the page: amavis says «UNCHECKED» when clamd could not look; such a run would not count. */
export const wasScanned = (bytes: Buffer): boolean => !/^X-Amavis-Alert:|UNCHECKED/im.test(bytes.toString('latin1'));
