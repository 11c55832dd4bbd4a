/** The way of a mail without SMTP and stores: real jail, real gate. What `sekisho sanitize` does, one mail at a time, as a function. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policiesOf } from '../../src/config/policies.ts';
import { settingsSchema } from '../../src/config/schema.ts';
import { rebuildMessage, writeNotice } from '../../src/flow/rebuild.ts';
import { passGate } from '../../src/gate/pass.ts';
import { openJail } from '../../src/jail/open.ts';
import { temporaryKeys } from '../../src/keys/temporary.ts';
import { newId } from '../../src/message/ids.ts';
import type { TrustedFacts } from '../../src/message/jobs.ts';
import type { Report } from '../../src/message/report.ts';
import type { Limits } from '../../src/policy/policy.ts';
import type { Log } from '../../src/telemetry/log.ts';

export interface Made {
  /** What goes on: the message, or the notice that stands in its place. */
  readonly bytes: Uint8Array;
  readonly report: Report;
  /** Of the gate, or why no child could tell anything; empty for a message that passed. */
  readonly problems: readonly string[];
  /** How children died over it, like 'timeout'; also when the mail went on without the part. */
  readonly deaths: readonly string[];
  readonly ms: number;
}

export interface Offline {
  sanitize(original: Uint8Array): Promise<Made>;
  close(): Promise<void>;
}

const SECRET = 'sekisho-offline-';

/** @param limits instead of those of the default policy */
export async function openOffline(limits: Partial<Limits> = {}): Promise<Offline> {
  const folder = mkdtempSync(join(tmpdir(), SECRET));
  const deaths = new Map<string, string[]>();
  const log = listening(deaths);
  const usual = policiesOf({ policies: {} }).get('default');
  if (usual === undefined) throw new Error('no default policy');
  const policy = { ...usual, limits: { ...usual.limits, ...limits } };
  const settings = {
    profile: 'demo' as const,
    dataDir: folder,
    jail: settingsSchema.shape.jail.parse(undefined),
    sanitizer: settingsSchema.shape.sanitizer.parse(undefined),
  };
  const jail = await openJail({ settings, log });
  const run = { jail, gate: { jail, keys: temporaryKeys()('sanitizer') }, pass: passGate, now: Date.now, log };
  return {
    async sanitize(original) {
      const startedAt = performance.now();
      const facts = factsOf(original);
      const rebuilt = await rebuildMessage(run, { facts, policy, passwords: [], lineEnds: 'any' }, original);
      const passed =
        rebuilt.kind === 'passed'
          ? rebuilt
          : await writeNotice(run, {
              facts,
              notice: { kind: 'message-held', reason: rebuilt.reason },
              to: facts.recipients,
              from: 'sekisho@sekisho.example',
              policyVersion: policy.version,
            });
      return {
        bytes: passed.bytes,
        report: passed.report,
        problems: rebuilt.kind === 'held' ? rebuilt.problems : [],
        deaths: deaths.get(facts.messageId) ?? [],
        ms: Math.round(performance.now() - startedAt),
      };
    },
    async close() {
      await jail.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const factsOf = (original: Uint8Array): TrustedFacts => ({
  messageId: newId(),
  tenant: { id: 't1', name: '第1市', domains: ['t1.example'] },
  gatewayHost: 'sekisho.example',
  reversePath: 'sender@example.com',
  recipients: ['soumu@t1.example'],
  peerAddress: '192.0.2.25',
  receivedAtMs: Date.now(),
  originalBytes: original.length,
  contact: '情報政策課(内線 2345)',
});

/** A log that keeps what is said of children that died. */
function listening(deaths: Map<string, string[]>): Log {
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn(event, fields = {}) {
      if (event !== 'jail-failed') return;
      const id = String(fields['messageId']);
      deaths.set(id, [...(deaths.get(id) ?? []), `${fields['why']}: ${fields['detail']}`]);
    },
    error: () => undefined,
    with: () => log,
  };
  return log;
}
