/** Benign mails by composers that people use: each spells the same kind of cases in its own way. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import MailComposer from 'nodemailer/lib/mail-composer/index.js';
import type { MailCase } from './case.ts';
import { outlook, php } from './templates.ts';

export interface Composer {
  readonly name: string;
  /** Of a hundred mails, about how many are its own. */
  readonly share: number;
  compose(cases: readonly MailCase[]): Promise<readonly Buffer[]>;
}

const inProgram =
  (command: string, name: string, maker = '') =>
  async (cases: readonly MailCase[]): Promise<readonly Buffer[]> => {
    if (cases.length === 0) return [];
    const path = fileURLToPath(new URL(`programs/${name}`, import.meta.url));
    const child = spawn(command, [path], { stdio: ['pipe', 'pipe', 'inherit'] });
    const out: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stdin.end(cases.map((mail) => `${JSON.stringify({ ...mail, maker })}\n`).join(''));
    await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const mails = Buffer.concat(out)
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) =>
        (JSON.parse(line) as { mails: readonly string[] }).mails.map((mail) => Buffer.from(mail, 'base64')),
      );
    if (mails.length !== cases.length) throw new Error(`${name} wrote ${mails.length} of ${cases.length} mails`);
    return mails;
  };

/** nodemailer spells everything in UTF-8. */
const byNodemailer = (mail: MailCase): Promise<Buffer> => {
  const file = ({ name, type, base64 }: MailCase['files'][number]) => ({
    filename: name,
    contentType: type,
    content: Buffer.from(base64, 'base64'),
  });
  return new MailComposer({
    from: { name: mail.fromName, address: mail.from },
    to: mail.to.map(([name, address]) => ({ name, address })),
    cc: [...mail.cc],
    subject: mail.subject,
    text: mail.text.join('\n'),
    ...(mail.html === '' ? {} : { html: mail.html }),
    ...(mail.replyTo === '' ? {} : { replyTo: mail.replyTo }),
    ...(mail.inReplyTo === '' ? {} : { inReplyTo: mail.inReplyTo, references: mail.inReplyTo }),
    textEncoding: mail.encoding === 'base64' ? 'base64' : 'quoted-printable',
    attachments: [...mail.files.map(file), ...mail.inline.map((each) => ({ ...file(each), cid: 'image001.png@01DB' }))],
    messageId: mail.messageId,
    date: mail.date,
    newline: 'windows',
  })
    .compile()
    .build();
};

/** mutt sends by a «sendmail» that writes into a file; one process a mail. */
async function byMutt(cases: readonly MailCase[]): Promise<readonly Buffer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mutt-'));
  const mails: Buffer[] = [];
  try {
    const [rc, out, send] = ['rc', 'out', 'send'].map((name) => join(folder, name)) as [string, string, string];
    writeFileSync(send, `#!/bin/sh\ncat > ${out}\n`, { mode: 0o755 });
    for (const mail of cases) {
      const charset = mail.charset === 'shift_jis' ? 'utf-8' : mail.charset;
      writeFileSync(
        rc,
        [
          `set sendmail="${send}" sendmail_wait=0 copy=no charset="utf-8" send_charset="us-ascii:${charset}:utf-8"`,
          `set from="${mail.from}" realname="${mail.fromName.replace(/["\\]/g, '')}" use_from=yes hostname=example.jp`,
          `set rfc2047_parameters=${mail.number % 2 === 0 ? 'yes' : 'no'} allow_8bit=${mail.encoding === '8bit' ? 'yes' : 'no'} text_flowed=${mail.number % 3 === 0 ? 'yes' : 'no'}`,
          '',
        ].join('\n'),
      );
      const files = mail.files.map(({ name, base64 }) => {
        const path = join(folder, name.replaceAll('/', '_'));
        writeFileSync(path, Buffer.from(base64, 'base64'));
        return path;
      });
      const args = [
        '-F',
        rc,
        '-s',
        mail.subject,
        ...(files.length > 0 ? ['-a', ...files] : []),
        '--',
        ...mail.to.map(([, address]) => address),
      ];
      const running = promisify(execFile)('mutt', args, {
        env: { ...process.env, HOME: folder, LC_ALL: 'C.UTF-8' },
        timeout: 30_000,
      });
      running.child.stdin?.end(`${mail.text.join('\n')}\n`);
      await running;
      mails.push(Buffer.from(readFileSync(out, 'latin1').replace(/\r?\n/g, '\r\n'), 'latin1'));
    }
    return mails;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const COMPOSERS: readonly Composer[] = [
  { name: 'nodemailer', share: 18, compose: (cases) => Promise.all(cases.map(byNodemailer)) },
  { name: 'Python email', share: 20, compose: inProgram('/usr/bin/python3', 'compose.py') },
  { name: 'MIME::Lite', share: 10, compose: inProgram('perl', 'compose.pl', 'lite') },
  { name: 'Email::MIME', share: 10, compose: inProgram('perl', 'compose.pl', 'email_mime') },
  { name: 'MIME::Entity', share: 10, compose: inProgram('perl', 'compose.pl', 'entity') },
  { name: 'mutt', share: 8, compose: byMutt },
  { name: 'like PHP', share: 12, compose: async (cases) => cases.map(php) },
  { name: 'like Outlook', share: 12, compose: async (cases) => cases.map(outlook) },
];
