/** What `sekisho doctor` says about keys: each file, what it is for, and whether its rights are right. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ROLES } from '../message/roles.ts';
import { currentOf, publicFile, readPublicKeys } from './directory.ts';
import { keyFile, listKeyFiles, roleFolder } from './private.ts';
import type { KeySlot } from './purposes.ts';

export type KeyState =
  /** Sealing or signing with it now. */
  | 'current'
  /** Kept for what it sealed or signed earlier. */
  | 'former'
  /** Public half known, private file gone. */
  | 'missing'
  /** Its folder is closed to us: whether it is there only its role can tell. */
  | 'closed'
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
    const about = { purpose, role, keyId, file, madeAt };
    if (rights === 'closed') return { ...about, rights: undefined, state: 'closed' };
    return { ...about, rights, state: rights === undefined ? 'missing' : inUse };
  });
  const unlisted = ROLES.filter((role) => isOpen(roleFolder(dataDir, role)))
    .flatMap((role) => listKeyFiles(dataDir, role))
    .filter(({ keyId }) => !entries.some((entry) => entry.keyId === keyId))
    .map((found): KeyDescription => {
      const rights = rightsOf(found.file);
      return { ...found, state: 'unlisted', madeAt: undefined, rights: rights === 'closed' ? undefined : rights };
    });
  return [...listed, ...unlisted];
}

function rightsOf(file: string): KeyDescription['rights'] | 'closed' {
  if (!isOpen(dirname(file))) return 'closed';
  const found = statSync(file, { throwIfNoEntry: false });
  return found && { mode: found.mode & 0o7777, uid: found.uid };
}

/** False for a folder that is there and closed to us. */
function isOpen(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'EACCES');
  }
}
