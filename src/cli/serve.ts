/** `sekisho serve`: prepares the data folder and starts the supervisor. */
import { resolve } from 'node:path';
import { loadSettings } from '../config/load.ts';
import { ROLES, type Role } from '../message/roles.ts';
import { prepareDataFolder } from '../roles/prepare.ts';
import { startSupervisor } from '../roles/supervisor.ts';
import { openLog } from '../telemetry/log.ts';
import { EXIT } from './output.ts';
import { requireProduction } from './requirements.ts';

interface Options {
  readonly config: string;
  readonly roles?: string;
}

/** Runs until SIGTERM or SIGINT. */
export async function serve(options: Options): Promise<number> {
  const configFile = resolve(options.config);
  const settings = loadSettings(configFile);
  const roles = chosenRoles(options.roles);
  if (roles === undefined) {
    process.stderr.write(`--roles: a comma separated list out of ${ROLES.join(', ')}\n`);
    return EXIT.wrongUsage;
  }
  const log = openLog('supervisor', settings.logLevel);
  const separation = await prepareDataFolder(settings, configFile, log);
  requireProduction(settings, log);
  const stop = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.resolve());
  const supervisor = startSupervisor({ roles, configFile, separation, log });
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

function chosenRoles(list: string | undefined): readonly Role[] | undefined {
  if (list === undefined) return ROLES;
  const names = list.split(',');
  const roles = ROLES.filter((role) => names.includes(role));
  return roles.length === names.length ? roles : undefined;
}
