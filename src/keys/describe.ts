/** What `sekisho doctor` says about keys: each file, what it is for, and whether its rights are right. */
import { statSync } from 'node:fs';
import { ROLES } from '../message/roles.ts';
import { currentOf, publicFile, readPublicKeys } from './directory.ts';
import { keyFile, listKeyFiles } from './private.ts';
import type { KeySlot } from './purposes.ts';

export type KeyState =
  /** Sealing or signing with it now. */
  | 'current'
  /** Kept for what it sealed or signed earlier. */
  | 'former'
  /** Public half known, private file gone. */
  | 'missing'
  /** Private file there, public half not told to anybody. */
  | 'unlisted';

export interface KeyDescription extends KeySlot {
  readonly keyId: string;
  readonly file: string;
  readonly state: KeyState;
  /** ISO 8601, UTC; undefined for an unlisted key. */
  readonly madeAt: string | undefined;
  /** Permission bits and owner; undefined when the file is missing or its folder is closed to us. */
  readonly rights: { readonly mode: number; readonly uid: number } | undefined;
}

/** Every key file, by name only: no private key is opened. Needs the right to list each role's folder. */
export function describeKeys(dataDir: string): readonly KeyDescription[] {
  const entries = readPublicKeys(publicFile(dataDir));
  const listed = entries.map((entry): KeyDescription => {
    const file = keyFile(dataDir, entry, entry.keyId);
    const rights = rightsOf(file);
    const inUse = currentOf(entries, entry)?.keyId === entry.keyId ? 'current' : 'former';
    const { purpose, role, keyId, madeAt } = entry;
    return { purpose, role, keyId, file, madeAt, rights, state: rights === undefined ? 'missing' : inUse };
  });
  const unlisted = ROLES.flatMap((role) => listKeyFiles(dataDir, role))
    .filter(({ keyId }) => !entries.some((entry) => entry.keyId === keyId))
    .map((found): KeyDescription => {
      return { ...found, state: 'unlisted', madeAt: undefined, rights: rightsOf(found.file) };
    });
  return [...listed, ...unlisted];
}

function rightsOf(file: string): KeyDescription['rights'] {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && { mode: found.mode & 0o7777, uid: found.uid };
}
