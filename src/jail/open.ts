/** Opens the jail at the start of a role: finds out what holds on this machine, then makes the pool. */
import type { Settings } from '../config/schema.ts';
import type { Log } from '../telemetry/log.ts';
import { missingLayers, probeLayers, requireMinimum } from './layers.ts';
import { createJail, type OpenJail } from './pool.ts';

export interface OpenOptions {
  readonly settings: Pick<Settings, 'jail' | 'sanitizer' | 'profile' | 'dataDir'>;
  readonly log: Log;
}

/**
 * Takes about half a second: each launcher is tried from inside. Starts no child yet; call `warm`.
 * @throws GatewayError E_JAIL_UNAVAILABLE when no child starts, E_JAIL_BELOW_MINIMUM in the production profile.
 */
export async function openJail({ settings, log }: OpenOptions): Promise<OpenJail> {
  const layers = await probeLayers(settings, [settings.dataDir]);
  requireMinimum(layers, settings);
  const held = layers.layers.filter((layer) => layer.held).map(({ name, by }) => `${name}(${by})`);
  log.info('jail.open', { launcher: layers.plan.launcher, uid: layers.plan.uid, held: held.join(' ') });
  for (const { name, text } of missingLayers(layers, settings))
    log.warn('jail.layer-missing', { layer: name, text: text.en });
  return createJail({ settings, layers, log });
}
