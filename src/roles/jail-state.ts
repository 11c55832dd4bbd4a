/**
 * `<dataDir>/health/jail`: which layers of the jail hold where the sanitizer runs. Written by that role at each start; read
 * by whoever reports it on this machine: `/readyz` and the table of `npm start`.
 */
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { LayerReport } from '../jail/layers.ts';
import { healthFolder } from './heartbeat.ts';

const NAMES = [
  ...(['no-network', 'no-file-writes', 'no-spawn', 'own-uid'] as const),
  ...(['private-root', 'seccomp', 'rlimits', 'no-new-privs'] as const),
] as const;

const stateSchema = z.strictObject({
  launcher: z.enum(['setpriv', 'bwrap', 'unshare', 'none']),
  layers: z.array(z.strictObject({ name: z.enum(NAMES), held: z.boolean(), by: z.enum(['kernel', 'node', 'nobody']) })),
});

/** What the probe found at the sanitizer's last start. Nothing of it decides anything: the sanitizer itself refuses to start. */
export type JailState = z.infer<typeof stateSchema>;

const fileIn = (dataDir: string): string => join(healthFolder(dataDir), 'jail');

/** Written whole or not at all: a reader never sees half of it. */
export async function writeJailState(dataDir: string, { plan, layers }: LayerReport): Promise<void> {
  const state: JailState = {
    launcher: plan.launcher,
    layers: layers.map(({ name, held, by }) => ({ name, held, by })),
  };
  const draft = `${fileIn(dataDir)}.draft`;
  await writeFile(draft, `${JSON.stringify(state)}\n`);
  await rename(draft, fileIn(dataDir));
}

/** `undefined`: no sanitizer has started on this machine yet, or it runs on another one. */
export function readJailState(dataDir: string): JailState | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(readFileSync(fileIn(dataDir), 'utf8'))).data;
  } catch {
    return undefined;
  }
}
