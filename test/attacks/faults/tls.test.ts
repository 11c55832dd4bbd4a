/** F40, S37: the files of the certificate are swapped, spoiled or gone. The one in force stays; a start with bad ones is refused. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestIntake, RawClient, type TestIntake } from '../../dialogs/kit.ts';
import { keptLog } from '../../unit/flow/bench.ts';

let folder: string;
let intake: TestIntake | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sekisho-tls-'));
});
afterEach(async () => {
  await intake?.close();
  intake = undefined;
  rmSync(folder, { recursive: true });
});

const files = (): { readonly keyFile: string; readonly certFile: string } => ({
  keyFile: join(folder, 'key.pem'),
  certFile: join(folder, 'cert.pem'),
});

function certificate(name: string): ReturnType<typeof files> {
  const { keyFile, certFile } = files();
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`];
  execFileSync('openssl', ['req', '-x509', ...made, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
  return { keyFile, certFile };
}

async function nameShown(port: number): Promise<string> {
  const client = new RawClient(port);
  await client.reply();
  await client.command('EHLO mx.example.com');
  expect(await client.command('STARTTLS')).toMatch(/^220/);
  client.socket.removeAllListeners('data');
  const socket = connectTls({ socket: client.socket, rejectUnauthorized: false });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

const SPOILED = [
  ['garbage', () => writeFileSync(files().keyFile, 'not a key')],
  ['an empty certificate', () => writeFileSync(files().certFile, '')],
  ['another key', () => writeFileSync(files().keyFile, execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519']))],
  [
    'no files',
    () =>
      [files().keyFile, files().certFile].forEach((file) => {
        rmSync(file);
      }),
  ],
] as const;

test.each(SPOILED)(
  'F40 %s in their place: the certificate in force goes on; the next start is refused in words',
  async (_, spoil) => {
    intake = await openTestIntake({ intake: { tls: certificate('first.example') }, limits: { graceMs: 100 } });
    expect(await nameShown(intake.port)).toBe('first.example');
    spoil();
    expect(await nameShown(intake.port)).toBe('first.example');
    await expect(openTestIntake({ intake: { tls: files() } })).rejects.toMatchObject({ code: 'E_CONFIG_INVALID' });
    expect(await nameShown(intake.port)).toBe('first.example');
  },
);

test('F40 benign twin: a good certificate in their place is in force after the next start', async () => {
  intake = await openTestIntake({ intake: { tls: certificate('first.example') }, limits: { graceMs: 100 } });
  certificate('second.example');
  expect(await nameShown(intake.port)).toBe('first.example');
  await intake.close();
  intake = await openTestIntake({ intake: { tls: files() }, limits: { graceMs: 100 } });
  expect(await nameShown(intake.port)).toBe('second.example');
});

test('F40 a certificate that ends within two weeks is told at the start', async () => {
  const log = keptLog();
  intake = await openTestIntake({ log, intake: { tls: certificate('first.example') }, limits: { graceMs: 100 } });
  expect(log.lines).toContainEqual(expect.objectContaining({ level: 'warn', event: 'intake-certificate-ends' }));
});
