/**
 * Makes keys. At first start every slot gets one; later starts change nothing, except that a slot that is new in this
 * version gets its first key. A slot whose private file is gone is an error, never filled with a fresh key: what was
 * sealed to the lost one would become unreadable without anybody noticing.
 */
import { existsSync } from 'node:fs';
import { GatewayError } from '../message/errors.ts';
import { ROLES } from '../message/roles.ts';
import { currentOf, keysFolder, type PublicEntry, publicFile, readPublicKeys, writePublicKeys } from './directory.ts';
import { createFolder } from './files.ts';
import { keyFile, listKeyFiles, readPrivateKeys, roleFolder, writePrivateKey } from './private.ts';
import { CURVE, type KeySlot, SLOTS, sameSlot } from './purposes.ts';
import { generate, publicKeyOf } from './raw.ts';

/**
 * Makes what is missing below `<dataDir>/keys`; durable when it returns. For the one process that starts the others:
 * it must be able to write there.
 * @throws GatewayError E_KEY_MISSING, E_KEY_UNREADABLE
 */
export function createKeys(dataDir: string, now: Date = new Date()): void {
  createFolder(keysFolder(dataDir), 0o755);
  for (const role of ROLES) createFolder(roleFolder(dataDir, role), 0o700);

  const known = existsSync(publicFile(dataDir)) ? readPublicKeys(publicFile(dataDir)) : [];
  requireFiles(dataDir, known);
  const entries = [...known];
  for (const slot of SLOTS) {
    if (currentOf(entries, slot) === undefined) entries.push(adopt(dataDir, slot, now) ?? make(dataDir, slot, now));
  }
  if (entries.length > known.length) writePublicKeys(publicFile(dataDir), entries);
}

/** Gives the slot a new current key; the former one keeps opening and verifying. Restart its processes afterwards. */
export function rotateKey(dataDir: string, slot: KeySlot, now: Date = new Date()): PublicEntry {
  const known = readPublicKeys(publicFile(dataDir));
  if (!SLOTS.some((candidate) => sameSlot(candidate, slot))) {
    throw new GatewayError('E_KEY_MISSING', `there is no ${slot.purpose} key of ${slot.role}`, { ...slot });
  }
  const entry = make(dataDir, slot, now);
  writePublicKeys(publicFile(dataDir), [...known, entry]);
  return entry;
}

/** The private key is durable before the public one is told: nothing is ever sealed to a key that a crash took. */
function make(dataDir: string, slot: KeySlot, now: Date): PublicEntry {
  const key = generate(CURVE[slot.purpose]);
  writePrivateKey(dataDir, slot, key);
  return { ...slot, ...publicKeyOf(key), madeAt: now.toISOString() };
}

/** A private key whose public half was not written yet: an earlier first start ended in between. */
function adopt(dataDir: string, slot: KeySlot, now: Date): PublicEntry | undefined {
  if (!listKeyFiles(dataDir, slot.role).some((listed) => sameSlot(listed, slot))) return undefined;
  const found = readPrivateKeys(dataDir, slot.role).find((candidate) => sameSlot(candidate, slot));
  return found && { ...slot, ...publicKeyOf(found.key), madeAt: now.toISOString() };
}

function requireFiles(dataDir: string, entries: readonly PublicEntry[]): void {
  for (const entry of entries) {
    const file = keyFile(dataDir, entry, entry.keyId);
    if (existsSync(file)) continue;
    const { keyId, role, purpose } = entry;
    const what = `the ${purpose} key ${keyId} of ${role} is missing at ${file}: restore it from backup`;
    throw new GatewayError('E_KEY_MISSING', what, { file, keyId, role, purpose });
  }
}
