/** The gate as the product runs it, with the inspector called in this process instead of its jail. */
import { generateKeyPairSync } from 'node:crypto';
import type { GateVerdict } from '../../../src/gate/gate.ts';
import { passGate } from '../../../src/gate/pass.ts';
import type { ReceiptFacts } from '../../../src/gate/receipt.ts';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import type { Jail } from '../../../src/jail/jail.ts';
import { publicKeyOf } from '../../../src/keys/raw.ts';
import type { MessageJob } from '../../../src/message/jobs.ts';
import { DEFAULT_POLICY } from '../../../src/policy/policy.ts';
import { MESSAGE_ID } from './specimens.ts';

const { privateKey } = generateKeyPairSync('ed25519');
export const verifier = publicKeyOf(privateKey);

export const FACTS: ReceiptFacts = {
  tenant: 'chuo',
  messageId: MESSAGE_ID,
  policyVersion: '0123456789abcdef',
  atMs: Date.UTC(2026, 10, 22, 14, 22, 1),
  recipients: ['soumu@chuo.lg.jp', 'zaisei@chuo.lg.jp'],
  recipientSalt: '00112233445566778899aabbccddeeff',
};

export const inProcess: Pick<Jail, 'inspect'> = {
  async inspect(files) {
    const problems = await Promise.all(files.map(({ type, bytes }) => inspectFile(type, bytes)));
    return { kind: 'done', value: problems.flat() };
  },
};

export const judge = (draft: Uint8Array, jail = inProcess): Promise<GateVerdict> =>
  passGate({ jail, keys: { receiptSigner: () => ({ keyId: verifier.keyId, privateKey }) } }, draft, FACTS, 10_000);

/** A job as the parent gives it to a child, for any message of the attack tests. */
export const JOB: MessageJob = {
  kind: 'message',
  facts: {
    messageId: FACTS.messageId,
    tenant: { id: 'chuo', name: '中央市', domains: ['chuo.lg.jp'] },
    gatewayHost: 'gw.chuo.lg.jp',
    reversePath: 'sender@example.com',
    recipients: FACTS.recipients,
    peerAddress: '192.0.2.25',
    receivedAtMs: FACTS.atMs,
    originalBytes: 1000,
    contact: '情報政策課 内線 1234',
  },
  policy: { ...DEFAULT_POLICY, version: FACTS.policyVersion },
  holdParts: {},
  passwords: [],
  lineEnds: 'any',
};
