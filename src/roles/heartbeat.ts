/**
 * `<dataDir>/health/<role>`: a file whose time says that the role's event loop turns and its database answers. What
 * `sekisho health` looks at: roles listen nowhere for it, and a container's health check reaches no other container.
 */
import { statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role } from '../message/roles.ts';

const BEAT_MS = 5_000;

/** Three beats and a slow disk. */
const SILENT_MS = 20_000;

export const healthFolder = (dataDir: string): string => join(dataDir, 'health');

export interface Heartbeat {
  stop(): Promise<void>;
}

/** @param alive rejects when the role cannot do its work; then this beat is left out. */
export async function startHeartbeat(dataDir: string, role: Role, alive: () => Promise<unknown>): Promise<Heartbeat> {
  const file = join(healthFolder(dataDir), role);
  // Neither a full disk nor a busy database is told here: silence is what counts, and their own lines stand in the log.
  const beat = (): Promise<void> =>
    alive()
      .then(() => writeFile(file, `${process.pid}\n`))
      .catch(() => undefined);
  let beating = beat();
  const timer = setInterval(() => {
    beating = beating.then(beat);
  }, BEAT_MS);
  await beating;
  return {
    async stop() {
      clearInterval(timer);
      await beating;
      await rm(file, { force: true }).catch(() => undefined);
    },
  };
}

/** Roles that are not running, or stand still. A clock that was set back makes a role silent until its next beat. */
export const silentRoles = (dataDir: string, roles: readonly Role[], nowMs: number): readonly Role[] =>
  roles.filter((role) => {
    const beatAt = statSync(join(healthFolder(dataDir), role), { throwIfNoEntry: false })?.mtimeMs;
    return beatAt === undefined || Math.abs(nowMs - beatAt) > SILENT_MS;
  });
