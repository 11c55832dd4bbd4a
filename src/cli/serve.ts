/** `sekisho serve`: prepares the data folder and starts the supervisor. */
import { resolve } from 'node:path';
import { configText, parseSettings } from '../config/load.ts';
import { ROLES } from '../message/roles.ts';
import { joinDataFolder, prepareDataFolder } from '../roles/prepare.ts';
import { startSupervisor } from '../roles/supervisor.ts';
import { openLog } from '../telemetry/log.ts';
import { EXIT } from './output.ts';
import { requireProduction } from './requirements.ts';
import { rolesHere } from './roles-here.ts';

interface Options {
  readonly config: string;
  readonly roles?: string;
}

/** Runs until SIGTERM or SIGINT. */
export async function serve(options: Options): Promise<number> {
  const configFile = resolve(options.config);
  const roles = rolesHere(options.roles);
  if (roles === undefined) return EXIT.wrongUsage;
  const text = configText(configFile);
  const settings = parseSettings(text, configFile, roles);
  const log = openLog('supervisor', settings.logLevel);
  const isWhole = roles.length === ROLES.length;
  const separation = isWhole
    ? await prepareDataFolder(settings, configFile, log)
    : joinDataFolder(settings, configFile, roles);
  requireProduction(settings, log);
  const stop = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.resolve());
  const supervisor = startSupervisor({ roles, configFile, configText: text, separation, log });
  try {
    const listening = await Promise.race([supervisor.ready, stop.promise]);
    if (listening !== undefined) {
      log.info('serving', {});
      await stop.promise;
    }
  } finally {
    await supervisor.stop();
  }
  return EXIT.done;
}
