import { sign, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createKeys, rotateKey } from '../../../src/keys/create.ts';
import { describeKeys } from '../../../src/keys/describe.ts';
import { publicFile } from '../../../src/keys/directory.ts';
import { loadReceiptVerifiers, loadRoleKeys } from '../../../src/keys/load.ts';
import { assignOwners } from '../../../src/keys/owners.ts';
import { SLOTS } from '../../../src/keys/purposes.ts';
import { keyIdOf, publicKeyObject, publicKeyOf } from '../../../src/keys/raw.ts';
import { temporaryKeys } from '../../../src/keys/temporary.ts';
import { ROLES, type SealRole } from '../../../src/message/roles.ts';

const SEAL_ROLES: readonly SealRole[] = ['sanitizer', 'outlet-lgwan', 'admin'];

function folder(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'sekisho-keys-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

function fresh(): string {
  const dataDir = folder();
  createKeys(dataDir);
  return dataDir;
}

test('the first start makes every key, closed to others; later starts change nothing', () => {
  const dataDir = fresh();
  const made = describeKeys(dataDir);
  expect(made.map(({ purpose, role }) => ({ purpose, role }))).toEqual(SLOTS);
  expect(made.every(({ state, rights }) => state === 'current' && rights?.mode === 0o600)).toBe(true);
  for (const role of ROLES) expect(statSync(join(dataDir, 'keys', role)).mode & 0o777).toBe(0o700);
  expect(statSync(publicFile(dataDir)).mode & 0o777).toBe(0o644);
  createKeys(dataDir);
  expect(describeKeys(dataDir)).toEqual(made);
});

test('public.json holds no private half', () => {
  const dataDir = fresh();
  const listed = readFileSync(publicFile(dataDir), 'utf8');
  expect(listed).not.toContain('PRIVATE');
  for (const { file } of describeKeys(dataDir)) {
    const secret = Buffer.from(readFileSync(file, 'utf8').split('\n')[1]!, 'base64').subarray(-32);
    expect(listed).not.toContain(secret.toString('base64'));
  }
});

test('each role signs and opens with its own keys only', () => {
  const dataDir = fresh();
  for (const role of ROLES) {
    const keys = loadRoleKeys(dataDir, role);
    for (const sealRole of SEAL_ROLES) {
      const { keyId } = keys.sealingKey(sealRole);
      const own = sealRole === role || (sealRole === 'outlet-lgwan' && role === 'outlet');
      if (own) expect(publicKeyOf(keys.openingKey(sealRole, keyId)).keyId).toBe(keyId);
      else expect(() => keys.openingKey(sealRole, keyId)).toThrow(expect.objectContaining({ code: 'E_KEY_MISSING' }));
    }
    if (role === 'sanitizer') expect(keys.receiptSigner().privateKey.asymmetricKeyType).toBe('ed25519');
    else expect(() => keys.receiptSigner()).toThrow(expect.objectContaining({ code: 'E_KEY_MISSING' }));
  }
});

test('what a role signs, every role verifies by key id', () => {
  const dataDir = fresh();
  const { keyId, privateKey } = loadRoleKeys(dataDir, 'sanitizer').receiptSigner();
  const signature = sign(null, Buffer.from('receipt'), privateKey);
  for (const role of ROLES) {
    const verifier = loadRoleKeys(dataDir, role)
      .receiptVerifiers()
      .find((key) => key.keyId === keyId);
    expect(verify(null, Buffer.from('receipt'), publicKeyObject('Ed25519', verifier!.raw), signature)).toBe(true);
  }
  expect(loadReceiptVerifiers(publicFile(dataDir)).map((key) => key.keyId)).toEqual([keyId]);
  const audit = loadRoleKeys(dataDir, 'intake').auditSigner();
  expect(loadRoleKeys(dataDir, 'admin').auditVerifiers()).toContainEqual(
    expect.objectContaining({ role: 'intake', keyId: audit.keyId }),
  );
});

test('a role needs no other role’s folder', () => {
  const dataDir = fresh();
  for (const role of ROLES) if (role !== 'intake') rmSync(join(dataDir, 'keys', role), { recursive: true });
  const keys = loadRoleKeys(dataDir, 'intake');
  expect(keys.sealingKey('sanitizer').raw).toHaveLength(32);
  expect(keys.auditSigner().keyId).toHaveLength(16);
});

test('rotation: the new key seals and signs, the former one still opens and verifies', () => {
  const dataDir = fresh();
  const former = loadRoleKeys(dataDir, 'sanitizer');
  const [sealed, signed] = [former.sealingKey('sanitizer').keyId, former.receiptSigner().keyId];
  rotateKey(dataDir, { purpose: 'sealing', role: 'sanitizer' });
  rotateKey(dataDir, { purpose: 'receipt', role: 'sanitizer' });
  const keys = loadRoleKeys(dataDir, 'sanitizer');
  expect(keys.sealingKey('sanitizer').keyId).not.toBe(sealed);
  expect(keys.receiptSigner().keyId).not.toBe(signed);
  expect(publicKeyOf(keys.openingKey('sanitizer', sealed)).keyId).toBe(sealed);
  expect(keys.receiptVerifiers().map(({ keyId }) => keyId)).toContain(signed);
  expect(
    describeKeys(dataDir)
      .filter(({ state }) => state === 'former')
      .map(({ keyId }) => keyId),
  ).toEqual([sealed, signed]);
});

test('F49 a lost key is an error, never replaced by a fresh one', () => {
  const dataDir = fresh();
  const lost = describeKeys(dataDir).find(({ purpose, role }) => purpose === 'sealing' && role === 'sanitizer')!;
  rmSync(lost.file);
  expect(() => createKeys(dataDir)).toThrow(expect.objectContaining({ code: 'E_KEY_MISSING' }));
  const keys = loadRoleKeys(dataDir, 'sanitizer');
  expect(() => keys.openingKey('sanitizer', lost.keyId)).toThrow(expect.objectContaining({ code: 'E_KEY_MISSING' }));
  expect(describeKeys(dataDir).find(({ keyId }) => keyId === lost.keyId)?.state).toBe('missing');
});

test('a first start that was cut off between key and public.json is taken up again', () => {
  const dataDir = fresh();
  const made = describeKeys(dataDir).map(({ keyId }) => keyId);
  rmSync(publicFile(dataDir));
  createKeys(dataDir);
  expect(describeKeys(dataDir).map(({ keyId }) => keyId)).toEqual(made);
});

test.each([
  ['readable by the group', (file: string) => chmodSync(file, 0o640)],
  ['empty', (file: string) => writeFileSync(file, '')],
  ['no key at all', (file: string) => writeFileSync(file, 'hello')],
])('a private key file that is %s is refused', (_, spoil) => {
  const dataDir = fresh();
  spoil(describeKeys(dataDir).find(({ role }) => role === 'admin')!.file);
  expect(() => loadRoleKeys(dataDir, 'admin')).toThrow(expect.objectContaining({ code: 'E_KEY_UNREADABLE' }));
  expect(loadRoleKeys(dataDir, 'intake').role).toBe('intake');
});

test('a key under another key’s name is refused', () => {
  const dataDir = fresh();
  const [one, two] = describeKeys(dataDir).filter(({ purpose }) => purpose === 'audit');
  writeFileSync(one!.file, readFileSync(two!.file));
  expect(() => loadRoleKeys(dataDir, one!.role)).toThrow(expect.objectContaining({ code: 'E_KEY_UNREADABLE' }));
});

test.each([
  ['not JSON', '{'],
  ['another version', '{"version":2,"keys":[]}'],
  ['an unknown key', '{"version":1,"keys":[],"x":1}'],
])('public.json that is %s is refused', (_, text) => {
  const dataDir = fresh();
  writeFileSync(publicFile(dataDir), text);
  expect(() => loadRoleKeys(dataDir, 'intake')).toThrow(expect.objectContaining({ code: 'E_KEY_UNREADABLE' }));
});

test('a public key that does not belong to its id is refused', () => {
  const dataDir = fresh();
  const text = readFileSync(publicFile(dataDir), 'utf8');
  const [id] = /[0-9a-f]{16}/.exec(text)!;
  writeFileSync(publicFile(dataDir), text.replace(id, '0123456789abcdef'));
  expect(() => loadRoleKeys(dataDir, 'intake')).toThrow(expect.objectContaining({ code: 'E_KEY_UNREADABLE' }));
});

test('no data folder yet: says what to do', () => {
  expect(() => loadRoleKeys(folder(), 'intake')).toThrow(/start the gateway once/);
});

test.runIf(process.getuid?.() === 0)('started as root, each role’s folder belongs to its uid', () => {
  const dataDir = fresh();
  const uids = { intake: 64_001, sanitizer: 64_002, outlet: 64_003, admin: 64_004 };
  assignOwners(dataDir, uids, 64_000);
  for (const { role, rights } of describeKeys(dataDir)) expect(rights).toEqual({ mode: 0o600, uid: uids[role] });
  for (const role of ROLES) expect(statSync(join(dataDir, 'keys', role)).uid).toBe(uids[role]);
});

test('temporary keys work like others', () => {
  const of = temporaryKeys();
  const { keyId } = of('intake').sealingKey('admin');
  expect(publicKeyOf(of('admin').openingKey('admin', keyId)).keyId).toBe(keyId);
});

test('a key id is the start of the SHA-256 of the raw key', () => {
  expect(keyIdOf(new Uint8Array(32))).toBe('66687aadf862bd77');
});
