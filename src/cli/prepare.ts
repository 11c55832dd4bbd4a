/**
 * `sekisho prepare`: makes folders, keys and database, then ends. `serve` does the same for itself; where roles run in
 * containers of their own none of them may see the others' keys, so it is done once, before them, by a container
 * that sees all and has no network.
 */
import { resolve } from 'node:path';
import { loadSettings } from '../config/load.ts';
import { prepareDataFolder } from '../roles/prepare.ts';
import { openLog } from '../telemetry/log.ts';
import { EXIT, openOutput } from './output.ts';
import { requireProduction } from './requirements.ts';

interface Options {
  readonly config: string;
}

/** Repeating it is harmless: what is there stays. */
export async function prepare(options: Options): Promise<number> {
  const configFile = resolve(options.config);
  // Files that a role alone may read (a TLS key) are mounted with that role.
  const settings = loadSettings(configFile, []);
  const log = openLog('supervisor', settings.logLevel);
  const { state } = await prepareDataFolder(settings, configFile, log);
  requireProduction(settings, log);
  const { language, line } = openOutput(false);
  const done = language === 'ja' ? '準備ができました' : 'prepared';
  line(state.kind === 'held' ? done : `${done} (${state.why[language]})`);
  return EXIT.done;
}
