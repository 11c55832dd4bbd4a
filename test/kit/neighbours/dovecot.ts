/** A Dovecot of its own on loopback: IMAP for tests, LMTP for the Postfix beside it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from './until.ts';

export interface DovecotSettings {
  readonly folder: string;
  /** IMAP. */
  readonly port: number;
  /** As in the document, with mail under `folder`/mail. */
  readonly conf: string;
  /** Addresses with a mailbox. */
  readonly people: readonly string[];
}

export interface Dovecot {
  readonly port: number;
  stop(): Promise<void>;
}

export const DOVECOT_NEEDS = ['/usr/sbin/dovecot', '/usr/lib/dovecot/lmtp', '/usr/lib/dovecot/imap'];
/** Of every mailbox. */
export const PASSWORD = 'mailbox';
/** Owner of the mail: `nobody` is there everywhere. */
export const MAIL_UID = 65_534;

const instanceOf = (folder: string, port: number): string => `
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = ${folder}/dovecot.log
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
  # One process for all logins of a test.
  service_count = 0
}
service anvil {
  client_limit = 2000
}
mail_max_userip_connections = 100
`;

export async function startDovecot({ folder, port, conf, people }: DovecotSettings): Promise<Dovecot> {
  for (const name of ['run', 'mail']) mkdirSync(join(folder, name), { recursive: true });
  chmodSync(folder, 0o755);
  chownSync(join(folder, 'mail'), MAIL_UID, MAIL_UID);
  writeFileSync(join(folder, 'users'), people.map((person) => `${person}:{PLAIN}${PASSWORD}\n`).join(''));
  const file = join(folder, 'dovecot.conf');
  writeFileSync(file, conf + instanceOf(folder, port));
  const child = spawn('/usr/sbin/dovecot', ['-F', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(() => {
    if (child.exitCode !== null) throw new Error(`dovecot ended: ${said} ${logOf(folder)}`);
    return listens(port);
  }, 'dovecot');
  return { port, stop: () => ended(child) };
}

function logOf(folder: string): string {
  try {
    return readFileSync(join(folder, 'dovecot.log'), 'utf8');
  } catch {
    return '';
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}
