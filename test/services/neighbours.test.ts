/** Real neighbours, with the settings of docs/neighbours.md: Postfix in front and behind, Dovecot, HAProxy. */

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { throughChain } from '../../bench/evidence/issue2/neighbours.ts';
import { freePort, startGateway } from '../kit/gateway.ts';
import { missingForChain } from '../kit/neighbours/chain.ts';
import { documented } from '../kit/neighbours/documented.ts';
import { runAsync } from '../kit/neighbours/run.ts';
import { until } from '../kit/neighbours/until.ts';

const required = process.env['SEKISHO_SERVICES'] === '1';
const shared = process.env['SEKISHO_SHARED'] ?? join(import.meta.dirname, '../../../shared');
const missing = [
  ...missingForChain(),
  ...(existsSync(join(shared, 'corpora/MANIFEST.tsv')) ? [] : ['../shared/corpora']),
];
if (missing.length > 0 && !required)
  console.log(`skipped: ${missing.join(', ')} (npm run setup:services -- neighbours)`);

test.skipIf(missing.length > 0 && !required)(
  'twenty corpus mails and documents from Postfix to Dovecot: each delivered, held or rejected with a code',
  { timeout: 300_000 },
  async () => {
    const said: string[] = [];
    const result = await throughChain({ shared, short: true, say: (line) => said.push(line) });
    expect(result, `${said.join('\n')}\n${result.details}`).toMatchObject({ holds: true });
  },
);

const needed = ['/usr/sbin/haproxy', '/usr/bin/swaks'].filter((path) => !existsSync(path));
if (needed.length > 0 && !required) console.log(`skipped: ${needed.join(', ')} (npm run setup:services -- neighbours)`);

test.skipIf(needed.length > 0 && !required)(
  'S58 HAProxy in front: the peer that it announces is let in or refused, and its check finds us',
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sekisho-haproxy-'));
    const ports = { smtp: await freePort(), admin: await freePort() };
    const front = await freePort();
    const written = documented('sekisho-behind-haproxy', 'gateway.yaml', {
      '192.0.2.10:25': `127.0.0.1:${ports.smtp}`,
      '192.0.2.5/32': '127.0.0.2/32',
      '192.0.2.9/32': '127.0.0.1/32',
    });
    const gateway = await startGateway({
      folder: join(folder, 'gateway'),
      ports,
      settings: parse(written) as Readonly<Record<string, unknown>>,
      greetsBehind: 'PROXY TCP4 127.0.0.2 127.0.0.1 1 25\r\n',
    });
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      documented('haproxy', '/etc/haproxy/haproxy.cfg', {
        '192.0.2.9:25': `127.0.0.1:${front}`,
        '192.0.2.10:25': `127.0.0.1:${ports.smtp}`,
        'inter 10s': 'inter 200ms',
      }),
    );
    const haproxy = spawn('/usr/sbin/haproxy', ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    haproxy.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const swaks = (from: string) =>
      runAsync('swaks', [
        ...[
          '--server',
          `127.0.0.1:${front}`,
          '--local-interface',
          from,
          '--helo',
          'mx.example.com',
          '--timeout',
          '10s',
        ],
        ...['--from', 'sender@example.com', '--to', 'soumu@t1.example'],
      ]);
    try {
      await until(async () => (await swaks('127.0.0.2')).code === 0, `a mail through HAProxy: ${said}`);
      const refused = await swaks('127.0.0.3');
      expect(refused.stdout).toContain('554 5.7.1 Connection refused');
      // Five of its checks later it still holds us for alive.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      expect((await swaks('127.0.0.2')).stdout).toMatch(/250 2\.0\.0 Accepted/);
      expect(said).not.toMatch(/is DOWN/);
      await gateway.idle();
      const database = await gateway.openDatabase();
      const rows = await database.read.selectFrom('message').select('peer_address').execute();
      await database.close();
      expect(new Set(rows.map(({ peer_address }) => peer_address))).toEqual(new Set(['127.0.0.2']));
    } finally {
      haproxy.kill();
      await gateway.stop();
      rmSync(folder, { recursive: true });
    }
  },
);
