/**
 * Private keys on disk: `<dataDir>/keys/<role>/<purpose>-<keyId>.key`, PEM PKCS#8, mode 0600 in a folder 0700.
 * A key that others on the machine can read is refused, as ssh does: it has to be taken for stolen.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../message/errors.ts';
import type { Role } from '../message/roles.ts';
import { keysFolder } from './directory.ts';
import { createFile } from './files.ts';
import { CURVE, type KeySlot, PURPOSES, type Purpose } from './purposes.ts';
import { curveOf, publicKeyOf } from './raw.ts';

export interface PrivateEntry extends KeySlot {
  readonly keyId: string;
  readonly file: string;
  readonly key: KeyObject;
}

const NAME = /^(sealing|receipt|audit)-([0-9a-f]{16})\.key$/;

export const roleFolder = (dataDir: string, role: Role): string => join(keysFolder(dataDir), role);

export const keyFile = (dataDir: string, slot: KeySlot, keyId: string): string =>
  join(roleFolder(dataDir, slot.role), `${slot.purpose}-${keyId}.key`);

export function writePrivateKey(dataDir: string, slot: KeySlot, key: KeyObject): void {
  const { keyId } = publicKeyOf(key);
  createFile(keyFile(dataDir, slot, keyId), key.export({ format: 'pem', type: 'pkcs8' }).toString(), 0o600);
}

/** Names of the role's key files; nothing is opened. Empty when there is no folder yet. */
export function listKeyFiles(dataDir: string, role: Role): readonly (KeySlot & { keyId: string; file: string })[] {
  const folder = roleFolder(dataDir, role);
  return namesIn(folder).flatMap((name) => {
    const match = NAME.exec(name);
    const purpose = PURPOSES.find((candidate) => candidate === match?.[1]);
    if (purpose === undefined || match?.[2] === undefined) return [];
    return [{ purpose, role, keyId: match[2], file: join(folder, name) }];
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw unreadable(folder, 'the folder cannot be read by this process', cause);
  }
}

/** All private keys of one role. @throws GatewayError E_KEY_UNREADABLE */
export const readPrivateKeys = (dataDir: string, role: Role): readonly PrivateEntry[] =>
  listKeyFiles(dataDir, role).map((listed) => ({ ...listed, key: readKey(listed.file, listed.purpose, listed.keyId) }));

function readKey(file: string, purpose: Purpose, keyId: string): KeyObject {
  const key = parseKey(file);
  if (curveOf(key) !== CURVE[purpose]) throw unreadable(file, `it holds ${curveOf(key)}, not ${CURVE[purpose]}`);
  if (publicKeyOf(key).keyId !== keyId) throw unreadable(file, 'its content does not belong to its name');
  return key;
}

function parseKey(file: string): KeyObject {
  try {
    if ((statSync(file).mode & 0o077) !== 0) throw new Error('group or others may read it: chmod 600, then rotate it');
    return createPrivateKey(readFileSync(file));
  } catch (cause) {
    throw unreadable(file, cause instanceof Error ? cause.message : 'unknown reason', cause);
  }
}

const unreadable = (file: string, why: string, cause?: unknown): GatewayError =>
  new GatewayError('E_KEY_UNREADABLE', `${file}: ${why}`, { file }, { cause });
