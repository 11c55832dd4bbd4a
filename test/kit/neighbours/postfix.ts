/** A Postfix of its own on loopback: folders, ports and queue apart from any other on this machine. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until.ts';

export interface PostfixSettings {
  /** Made here; below it conf/ (main.cf, master.cf), spool/, data/, mail.log. */
  readonly folder: string;
  readonly port: number;
  /** As in the document. */
  readonly mainCf: string;
  /** As in the document; `smtp inet` gets the port. */
  readonly masterCf: string;
  /** Other files of conf/. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Postfix {
  readonly port: number;
  readonly spool: string;
  readonly config: string;
  /** mail.log so far. */
  log(): string;
  /** Mails in the queue. */
  queued(): number;
  /** Hands a mail in as a local program would: any line ends, as sendmail(1) takes them. */
  submit(bytes: Uint8Array, sender: string, recipient: string): void;
  /** Tries deferred mail at once. */
  flush(): void;
  stop(): Promise<void>;
}

export const POSTFIX_NEEDS = ['/usr/sbin/postfix', '/usr/sbin/sendmail', '/usr/bin/openssl'];

/** What any Postfix has in master.cf beside the lines that matter here; no chroot, no syslog. */
const INTERNAL = [
  'pickup unix n - n 5 1 pickup',
  'cleanup unix n - n - 0 cleanup',
  'qmgr unix n - n 300 1 qmgr',
  'rewrite unix - - n - - trivial-rewrite',
  ...['bounce', 'defer', 'trace'].map((name) => `${name} unix - - n - 0 bounce`),
  'verify unix - - n - 1 verify',
  'flush unix n - n 1000? 0 flush',
  'proxymap unix - - n - - proxymap',
  'proxywrite unix - - n - 1 proxymap',
  'smtp unix - - n - - smtp',
  'relay unix - - n - - smtp',
  'showq unix n - n - - showq',
  'error unix - - n - - error',
  'retry unix - - n - - error',
  'discard unix - - n - - discard',
  'anvil unix - - n - 1 anvil',
  'scache unix - - n - 1 scache',
  'postlog unix-dgram n - n - 1 postlogd',
  'tlsmgr unix - - n 1000? 1 tlsmgr',
];

/** Where this instance stands; nothing of what the document is about. */
const instanceOf = (folder: string): string => `
queue_directory = ${folder}/spool
data_directory = ${folder}/data
maillog_file = ${folder}/mail.log
maillog_file_prefixes = ${folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
alias_maps =
alias_database =
local_recipient_maps =
minimal_backoff_time = 2s
queue_run_delay = 2s
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
in_flow_delay = 0
`;

/** @throws Error when it does not start; root only, as Postfix demands. */
export async function startPostfix(settings: PostfixSettings): Promise<Postfix> {
  const { folder, port } = settings;
  const config = join(folder, 'conf');
  for (const name of ['conf', 'spool', 'data']) mkdirSync(join(folder, name), { recursive: true });
  chmodSync(folder, 0o755);
  chownSync(join(folder, 'data'), idOf('postfix'), idOf('postfix', '-g'));
  writeFileSync(join(config, 'main.cf'), settings.mainCf + instanceOf(folder));
  writeFileSync(join(config, 'master.cf'), `${onPort(settings.masterCf, port)}${INTERNAL.join('\n')}\n`);
  for (const [name, text] of Object.entries(settings.files ?? {})) writeFileSync(join(config, name), text);
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' };
  const child = spawn('/usr/sbin/postfix', ['-c', config, 'start-fg'], { stdio: 'ignore', env });
  const log = (): string => {
    const file = join(folder, 'mail.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const run = (...command: readonly string[]): string =>
    execFileSync(command[0] ?? '', command.slice(1), { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    run('/usr/sbin/postfix', '-c', config, 'abort');
    await gone;
  };
  try {
    await until(() => {
      if (child.exitCode !== null) throw new Error(`postfix ended with ${child.exitCode}: ${log()}`);
      return existsSync(join(folder, 'spool/public/pickup')) && log().includes('daemon started');
    }, 'postfix');
  } catch (error) {
    if (child.exitCode === null) child.kill();
    throw error;
  }
  const queues = ['maildrop', 'incoming', 'active', 'deferred'].map((name) => join(folder, 'spool', name));
  return {
    port,
    spool: join(folder, 'spool'),
    config,
    log,
    queued: () => run('find', ...queues, '-type', 'f').split('\n').length - 1,
    submit(bytes, sender, recipient) {
      const args = ['-C', config, '-i', '-f', sender, '--', recipient];
      execFileSync('/usr/sbin/sendmail', args, { input: bytes, env, stdio: ['pipe', 'ignore', 'pipe'] });
    },
    flush: () => void run('/usr/sbin/postqueue', '-c', config, '-f'),
    stop,
  };
}

function onPort(masterCf: string, port: number): string {
  if (!/^smtp +inet /m.test(masterCf)) throw new Error('master.cf has no «smtp inet»');
  return masterCf.replace(/^smtp +inet /m, `127.0.0.1:${port} inet `);
}

const idOf = (user: string, option = '-u'): number =>
  Number(execFileSync('id', [option, user], { encoding: 'utf8' }).trim());
