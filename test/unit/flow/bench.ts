/** A real database, queue, audit log and real receipts; jail, gate, vault and outlet in memory. For the flow's tests. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openAudit } from '../../../src/audit/open.ts';
import { policiesOf } from '../../../src/config/policies.ts';
import { settingsSchema, type TenantSettings } from '../../../src/config/schema.ts';
import type { Database } from '../../../src/database/database.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { acceptMessage } from '../../../src/flow/accept.ts';
import { type DeliverDeps, deliverMessage } from '../../../src/flow/deliver.ts';
import type { Incoming } from '../../../src/flow/incoming.ts';
import { type ProcessDeps, processMessage, processNotice } from '../../../src/flow/process.ts';
import type { Pass } from '../../../src/gate/gate.ts';
import { signReceipt } from '../../../src/gate/receipt.ts';
import type { Jail, JailAnswer } from '../../../src/jail/jail.ts';
import { temporaryKeys } from '../../../src/keys/temporary.ts';
import { GatewayError } from '../../../src/message/errors.ts';
import { newId } from '../../../src/message/ids.ts';
import type { ChildAnswer, ChildJob } from '../../../src/message/jobs.ts';
import type { Report } from '../../../src/message/report.ts';
import type { Outlet, RecipientResult } from '../../../src/outlet/outlet.ts';
import { openQueue } from '../../../src/queue/open.ts';
import type { JobKind, LeasedJob, Queue } from '../../../src/queue/queue.ts';
import type { Log, LogFields } from '../../../src/telemetry/log.ts';
import type { ObjectRef, StoredObject, Vault } from '../../../src/vault/vault.ts';

export const LEASE_MS = 30_000;
export const HOUR_MS = 3_600_000;

export interface Logged extends LogFields {
  readonly level: string;
  readonly event: string;
}

/** A log that is kept. */
export function keptLog(): Log & { readonly lines: Logged[]; events(): string[] } {
  const lines: Logged[] = [];
  const at = (level: string) => (event: string, fields?: LogFields) => void lines.push({ ...fields, level, event });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), with: () => log };
  return { ...log, lines, events: () => lines.map(({ event }) => event) };
}

/** A vault of clear bytes; `lose` does what missing or changed shares do. */
export function memoryVault() {
  const objects = new Map<string, Uint8Array>();
  const lost = new Map<string, GatewayError>();
  const vault: Pick<Vault, 'put' | 'read' | 'erase'> = {
    async put(ref: ObjectRef, sealedTo, bytes) {
      objects.set(ref.objectId, bytes);
      return { ...ref, sealedTo, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    },
    async read({ objectId, sha256 }) {
      const error = lost.get(objectId);
      if (error !== undefined) throw error;
      const bytes = objects.get(objectId);
      if (bytes === undefined) throw new GatewayError('E_OBJECT_MISSING', 'no such object');
      if (createHash('sha256').update(bytes).digest('hex') !== sha256)
        throw new GatewayError('E_OBJECT_TAMPERED', 'other bytes');
      return bytes;
    },
    async erase({ objectId }) {
      objects.delete(objectId);
    },
  };
  const { create, open } = { create: unused, open: unused };
  return {
    objects,
    lose: (objectId: string, error: GatewayError) => void lost.set(objectId, error),
    vault: { ...vault, create, open } as Vault,
  };
}

function unused(): never {
  throw new Error('not used here');
}

export const report = (more: Partial<Report> = {}): Report => ({
  version: 1,
  verdict: { kind: 'sanitized' },
  header: { subject: '会議', from: 'a@example.com', to: '', cc: '', date: '', messageId: '<1@example.com>' },
  body: { declaredCharset: '', charset: 'utf-8', source: 'plain', links: [], hiddenText: '', removed: [] },
  attachments: [],
  defects: [],
  limits: [],
  versions: { gateway: '0', policy: '0', engines: {} },
  timings: {},
  ...more,
});

/** A child's answer; the draft names what it stands for. */
export const answer = (text: string, more: Partial<Report> = {}): JailAnswer<ChildAnswer> => ({
  kind: 'done',
  value: {
    kind: 'message',
    bytes: Buffer.from(`X: ${text}\r\n\r\n`),
    report: report(more),
    preview: { version: 1, textBefore: text, textAfter: text, hiddenText: '' },
  },
});

export const tenantSettings = (id: string): TenantSettings => {
  const { tenants } = settingsSchema.pick({ tenants: true }).parse({
    tenants: [
      {
        id,
        name: '中央市',
        domains: [`${id}.example`],
        recipients: { kind: 'probe' },
        administrators: [`admin@${id}.example`, `second@${id}.example`],
        contact: '内線 1',
        nextHop: { host: '127.0.0.1', port: 25, tls: 'none' },
      },
    ],
  });
  return tenants[0] ?? unused();
};

export interface Bench {
  readonly database: Database;
  readonly queue: Queue;
  readonly log: ReturnType<typeof keptLog>;
  readonly store: ReturnType<typeof memoryVault>;
  readonly jobs: ChildJob[];
  /** What the outlet was asked to send, and what the audit log held at that moment. */
  readonly sent: { readonly recipients: readonly string[]; readonly bytes: string; readonly audit: string[] }[];
  readonly rings: string[];
  /** Unix ms, moved by hand. */
  clock: number;
  onJob: (job: ChildJob) => JailAnswer<ChildAnswer>;
  pass: Pass;
  onDeliver: (recipients: readonly string[]) => readonly RecipientResult[] | Promise<readonly RecipientResult[]>;
  accept(incoming?: Incoming): Promise<readonly string[]>;
  incoming(routes?: Incoming['routes']): Promise<Incoming>;
  take(kind: JobKind): Promise<LeasedJob>;
  process(job: LeasedJob): Promise<void>;
  notice(job: LeasedJob): Promise<void>;
  deliver(job: LeasedJob): Promise<void>;
  events(messageId: string): Promise<string[]>;
  states(messageId: string): Promise<Record<string, string>>;
}

export async function openBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-flow-'));
  const database = await openDatabase({ file: join(folder, 'gateway.db') });
  onTestFinished(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });
  const keysOf = temporaryKeys();
  const queue = openQueue(database);
  const log = keptLog();
  const store = memoryVault();
  const policies = policiesOf({ policies: settingsSchema.shape.policies.parse({ strict: {} }) });
  const audit = (role: 'intake' | 'sanitizer' | 'outlet') => openAudit({ role, instance: 'main', keys: keysOf(role) });
  const now = () => bench.clock;
  const shared = { database, queue, log, now, vault: store.vault, gatewayHost: 'gw.example', tenant: tenantSettings };
  const jail: Jail = {
    run: async (job) => {
      bench.jobs.push(job);
      return bench.onJob(job);
    },
    inspect: unused,
    warm: async () => {},
    close: async () => {},
  };
  const processDeps = (): ProcessDeps => ({
    ...shared,
    audit: audit('sanitizer'),
    jail,
    gate: { jail, keys: keysOf('sanitizer') },
    pass: bench.pass,
    policy: (name) => policies.get(name) ?? unused(),
    ring: () => void bench.rings.push('outlet'),
  });
  const outlet: Outlet = {
    async deliver(_tenant, message, recipients) {
      const rows = await database.read.selectFrom('audit_entry').select('event').execute();
      bench.sent.push({
        recipients,
        bytes: Buffer.from(message.bytes).toString(),
        audit: rows.map(({ event }) => event),
      });
      return bench.onDeliver(recipients);
    },
    hopOf: () => ({ host: 'hop.example', port: 25 }),
    probe: unused,
    close: async () => {},
  };
  const deliverDeps: DeliverDeps = {
    ...shared,
    audit: audit('outlet'),
    outlet,
    keys: keysOf('outlet'),
    backoffMs: (attempts) => attempts * 60_000,
    leaseMs: LEASE_MS,
    giveUpMs: 24 * HOUR_MS,
    giveUpTries: 20,
    ring: () => void bench.rings.push('sanitizer'),
  };
  const bench: Bench = {
    database,
    queue,
    log,
    store,
    jobs: [],
    sent: [],
    rings: [],
    clock: Date.UTC(2026, 0, 1),
    onJob: (job) => answer(job.kind),
    pass: async ({ keys }, draft, facts) => ({
      kind: 'passed',
      bytes: signReceipt(draft, facts, keys.receiptSigner()),
    }),
    onDeliver: (recipients) => recipients.map((recipient) => ({ kind: 'taken', recipient, reply: '250 ok' })),
    async incoming(routes = [{ tenant: 't1', policy: 'default', recipients: ['a@t1.example', 'b@t1.example'] }]) {
      const originals = new Map<string, StoredObject>();
      for (const tenant of new Set(routes.map((route) => route.tenant))) {
        const ref = { objectId: newId(bench.clock), tenant, kind: 'original' as const };
        originals.set(tenant, await store.vault.put(ref, 'sanitizer', Buffer.from(`original of ${tenant}`)));
      }
      const envelope = { reversePath: 's@example.com', recipients: routes.flatMap(({ recipients }) => recipients) };
      const origin = { peerAddress: '192.0.2.1', untrustedHelo: 'mx', tls: '', receivedAtMs: bench.clock };
      return { envelope, origin, routes, originals, bareLineEndsFixed: 0 };
    },
    async accept(incoming) {
      const deps = { database, queue, audit: audit('intake'), heavyBytes: 1000, now, log };
      return acceptMessage(
        { ...deps, ring: () => void bench.rings.push('sanitizer') },
        incoming ?? (await bench.incoming()),
      );
    },
    async take(kind) {
      // So that what comes later is later in the audit log too.
      bench.clock += 1;
      const lanes = ['light', 'heavy'] as const;
      const [job] = await queue.take({ kinds: [kind], lanes, limit: 1, leaseMs: LEASE_MS, owner: 'test' }, bench.clock);
      if (job === undefined) throw new Error(`no ${kind} job is due`);
      return job;
    },
    process: (job) => processMessage(processDeps(), job),
    notice: (job) => processNotice(processDeps(), job),
    deliver: (job) => deliverMessage(deliverDeps, job),
    async events(messageId) {
      const rows = await database.read
        .selectFrom('audit_entry')
        .select('event')
        .where('message_id', '=', messageId)
        .orderBy('at')
        .orderBy('seq')
        .execute();
      return rows.map(({ event }) => event);
    },
    async states(messageId) {
      const rows = await database.read
        .selectFrom('recipient')
        .select(['address', 'state'])
        .where('message_id', '=', messageId)
        .execute();
      return Object.fromEntries(rows.map(({ address, state }) => [address.split('@')[0], state]));
    },
  };
  return bench;
}

/** Accepted and rebuilt: its delivery is due. */
export async function readyMessage(bench: Bench, more: Partial<Report> = {}): Promise<string> {
  const [id = ''] = await bench.accept();
  bench.onJob = () => answer('safe', more);
  await bench.process(await bench.take('process'));
  return id;
}
