/**
 * The three use cases of the mail path in this process: real database, queue, audit, vault, jail, gate, outlet and sink.
 * Unlike gateway.ts it can run another program as the jail's child; the product has no switch for that.
 */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openAudit } from '../../src/audit/open.ts';
import { openSink, type Sink } from '../../src/cli/demo/sink.ts';
import { policiesOf } from '../../src/config/policies.ts';
import { type Settings, settingsSchema } from '../../src/config/schema.ts';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { acceptMessage } from '../../src/flow/accept.ts';
import { deliverMessage } from '../../src/flow/deliver.ts';
import { processMessage } from '../../src/flow/process.ts';
import { passGate } from '../../src/gate/pass.ts';
import { probeLayers } from '../../src/jail/layers.ts';
import { createJail } from '../../src/jail/pool.ts';
import type { RoleKeys } from '../../src/keys/keys.ts';
import { temporaryKeys } from '../../src/keys/temporary.ts';
import { newId } from '../../src/message/ids.ts';
import type { Role } from '../../src/message/roles.ts';
import { openLgwanOutlet } from '../../src/outlet/lgwan.ts';
import { openQueue } from '../../src/queue/open.ts';
import type { JobKind } from '../../src/queue/queue.ts';
import { openLog } from '../../src/telemetry/log.ts';
import { openDirectory } from '../../src/vault/directory.ts';
import { openVault } from '../../src/vault/open.ts';

const INSPECTOR = fileURLToPath(new URL('../../src/jail/inspector.ts', import.meta.url));

export interface House {
  readonly folder: string;
  readonly database: Database;
  readonly sink: Sink;
  readonly keys: RoleKeys;
  /** Accepts one message, as intake does after DATA. Answers its id. */
  accept(bytes: Uint8Array): Promise<string>;
  /** Processes and delivers everything that waits. */
  work(): Promise<void>;
  close(): Promise<void>;
}

export interface HouseOptions {
  /** Absolute path of the program that runs as converter. */
  readonly child: string;
  /** How long a child may take for a message. */
  readonly messageMs: number;
}

export async function openHouse({ child, messageMs }: HouseOptions): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-house-'));
  const sink = await openSink({ folder: join(folder, 'lgwan'), port: 0 });
  const settings = settingsOf(folder, sink.port, messageMs);
  const log = openLog('sanitizer', 'silent');
  const keysOf = temporaryKeys();
  const database = await openDatabase({ file: join(folder, 'gateway.db') });
  const queue = openQueue(database);
  const stores = await Promise.all(
    ['a', 'b', 'c'].map((name) => {
      const path = join(folder, name);
      mkdirSync(path);
      return openDirectory({ name, path });
    }),
  );
  const vaultOf = (role: Role) => openVault({ stores, threshold: 2, keys: keysOf(role), failuresUntilDown: 3 });
  const auditOf = (role: Role) => openAudit({ role, instance: 'house', keys: keysOf(role) });
  const vaults = { intake: vaultOf('intake'), sanitizer: vaultOf('sanitizer'), outlet: vaultOf('outlet') };
  const jail = createJail({
    settings,
    layers: await probeLayers(settings, [folder]),
    log,
    programs: { child, inspector: INSPECTOR },
  });
  await jail.warm();
  const outlet = openLgwanOutlet(settings, { log });
  const policies = policiesOf(settings);
  const tenant = () => settings.tenants[0] as Settings['tenants'][number];
  const common = { database, queue, log, now: Date.now, ring: () => undefined, gatewayHost: settings.host, tenant };
  const processing = {
    ...common,
    audit: auditOf('sanitizer'),
    vault: vaults.sanitizer,
    jail,
    gate: { jail, keys: keysOf('sanitizer') },
    pass: passGate,
    policy: (name: string) => {
      const policy = policies.get(name);
      if (policy === undefined) throw new Error(`no policy ${name}`);
      return policy;
    },
  };
  const delivering = {
    ...common,
    audit: auditOf('outlet'),
    vault: vaults.outlet,
    outlet,
    keys: keysOf('outlet'),
    backoffMs: () => 1000,
    giveUpMs: 3_600_000,
    giveUpTries: 1,
    leaseMs: 600_000,
  };
  const next = async (kind: JobKind) => {
    const want = { kinds: [kind], lanes: ['light', 'heavy'], limit: 1, leaseMs: 600_000, owner: 'house' } as const;
    return (await queue.take(want, Date.now()))[0];
  };
  return {
    folder,
    database,
    sink,
    keys: keysOf('outlet'),
    async accept(bytes) {
      const nowMs = Date.now();
      const ref = { objectId: newId(nowMs), tenant: 't1', kind: 'original' } as const;
      const stored = await vaults.intake.put(ref, 'sanitizer', bytes);
      const ids = await acceptMessage(
        {
          database,
          queue,
          audit: auditOf('intake'),
          heavyBytes: 10_000_000,
          ring: () => undefined,
          now: Date.now,
          log,
        },
        {
          envelope: { reversePath: 'a@example.com', recipients: ['soumu@t1.example'] },
          origin: { peerAddress: '192.0.2.1', untrustedHelo: 'x', tls: '', receivedAtMs: nowMs },
          routes: [{ tenant: 't1', policy: 'default', recipients: ['soumu@t1.example'] }],
          originals: new Map([['t1', stored]]),
          bareLineEndsFixed: 0,
        },
      );
      return ids[0] ?? '';
    },
    async work() {
      for (let job = await next('process'); job !== undefined; job = await next('process')) {
        await processMessage(processing, job);
      }
      for (let job = await next('deliver'); job !== undefined; job = await next('deliver')) {
        await deliverMessage(delivering, job);
      }
    },
    async close() {
      await jail.close();
      await outlet.close();
      for (const vault of Object.values(vaults)) vault.close();
      await database.close();
      await sink.close();
    },
  };
}

function settingsOf(folder: string, port: number, messageMs: number): Settings {
  return settingsSchema.parse({
    profile: 'demo',
    dataDir: folder,
    host: 'sekisho.example',
    intake: { listen: '127.0.0.1:2525', peers: ['127.0.0.1/32'] },
    policies: { default: { limits: { messageMs } } },
    tenants: [
      {
        id: 't1',
        name: '第1市',
        domains: ['t1.example'],
        recipients: { kind: 'list', file: 't1.txt' },
        administrators: ['soumu@t1.example'],
        contact: '情報政策課(内線 2345)',
        nextHop: { host: '127.0.0.1', port, tls: 'none' },
      },
    ],
    vault: { stores: ['a', 'b', 'c'].map((name) => ({ kind: 'directory', name, path: join(folder, name) })) },
    admin: { listen: '127.0.0.1:8025' },
  });
}
