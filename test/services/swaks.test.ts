/**
 * Conversations of a real client (swaks) with a real gateway, and what it must hear. The table is in the order of an SMTP
 * session; `replies` are those lines of swaks' transcript that come from the server, in order, other lines in between.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, type Gateway, startGateway } from '../kit/gateway.ts';
import { openAuthority } from '../kit/neighbours/authority.ts';
import { runAsync } from '../kit/neighbours/run.ts';

const missing = spawnSync('swaks', ['--version']).error !== undefined;
const required = process.env['SEKISHO_SERVICES'] === '1';
if (missing && !required) console.log('skipped: swaks (Debian swaks) is not installed');

const SOUMU = 'soumu@t1.example';
let folder: string;
let gateway: Gateway;
let caFile: string;

beforeAll(async () => {
  if (missing) return;
  folder = mkdtempSync(join(tmpdir(), 'sekisho-swaks-'));
  const authority = openAuthority(join(folder, 'ca'));
  caFile = authority.caFile;
  const ports = { smtp: await freePort(), admin: await freePort() };
  gateway = await startGateway({
    folder: join(folder, 'gateway'),
    ports,
    settings: {
      intake: {
        listen: `127.0.0.1:${ports.smtp}`,
        peers: ['127.0.0.1/32', '127.0.0.2/32', '127.0.0.3/32'],
        tlsRequired: ['127.0.0.2/32'],
        proxies: ['127.0.0.4/32'],
        maxMessageMiB: 1,
        tls: authority.issue('sekisho.example'),
      },
    },
  });
  writeFileSync(join(folder, 'big.txt'), 'x'.repeat(1_500_000).replace(/(.{76})/g, '$1\n'));
  writeFileSync(join(folder, 'bare.eml'), 'Subject: bare\r\n\r\nbare\rreturn\r\n.\r\n');
  writeFileSync(join(folder, 'nul.eml'), 'Subject: nul\r\n\r\nn\0l\r\n.\r\n');
  writeFileSync(
    join(folder, 'eight.eml'),
    'Subject: 8bit\r\nContent-Type: text/plain; charset=utf-8\r\nMIME-Version: 1.0\r\n\r\n日本語の本文\r\n',
  );
  writeFileSync(join(folder, 'loop.eml'), `${'Received: by a\r\n'.repeat(60)}Subject: loop\r\n\r\nx\r\n`);
}, 90_000);
afterAll(async () => {
  await gateway?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

interface Row {
  readonly name: string;
  readonly options: readonly string[];
  readonly replies: readonly RegExp[];
  /** 0: taken; otherwise what swaks ends with (its manual, «EXIT CODES»); 'not 0' where the end races with its next command. */
  readonly exit: number | 'not 0';
}

const data = (file: string): readonly string[] => ['--data', `@${join(folder, file)}`];
const TAKEN = /^250 2\.0\.0 Accepted [0-9A-HJKMNP-TV-Z]{26}$/;

const table = (): readonly Row[] => [
  {
    name: 'plain',
    options: ['--to', SOUMU],
    replies: [/^220 sekisho\.example ESMTP/, /^250-PIPELINING/, TAKEN, /^221 /],
    exit: 0,
  },
  { name: 'HELO', options: ['--to', SOUMU, '--protocol', 'SMTP'], replies: [/^250 /, TAKEN], exit: 0 },
  { name: 'PIPELINING', options: ['--to', SOUMU, '--pipeline'], replies: [/^250 /, /^250 /, /^354 /, TAKEN], exit: 0 },
  {
    name: '8BITMIME: Japanese in UTF-8',
    options: ['--to', SOUMU, ...data('eight.eml')],
    replies: [/^250-8BITMIME/, TAKEN],
    exit: 0,
  },
  {
    name: 'two recipients, one of them unknown',
    options: ['--to', `nobody@t1.example,${SOUMU}`],
    replies: [/^550 5\.1\.1 /, /^250 /, TAKEN],
    exit: 0,
  },
  { name: 'a wrong recipient alone', options: ['--to', 'nobody@t1.example'], replies: [/^550 5\.1\.1 /], exit: 24 },
  {
    name: 'a domain that is not ours',
    options: ['--to', 'someone@elsewhere.example'],
    replies: [/^550 5\.7\.1 /],
    exit: 24,
  },
  { name: 'postmaster without a domain', options: ['--to', 'Postmaster'], replies: [TAKEN], exit: 0 },
  { name: 'the null reverse-path', options: ['--to', SOUMU, '--from', '<>'], replies: [/^250 /, TAKEN], exit: 0 },
  {
    name: 'an address that needs SMTPUTF8',
    options: ['--to', '総務@t1.example'],
    replies: [/^553 5\.6\.7 /],
    exit: 24,
  },
  {
    name: 'AUTH is not offered',
    options: ['--to', SOUMU, '--auth', 'LOGIN', '--auth-user', 'a', '--auth-password', 'b'],
    replies: [/^250 /],
    exit: 28,
  },
  {
    name: 'too big',
    options: ['--to', SOUMU, '--body', `@${join(folder, 'big.txt')}`],
    replies: [/^250-SIZE 1048576|^250 SIZE 1048576/, /^552 5\.3\.4 /],
    exit: 26,
  },
  {
    name: 'bare CR in the data',
    options: ['--to', SOUMU, ...data('bare.eml'), '--no-data-fixup'],
    replies: [/^550 5\.6\.11 /],
    exit: 26,
  },
  {
    name: 'NUL in the data',
    options: ['--to', SOUMU, ...data('nul.eml'), '--no-data-fixup'],
    replies: [/^550 5\.6\./],
    exit: 26,
  },
  { name: 'a loop', options: ['--to', SOUMU, ...data('loop.eml')], replies: [/^554 5\.4\.6 /], exit: 26 },
  {
    name: 'STARTTLS, certificate verified',
    options: ['--to', SOUMU, '--tls', '--tls-verify', '--tls-ca-path', caFile, '--tls-sni', 'sekisho.example'],
    replies: [/^220 /, TAKEN],
    exit: 0,
  },
  {
    name: 'STARTTLS with PIPELINING',
    options: ['--to', SOUMU, '--tls', '--pipeline'],
    replies: [/^354 /, TAKEN],
    exit: 0,
  },
  { name: 'TLS 1.1', options: ['--to', SOUMU, '--tls', '--tls-protocol', 'tlsv1_1'], replies: [/^220 /], exit: 29 },
  {
    name: 'TLS required of this peer, in the clear',
    options: ['--to', SOUMU, '--local-interface', '127.0.0.2'],
    replies: [/^530 5\.7\.0 /],
    exit: 23,
  },
  {
    name: 'TLS required of this peer, and used',
    options: ['--to', SOUMU, '--local-interface', '127.0.0.2', '--tls'],
    replies: [TAKEN],
    exit: 0,
  },
  {
    name: 'a peer that is not listed',
    options: ['--to', SOUMU, '--local-interface', '127.0.0.9'],
    replies: [/^554 5\.7\.1 /],
    exit: 21,
  },
  ...(['1', '2'] as const).map((version) => ({
    name: `PROXY v${version} from a listed balancer, of a listed peer`,
    options: ['--to', SOUMU, '--local-interface', '127.0.0.4', ...proxy(version, '127.0.0.3')],
    replies: [/^220 /, TAKEN],
    exit: 0,
  })),
  {
    name: 'PROXY of a peer that is not listed',
    options: ['--to', SOUMU, '--local-interface', '127.0.0.4', ...proxy('2', '192.0.2.1')],
    replies: [/^554 5\.7\.1 /],
    exit: 21,
  },
  {
    name: 'PROXY from a peer that is no balancer',
    options: ['--to', SOUMU, '--local-interface', '127.0.0.3', ...proxy('1', '127.0.0.1')],
    replies: [/^421 /],
    exit: 'not 0',
  },
  {
    name: 'a balancer without PROXY',
    options: ['--to', SOUMU, '--local-interface', '127.0.0.4'],
    replies: [],
    exit: 'not 0',
  },
];

function proxy(version: '1' | '2', source: string): readonly string[] {
  const address = [
    '--proxy-family',
    version === '1' ? 'TCP4' : 'AF_INET',
    '--proxy-source',
    source,
    '--proxy-source-port',
    '4711',
  ];
  const target = ['--proxy-dest', '127.0.0.1', '--proxy-dest-port', '25', '--proxy-version', version];
  return [
    ...address,
    ...target,
    ...(version === '2' ? ['--proxy-protocol', 'STREAM', '--proxy-command', 'PROXY'] : []),
  ];
}

test.skipIf(missing && !required)(
  'S58 S36 every conversation of the table goes as written',
  { timeout: 180_000 },
  async () => {
    const rows = table();
    for (const row of rows) {
      const { code, stdout } = await runAsync('swaks', [
        '--server',
        `127.0.0.1:${gateway.smtpPort}`,
        '--helo',
        'mx.example.com',
        '--timeout',
        '20s',
        ...(row.options.includes('--from') ? [] : ['--from', 'sender@example.com']),
        ...row.options,
      ]);
      const said = stdout.split('\n').flatMap((line) => /^<[-~*]{1,2}[*~]? +(.*?)\r?$/.exec(line)?.[1] ?? []);
      expect(
        { name: row.name, ...inOrder(said, row.replies), exit: row.exit === 'not 0' && code !== 0 ? 'not 0' : code },
        stdout.slice(-3000),
      ).toEqual({
        name: row.name,
        missing: undefined,
        exit: row.exit,
      });
    }
    await gateway.idle();
    expect(gateway.sink?.received).toHaveLength(rows.filter(({ exit }) => exit === 0).length);
  },
);

function inOrder(said: readonly string[], expected: readonly RegExp[]): { readonly missing: string | undefined } {
  let at = 0;
  for (const pattern of expected) {
    const found = said.findIndex((line, index) => index >= at && pattern.test(line));
    if (found < 0) return { missing: String(pattern) };
    at = found + 1;
  }
  return { missing: undefined };
}
