/** `sekisho health`: whether the roles of this machine or container do their work. For health checks: exit code 0 or 1. */
import { resolve } from 'node:path';
import { loadSettings } from '../config/load.ts';
import { silentRoles } from '../roles/heartbeat.ts';
import { EXIT, openOutput } from './output.ts';
import { rolesHere } from './roles-here.ts';

interface Options {
  readonly config: string;
  readonly roles?: string;
  readonly json?: true;
}

export async function health(options: Options): Promise<number> {
  const output = openOutput(options.json === true);
  const roles = rolesHere(options.roles);
  if (roles === undefined) return EXIT.wrongUsage;
  const { dataDir } = loadSettings(resolve(options.config), roles);
  const silent = silentRoles(dataDir, roles, Date.now());
  if (output.json) output.value({ ok: silent.length === 0, roles, silent });
  else {
    const words =
      output.language === 'ja' ? (['動いています', '応答がありません'] as const) : (['works', 'is silent'] as const);
    for (const role of roles) output.line(`${role}: ${words[silent.includes(role) ? 1 : 0]}`);
  }
  return silent.length === 0 ? EXIT.done : EXIT.ourFailure;
}
