/** What a production start refuses and a demo only mentions. */
import { statSync } from 'node:fs';
import { invalid, mistake } from '../config/mistakes.ts';
import type { Settings } from '../config/schema.ts';
import { MISTAKES } from '../message/texts-config.ts';
import type { Log } from '../telemetry/log.ts';
import type { Said } from './output.ts';

/** Stores that share one file system, by device number; undefined when each has its own. */
export function storesOnOneDisk(settings: Settings): readonly string[] | undefined {
  const byDevice = new Map<number, string[]>();
  for (const { name, path } of settings.vault.stores) {
    const device = deviceOf(path);
    if (device === undefined) continue;
    byDevice.set(device, [...(byDevice.get(device) ?? []), name]);
  }
  return [...byDevice.values()].find((names) => names.length > 1);
}

function deviceOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.dev;
}

export const ONE_DISK: Said = {
  ja: '保管先が1つのディスクにあります。そのディスクの紛失や盗難には備えがありません',
  en: 'one disk: no protection against its loss or theft',
};

/** @throws GatewayError E_CONFIG_INVALID in the production profile. */
export function requireProduction(settings: Settings, log: Log): void {
  const shared = storesOnOneDisk(settings);
  if (shared === undefined) return;
  if (settings.profile === 'production') {
    throw invalid('', [mistake('vault.stores', MISTAKES.storesOnOneDisk, { stores: shared.join(', ') })]);
  }
  log.warn('stores-on-one-disk', { stores: shared.join(' ') });
}
