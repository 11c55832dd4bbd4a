/** Every mail by a token of its own: what was answered 250, what arrived, and how often. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Gateway } from './gateway.ts';
import type { HopMail } from './hop.ts';
import type { OutgoingMail, SendResult } from './send.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** @param token stands in the body. */
export const tokenMail = (token: string, recipients: readonly string[], more = ''): OutgoingMail => ({
  reversePath: 'sender@example.com',
  recipients,
  bytes: Buffer.from(
    `From: sender@example.com\r\nTo: ${recipients[0]}\r\nSubject: ${token}\r\nMIME-Version: 1.0\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\n\r\n${token} です。\r\n${more}`,
  ),
});

/** Our id in the reply to an accepted message. */
export const idOf = (result: SendResult): string => /[0-9A-HJKMNP-TV-Z]{26}/.exec(result.reply ?? '')?.[0] ?? '';

/** Whether the delivered text holds the token: a notice in the place of the mail is no delivery. */
export function holdsToken({ bytes }: HopMail, token: string): boolean {
  const text = bytes.toString('latin1');
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  return body.includes(token) || Buffer.from(body, 'base64').includes(token);
}

/** Times and events of each message, out of the audit log. */
export interface Told {
  readonly event: string;
  readonly at: number;
}

export async function auditByMessage(gateway: Gateway): Promise<ReadonlyMap<string, readonly Told[]>> {
  const database = await gateway.openDatabase();
  try {
    const rows = await database.read
      .selectFrom('audit_entry')
      .select(['message_id', 'event', 'at'])
      .where('message_id', 'is not', null)
      .orderBy('chain')
      .orderBy('seq')
      .execute();
    const told = new Map<string, Told[]>();
    for (const { message_id, event, at } of rows) {
      const id = message_id ?? '';
      told.set(id, [...(told.get(id) ?? []), { event, at }]);
    }
    return told;
  } finally {
    await database.close();
  }
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of the product on this gateway's configuration. */
export function runCommand({ configFile }: Pick<Gateway, 'configFile'>, ...words: string[]): Promise<CommandResult> {
  const child = spawn(process.execPath, [MAIN, ...words, '-c', configFile, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    out.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    out.stderr += chunk.toString();
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? -1, ...out })));
}
