import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuditFact } from '../../../src/audit/audit.ts';
import { entryHash, GENESIS } from '../../../src/audit/entry.ts';
import { openAudit } from '../../../src/audit/open.ts';
import { type AuditVerdict, verifyAudit } from '../../../src/audit/verify.ts';
import type { Database } from '../../../src/database/database.ts';
import { openDatabase } from '../../../src/database/open.ts';
import type { AuditEntryTable } from '../../../src/database/schema.ts';
import type { PublicKey } from '../../../src/keys/keys.ts';
import type { Role } from '../../../src/message/roles.ts';

interface Signer {
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly public: PublicKey & { readonly role: Role };
}

function signerOf(role: Role, keyId: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { keyId, privateKey, public: { keyId, raw, role } };
}

const intake = signerOf('intake', 'key-intake');
const outlet = signerOf('outlet', 'key-outlet');
const verifiers = [intake.public, outlet.public];
const auditOf = (signer: Signer) =>
  openAudit({ role: signer.public.role, instance: 'main', keys: { auditSigner: () => signer } });

const fact = (n: number, tenant = 'chuo'): AuditFact => ({
  tenant,
  event: 'accepted',
  messageId: `m${n}`,
  at: 1000 + n,
  facts: { bytes: n, recipients: ['b@chuo.example', 'c@chuo.example'], sha256: 'ab'.repeat(32) },
});

const newFile = (): string => join(mkdtempSync(join(tmpdir(), 'sekisho-audit-')), 'sekisho.sqlite');
const check = (database: Database): Promise<AuditVerdict> => verifyAudit(database.read, verifiers, { now: 10_000 });

async function filled(file: string, count: number): Promise<Database> {
  const database = await openDatabase({ file });
  const audit = auditOf(intake);
  for (let n = 1; n <= count; n++) await database.write((tx) => audit.append(tx, fact(n)));
  return database;
}

test('entries of several roles and tenants stand in a chain each, and verify', async () => {
  const database = await filled(newFile(), 3);
  await database.write(async (tx) => {
    await auditOf(intake).append(tx, fact(4, 'nara'));
    await auditOf(outlet).append(tx, { ...fact(5), event: 'delivered' });
    await auditOf(outlet).append(tx, { ...fact(6), event: 'delivered', messageId: null, facts: {} });
  });
  expect(await check(database)).toEqual({ chains: 3, entries: 6, problems: [], more: false });
  const rows = await database.read.selectFrom('audit_entry').select(['chain', 'seq', 'previous']).execute();
  expect(rows.map((row) => `${row.chain} ${row.seq}`)).toEqual([
    'intake@main/chuo 1',
    'intake@main/chuo 2',
    'intake@main/chuo 3',
    'intake@main/nara 1',
    'outlet@main/chuo 1',
    'outlet@main/chuo 2',
  ]);
  expect(rows[0]?.previous).toBe(GENESIS);
});

test('an entry exists if and only if the transaction that it tells of does; the chain has no gap afterwards', async () => {
  const database = await openDatabase({ file: newFile() });
  const audit = auditOf(intake);
  const results = await Promise.allSettled(
    [1, 2, 3, 4].map((n) =>
      database.write(async (tx) => {
        await audit.append(tx, fact(n));
        if (n % 2 === 0) throw new Error('the step failed');
      }),
    ),
  );
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
  expect(await check(database)).toEqual({ chains: 1, entries: 2, problems: [], more: false });
});

test('the hash of an entry is fixed: a golden vector', () => {
  const hash = entryHash({
    chain: 'intake@main/chuo',
    seq: 1,
    at: 1,
    tenant: 'chuo',
    event: 'accepted',
    messageId: null,
    facts: '{"a":"あ"}',
    previous: GENESIS,
  });
  // printf 'sekisho-audit-v1\n{"at":1,"chain":…}' | sha256sum
  expect(hash.toString('hex')).toBe('daac1aeacb6e31cc9742e74cee95e570b884375da46673b5316686b49214e472');
});

type Row = AuditEntryTable;
const seqs = (verdict: AuditVerdict): string[] => verdict.problems.map((problem) => `${problem.what} ${problem.seq}`);

async function tampered(change: string, ...parameters: (string | number)[]): Promise<AuditVerdict> {
  const file = newFile();
  const database = await filled(file, 6);
  const attacker = new Sqlite(file);
  attacker.prepare(change).run(...parameters);
  attacker.close();
  return check(database);
}

test.each([
  [
    'a fact edited',
    `update audit_entry set facts = replace(facts, 'b@chuo', 'x@chuo') where seq = 3`,
    ['edited 3', 'wrong-signature 3'],
  ],
  ['the time edited', 'update audit_entry set at = 1 where seq = 3', ['edited 3', 'wrong-signature 3']],
  ['the message edited', `update audit_entry set message_id = null where seq = 6`, ['edited 6', 'wrong-signature 6']],
  [
    'facts written differently',
    `update audit_entry set facts = replace(facts, ':', ': ') where seq = 2`,
    ['facts-not-canonical 2', 'edited 2', 'wrong-signature 2'],
  ],
  ['deleted in the middle', 'delete from audit_entry where seq = 3', ['missing-entry 4', 'broken-link 4']],
  ['deleted at the head', 'delete from audit_entry where seq = 1', ['missing-entry 2', 'broken-link 2']],
  [
    'a signature of another entry',
    'update audit_entry set signature = (select signature from audit_entry where seq = 1) where seq = 4',
    ['wrong-signature 4'],
  ],
  ['an unknown key', `update audit_entry set key_id = 'nobody' where seq = 5`, ['unknown-key 5']],
  ["another role's key", `update audit_entry set key_id = 'key-outlet' where seq = 5`, ['foreign-key 5']],
  [
    'an entry copied to the end',
    `insert into audit_entry select chain, 7, at, tenant, event, message_id, facts, previous, hash, key_id, signature from audit_entry where seq = 2`,
    ['broken-link 7', 'edited 7', 'wrong-signature 7'],
  ],
  [
    'moved to another tenant',
    `update audit_entry set tenant = 'nara' where seq = 2`,
    ['wrong-tenant 2', 'edited 2', 'wrong-signature 2'],
  ],
] as const)('found: %s', async (_, change, expected) => {
  expect(seqs(await tampered(change))).toEqual(expected);
});

test('found: an edit whose hash was made anew, since nobody can sign it', async () => {
  const file = newFile();
  const database = await filled(file, 4);
  const attacker = new Sqlite(file);
  const row = attacker.prepare<[], Row>('select * from audit_entry where seq = 2').get();
  if (row === undefined) throw new Error('no entry 2');
  const hash = entryHash({ ...row, messageId: row.message_id, facts: '{}' });
  attacker.prepare('update audit_entry set facts = ?, hash = ? where seq = 2').run('{}', hash.toString('hex'));
  attacker.close();
  expect(seqs(await check(database))).toEqual(['wrong-signature 2', 'broken-link 3']);
});

test('found: an edit signed by the key of another role (theft of one key does not forge the others)', async () => {
  const file = newFile();
  const database = await filled(file, 2);
  const attacker = new Sqlite(file);
  const row = attacker.prepare<[], Row>('select * from audit_entry where seq = 2').get();
  if (row === undefined) throw new Error('no entry 2');
  const hash = entryHash({ ...row, messageId: row.message_id, facts: '{}' });
  attacker
    .prepare('update audit_entry set facts = ?, hash = ?, key_id = ?, signature = ? where seq = 2')
    .run('{}', hash.toString('hex'), outlet.keyId, sign(null, hash, outlet.privateKey).toString('base64'));
  attacker.close();
  expect(seqs(await check(database))).toEqual(['foreign-key 2']);
});

test('found: a signature written in another base64 of the same bytes', async () => {
  // 64 bytes end in one base64 character with four unused bits and two signs of padding.
  const change = `update audit_entry set signature = replace(signature, '==', '= =') where seq = 2`;
  expect(seqs(await tampered(change))).toEqual(['wrong-signature 2']);
});

test('found: an entry from the future', async () => {
  const database = await filled(newFile(), 2);
  const verdict = await verifyAudit(database.read, verifiers, { now: 1001 - 24 * 60 * 60 * 1000 });
  expect(seqs(verdict)).toEqual(['from-the-future 2']);
});

test('not found without anchors: entries cut off at the end (docs/audit.md says so)', async () => {
  expect(await tampered('delete from audit_entry where seq > 4')).toMatchObject({ entries: 4, problems: [] });
});

test('random tampering of one field of one entry is found, and its chain named', async () => {
  const file = newFile();
  const database = await filled(file, 8);
  const attacker = new Sqlite(file);
  const columns = ['at', 'tenant', 'event', 'message_id', 'facts', 'previous', 'hash', 'key_id', 'signature'] as const;
  const tampering = fc.record({
    seq: fc.integer({ min: 1, max: 8 }),
    column: fc.constantFrom(...columns),
    at: fc.nat(),
    to: fc.integer({ min: 33, max: 126 }),
  });
  await fc.assert(
    fc.asyncProperty(tampering, async ({ seq, column, at, to }) => {
      const row = attacker.prepare<[number], Row>('select * from audit_entry where seq = ?').get(seq);
      if (row === undefined) throw new Error('no such entry');
      const before = row[column];
      const after = typeof before === 'number' ? at : replaced(String(before), at, to);
      attacker.prepare(`update audit_entry set ${column} = ? where seq = ?`).run(after, seq);
      const { problems } = await check(database);
      attacker.prepare(`update audit_entry set ${column} = ? where seq = ?`).run(before, seq);
      if (after === before) return;
      expect(problems.some((problem) => problem.seq === seq || problem.seq === seq + 1)).toBe(true);
    }),
    { numRuns: 150 },
  );
  expect((await check(database)).problems).toEqual([]);
  attacker.close();
});

const replaced = (text: string, at: number, to: number): string => {
  const i = at % text.length;
  return text.slice(0, i) + String.fromCharCode(to) + text.slice(i + 1);
};

test('a chain longer than a page verifies to its end', async () => {
  const database = await openDatabase({ file: newFile() });
  const audit = auditOf(intake);
  await database.write(async (tx) => {
    for (let n = 1; n <= 2300; n++) await audit.append(tx, fact(n));
  });
  expect(await check(database)).toEqual({ chains: 1, entries: 2300, problems: [], more: false });
});
