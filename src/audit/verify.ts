/**
 * Verifies the audit log: every chain from its first entry, in pages, so its length does not matter. Needs the public
 * keys only.
 *
 * Found: an entry edited, deleted, inserted, moved, signed by an unknown key or by another role's key.
 * Not found: entries cut off at the end of a chain, or a whole chain that is gone. A hash chain cannot know how long it
 * should be; anchors kept elsewhere will tell (docs/audit.md).
 */
import { type KeyObject, verify } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import type { AuditEntryTable, Schema } from '../database/schema.ts';
import type { RoleKeys } from '../keys/keys.ts';
import { publicKeyObject } from '../keys/raw.ts';
import { canonicalJson } from '../message/canonical.ts';
import { entryHash, GENESIS } from './entry.ts';

export type AuditProblemKind =
  /** The number before this one is missing, or this one is there too early. */
  | 'missing-entry'
  /** `previous` is not the hash of the entry before. */
  | 'broken-link'
  /** The content does not have the hash that stands beside it. */
  | 'edited'
  | 'facts-not-canonical'
  | 'unknown-key'
  /** A known key, but not of the role that the chain names. */
  | 'foreign-key'
  | 'wrong-signature'
  /** The tenant is not the one the chain names. */
  | 'wrong-tenant'
  /** Later than the clock of the verifier, by more than a day. */
  | 'from-the-future';

export interface AuditProblem {
  readonly what: AuditProblemKind;
  readonly chain: string;
  readonly seq: number;
}

export interface AuditVerdict {
  readonly chains: number;
  readonly entries: number;
  /** At most MAX_PROBLEMS, in the order of the chains. */
  readonly problems: readonly AuditProblem[];
  /** True when there were more problems than are listed. */
  readonly more: boolean;
}

/** Rows read at once: about 700 kB. */
const PAGE = 1000;

/** Who wants more than this looks at the first ones first. */
const MAX_PROBLEMS = 1000;

/** Clocks of the machines of one network differ by seconds; a day leaves room for a wrong time zone. */
const FUTURE_MS = 24 * 60 * 60 * 1000;

type Row = Selectable<AuditEntryTable>;
type Verifiers = ReturnType<RoleKeys['auditVerifiers']>;
type KnownKeys = ReadonlyMap<string, { readonly role: string; readonly key: KeyObject }>;

interface Before {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
}

/** @param options.now Unix ms. */
export async function verifyAudit(
  read: Kysely<Schema>,
  verifiers: Verifiers,
  options: { readonly now: number } = { now: Date.now() },
): Promise<AuditVerdict> {
  const keys = knownKeys(verifiers);
  const problems: AuditProblem[] = [];
  let more = false;
  let [chains, entries] = [0, 0];
  let before: Before = { chain: '', seq: 0, hash: GENESIS };
  for await (const row of inOrder(read)) {
    if (row.chain !== before.chain) {
      before = { chain: row.chain, seq: 0, hash: GENESIS };
      chains++;
    }
    entries++;
    const found = problemsOf(row, before, keys, options.now);
    more ||= problems.length + found.length > MAX_PROBLEMS;
    for (const what of found)
      if (problems.length < MAX_PROBLEMS) problems.push({ what, chain: row.chain, seq: row.seq });
    before = row;
  }
  return { chains, entries, problems, more };
}

function problemsOf(row: Row, before: Before, keys: KnownKeys, now: number): readonly AuditProblemKind[] {
  const found: AuditProblemKind[] = [];
  if (row.seq !== before.seq + 1) found.push('missing-entry');
  if (row.previous !== before.hash) found.push('broken-link');
  if (row.at > now + FUTURE_MS) found.push('from-the-future');
  if (!row.chain.endsWith(`/${row.tenant}`)) found.push('wrong-tenant');
  if (!isCanonical(row.facts)) found.push('facts-not-canonical');
  const hash = entryHash({ ...row, messageId: row.message_id });
  if (hash.toString('hex') !== row.hash) found.push('edited');
  const signer = signatureProblem(row, hash, keys);
  if (signer !== undefined) found.push(signer);
  return found;
}

function signatureProblem(row: Row, hash: Buffer, keys: KnownKeys): AuditProblemKind | undefined {
  const known = keys.get(row.key_id);
  if (known === undefined) return 'unknown-key';
  if (!row.chain.startsWith(`${known.role}@`)) return 'foreign-key';
  const signature = Buffer.from(row.signature, 'base64');
  // Node reads base64 leniently; we wrote one text for one signature.
  const exact = signature.toString('base64') === row.signature;
  return exact && verify(null, hash, known.key, signature) ? undefined : 'wrong-signature';
}

function isCanonical(facts: string): boolean {
  try {
    return canonicalJson(JSON.parse(facts)) === facts;
  } catch {
    // Not JSON, or with a fraction: we never wrote that.
    return false;
  }
}

/** All entries by chain and number, a page at a time; reading by key lets writers go on. */
async function* inOrder(read: Kysely<Schema>): AsyncGenerator<Row> {
  let [chain, seq] = ['', 0];
  for (;;) {
    const page = await read
      .selectFrom('audit_entry')
      .selectAll()
      .where((eb) => eb(eb.refTuple('chain', 'seq'), '>', eb.tuple(chain, seq)))
      .orderBy('chain')
      .orderBy('seq')
      .limit(PAGE)
      .execute();
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    [chain, seq] = [last.chain, last.seq];
  }
}

function knownKeys(verifiers: Verifiers): KnownKeys {
  return new Map(verifiers.map(({ keyId, role, raw }) => [keyId, { role, key: publicKeyObject('Ed25519', raw) }]));
}
