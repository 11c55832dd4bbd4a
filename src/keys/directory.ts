/**
 * `<dataDir>/keys/public.json`: all public keys, former ones too. A slot's current key is its last entry; the others
 * stay so that what they sealed or signed can still be opened or verified. The file holds no secret.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../message/errors.ts';
import { ROLES } from '../message/roles.ts';
import { replaceFile } from './files.ts';
import type { PublicKey } from './keys.ts';
import { type KeySlot, PURPOSES, sameSlot } from './purposes.ts';
import { keyIdOf, RAW_BYTES } from './raw.ts';

export interface PublicEntry extends KeySlot, PublicKey {
  /** ISO 8601, UTC. */
  readonly madeAt: string;
}

const entry = z.strictObject({
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  purpose: z.enum(PURPOSES),
  role: z.enum(ROLES),
  publicKey: z.base64(),
  madeAt: z.iso.datetime(),
});
const directory = z.strictObject({ version: z.literal(1), keys: z.array(entry) });

export const keysFolder = (dataDir: string): string => join(dataDir, 'keys');
export const publicFile = (dataDir: string): string => join(keysFolder(dataDir), 'public.json');

/** @throws GatewayError E_KEY_MISSING when the file is not there, E_KEY_UNREADABLE when it is not what we wrote. */
export function readPublicKeys(file: string): readonly PublicEntry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new GatewayError(
      missing ? 'E_KEY_MISSING' : 'E_KEY_UNREADABLE',
      missing ? `no public keys at ${file}: start the gateway once, or restore the keys folder` : `cannot read ${file}`,
      { file },
      { cause },
    );
  }
  return parse(text, file);
}

function parse(text: string, file: string): readonly PublicEntry[] {
  try {
    return directory.parse(JSON.parse(text)).keys.map(({ publicKey, ...rest }) => {
      const raw = new Uint8Array(Buffer.from(publicKey, 'base64'));
      if (raw.length !== RAW_BYTES || keyIdOf(raw) !== rest.keyId) throw new Error(`key ${rest.keyId} is not its own`);
      return { ...rest, raw };
    });
  } catch (cause) {
    throw new GatewayError('E_KEY_UNREADABLE', `${file} is damaged: restore it from backup`, { file }, { cause });
  }
}

/** Replaces the file in one step; it is durable when this returns. */
export function writePublicKeys(file: string, entries: readonly PublicEntry[]): void {
  const keys = entries.map(({ keyId, purpose, role, raw, madeAt }) => {
    return { keyId, purpose, role, publicKey: Buffer.from(raw).toString('base64'), madeAt };
  });
  replaceFile(file, `${JSON.stringify({ version: 1, keys }, undefined, 2)}\n`, 0o644);
}

/** The key in use now; former keys of the slot are before it. */
export const currentOf = (entries: readonly PublicEntry[], slot: KeySlot): PublicEntry | undefined =>
  entries.findLast((candidate) => sameSlot(candidate, slot));
